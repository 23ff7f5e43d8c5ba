#include "driver/md_dimension.h"

#include <string>
#include <utility>

#include "core/cube/attribute.h"
#include "core/cube/axis.h"
#include "driver/labels.h"
#include "driver/md_array.h"

namespace vcube::driver {
namespace {

/// Opens its coordinate array when asked for it.
class MdDimension final : public GDALDimension {
public:
    MdDimension(const std::string& parent, const std::string& name, const std::string& type,
                const std::string& direction, GUInt64 size, std::shared_ptr<const MdShared> shared,
                const ArrayMeta* coordinate)
        : GDALDimension(parent, name, type, direction, size), shared_(std::move(shared)), coordinate_(coordinate) {}

    std::shared_ptr<GDALMDArray> GetIndexingVariable() const override {
        return coordinate_ != nullptr && is_md_type(coordinate_->dtype) ? open_md_array(shared_, *coordinate_)
                                                                        : nullptr;
    }

private:
    std::shared_ptr<const MdShared> shared_;
    const ArrayMeta* coordinate_;  // owned by the hierarchy, which shared_ keeps
};

struct Direction {
    const char* type;
    const char* direction;
};

Direction direction_of(const ArrayMeta* coordinate) {
    if (coordinate == nullptr) {
        return {"", ""};
    }
    if (is_time(*coordinate)) {
        return {GDAL_DIM_TYPE_TEMPORAL, "FUTURE"};
    }
    switch (classify_axis(coordinate->name, coordinate->attributes).role) {
        case AxisRole::kX:
            return {GDAL_DIM_TYPE_HORIZONTAL_X, "EAST"};
        case AxisRole::kY:
            return {GDAL_DIM_TYPE_HORIZONTAL_Y, "NORTH"};
        case AxisRole::kT:
            return {GDAL_DIM_TYPE_TEMPORAL, "FUTURE"};
        case AxisRole::kZ: {
            const std::string positive = to_lower(attribute_text(coordinate->attributes, "positive"));
            return {GDAL_DIM_TYPE_VERTICAL, positive == "down" ? "DOWN" : "UP"};
        }
        default:
            break;
    }
    return {"", ""};
}

}  // namespace

std::vector<std::shared_ptr<GDALDimension>> make_dimensions(const std::shared_ptr<const MdShared>& shared,
                                                            const ArrayMeta& meta) {
    std::vector<std::shared_ptr<GDALDimension>> out;
    for (std::size_t d = 0; d < meta.shape.size(); ++d) {
        std::string name = d < meta.dimensions.size() ? meta.dimensions[d] : "";
        const ArrayMeta* const coordinate =
            find_coordinate(shared->root(), parent_path(meta.path), name, meta.shape[d]);
        const std::string& owner = coordinate != nullptr ? coordinate->path : meta.path;
        if (name.empty()) {
            name = meta.name + "_dim" + std::to_string(d);
        }
        const Direction direction = direction_of(coordinate);
        out.push_back(std::make_shared<MdDimension>(shared->parent_full_name(owner), name, direction.type,
                                                    direction.direction, meta.shape[d], shared, coordinate));
    }
    return out;
}

}  // namespace vcube::driver
