// A half-open range of bytes of one object.
#pragma once

#include <cstdint>
#include <limits>

namespace vcube {

/// Bytes [begin, end) of an object; end == kEnd means "to the object's end", whatever its size.
struct ByteRange {
    static constexpr std::uint64_t kEnd = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t begin = 0;
    std::uint64_t end = kEnd;

    [[nodiscard]] bool bounded() const { return end != kEnd; }
    /// Only when bounded().
    [[nodiscard]] std::uint64_t size() const { return end - begin; }
    friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

}  // namespace vcube
