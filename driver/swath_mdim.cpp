// A SMOS product in the multidimensional API: every variable as an array (y, x) on the grid that the options ask for,
// with coordinate arrays, and the product as it is stored in the group "swath".
#include "core/base/redacted.h"
#include "driver/entry_points.h"
#include "driver/gdal_compat.h"
#include "driver/grid_md.h"
#include "driver/guard.h"
#include "driver/swath_raster.h"

namespace vcube::driver {

namespace {

constexpr const char* kRawGroup = "swath";

std::shared_ptr<GDALMDArray> make_swath_array(const OpenContext& context, std::shared_ptr<const GridFrame> frame,
                                              const swath::Variable& variable) {
    GridArrayPlan plan;
    plan.name = variable.array.name;
    plan.filename = redacted(context.source->vsi_path);
    const auto info = std::make_shared<const GridBandInfo>(swath_band_info(*context.source->product, variable));
    plan.info = info;
    if (info->nodata || info->nodata_int64 || info->nodata_uint64) {
        plan.nodata = variable.nodata_bytes();
    }
    plan.attributes = md_attributes(*info, variable.encoding.long_name);
    plan.paint = [painter = make_swath_painter(context, variable, frame->pyramid)](
                     std::uint64_t /*first*/, std::size_t /*count*/, std::int64_t /*step*/, const dgg::Window& window,
                     const swath::PixelBuffer& out, std::ptrdiff_t /*stride*/) { return painter(0, window, out); };
    return make_grid_array(std::move(frame), std::move(plan));
}

class SwathGroup final : public MdGroupBase {
public:
    static std::shared_ptr<GDALGroup> create(const OpenContext& context, std::shared_ptr<const GridFrame> frame,
                                             std::shared_ptr<GDALGroup> raw) {
        const std::shared_ptr<SwathGroup> out(new SwathGroup(context, std::move(frame), std::move(raw)));
        set_self(out);
        return out;
    }

    std::vector<std::string> GetMDArrayNames(CSLConstList /*options*/) const override {
        std::vector<std::string> names{"y", "x"};
        for (const swath::Variable& variable : context_.source->product->variables()) {
            names.push_back(variable.array.name);
        }
        return names;
    }

    std::shared_ptr<GDALMDArray> OpenMDArray(const std::string& name, CSLConstList /*options*/) const override {
        if (name == "y" || name == "x") {
            return name == "y" ? frame_->y_values : frame_->x_values;
        }
        return guarded<std::shared_ptr<GDALMDArray>>(nullptr, [&]() -> Result<std::shared_ptr<GDALMDArray>> {
            const swath::Variable* variable = context_.source->product->find(name);
            return variable == nullptr ? nullptr : make_swath_array(context_, frame_, *variable);
        });
    }

    std::vector<std::string> GetGroupNames(CSLConstList /*options*/) const override {
        return raw_ ? std::vector<std::string>{kRawGroup} : std::vector<std::string>();
    }

    std::shared_ptr<GDALGroup> OpenGroup(const std::string& name, CSLConstList /*options*/) const override {
        return name == kRawGroup ? raw_ : nullptr;
    }

    std::vector<std::shared_ptr<GDALDimension>> GetDimensions(CSLConstList /*options*/) const override {
        return {frame_->y, frame_->x};
    }

    std::vector<std::shared_ptr<GDALAttribute>> GetAttributes(CSLConstList /*options*/) const override {
        return make_text_attributes("/", swath_metadata(*context_.source->product));
    }

private:
    SwathGroup(const OpenContext& context, std::shared_ptr<const GridFrame> frame, std::shared_ptr<GDALGroup> raw)
        : MdGroupBase("", "/"), context_(context), frame_(std::move(frame)), raw_(std::move(raw)) {}

    OpenContext context_;
    std::shared_ptr<const GridFrame> frame_;
    std::shared_ptr<GDALGroup> raw_;
};

}  // namespace

Result<std::shared_ptr<GDALGroup>> make_swath_group(const OpenContext& context, std::shared_ptr<GDALGroup> raw) {
    VCUBE_ASSIGN(std::shared_ptr<const GridFrame> frame, make_grid_frame(context));
    return SwathGroup::create(context, std::move(frame), std::move(raw));
}

}  // namespace vcube::driver
