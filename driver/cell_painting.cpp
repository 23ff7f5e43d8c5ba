#include "driver/cell_painting.h"

#include "core/base/patience.h"
#include "core/swath/window_blocks.h"

namespace vcube::driver {

namespace {

std::optional<swath::Aggregation> aggregation(const std::string& resampling, bool flags) {
    if (resampling == "NEAREST") {
        return std::nullopt;
    }
    return resampling == "MODE" || flags ? swath::Aggregation::kMode : swath::Aggregation::kAverage;
}

}  // namespace

CellStyle cell_style(const OpenOptions& options, bool flags) {
    return {aggregation(options.resampling, flags), aggregation(options.overview_resampling, flags)};
}

Result<dgg::BlockSet> blocks_of_level(const GridPyramid& pyramid, const CellStyle& style, std::size_t level,
                                      const dgg::Window& window) {
    if (!style.at(level)) {
        VCUBE_ASSIGN(const auto mapper, pyramid.mapper(level));
        return swath::blocks_of_window(*mapper, window);
    }
    const std::uint32_t factor = pyramid.samples_per_side(level);
    VCUBE_ASSIGN(const auto samples, pyramid.sample_mapper(level));
    return swath::blocks_of_window(
        *samples, {window.x * factor, window.y * factor, window.width * factor, window.height * factor});
}

Status paint_cells(const GridPyramid& pyramid, const CellStyle& style, std::size_t level, const dgg::Window& window,
                   const swath::CellValues& values, const DType& type, ByteSpan nodata, const swath::PixelBuffer& out,
                   ThreadPool& pool, std::size_t max_threads) {
    if (const auto& aggregation = style.at(level)) {
        VCUBE_ASSIGN(const auto samples, pyramid.sample_mapper(level));
        swath::render_aggregated(*samples, pyramid.samples_per_side(level), window, values, type, nodata, *aggregation,
                                 out, pool, max_threads);
        return check_wanted();
    }
    VCUBE_ASSIGN(const auto mapper, pyramid.mapper(level));
    swath::render(*mapper, window, values, nodata, out, pool, max_threads);
    return check_wanted();
}

}  // namespace vcube::driver
