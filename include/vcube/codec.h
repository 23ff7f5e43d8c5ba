// Codec: one decoding step of a chunk, configured once, used many times.
//
// Contract: immutable after construction, `decode` may be called from several threads at once. Input is hostile: any
// bytes give a result or an error, never a crash, and no more memory than `out` and a bounded scratch. `in` and `out`
// do not overlap.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube {

class Codec {
public:
    Codec() = default;
    Codec(const Codec&) = delete;
    Codec& operator=(const Codec&) = delete;
    virtual ~Codec() = default;

    /// The name under which metadata ask for it ("zlib", "shuffle").
    [[nodiscard]] virtual std::string_view id() const = 0;

    /// Size in bytes of this codec's encoded form for `decoded` bytes where that is fixed (shuffle, delta); nothing for
    /// compressors, whose encoded size depends on the data.
    [[nodiscard]] virtual std::optional<std::size_t> encoded_size(std::size_t decoded) const = 0;

    /// Decodes all of `in` into `out` and returns the number of bytes written. kLimit where `out` is too small,
    /// kCorrupt where `in` is damaged.
    [[nodiscard]] virtual Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const = 0;
};

}  // namespace vcube
