// Values by cell drawn on a grid: pixel -> cell -> value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

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
/// nodata.size() bytes: 1, 2, 4 or 8. Works in strips on the pool (strips.h); blocks the caller. Thread-safe.
void render(const dgg::CellMapper& mapper, const dgg::Window& window, const CellValues& values, ByteSpan nodata,
            const PixelBuffer& out, ThreadPool& pool, std::size_t max_threads = 0);

/// Columns [begin, end) of a window's row.
struct Visited {
    std::uint32_t begin = 0, end = 0;
};

/// The same on the calling thread, without filling: writes only parts of rows that may hold cells of `values`; pixels
/// elsewhere stay as they are. `visited` has an empty entry for each row; it then spans what was written there.
void render_visited(const dgg::CellMapper& mapper, const dgg::Window& window, const CellValues& values, ByteSpan nodata,
                    const PixelBuffer& out, std::span<Visited> visited);

}  // namespace vcube::swath
