// A sequence of bytes that is read from front to back and can be begun again: a file that is too large to hold.
// Not thread-safe: one user at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube {

struct ByteSource {
    /// Fills the front of the span (never empty) with the bytes that follow; returns how many. Fewer than asked for is
    /// fine; 0 is the end, which stays the end. An error ends the reading.
    std::function<Result<std::size_t>(MutableByteSpan)> read;
    /// The next read begins at the first byte again.
    std::function<Status()> rewind;
    /// Bytes in all, where they are known; only a hint.
    std::optional<std::uint64_t> size;
};

/// The bytes of `bytes`, which must outlive the source.
ByteSource memory_source(ByteSpan bytes);

}  // namespace vcube
