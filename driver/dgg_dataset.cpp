// VCUBE:DGG: the grid itself as a raster, for those who look up cells or make their own index rasters.
#include <cstring>

#include "core/base/patience.h"
#include "core/dgg/isea.h"
#include "core/swath/strips.h"
#include "driver/entry_points.h"
#include "driver/grid_dataset.h"

namespace vcube::driver {

namespace {

void draw_cells(const dgg::CellMapper& mapper, const dgg::Window& window, bool ids, const swath::PixelBuffer& out,
                ThreadPool& pool, std::size_t max_threads) {
    swath::for_strips(window, pool, max_threads, [&](const dgg::Window& part) {
        mapper.map(part, [&](std::uint32_t x, std::uint32_t y, std::span<const std::uint32_t> seqnums) {
            std::byte* at = out.data + static_cast<std::ptrdiff_t>(y - window.y) * out.line_stride +
                            static_cast<std::ptrdiff_t>(x - window.x) * out.pixel_stride;
            for (const std::uint32_t seqnum : seqnums) {
                const std::uint32_t value = ids && seqnum != 0 ? dgg::grid_point_id(seqnum) : seqnum;
                std::memcpy(at, &value, sizeof(value));
                at += out.pixel_stride;
            }
        });
    });
}

GridBandPlan plan_band(const OpenContext& context, const std::shared_ptr<const GridPyramid>& pyramid, bool ids) {
    GridBandInfo info;
    info.description = ids ? "Grid_Point_ID" : "seqnum";
    info.type = GDT_UInt32;
    info.nodata = 0;
    GridPainter painter = [pyramid, ids, runtime = context.runtime, threads = context.options.max_threads](
                              std::size_t level, const dgg::Window& window, const swath::PixelBuffer& out) -> Status {
        VCUBE_ASSIGN(const auto mapper, pyramid->mapper(level));
        draw_cells(*mapper, window, ids, out, runtime->pool, threads);
        return check_wanted();
    };
    return {std::make_shared<const GridBandInfo>(std::move(info)), std::move(painter), {}, {}};
}

}  // namespace

Result<std::unique_ptr<GDALDataset>> open_dgg_dataset(const OpenContext& context) {
    VCUBE_ASSIGN(const ChosenGrid chosen, choose_grid(context.options));
    VCUBE_ASSIGN(const auto pyramid, GridPyramid::create(chosen.grid));
    std::vector<GridBandPlan> bands{plan_band(context, pyramid, false), plan_band(context, pyramid, true)};
    return std::unique_ptr<GDALDataset>(std::make_unique<GridDataset>(context, chosen, pyramid, std::move(bands),
                                                                      swath::MetadataItems{}, std::string()));
}

}  // namespace vcube::driver
