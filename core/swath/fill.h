// Fills a window of pixels with one value: the part of a render that memory bandwidth bounds. Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace vcube::swath {

/// What fill_run repeats; stays in the nearest cache.
using FillBlock = std::array<std::byte, 4096>;

/// Writes `size` bytes of a repeated block. memcpy is as fast as the machine stores, whatever flags this is built with.
inline void fill_run(std::byte* data, std::uint64_t size, const FillBlock& block) {
    for (; size >= block.size(); data += block.size(), size -= block.size()) {
        std::memcpy(data, block.data(), block.size());
    }
    std::memcpy(data, block.data(), static_cast<std::size_t>(size));
}

/// Pixels may stand at any address: they are written as bytes.
template <class T>
void fill_pixels(std::byte* data, std::ptrdiff_t pixel_stride, std::ptrdiff_t line_stride, std::uint32_t width,
                 std::uint32_t height, T value) {
    FillBlock block;
    for (std::size_t k = 0; k < block.size(); k += sizeof(T)) {
        std::memcpy(block.data() + k, &value, sizeof(T));
    }
    // Rows without gaps in ascending order: one run of all of them.
    std::uint64_t run = width;
    std::uint32_t runs = height;
    if (pixel_stride == sizeof(T) && line_stride == static_cast<std::ptrdiff_t>(run * sizeof(T))) {
        run *= height;
        runs = 1;
    }
    for (std::uint32_t line = 0; line < runs; ++line) {
        std::byte* at = data + static_cast<std::ptrdiff_t>(line) * line_stride;
        if (pixel_stride == sizeof(T)) {
            fill_run(at, run * sizeof(T), block);
            continue;
        }
        for (std::uint64_t k = 0; k < run; ++k, at += pixel_stride) {
            std::memcpy(at, &value, sizeof(T));
        }
    }
}

}  // namespace vcube::swath
