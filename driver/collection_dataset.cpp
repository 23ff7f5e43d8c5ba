// A collection of SMOS products as classic rasters: one variable with a band for each step in time, or the list of
// variables.
#include <memory>
#include <numeric>
#include <utility>

#include "core/cube/coordinate_lookup.h"
#include "core/cube/time_axis.h"
#include "driver/collection_raster.h"
#include "driver/container_dataset.h"
#include "driver/entry_points.h"
#include "driver/grid_dataset.h"
#include "driver/swath_raster.h"

namespace vcube::driver {

namespace {

std::string time_span(const OpenedCollection& source) {
    if (source.periods.empty()) {
        return {};
    }
    return step_times(source.periods.front()).first + " to " + step_times(source.periods.back()).second;
}

Result<std::unique_ptr<GDALDataset>> list_variables(const OpenContext& context) {
    VCUBE_ASSIGN(const auto sample, context.collection->collection->sample());
    VCUBE_ASSIGN(const ChosenGrid chosen, choose_grid(context.options));
    const std::string steps = std::to_string(context.collection->periods.size()) + " x ";
    std::vector<SubdatasetEntry> entries;
    for (const std::string& name : collection_variables(context, *sample)) {
        const swath::Variable* const variable = sample->find(name);
        const std::string what = variable == nullptr ? name : describe_variable(*variable, chosen.grid, steps);
        entries.push_back(
            {subdataset_name(context.collection->location, name), what + ", " + time_span(*context.collection)});
    }
    auto list = make_container_dataset(context, entries, collection_metadata(context, *sample));
    list->SetDescription(context.description.c_str());
    return list;
}

// The name of the band, its times, and where it is one product, which.
GridBandPlan plan_band(const OpenContext& context, const std::shared_ptr<const CollectionRaster>& raster,
                       std::uint32_t step) {
    const swath::Period& period = context.collection->periods[step];
    const auto [start, end] = step_times(period);
    GridBandPlan plan;
    plan.info = raster->info();
    plan.painter = [raster, step](std::size_t level, const dgg::Window& window, const swath::PixelBuffer& out) {
        return raster->paint(step, level, window, out);
    };
    plan.description = "time=" + start;
    plan.metadata = {{"TIME", start}, {"TIME_END", end}};
    if (context.options.composite.unit == swath::CompositeStep::Unit::kNone) {
        plan.metadata.emplace_back("PRODUCT_NAME",
                                   context.collection->collection->list().products[period.first].name.name);
    } else {
        plan.metadata.emplace_back("PRODUCTS", std::to_string(period.count));
    }
    return plan;
}

// Steps that the name chooses ("time=2023-04-01", "time~...", "time=[-1]"); all without a selection.
Result<std::vector<std::uint32_t>> choose_steps(const OpenContext& context) {
    const auto& periods = context.collection->periods;
    std::vector<std::uint32_t> steps;
    if (context.name.selections.empty()) {
        steps.resize(periods.size());
        std::iota(steps.begin(), steps.end(), 0U);
        return steps;
    }
    std::vector<double> starts;
    starts.reserve(periods.size());
    for (const swath::Period& period : periods) {
        starts.push_back(static_cast<double>(period.time.start));
    }
    VCUBE_ASSIGN(const TimeAxis axis, TimeAxis::parse("seconds since 1970-01-01", "standard"));
    const Coordinate times = Coordinate::of_times(std::move(starts), axis);
    for (const Selection& selection : context.name.selections) {
        if (selection.dimension != "time") {
            return invalid(context.collection->location + ": " + context.name.path + ": it has no dimension " +
                           selection.dimension + " to fix; there is time");
        }
        VCUBE_ASSIGN(const auto positions, select_positions(selection, periods.size(), &times));
        for (const std::uint64_t position : positions) {
            steps.push_back(static_cast<std::uint32_t>(position));
        }
    }
    return steps;
}

ManyBandsPainter many_bands(const std::shared_ptr<const CollectionRaster>& raster,
                            std::vector<std::uint32_t> steps_of_bands) {
    return [raster, steps_of_bands = std::move(steps_of_bands)](std::span<const int> bands, const dgg::Window& window,
                                                                const swath::PixelBuffer& out,
                                                                std::ptrdiff_t band_stride) {
        std::vector<std::uint32_t> steps;
        for (const int band : bands) {
            steps.push_back(steps_of_bands[static_cast<std::size_t>(band - 1)]);
        }
        return raster->paint_steps(steps, window, out, band_stride);
    };
}

}  // namespace

Result<std::unique_ptr<GDALDataset>> open_collection_dataset(const OpenContext& context) {
    if (context.name.path.empty()) {
        return list_variables(context);
    }
    VCUBE_ASSIGN(const auto sample, context.collection->collection->sample());
    VCUBE_ASSIGN(const ChosenGrid chosen, choose_grid(context.options));
    VCUBE_ASSIGN(const auto pyramid, GridPyramid::create(chosen.grid));
    VCUBE_ASSIGN(const auto raster, CollectionRaster::create(context, context.name.path, pyramid));
    VCUBE_ASSIGN(const std::vector<std::uint32_t> steps, choose_steps(context));
    if (steps.size() > kMaxBands) {
        return unsupported(context.collection->location + ": " + std::to_string(steps.size()) +
                           " steps in time; a raster has at most " + std::to_string(kMaxBands) +
                           " bands: choose by TIME_RANGE or COMPOSITE, or by time= in the name");
    }
    std::vector<GridBandPlan> bands;
    bands.reserve(steps.size());
    for (const std::uint32_t step : steps) {
        bands.push_back(plan_band(context, raster, step));
    }
    GridNews news{[source = context.collection] { return failed_products(*source); },
                  [raster] { raster->tell_failures(true); }};
    return std::unique_ptr<GDALDataset>(
        std::make_unique<GridDataset>(context, chosen, pyramid, std::move(bands), collection_metadata(context, *sample),
                                      raster->name(), many_bands(raster, steps), std::move(news)));
}

}  // namespace vcube::driver
