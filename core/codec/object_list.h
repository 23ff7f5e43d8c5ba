// What json2 and msgpack2 share: a nested list of objects, then their numpy type and their shape. Pure function.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/json.h"
#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube {

/// The elements as CodecChain::decode_strings gives them: text as it is, null as an empty text, others as JSON text.
Result<Buffer> strings_of_list(std::string_view id, const Json& list, std::size_t elements, std::uint64_t max_bytes);

}  // namespace vcube
