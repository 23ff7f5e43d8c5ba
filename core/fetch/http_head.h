// The header of a reply, line by line as it arrives (RFC 9112, section 2.1; of HTTP/2 libcurl makes such lines). Pure.
#pragma once

#include <string_view>

#include "core/fetch/http_message.h"

namespace vcube {

/// Takes in one line, with or without its line end. A status line begins a new header: what an interim reply (1xx) or a
/// request for a log-in told before is forgotten. Values that are absurdly long count as absent.
void add_header_line(HttpHead& head, std::string_view line);

}  // namespace vcube
