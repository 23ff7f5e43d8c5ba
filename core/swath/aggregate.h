// Overviews that summarise the pixels below them instead of showing one: AVERAGE and MODE.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/swath/render.h"
#include "vcube/dtype.h"

namespace vcube::swath {

enum class Aggregation { kAverage, kMode };

/// Fills a window of an overview whose pixel (x, y) lies over the 2^level x 2^level pixels of the full grid from
/// (x << level, y << level) on (fewer at the right and lower edges). `full` maps the full grid, `type` is the column's
/// element type, `nodata` one element. Full-resolution pixels outside the swath, with nodata or NaN do not count; where
/// none counts the pixel is nodata. Averages of integers are rounded to nearest; of equally frequent values the
/// smallest is the mode. Visits only parts of rows that the product touches. Thread-safe.
void render_aggregated(const dgg::CellMapper& full, unsigned level, const dgg::Window& window, const CellValues& values,
                       const DType& type, ByteSpan nodata, Aggregation aggregation, const PixelBuffer& out,
                       ThreadPool& pool, std::size_t max_threads = 0);

}  // namespace vcube::swath
