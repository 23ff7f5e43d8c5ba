// Base64 as references and fill values hold it. Pure. Source: RFC 4648, section 4.
#pragma once

#include <string>
#include <string_view>

namespace vcube {

/// Decodes into `out`, which is overwritten; false where `text` is not base64. Padding at the end may be absent.
bool decode_base64(std::string_view text, std::string& out);

}  // namespace vcube
