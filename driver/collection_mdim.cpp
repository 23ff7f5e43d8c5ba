// A collection of SMOS products in the multidimensional API: every variable as an array (time, y, x) on the grid that
// the options ask for, time with its bounds, y and x.
#include "core/base/redacted.h"
#include "driver/collection_raster.h"
#include "driver/entry_points.h"
#include "driver/gdal_compat.h"
#include "driver/grid_md.h"
#include "driver/guard.h"
#include "driver/swath_raster.h"

namespace vcube::driver {

namespace {

constexpr const char* kTimeUnits = "seconds since 1970-01-01 00:00:00";

// Dimension and coordinates in time; shared by group and arrays.
struct TimeFrame {
    std::shared_ptr<GDALDimension> time, bounds;
    std::shared_ptr<GDALMDArray> time_values, bounds_values;
};

TimeFrame make_time_frame(const OpenedCollection& source) {
    std::vector<double> starts, bounds;
    for (const swath::Period& period : source.periods) {
        starts.push_back(static_cast<double>(period.time.start));
        bounds.push_back(static_cast<double>(period.time.start));
        bounds.push_back(static_cast<double>(period.time.stop));
    }
    TimeFrame frame;
    frame.time = std::make_shared<GDALDimensionWeakIndexingVar>("/", "time", GDAL_DIM_TYPE_TEMPORAL, "", starts.size());
    frame.bounds = std::make_shared<GDALDimension>("/", "bnds", "", "", 2);
    frame.time_values = make_number_array(
        "time", redacted(source.vsi_path), {frame.time}, std::move(starts), kTimeUnits,
        {{"standard_name", "time"}, {"axis", "T"}, {"calendar", "standard"}, {"bounds", "time_bnds"}});
    frame.bounds_values = make_number_array("time_bnds", redacted(source.vsi_path), {frame.time, frame.bounds},
                                            std::move(bounds), kTimeUnits, {});
    return frame;
}

class CollectionGroup final : public MdGroupBase {
public:
    static std::shared_ptr<GDALGroup> create(const OpenContext& context, std::shared_ptr<const GridFrame> grid,
                                             TimeFrame time, std::shared_ptr<const swath::Product> sample) {
        const std::shared_ptr<CollectionGroup> out(
            new CollectionGroup(context, std::move(grid), std::move(time), std::move(sample)));
        set_self(out);
        // The dimension knows its variable weakly; the group keeps both.
        std::static_pointer_cast<GDALDimensionWeakIndexingVar>(out->time_.time)
            ->SetIndexingVariable(out->time_.time_values);
        return out;
    }

    std::vector<std::string> GetMDArrayNames(CSLConstList /*options*/) const override {
        std::vector<std::string> names{"time", "time_bnds", "y", "x"};
        for (std::string& name : collection_variables(context_, *sample_)) {
            names.push_back(std::move(name));
        }
        return names;
    }

    std::shared_ptr<GDALMDArray> OpenMDArray(const std::string& name, CSLConstList /*options*/) const override {
        if (name == "time" || name == "time_bnds") {
            return name == "time" ? time_.time_values : time_.bounds_values;
        }
        if (name == "y" || name == "x") {
            return name == "y" ? grid_->y_values : grid_->x_values;
        }
        return guarded<std::shared_ptr<GDALMDArray>>(nullptr, [&]() -> Result<std::shared_ptr<GDALMDArray>> {
            auto raster = CollectionRaster::create(context_, name, grid_->pyramid);
            if (!raster.ok() && raster.error().code == ErrorCode::kNotFound) {
                return std::shared_ptr<GDALMDArray>();
            }
            if (!raster.ok()) {
                return raster.error();
            }
            return make_array(std::move(raster).value());
        });
    }

    std::vector<std::shared_ptr<GDALDimension>> GetDimensions(CSLConstList /*options*/) const override {
        return {time_.time, time_.bounds, grid_->y, grid_->x};
    }

    std::vector<std::shared_ptr<GDALAttribute>> GetAttributes(CSLConstList /*options*/) const override {
        return make_text_attributes("/", collection_metadata(context_, *sample_));
    }

private:
    CollectionGroup(const OpenContext& context, std::shared_ptr<const GridFrame> grid, TimeFrame time,
                    std::shared_ptr<const swath::Product> sample)
        : MdGroupBase("", "/"),
          context_(context),
          grid_(std::move(grid)),
          time_(std::move(time)),
          sample_(std::move(sample)) {}

    [[nodiscard]] std::shared_ptr<GDALMDArray> make_array(const std::shared_ptr<const CollectionRaster>& raster) const {
        GridArrayPlan plan;
        plan.name = raster->name();
        plan.filename = redacted(context_.collection->vsi_path);
        plan.info = raster->info();
        plan.time = time_.time;
        if (raster->form().has_nodata) {
            plan.nodata = raster->form().nodata;
        }
        plan.attributes = md_attributes(*raster->info(), "");
        plan.paint = [raster](std::uint64_t first, std::size_t count, std::int64_t step, const dgg::Window& window,
                              const swath::PixelBuffer& out, std::ptrdiff_t stride) {
            std::vector<std::uint32_t> steps;
            for (std::size_t k = 0; k < count; ++k) {
                steps.push_back(
                    static_cast<std::uint32_t>(static_cast<std::int64_t>(first) + static_cast<std::int64_t>(k) * step));
            }
            return raster->paint_steps(steps, window, out, stride);
        };
        return make_grid_array(grid_, std::move(plan));
    }

    OpenContext context_;
    std::shared_ptr<const GridFrame> grid_;
    TimeFrame time_;
    std::shared_ptr<const swath::Product> sample_;
};

}  // namespace

Result<std::shared_ptr<GDALGroup>> make_collection_group(const OpenContext& context) {
    VCUBE_ASSIGN(auto grid, make_grid_frame(context));
    VCUBE_ASSIGN(auto sample, context.collection->collection->sample());
    return CollectionGroup::create(context, std::move(grid), make_time_frame(*context.collection), std::move(sample));
}

}  // namespace vcube::driver
