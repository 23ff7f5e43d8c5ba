// Elements of variable length: how object codecs (vlen-utf8, json2, categorize ...) hand them over.
// Thread-safe: pure functions and a builder that belongs to its caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube {

/// Decodes the bytes of `elements` elements: the result is as CodecChain::decode_strings tells, at most `max_bytes`
/// (kLimit). May be called from several threads at once.
using StringDecoder = std::function<Result<Buffer>(ByteSpan in, std::size_t elements, std::uint64_t max_bytes)>;

/// Collects elements one by one, in storage order.
class StringBuilder {
public:
    /// `what` names the codec in errors.
    StringBuilder(std::string_view what, std::size_t elements, std::uint64_t max_bytes)
        : what_(what), elements_(elements), max_bytes_(max_bytes) {}

    /// kCorrupt where there are more than `elements`, kLimit where offsets and bytes are too many.
    Status add(std::string_view bytes);
    /// The offsets and the bytes; kCorrupt where elements are missing.
    Result<Buffer> finish();

private:
    std::string_view what_;
    std::size_t elements_;
    std::uint64_t max_bytes_;
    std::vector<std::uint64_t> ends_;
    std::vector<char> bytes_;
};

/// Element `index` of a finished buffer of at least index + 1 elements; `elements` as it was built.
std::string_view string_at(ByteSpan strings, std::size_t elements, std::size_t index);

}  // namespace vcube
