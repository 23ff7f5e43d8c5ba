// Reverses the bytes of each word of a buffer: the other byte order. Pure function.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vcube {

/// Copies `size` bytes from `in` to `out` with each word of `width` bytes (2, 4 or 8) reversed; `in` may be `out`,
/// other overlaps are not allowed. Bytes after the last whole word, and all bytes for any other width, are copied
/// unchanged.
void swap_words(const std::byte* in, std::byte* out, std::size_t size, std::uint32_t width);

}  // namespace vcube
