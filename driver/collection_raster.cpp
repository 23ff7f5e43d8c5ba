#include "driver/collection_raster.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/base/log.h"
#include "core/base/patience.h"
#include "core/swath/observation_time.h"
#include "core/swath/table_pages.h"
#include "core/swath/typed_column.h"
#include "driver/gdal_types.h"
#include "driver/swath_raster.h"

namespace vcube::driver {

namespace {

constexpr std::string_view kTimeSuffix = "_Observation_Time";
// Of windows up to this many pixels cells are found once for all steps.
constexpr std::uint64_t kFewPixels = 4096;
// Steps whose tables are held at once.
constexpr std::size_t kStepsAtOnce = 256;
constexpr std::uint32_t kMaxAhead = 64;
// Of what a read has to do, until its tables are there; the rest is drawing.
constexpr double kShareOfTables = 0.8;

bool is_composite(const OpenContext& context) {
    return context.options.composite.unit != swath::CompositeStep::Unit::kNone;
}

Error unknown_variable(const OpenContext& context, const swath::Product& sample, const std::string& name) {
    std::string names;
    for (const std::string& one : collection_variables(context, sample)) {
        names += (names.empty() ? "" : ", ") + one;
    }
    return not_found(context.collection->location + ": no variable " + name + "; there are " + names);
}

// CF conventions 1.11, section 7.3; nullptr where CF has no word for it.
const char* cell_method(swath::Method method) {
    switch (method) {
        case swath::Method::kMean:
            return "time: mean";
        case swath::Method::kMin:
            return "time: minimum";
        case swath::Method::kMax:
            return "time: maximum";
        case swath::Method::kMedian:
            return "time: median";
        case swath::Method::kMode:
            return "time: mode";
        default:
            return nullptr;
    }
}

// What bands of a recipe are called and how their numbers are to be read.
GridBandInfo band_info(const OpenContext& context, const swath::Product& sample, const swath::Variable& variable,
                       const swath::Recipe& recipe, const swath::ResultForm& form, const std::string& name) {
    GridBandInfo info = swath_band_info(sample, variable);
    std::erase_if(info.metadata, [](const auto& item) { return item.first == "TIME"; });
    info.description = name;
    info.type = gdal_type(form.type).value_or(GDT_Float64);
    if (!form.has_nodata) {
        info.nodata.reset();
        info.nodata_int64.reset();
        info.nodata_uint64.reset();
    } else if (form.type.kind == Kind::kFloat && form.type.size == 8) {
        double nodata = 0;
        std::memcpy(&nodata, form.nodata.data(), sizeof(nodata));
        info.nodata = nodata;
        info.nodata_int64.reset();
        info.nodata_uint64.reset();
    }
    if (!form.scaled) {
        info.scale.reset();
        info.offset.reset();
    }
    if (recipe.observation_time) {
        info.unit = swath::kObservationTimeUnits;
        info.classes.clear();
        info.metadata = {{"long_name", "time of observation of " + recipe.variable}, {"calendar", "standard"}};
    } else if (recipe.method == swath::Method::kCount) {
        info.unit = "1";
        info.classes.clear();
        info.metadata = {{"long_name", "number of observations of " + recipe.variable}};
    }
    if (is_composite(context)) {
        info.metadata.emplace_back("COMPOSITE_METHOD", swath::name_of(recipe.method));
        if (const char* const words = cell_method(recipe.method); words != nullptr) {
            info.metadata.emplace_back("cell_methods", words);
        }
    }
    return info;
}

Result<swath::Recipe> choose_recipe(const OpenContext& context, const swath::Product& sample, std::string name) {
    swath::Recipe recipe;
    if (is_composite(context) && name.ends_with(kTimeSuffix) && sample.find(name) == nullptr) {
        name.resize(name.size() - kTimeSuffix.size());
        recipe.observation_time = true;
    }
    const swath::Variable* const variable = sample.find(name);
    if (variable == nullptr) {
        return unknown_variable(context, sample, context.name.path.empty() ? name : context.name.path);
    }
    recipe.variable = name;
    const OpenOptions& options = context.options;
    VCUBE_ASSIGN(recipe.filter, swath::Filter::parse(options.filter));
    if (!is_composite(context)) {
        return recipe;
    }
    const bool counts = options.composite_method == swath::Method::kCount;
    const bool best = options.composite_method == swath::Method::kBest;
    recipe.method = swath::is_flags(*variable) && !counts && !best ? options.flag_method : options.composite_method;
    if (recipe.method == swath::Method::kBest) {
        const std::optional<std::string> quality = options.best_by ? options.best_by : quality_of(sample, name);
        if (!quality) {
            return invalid(context.collection->location + ": COMPOSITE_METHOD=BEST: nothing tells the quality of " +
                           name + "; name a variable by BEST_BY");
        }
        recipe.quality = *quality;
    }
    return recipe;
}

}  // namespace

std::vector<std::string> collection_variables(const OpenContext& context, const swath::Product& sample) {
    std::vector<std::string> names;
    for (const swath::Variable& variable : sample.variables()) {
        names.push_back(variable.array.name);
    }
    if (is_composite(context)) {
        for (const swath::Variable& variable : sample.variables()) {
            names.push_back(variable.array.name + std::string(kTimeSuffix));
        }
    }
    return names;
}

std::pair<std::string, std::string> step_times(const swath::Period& period) {
    return {swath::iso_time(period.time.start), swath::iso_time(period.time.stop)};
}

swath::MetadataItems collection_metadata(const OpenContext& context, const swath::Product& sample) {
    const swath::ProductList& list = context.collection->collection->list();
    swath::MetadataItems items;
    items.emplace_back("PRODUCT_TYPE", list.products.front().name.type);
    items.emplace_back("PRODUCTS", std::to_string(list.products.size()));
    if (list.superseded > 0) {
        items.emplace_back("SUPERSEDED_PRODUCTS", std::to_string(list.superseded));
    }
    if (!context.collection->periods.empty()) {
        items.emplace_back("TIME_COVERAGE_START", step_times(context.collection->periods.front()).first);
        items.emplace_back("TIME_COVERAGE_END", step_times(context.collection->periods.back()).second);
    }
    items.emplace_back("PROCESSOR_VERSION", swath::metadata_item(sample.metadata(), "PROCESSOR_VERSION"));
    const auto& options = context.collection->collection->options();
    if (options.pass) {
        items.emplace_back("ORBIT_PASS", *options.pass == swath::Pass::kAscending ? "ASCENDING" : "DESCENDING");
    }
    if (context.options.bbox) {
        items.emplace_back("BBOX", *context.options.bbox);
    }
    if (!context.options.filter.empty()) {
        items.emplace_back("FILTER", context.options.filter);
    }
    std::erase_if(items, [](const auto& item) { return item.second.empty(); });
    return items;
}

swath::MetadataItems failed_products(const OpenedCollection& source) {
    swath::MetadataItems items;
    for (const swath::Failure& failure : source.collection->failures()) {
        items.emplace_back(source.collection->list().products[failure.product].location, failure.error.message);
    }
    return items;
}

Result<std::shared_ptr<const CollectionRaster>> CollectionRaster::create(const OpenContext& context,
                                                                         const std::string& name,
                                                                         std::shared_ptr<const GridPyramid> pyramid) {
    VCUBE_ASSIGN(const auto sample, context.collection->collection->sample());
    const std::shared_ptr<CollectionRaster> raster(new CollectionRaster(context, std::move(pyramid)));
    VCUBE_ASSIGN(raster->recipe_, choose_recipe(context, *sample, name));
    VCUBE_ASSIGN(raster->form_, form_of(*sample, raster->recipe_));
    raster->name_ = name;
    raster->info_ = std::make_shared<const GridBandInfo>(
        band_info(context, *sample, *sample->find(raster->recipe_.variable), raster->recipe_, raster->form_, name));
    raster->style_ = cell_style(context.options, !raster->info_->classes.empty());
    return std::shared_ptr<const CollectionRaster>(raster);
}

Status CollectionRaster::draw(const swath::CellTable& table, std::size_t level, const dgg::Window& window,
                              const swath::PixelBuffer& out) const {
    const swath::TablePages pages(table);
    return paint_cells(*pyramid_, style_, level, window, swath::CellValues(pages.span()), form_.type, form_.nodata, out,
                       context_.runtime->pool, context_.options.max_threads);
}

void CollectionRaster::tell_failures(bool closing) const {
    const auto failures = context_.collection->collection->failures();
    std::size_t told = told_failures_.load();
    if (failures.size() <= told || (told > 0 && !closing) ||
        !told_failures_.compare_exchange_strong(told, failures.size())) {
        return;
    }
    const auto& list = context_.collection->collection->list().products;
    log(LogLevel::kWarning, context_.collection->location + ": " + std::to_string(failures.size()) + " of " +
                                std::to_string(list.size()) +
                                " products could not be read and are left out; the metadata domain FAILED_PRODUCTS "
                                "lists them. The first: " +
                                failures.front().error.message);
}

// The client goes from step to step over the same few pixels: makes the next ones with this one, more each time.
Status CollectionRaster::read_ahead(std::uint32_t step, const dgg::Window& window, const dgg::BlockSet& blocks) const {
    std::uint32_t until = 0;
    {
        const std::scoped_lock lock(mutex_);
        const bool same = window.x == last_window_.x && window.y == last_window_.y &&
                          window.width == last_window_.width && window.height == last_window_.height;
        const bool goes_on = same && step == next_step_ && step != 0;
        last_window_ = window;
        next_step_ = step + 1;
        if (!goes_on) {
            ahead_ = 1;
            ahead_until_ = 0;
            return {};
        }
        if (step < ahead_until_) {
            return {};
        }
        ahead_ = std::min(2 * ahead_, kMaxAhead);
        const auto steps = static_cast<std::uint32_t>(context_.collection->periods.size());
        until = ahead_until_ = std::min(step + ahead_, steps);
    }
    const std::span<const swath::Period> periods(context_.collection->periods);
    return context_.collection->composer
        ->tables(periods.subspan(step, until - step), recipe_, blocks, context_.options.max_threads)
        .status();
}

Status CollectionRaster::paint(std::uint32_t step, std::size_t level, const dgg::Window& window,
                               const swath::PixelBuffer& out) const {
    VCUBE_ASSIGN(const dgg::BlockSet blocks, blocks_of_level(*pyramid_, style_, level, window));
    if (level == 0 && std::uint64_t{window.width} * window.height <= kFewPixels) {
        VCUBE_TRY(read_ahead(step, window, blocks));
    }
    std::shared_ptr<const swath::CellTable> table;
    {
        const Share share(0, kShareOfTables);
        VCUBE_ASSIGN(table, context_.collection->composer->table(context_.collection->periods[step], recipe_, blocks,
                                                                 context_.options.max_threads));
    }
    tell_failures(false);
    const Share share(kShareOfTables, 1);
    return draw(*table, level, window, out);
}

namespace {

// The same few cells of many tables: nothing is mapped again.
void copy_cells(const swath::CellTable& table, std::span<const std::uint32_t> seqnums, std::uint32_t width,
                const swath::PixelBuffer& out) {
    const std::vector<std::byte>& nodata = table.form().nodata;
    for (std::size_t k = 0; k < seqnums.size(); ++k) {
        const std::byte* from = nodata.data();
        if (seqnums[k] != 0) {
            const dgg::BlockCell place = dgg::block_cell_of(seqnums[k]);
            if (const std::byte* const block = table.block(place.block); block != nullptr) {
                from = block + place.cell * nodata.size();
            }
        }
        std::memcpy(out.data + static_cast<std::ptrdiff_t>(k / width) * out.line_stride +
                        static_cast<std::ptrdiff_t>(k % width) * out.pixel_stride,
                    from, nodata.size());
    }
}

}  // namespace

Status CollectionRaster::paint_steps(std::span<const std::uint32_t> steps, const dgg::Window& window,
                                     const swath::PixelBuffer& out, std::ptrdiff_t step_stride) const {
    VCUBE_ASSIGN(const dgg::BlockSet blocks, blocks_of_level(*pyramid_, style_, 0, window));
    std::vector<std::uint32_t> seqnums;
    if (std::uint64_t{window.width} * window.height <= kFewPixels && !style_.full) {
        VCUBE_ASSIGN(const auto mapper, pyramid_->mapper(0));
        seqnums.resize(std::size_t{window.width} * window.height);
        mapper->map(window, seqnums);
    }
    // Tables of large windows are large: fewer at once.
    const std::size_t table_bytes = std::size_t{blocks.size()} * dgg::kBlockCells * form_.nodata.size();
    const std::size_t at_once =
        std::clamp<std::size_t>((std::size_t{64} << 20U) / std::max<std::size_t>(table_bytes, 1), 1, kStepsAtOnce);
    std::vector<swath::Period> periods;
    for (std::size_t first = 0; first < steps.size(); first += at_once) {
        const auto part = steps.subspan(first, std::min(at_once, steps.size() - first));
        periods.clear();
        for (const std::uint32_t step : part) {
            periods.push_back(context_.collection->periods[step]);
        }
        const auto share_of = [&](double step) {
            return (static_cast<double>(first) + step) / static_cast<double>(steps.size());
        };
        const auto in_part = static_cast<double>(part.size());
        std::vector<std::shared_ptr<const swath::CellTable>> tables;
        {
            const Share share(share_of(0), share_of(in_part * kShareOfTables));
            VCUBE_ASSIGN(tables,
                         context_.collection->composer->tables(periods, recipe_, blocks, context_.options.max_threads));
        }
        const Share drawing(share_of(in_part * kShareOfTables), share_of(in_part));
        for (std::size_t k = 0; k < tables.size(); ++k) {
            const Share share(static_cast<double>(k) / in_part, static_cast<double>(k + 1) / in_part);
            const swath::PixelBuffer place{out.data + static_cast<std::ptrdiff_t>(first + k) * step_stride,
                                           out.pixel_stride, out.line_stride};
            if (!seqnums.empty()) {
                copy_cells(*tables[k], seqnums, window.width, place);
            } else {
                VCUBE_TRY(draw(*tables[k], 0, window, place));
            }
        }
    }
    tell_failures(false);
    return {};
}

}  // namespace vcube::driver
