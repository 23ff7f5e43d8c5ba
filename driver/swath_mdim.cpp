// A SMOS product in the multidimensional API: every variable as an array (y, x) on the grid that the options ask for,
// with coordinate arrays, and the product as it is stored in the group "swath".
#include <algorithm>
#include <climits>
#include <cstdlib>

#include "driver/entry_points.h"
#include "driver/gdal_compat.h"
#include "driver/grid_options.h"
#include "driver/guard.h"
#include "driver/swath_raster.h"

namespace vcube::driver {

namespace {

constexpr const char* kRawGroup = "swath";
using Attributes = std::vector<std::pair<std::string, std::string>>;

std::vector<std::shared_ptr<GDALAttribute>> make_attributes(const std::string& parent, const Attributes& items) {
    std::vector<std::shared_ptr<GDALAttribute>> out;
    for (const auto& [name, value] : items) {
        out.push_back(std::make_shared<GDALAttributeString>(parent, name, value));
    }
    return out;
}

// Dimensions (y, x) of the gridded arrays with what lies behind them; shared by group and arrays.
struct Frame {
    std::shared_ptr<const GridPyramid> pyramid;
    std::shared_ptr<OGRSpatialReference> srs;  // axes mapped to the dimensions
    std::shared_ptr<GDALDimension> y, x;
    std::shared_ptr<GDALMDArray> y_values, x_values;
};

std::shared_ptr<GDALMDArray> make_coordinate(const std::shared_ptr<GDALDimension>& dimension, double origin,
                                             double step, const OGRSpatialReference& srs) {
    auto values = GDALMDArrayRegularlySpaced::Create("/", dimension->GetName(), dimension, origin, step, 0.5);
    const bool is_x = dimension->GetType() == GDAL_DIM_TYPE_HORIZONTAL_X;
    const bool lonlat = srs.IsGeographic() != 0;
    const char* const standard_name =
        lonlat ? (is_x ? "longitude" : "latitude") : (is_x ? "projection_x_coordinate" : "projection_y_coordinate");
    const char* unit = nullptr;
    if (lonlat) {
        unit = is_x ? "degrees_east" : "degrees_north";
    } else {
        srs.GetLinearUnits(&unit);
    }
    for (const auto& attribute : make_attributes(values->GetFullName(), {{"standard_name", standard_name},
                                                                         {"units", unit == nullptr        ? ""
                                                                                   : EQUAL(unit, "metre") ? "m"
                                                                                                          : unit}})) {
        values->AddAttribute(attribute);
    }
    return values;
}

// x before y becomes y before x, for the dimensions are (y, x).
std::shared_ptr<OGRSpatialReference> srs_of_dimensions(const OGRSpatialReference& srs) {
    std::shared_ptr<OGRSpatialReference> out(srs.Clone());
    std::vector<int> mapping = out->GetDataAxisToSRSAxisMapping();
    for (int& axis : mapping) {
        axis = axis == 1 ? 2 : axis == 2 ? 1 : axis;
    }
    out->SetDataAxisToSRSAxisMapping(mapping);
    return out;
}

Result<std::shared_ptr<const Frame>> make_frame(const OpenContext& context) {
    VCUBE_ASSIGN(const ChosenGrid chosen, choose_grid(context.options));
    auto frame = std::make_shared<Frame>();
    VCUBE_ASSIGN(frame->pyramid, GridPyramid::create(chosen.grid));
    const dgg::Grid& grid = frame->pyramid->grid(0);
    frame->y =
        std::make_shared<GDALDimensionWeakIndexingVar>("/", "y", GDAL_DIM_TYPE_HORIZONTAL_Y, "NORTH", grid.height);
    frame->x = std::make_shared<GDALDimensionWeakIndexingVar>("/", "x", GDAL_DIM_TYPE_HORIZONTAL_X, "EAST", grid.width);
    frame->y_values = make_coordinate(frame->y, grid.geotransform[3], grid.geotransform[5], chosen.srs);
    frame->x_values = make_coordinate(frame->x, grid.geotransform[0], grid.geotransform[1], chosen.srs);
    frame->y->SetIndexingVariable(frame->y_values);
    frame->x->SetIndexingVariable(frame->x_values);
    frame->srs = srs_of_dimensions(chosen.srs);
    return std::shared_ptr<const Frame>(std::move(frame));
}

// Steps along one dimension of a request: window positions first + k * step, as an ascending window.
struct Span {
    std::uint32_t low = 0, size = 0;  // pixels from the lowest to the highest one asked for
    std::ptrdiff_t stride = 0;        // buffer bytes from pixel low to low + 1; negative where the request descends
    std::ptrdiff_t origin = 0;        // buffer bytes of pixel low
    std::uint32_t step = 1;           // pixels
    std::size_t count = 0;
};

Span make_span(GUInt64 first, std::size_t count, GInt64 step, std::ptrdiff_t stride) {
    Span span;
    span.count = count;
    if (count == 1) {
        step = 1;
    }
    span.step = static_cast<std::uint32_t>(std::llabs(step));
    span.size = static_cast<std::uint32_t>((count - 1) * span.step + 1);
    const bool descends = step < 0;
    span.low = static_cast<std::uint32_t>(descends ? first - (count - 1) * span.step : first);
    span.origin = descends ? static_cast<std::ptrdiff_t>(count - 1) * stride : 0;
    span.stride = descends ? -stride : stride;
    return span;
}

class SwathArray final : public GDALMDArray {
public:
    static std::shared_ptr<GDALMDArray> create(const OpenContext& context, std::shared_ptr<const Frame> frame,
                                               const swath::Variable& variable) {
        std::shared_ptr<SwathArray> array(new SwathArray(context, std::move(frame), variable));
        array->SetSelf(array);
        return array;
    }

    bool IsWritable() const override { return false; }
    bool IsCacheable() const override { return false; }
    const std::string& GetFilename() const override { return context_.source->vsi_path; }
    const std::vector<std::shared_ptr<GDALDimension>>& GetDimensions() const override { return dimensions_; }
    const GDALExtendedDataType& GetDataType() const override { return type_; }
    std::shared_ptr<OGRSpatialReference> GetSpatialRef() const override { return frame_->srs; }
    const std::string& GetUnit() const override { return info_.unit; }
    std::vector<GUInt64> GetBlockSize() const override { return {256, 256}; }
    const void* GetRawNoDataValue() const override { return nodata_.empty() ? nullptr : nodata_.data(); }
    std::vector<std::shared_ptr<GDALAttribute>> GetAttributes(CSLConstList /*options*/) const override {
        return attributes_;
    }
    double GetScale(bool* has, GDALDataType* storage) const override { return told(info_.scale, 1.0, has, storage); }
    double GetOffset(bool* has, GDALDataType* storage) const override { return told(info_.offset, 0.0, has, storage); }

protected:
    bool IRead(const GUInt64* start, const size_t* count, const GInt64* step, const GPtrDiff_t* stride,
               const GDALExtendedDataType& buffer_type, void* buffer) const override {
        return guarded<bool>(false, [&]() -> Result<bool> {
            if (buffer_type.GetClass() != GEDTC_NUMERIC) {
                return unsupported(GetFullName() + ": its values are numbers; the buffer's type is not");
            }
            if (count[0] == 0 || count[1] == 0) {
                return true;
            }
            const auto size = static_cast<std::ptrdiff_t>(buffer_type.GetSize());
            const Span rows = make_span(start[0], count[0], step[0], stride[0] * size);
            const Span columns = make_span(start[1], count[1], step[1], stride[1] * size);
            VCUBE_TRY(read(rows, columns, static_cast<std::byte*>(buffer) + rows.origin + columns.origin,
                           buffer_type.GetNumericDataType()));
            return true;
        });
    }

private:
    SwathArray(const OpenContext& context, std::shared_ptr<const Frame> frame, const swath::Variable& variable)
        : GDALAbstractMDArray("/", variable.array.name),
          GDALMDArray("/", variable.array.name),
          context_(context),
          frame_(std::move(frame)),
          info_(swath_band_info(*context.source->product, variable)),
          painter_(make_swath_painter(context, variable, frame_->pyramid)),
          dimensions_{frame_->y, frame_->x},
          type_(GDALExtendedDataType::Create(info_.type)) {
        if (info_.nodata || info_.nodata_int64 || info_.nodata_uint64) {
            nodata_ = variable.nodata_bytes();
        }
        Attributes items;
        if (!variable.encoding.long_name.empty()) {
            items.emplace_back("long_name", variable.encoding.long_name);
        }
        for (const auto& item : info_.metadata) {
            if (item.first != "long_name" && !item.first.starts_with("FLAG_")) {
                items.push_back(item);
            }
        }
        attributes_ = make_attributes(GetFullName(), items);
    }

    static double told(const std::optional<double>& value, double otherwise, bool* has, GDALDataType* storage) {
        if (has != nullptr) {
            *has = value.has_value();
        }
        if (storage != nullptr) {
            *storage = value ? GDT_Float64 : GDT_Unknown;
        }
        return value.value_or(otherwise);
    }

    // Straight into the buffer where every pixel of the window is asked for in the array's type; else strip by strip.
    [[nodiscard]] Status read(const Span& rows, const Span& columns, std::byte* buffer, GDALDataType type) const {
        if (rows.step == 1 && columns.step == 1 && type == info_.type) {
            return painter_(0, {columns.low, rows.low, columns.size, rows.size}, {buffer, columns.stride, rows.stride});
        }
        const int item = GDALGetDataTypeSizeBytes(info_.type);
        const std::size_t line_bytes = std::size_t{columns.size} * static_cast<std::size_t>(item);
        constexpr std::size_t kStripBytes = std::size_t{8} << 20U;
        const std::size_t strip_lines =
            rows.step == 1 ? std::clamp<std::size_t>(kStripBytes / line_bytes, 1, rows.count) : 1;
        Buffer strip(line_bytes * strip_lines);
        for (std::size_t row = 0; row < rows.count; row += strip_lines) {
            const std::size_t lines = std::min(strip_lines, rows.count - row);
            VCUBE_TRY(painter_(0,
                               {columns.low, static_cast<std::uint32_t>(rows.low + row * rows.step), columns.size,
                                static_cast<std::uint32_t>(lines)},
                               {strip.data(), item, static_cast<std::ptrdiff_t>(line_bytes)}));
            for (std::size_t line = 0; line < lines; ++line) {
                copy_line(strip.data() + line * line_bytes, columns,
                          buffer + static_cast<std::ptrdiff_t>(row + line) * rows.stride, type);
            }
        }
        return {};
    }

    // GDALCopyWords takes distances as int: a longer one is copied word by word.
    void copy_line(const std::byte* line, const Span& columns, std::byte* out, GDALDataType type) const {
        const int item = GDALGetDataTypeSizeBytes(info_.type);
        const std::ptrdiff_t from = static_cast<std::ptrdiff_t>(columns.step) * item;
        if (from <= INT_MAX && std::abs(columns.stride) <= INT_MAX) {
            GDALCopyWords64(line, info_.type, static_cast<int>(from), out, type, static_cast<int>(columns.stride),
                            static_cast<GPtrDiff_t>(columns.count));
            return;
        }
        for (std::size_t k = 0; k < columns.count; ++k) {
            const auto position = static_cast<std::ptrdiff_t>(k);
            GDALCopyWords64(line + position * from, info_.type, 0, out + position * columns.stride, type, 0, 1);
        }
    }

    OpenContext context_;
    std::shared_ptr<const Frame> frame_;
    GridBandInfo info_;
    GridPainter painter_;
    std::vector<std::shared_ptr<GDALDimension>> dimensions_;
    GDALExtendedDataType type_;
    std::vector<std::byte> nodata_;
    std::vector<std::shared_ptr<GDALAttribute>> attributes_;
};

class SwathGroup final : public MdGroupBase {
public:
    static std::shared_ptr<GDALGroup> create(const OpenContext& context, std::shared_ptr<const Frame> frame,
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
            return variable == nullptr ? nullptr : SwathArray::create(context_, frame_, *variable);
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
        return make_attributes("/", swath_metadata(*context_.source->product));
    }

private:
    SwathGroup(const OpenContext& context, std::shared_ptr<const Frame> frame, std::shared_ptr<GDALGroup> raw)
        : MdGroupBase("", "/"), context_(context), frame_(std::move(frame)), raw_(std::move(raw)) {}

    OpenContext context_;
    std::shared_ptr<const Frame> frame_;
    std::shared_ptr<GDALGroup> raw_;
};

}  // namespace

Result<std::shared_ptr<GDALGroup>> make_swath_group(const OpenContext& context, std::shared_ptr<GDALGroup> raw) {
    VCUBE_ASSIGN(std::shared_ptr<const Frame> frame, make_frame(context));
    return SwathGroup::create(context, std::move(frame), std::move(raw));
}

}  // namespace vcube::driver
