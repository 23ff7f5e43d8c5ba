// Pixels that summarise the cells inside them instead of showing the one at their centre: AVERAGE and MODE.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/swath/render.h"
#include "vcube/dtype.h"

namespace vcube::swath {

enum class Aggregation { kAverage, kMode };

/// Samples along a pixel's side: a power of two that makes samples small against cells of 15 km: at most 3.2 km,
/// nominal, and at least 4 a side, so that shares of pixels smaller than a cell count too. At most 4096, and fewer
/// where the grid's refinement would have 2^31 samples a side. Depends on the pixel's size, so that pixels of one size
/// mean the same on every grid and overview.
std::uint32_t samples_per_side(const dgg::Grid& grid);

/// Fills a window of a grid. `samples` maps the grid refined by `factor` (at most 4096): pixel (x, y) is made of the
/// samples from (x factor, y factor) on, factor x factor of them, each the cell at its centre with the area that it
/// covers on the DGG's sphere (core/dgg/pixel_areas.h). AVERAGE is the mean of the values weighted by area, of integers
/// rounded to nearest, half away from 0; MODE the value with the largest area, of equal areas the smallest. Cells
/// without a value, with nodata or NaN (for AVERAGE: or infinite) do not count; where none counts the pixel is nodata.
/// `type` is that of the elements, `nodata` one element. A pixel's value does not depend on the window it is drawn in.
/// Visits only parts of rows where there are values, works in strips on the pool; blocks the caller. Thread-safe.
void render_aggregated(const dgg::CellMapper& samples, std::uint32_t factor, const dgg::Window& window,
                       const CellValues& values, const DType& type, ByteSpan nodata, Aggregation aggregation,
                       const PixelBuffer& out, ThreadPool& pool, std::size_t max_threads = 0);

}  // namespace vcube::swath
