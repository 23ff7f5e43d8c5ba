// Values by cell as pixels of a level of a pyramid, in the way that the options ask for: what single products and
// collections share.
#pragma once

#include <cstddef>
#include <optional>

#include "core/dgg/blocks.h"
#include "core/swath/aggregate.h"
#include "core/swath/cell_values.h"
#include "core/swath/render.h"
#include "driver/grid_pyramid.h"
#include "driver/open_options.h"
#include "vcube/dtype.h"
#include "vcube/result.h"

namespace vcube::driver {

/// How a pixel comes from the cells inside it; nothing: it is the cell at its centre.
struct CellStyle {
    std::optional<swath::Aggregation> full, overviews;
    [[nodiscard]] const std::optional<swath::Aggregation>& at(std::size_t level) const {
        return level == 0 ? full : overviews;
    }
};

/// RESAMPLING and OVERVIEW_RESAMPLING; AVERAGE of flags is MODE, for bits have no mean.
CellStyle cell_style(const OpenOptions& options, bool flags);

/// The blocks of cells that a window of a level is made of.
Result<dgg::BlockSet> blocks_of_level(const GridPyramid& pyramid, const CellStyle& style, std::size_t level,
                                      const dgg::Window& window);

/// Draws a window; elements of `values` are of `type`, `nodata` is one.
Status paint_cells(const GridPyramid& pyramid, const CellStyle& style, std::size_t level, const dgg::Window& window,
                   const swath::CellValues& values, const DType& type, ByteSpan nodata, const swath::PixelBuffer& out,
                   ThreadPool& pool, std::size_t max_threads);

}  // namespace vcube::driver
