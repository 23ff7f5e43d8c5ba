// Addresses of web servers, taken apart by the parser that libcurl connects by, so that what is compared here is what
// is asked there. Pure.
#pragma once

#include <string>

#include "vcube/result.h"

namespace vcube {

/// "https://host:443" of an http or https URL, in lower case: the server that credentials belong to. kInvalid where it
/// is no such URL; messages do not repeat it.
Result<std::string> origin_of(const std::string& url);

/// Where a Location header that `base` sent leads (RFC 3986, section 5), without a fragment. kDenied where that is
/// neither http nor https.
Result<std::string> redirect_target(const std::string& base, const std::string& location);

}  // namespace vcube
