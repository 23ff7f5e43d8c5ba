// Values by cell drawn on a grid: pixel -> cell -> value.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/thread_pool.h"
#include "core/dgg/mapper.h"
#include "core/swath/cell_values.h"
#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube::swath {

/// Where pixels go: pixel (k, l) of the window at data + l * line_stride + k * pixel_stride, as `item` bytes.
struct PixelBuffer {
    std::byte* data = nullptr;
    std::ptrdiff_t pixel_stride = 0, line_stride = 0;  // bytes
};

/// Fills the window: the element of the pixel's cell where `values` has one, `nodata` elsewhere; elements have
/// nodata.size() bytes: 1, 2, 4 or 8. Works in strips on the pool; blocks the caller. Thread-safe.
void render(const dgg::CellMapper& mapper, const dgg::Window& window, const CellValues& values, ByteSpan nodata,
            const PixelBuffer& out, ThreadPool& pool, std::size_t max_threads = 0);

}  // namespace vcube::swath
