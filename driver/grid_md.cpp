#include "driver/grid_md.h"

#include <algorithm>
#include <climits>
#include <cstdlib>

#include "driver/gdal_compat.h"
#include "driver/grid_options.h"
#include "driver/guard.h"

namespace vcube::driver {

namespace {

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
    for (const auto& attribute :
         make_text_attributes(values->GetFullName(), {{"standard_name", standard_name},
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

class GridArray final : public GDALMDArray {
public:
    static std::shared_ptr<GDALMDArray> create(std::shared_ptr<const GridFrame> frame, GridArrayPlan plan) {
        std::shared_ptr<GridArray> array(new GridArray(std::move(frame), std::move(plan)));
        array->SetSelf(array);
        return array;
    }

    bool IsWritable() const override { return false; }
    bool IsCacheable() const override { return false; }
    const std::string& GetFilename() const override { return plan_.filename; }
    const std::vector<std::shared_ptr<GDALDimension>>& GetDimensions() const override { return dimensions_; }
    const GDALExtendedDataType& GetDataType() const override { return type_; }
    std::shared_ptr<OGRSpatialReference> GetSpatialRef() const override { return srs_; }
    const std::string& GetUnit() const override { return plan_.info->unit; }
    std::vector<GUInt64> GetBlockSize() const override {
        return plan_.time ? std::vector<GUInt64>{1, 256, 256} : std::vector<GUInt64>{256, 256};
    }
    const void* GetRawNoDataValue() const override { return plan_.nodata.empty() ? nullptr : plan_.nodata.data(); }
    std::vector<std::shared_ptr<GDALAttribute>> GetAttributes(CSLConstList /*options*/) const override {
        return attributes_;
    }
    double GetScale(bool* has, GDALDataType* storage) const override {
        return told(plan_.info->scale, 1.0, has, storage);
    }
    double GetOffset(bool* has, GDALDataType* storage) const override {
        return told(plan_.info->offset, 0.0, has, storage);
    }

protected:
    bool IRead(const GUInt64* start, const size_t* count, const GInt64* step, const GPtrDiff_t* stride,
               const GDALExtendedDataType& buffer_type, void* buffer) const override {
        return guarded<bool>(false, [&]() -> Result<bool> {
            if (buffer_type.GetClass() != GEDTC_NUMERIC) {
                return unsupported(GetFullName() + ": its values are numbers; the buffer's type is not");
            }
            const std::size_t y = dimensions_.size() - 2;
            if (std::any_of(count, count + dimensions_.size(), [](size_t one) { return one == 0; })) {
                return true;
            }
            const auto size = static_cast<std::ptrdiff_t>(buffer_type.GetSize());
            const Span rows = make_span(start[y], count[y], step[y], stride[y] * size);
            const Span columns = make_span(start[y + 1], count[y + 1], step[y + 1], stride[y + 1] * size);
            const Steps steps =
                y == 0 ? Steps{} : Steps{start[0], count[0], count[0] == 1 ? 1 : step[0], stride[0] * size};
            VCUBE_TRY(read(steps, rows, columns, static_cast<std::byte*>(buffer) + rows.origin + columns.origin,
                           buffer_type.GetNumericDataType()));
            return true;
        });
    }

private:
    // Positions in time.
    struct Steps {
        std::uint64_t first = 0;
        std::size_t count = 1;
        std::int64_t step = 1;
        std::ptrdiff_t stride = 0;  // bytes
        [[nodiscard]] std::uint64_t at(std::size_t k) const {
            return static_cast<std::uint64_t>(static_cast<std::int64_t>(first) + static_cast<std::int64_t>(k) * step);
        }
    };

    GridArray(std::shared_ptr<const GridFrame> frame, GridArrayPlan plan)
        : GDALAbstractMDArray("/", plan.name),
          GDALMDArray("/", plan.name),
          frame_(std::move(frame)),
          plan_(std::move(plan)),
          type_(GDALExtendedDataType::Create(plan_.info->type)),
          srs_(frame_->srs) {
        if (plan_.time) {
            dimensions_.push_back(plan_.time);
            srs_.reset(frame_->srs->Clone());
            std::vector<int> mapping = srs_->GetDataAxisToSRSAxisMapping();
            for (int& axis : mapping) {
                ++axis;
            }
            srs_->SetDataAxisToSRSAxisMapping(mapping);
        }
        dimensions_.push_back(frame_->y);
        dimensions_.push_back(frame_->x);
        attributes_ = make_text_attributes(GetFullName(), plan_.attributes);
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

    // Straight into the buffer where every pixel of the window is asked for in the array's type; else strip by strip,
    // of as many steps at once as a strip of whole windows may hold.
    [[nodiscard]] Status read(const Steps& steps, const Span& rows, const Span& columns, std::byte* buffer,
                              GDALDataType type) const {
        if (rows.step == 1 && columns.step == 1 && type == plan_.info->type) {
            return plan_.paint(steps.first, steps.count, steps.step, {columns.low, rows.low, columns.size, rows.size},
                               {buffer, columns.stride, rows.stride}, steps.stride);
        }
        const int item = GDALGetDataTypeSizeBytes(plan_.info->type);
        const std::size_t line_bytes = std::size_t{columns.size} * static_cast<std::size_t>(item);
        constexpr std::size_t kStripBytes = std::size_t{8} << 20U;
        const std::size_t strip_lines =
            rows.step == 1 ? std::clamp<std::size_t>(kStripBytes / line_bytes, 1, rows.count) : 1;
        const std::size_t strip_bytes = std::max<std::size_t>(line_bytes * strip_lines, 1);
        const std::size_t at_once =
            rows.count == strip_lines ? std::clamp<std::size_t>(kStripBytes / strip_bytes, 1, steps.count) : 1;
        Buffer strip(strip_bytes * at_once);
        for (std::size_t first = 0; first < steps.count; first += at_once) {
            const std::size_t count = std::min(at_once, steps.count - first);
            for (std::size_t row = 0; row < rows.count; row += strip_lines) {
                const std::size_t lines = std::min(strip_lines, rows.count - row);
                const dgg::Window window{columns.low, static_cast<std::uint32_t>(rows.low + row * rows.step),
                                         columns.size, static_cast<std::uint32_t>(lines)};
                VCUBE_TRY(plan_.paint(steps.at(first), count, steps.step, window,
                                      {strip.data(), item, static_cast<std::ptrdiff_t>(line_bytes)},
                                      static_cast<std::ptrdiff_t>(strip_bytes)));
                for (std::size_t k = 0; k < count; ++k) {
                    std::byte* const out = buffer + static_cast<std::ptrdiff_t>(first + k) * steps.stride;
                    for (std::size_t line = 0; line < lines; ++line) {
                        copy_line(strip.data() + k * strip_bytes + line * line_bytes, columns,
                                  out + static_cast<std::ptrdiff_t>(row + line) * rows.stride, type);
                    }
                }
            }
        }
        return {};
    }

    // GDALCopyWords takes distances as int: a longer one is copied word by word.
    void copy_line(const std::byte* line, const Span& columns, std::byte* out, GDALDataType type) const {
        const GDALDataType own = plan_.info->type;
        const std::ptrdiff_t from = static_cast<std::ptrdiff_t>(columns.step) * GDALGetDataTypeSizeBytes(own);
        if (from <= INT_MAX && std::abs(columns.stride) <= INT_MAX) {
            GDALCopyWords64(line, own, static_cast<int>(from), out, type, static_cast<int>(columns.stride),
                            static_cast<GPtrDiff_t>(columns.count));
            return;
        }
        for (std::size_t k = 0; k < columns.count; ++k) {
            const auto position = static_cast<std::ptrdiff_t>(k);
            GDALCopyWords64(line + position * from, own, 0, out + position * columns.stride, type, 0, 1);
        }
    }

    std::shared_ptr<const GridFrame> frame_;
    GridArrayPlan plan_;
    GDALExtendedDataType type_;
    std::shared_ptr<OGRSpatialReference> srs_;
    std::vector<std::shared_ptr<GDALDimension>> dimensions_;
    std::vector<std::shared_ptr<GDALAttribute>> attributes_;
};

class NumberArray final : public GDALMDArray {
public:
    static std::shared_ptr<GDALMDArray> create(const std::string& name, const std::string& filename,
                                               std::vector<std::shared_ptr<GDALDimension>> dimensions,
                                               std::vector<double> values, const std::string& unit,
                                               const TextAttributes& attributes) {
        std::shared_ptr<NumberArray> array(new NumberArray(name, filename, std::move(dimensions), std::move(values)));
        array->unit_ = unit;
        array->attributes_ = make_text_attributes(array->GetFullName(), attributes);
        array->SetSelf(array);
        return array;
    }

    bool IsWritable() const override { return false; }
    bool IsCacheable() const override { return false; }
    const std::string& GetFilename() const override { return filename_; }
    const std::vector<std::shared_ptr<GDALDimension>>& GetDimensions() const override { return dimensions_; }
    const GDALExtendedDataType& GetDataType() const override { return type_; }
    const std::string& GetUnit() const override { return unit_; }
    std::vector<std::shared_ptr<GDALAttribute>> GetAttributes(CSLConstList /*options*/) const override {
        return attributes_;
    }

protected:
    bool IRead(const GUInt64* start, const size_t* count, const GInt64* step, const GPtrDiff_t* stride,
               const GDALExtendedDataType& buffer_type, void* buffer) const override {
        return guarded<bool>(false, [&]() -> Result<bool> {
            read(0, 0, static_cast<std::byte*>(buffer), Request{start, count, step, stride, buffer_type});
            return true;
        });
    }

private:
    struct Request {
        const GUInt64* start;
        const size_t* count;
        const GInt64* step;
        const GPtrDiff_t* stride;
        const GDALExtendedDataType& type;
    };

    NumberArray(const std::string& name, const std::string& filename,
                std::vector<std::shared_ptr<GDALDimension>> dimensions, std::vector<double> values)
        : GDALAbstractMDArray("/", name),
          GDALMDArray("/", name),
          filename_(filename),
          dimensions_(std::move(dimensions)),
          values_(std::move(values)),
          type_(GDALExtendedDataType::Create(GDT_Float64)) {}

    // One dimension after the other; `index` is the C-order number of what the ones before have chosen.
    void read(std::size_t dimension, std::uint64_t index, std::byte* out, const Request& request) const {
        if (dimension == dimensions_.size()) {
            GDALExtendedDataType::CopyValue(&values_[index], type_, out, request.type);
            return;
        }
        const auto size = static_cast<std::ptrdiff_t>(request.type.GetSize());
        for (std::size_t k = 0; k < request.count[dimension]; ++k) {
            const auto at = static_cast<std::uint64_t>(static_cast<std::int64_t>(request.start[dimension]) +
                                                       static_cast<std::int64_t>(k) * request.step[dimension]);
            read(dimension + 1, index * dimensions_[dimension]->GetSize() + at,
                 out + static_cast<std::ptrdiff_t>(k) * request.stride[dimension] * size, request);
        }
    }

    std::string filename_;
    std::vector<std::shared_ptr<GDALDimension>> dimensions_;
    std::vector<double> values_;
    GDALExtendedDataType type_;
    std::string unit_;
    std::vector<std::shared_ptr<GDALAttribute>> attributes_;
};

}  // namespace

std::vector<std::shared_ptr<GDALAttribute>> make_text_attributes(const std::string& parent,
                                                                 const TextAttributes& items) {
    std::vector<std::shared_ptr<GDALAttribute>> out;
    for (const auto& [name, value] : items) {
        out.push_back(std::make_shared<GDALAttributeString>(parent, name, value));
    }
    return out;
}

Result<std::shared_ptr<const GridFrame>> make_grid_frame(const OpenContext& context) {
    VCUBE_ASSIGN(const ChosenGrid chosen, choose_grid(context.options));
    auto frame = std::make_shared<GridFrame>();
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
    return std::shared_ptr<const GridFrame>(std::move(frame));
}

std::shared_ptr<GDALMDArray> make_grid_array(std::shared_ptr<const GridFrame> frame, GridArrayPlan plan) {
    return GridArray::create(std::move(frame), std::move(plan));
}

std::shared_ptr<GDALMDArray> make_number_array(const std::string& name, const std::string& filename,
                                               std::vector<std::shared_ptr<GDALDimension>> dimensions,
                                               std::vector<double> values, const std::string& unit,
                                               const TextAttributes& attributes) {
    return NumberArray::create(name, filename, std::move(dimensions), std::move(values), unit, attributes);
}

}  // namespace vcube::driver
