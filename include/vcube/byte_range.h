// A half-open range of bytes of one object, or its last bytes.
#pragma once

#include <cstdint>
#include <limits>

namespace vcube {

/// Bytes [begin, end) of an object; end == kEnd means "to the object's end", whatever its size. Where `suffix` is not
/// 0, the range is the object's last `suffix` bytes instead, and begin and end mean nothing.
struct ByteRange {
    static constexpr std::uint64_t kEnd = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t begin = 0;
    std::uint64_t end = kEnd;
    std::uint64_t suffix = 0;

    /// The last `bytes` bytes of an object of unknown size; `bytes` is at least 1.
    [[nodiscard]] static ByteRange last(std::uint64_t bytes) { return {0, kEnd, bytes}; }

    /// Whether size() is known without the object.
    [[nodiscard]] bool bounded() const { return suffix != 0 || end != kEnd; }
    /// Only when bounded().
    [[nodiscard]] std::uint64_t size() const { return suffix != 0 ? suffix : end - begin; }
    friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

}  // namespace vcube
