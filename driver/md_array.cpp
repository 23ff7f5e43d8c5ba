#include "driver/md_array.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/cube/attribute.h"
#include "core/cube/georef.h"
#include "driver/gdal_types.h"
#include "driver/guard.h"
#include "driver/labels.h"
#include "driver/md_attribute.h"
#include "driver/srs.h"

namespace vcube::driver {
namespace {

const std::vector<std::string> kShownElsewhere = {"_FillValue", "missing_value", "units", "scale_factor", "add_offset"};

/// A dimension that opens its coordinate array when asked for it.
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

struct AxisKind {
    const char* type;
    const char* direction;
};

AxisKind axis_kind(const ArrayMeta* coordinate) {
    if (coordinate == nullptr) {
        return {"", ""};
    }
    const std::string axis = to_lower(attribute_text(coordinate->attributes, "axis"));
    const std::string units = to_lower(attribute_text(coordinate->attributes, "units"));
    const std::string name = to_lower(attribute_text(coordinate->attributes, "standard_name"));
    if (is_time(*coordinate) || axis == "t") {
        return {GDAL_DIM_TYPE_TEMPORAL, "FUTURE"};
    }
    if (axis == "x" || name == "longitude" || name == "projection_x_coordinate" || units.starts_with("degrees_e") ||
        units.starts_with("degree_e")) {
        return {GDAL_DIM_TYPE_HORIZONTAL_X, "EAST"};
    }
    if (axis == "y" || name == "latitude" || name == "projection_y_coordinate" || units.starts_with("degrees_n") ||
        units.starts_with("degree_n")) {
        return {GDAL_DIM_TYPE_HORIZONTAL_Y, "NORTH"};
    }
    if (axis == "z") {
        const std::string positive = to_lower(attribute_text(coordinate->attributes, "positive"));
        return {GDAL_DIM_TYPE_VERTICAL, positive == "down" ? "DOWN" : "UP"};
    }
    return {"", ""};
}

GDALExtendedDataType extended_type(const DType& type) {
    const auto numeric = gdal_type(type);
    return numeric ? GDALExtendedDataType::Create(*numeric) : GDALExtendedDataType::CreateString();
}

/// One stored string as a C string that the caller frees with CPLFree.
char* string_copy(const std::byte* item, const DType& type) {
    if (type.kind == Kind::kBytes) {
        const auto* const text = reinterpret_cast<const char*>(item);
        const std::size_t length = strnlen(text, type.size);
        auto* const out = static_cast<char*>(CPLMalloc(length + 1));
        std::memcpy(out, text, length);
        out[length] = '\0';
        return out;
    }
    std::string utf8;
    for (std::size_t at = 0; at + 4 <= type.size; at += 4) {
        std::uint32_t c = 0;
        std::memcpy(&c, item + at, 4);
        if (c == 0 || c > 0x10FFFF) {
            break;
        }
        if (c < 0x80) {
            utf8 += static_cast<char>(c);
        } else if (c < 0x800) {
            utf8 += static_cast<char>(0xC0 | (c >> 6U));
            utf8 += static_cast<char>(0x80 | (c & 63U));
        } else if (c < 0x10000) {
            utf8 += static_cast<char>(0xE0 | (c >> 12U));
            utf8 += static_cast<char>(0x80 | ((c >> 6U) & 63U));
            utf8 += static_cast<char>(0x80 | (c & 63U));
        } else {
            utf8 += static_cast<char>(0xF0 | (c >> 18U));
            utf8 += static_cast<char>(0x80 | ((c >> 12U) & 63U));
            utf8 += static_cast<char>(0x80 | ((c >> 6U) & 63U));
            utf8 += static_cast<char>(0x80 | (c & 63U));
        }
    }
    return CPLStrdup(utf8.c_str());
}

class MdArray final : public GDALMDArray {
public:
    static std::shared_ptr<MdArray> create(std::shared_ptr<const MdShared> shared, Array array, Encoding encoding) {
        std::shared_ptr<MdArray> out(new MdArray(std::move(shared), std::move(array), std::move(encoding)));
        out->SetSelf(out);
        return out;
    }

    bool IsWritable() const override { return false; }
    const std::string& GetFilename() const override { return shared_->context.source->vsi_path; }
    const std::vector<std::shared_ptr<GDALDimension>>& GetDimensions() const override { return dimensions_; }
    const GDALExtendedDataType& GetDataType() const override { return type_; }
    const std::string& GetUnit() const override { return encoding_.units; }
    CSLConstList GetStructuralInfo() const override { return structure_.List(); }
    const void* GetRawNoDataValue() const override { return nodata_.empty() ? nullptr : nodata_.data(); }

    std::vector<GUInt64> GetBlockSize() const override {
        const Shape& chunks = array_.meta().chunks;
        return {chunks.begin(), chunks.end()};
    }

    double GetOffset(bool* has, GDALDataType* storage) const override {
        return tell(encoding_.offset, 0.0, has, storage);
    }
    double GetScale(bool* has, GDALDataType* storage) const override {
        return tell(encoding_.scale, 1.0, has, storage);
    }

    std::vector<std::shared_ptr<GDALAttribute>> GetAttributes(CSLConstList) const override {
        return make_attributes(GetFullName(), array_.meta().attributes, kShownElsewhere);
    }
    std::shared_ptr<GDALAttribute> GetAttribute(const std::string& name) const override {
        const Json* const value = find_attribute(array_.meta().attributes, name.c_str());
        return value == nullptr ? nullptr : make_attribute(GetFullName(), name, *value);
    }

    std::shared_ptr<OGRSpatialReference> GetSpatialRef() const override;
    std::vector<std::shared_ptr<GDALMDArray>> GetCoordinateVariables() const override;

protected:
    bool IRead(const GUInt64* start, const size_t* count, const GInt64* step, const GPtrDiff_t* stride,
               const GDALExtendedDataType& buffer_type, void* buffer) const override;

private:
    MdArray(std::shared_ptr<const MdShared> shared, Array array, Encoding encoding)
        : GDALAbstractMDArray(shared->full_name(parent_path(array.meta().path)), array.meta().name),
          GDALMDArray(shared->full_name(parent_path(array.meta().path)), array.meta().name),
          shared_(std::move(shared)),
          array_(std::move(array)),
          encoding_(std::move(encoding)),
          type_(extended_type(encoding_.type)),
          dimensions_(make_dimensions(shared_, array_.meta())) {
        set_nodata();
        std::string codecs;
        for (const std::string& id : array_.codec_ids()) {
            codecs += (codecs.empty() ? "" : ",") + id;
        }
        if (!codecs.empty()) {
            structure_.SetNameValue("CODECS", codecs.c_str());
        }
    }

    static double tell(const std::optional<double>& value, double fallback, bool* has, GDALDataType* storage) {
        if (has != nullptr) {
            *has = value.has_value();
        }
        if (storage != nullptr) {
            *storage = value ? GDT_Float64 : GDT_Unknown;
        }
        return value.value_or(fallback);
    }

    void set_nodata() {
        if (type_.GetClass() != GEDTC_NUMERIC) {
            return;
        }
        const GDALDataType own = type_.GetNumericDataType();
        nodata_.resize(type_.GetSize());
        if (encoding_.nodata_int64) {
            GDALCopyWords(&*encoding_.nodata_int64, GDT_Int64, 0, nodata_.data(), own, 0, 1);
        } else if (encoding_.nodata_uint64) {
            GDALCopyWords(&*encoding_.nodata_uint64, GDT_UInt64, 0, nodata_.data(), own, 0, 1);
        } else if (encoding_.nodata) {
            GDALCopyWords(&*encoding_.nodata, GDT_Float64, 0, nodata_.data(), own, 0, 1);
        } else {
            nodata_.clear();
        }
    }

    [[nodiscard]] Status read_numbers(const Region& region, const GPtrDiff_t* stride, const DType& type,
                                      void* buffer) const;
    /// Strings, and numbers that a caller wants as something else: element by element through GDAL's conversion.
    [[nodiscard]] Status read_values(const Region& region, const GPtrDiff_t* stride,
                                     const GDALExtendedDataType& buffer_type, void* buffer) const;

    std::shared_ptr<const MdShared> shared_;
    Array array_;
    Encoding encoding_;
    GDALExtendedDataType type_;
    std::vector<std::shared_ptr<GDALDimension>> dimensions_;
    std::vector<std::byte> nodata_;
    CPLStringList structure_;
    mutable std::once_flag srs_once_;
    mutable std::shared_ptr<OGRSpatialReference> srs_;
};

std::shared_ptr<OGRSpatialReference> MdArray::GetSpatialRef() const {
    std::call_once(srs_once_, [this] {
        if (dimensions_.size() < 2) {
            return;
        }
        const Group& root = shared_->root();
        const std::string parent = parent_path(array_.meta().path);
        const Group* const group = parent.empty() ? &root : root.find_group(parent);
        const Georef georef = derive_georef(root, group != nullptr ? *group : root, array_.meta(),
                                            shared_->context.source->store, shared_->context.runtime);
        const auto srs = parse_srs(georef.crs);
        if (!srs || !georef.x_dim || !georef.y_dim) {
            return;
        }
        const int x = static_cast<int>(*georef.x_dim) + 1;
        const int y = static_cast<int>(*georef.y_dim) + 1;
        srs_ = std::make_shared<OGRSpatialReference>(*srs);
        const bool y_first = srs_->GetDataAxisToSRSAxisMapping() == std::vector<int>{2, 1};
        srs_->SetDataAxisToSRSAxisMapping(y_first ? std::vector<int>{y, x} : std::vector<int>{x, y});
    });
    flush_log();
    return srs_;
}

std::vector<std::shared_ptr<GDALMDArray>> MdArray::GetCoordinateVariables() const {
    std::vector<std::shared_ptr<GDALMDArray>> out;
    const std::string parent = parent_path(array_.meta().path);
    for (const std::string& word : split_words(attribute_text(array_.meta().attributes, "coordinates"))) {
        const ArrayMeta* found = shared_->root().find_array(parent.empty() ? word : parent + "/" + word);
        if (found == nullptr) {
            found = shared_->root().find_array(word);
        }
        if (found != nullptr && is_md_type(found->dtype)) {
            if (auto array = open_md_array(shared_, *found)) {
                out.push_back(std::move(array));
            }
        }
    }
    return out;
}

bool MdArray::IRead(const GUInt64* start, const size_t* count, const GInt64* step, const GPtrDiff_t* stride,
                    const GDALExtendedDataType& buffer_type, void* buffer) const {
    const CPLErr result = guarded_status([&]() -> Status {
        const std::size_t rank = dimensions_.size();
        Region region;
        for (std::size_t d = 0; d < rank; ++d) {
            region.start.push_back(start[d]);
            region.count.push_back(count[d]);
            region.step.push_back(step[d]);
        }
        if (type_.GetClass() == GEDTC_NUMERIC && buffer_type.GetClass() == GEDTC_NUMERIC) {
            if (const auto type = buffer_dtype(buffer_type.GetNumericDataType())) {
                return read_numbers(region, stride, *type, buffer);
            }
        }
        return read_values(region, stride, buffer_type, buffer);
    });
    return result == CE_None;
}

Status MdArray::read_numbers(const Region& region, const GPtrDiff_t* stride, const DType& type, void* buffer) const {
    Destination destination;
    destination.data = static_cast<std::byte*>(buffer);
    destination.type = type;
    for (std::size_t d = 0; d < dimensions_.size(); ++d) {
        destination.strides.push_back(static_cast<std::ptrdiff_t>(stride[d]) * static_cast<std::ptrdiff_t>(type.size));
    }
    return array_.read(region, destination, shared_->context.read_options());
}

Status MdArray::read_values(const Region& region, const GPtrDiff_t* stride, const GDALExtendedDataType& buffer_type,
                            void* buffer) const {
    const std::size_t rank = dimensions_.size();
    const bool numeric = type_.GetClass() == GEDTC_NUMERIC;
    DType item_type = array_.meta().dtype;
    if (numeric) {
        item_type = *buffer_dtype(type_.GetNumericDataType());
    } else {
        item_type.little = DType().little;
    }
    const auto bytes = checked_product(region.count, item_type.size);
    if (!bytes) {
        return over_limit(array_.meta().path + ": the request is too large");
    }
    Buffer values(*bytes);
    Destination destination{values.data(), std::vector<std::ptrdiff_t>(rank), item_type};
    std::ptrdiff_t next = item_type.size;
    for (std::size_t d = rank; d-- > 0;) {
        destination.strides[d] = next;
        next *= static_cast<std::ptrdiff_t>(region.count[d]);
    }
    VCUBE_TRY(array_.read(region, destination, shared_->context.read_options()));
    std::vector<std::uint64_t> index(rank, 0);
    const auto item_size = static_cast<GPtrDiff_t>(buffer_type.GetSize());
    for (const std::byte* item = values.data(); item < values.data() + values.size(); item += item_type.size) {
        GPtrDiff_t jump = 0;
        for (std::size_t d = 0; d < rank; ++d) {
            jump += static_cast<GPtrDiff_t>(index[d]) * stride[d];
        }
        void* const target = static_cast<GByte*>(buffer) + jump * item_size;
        if (numeric) {
            GDALExtendedDataType::CopyValue(item, type_, target, buffer_type);
        } else {
            char* text = string_copy(item, item_type);
            GDALExtendedDataType::CopyValue(&text, type_, target, buffer_type);
            CPLFree(text);
        }
        for (std::size_t d = rank; d-- > 0 && ++index[d] == region.count[d];) {
            index[d] = 0;
        }
    }
    return {};
}

}  // namespace

std::string MdShared::full_name(const std::string& path) const {
    if (path.empty()) {
        return prefix.empty() ? "/" : prefix;
    }
    return prefix + "/" + path;
}

bool is_md_type(const DType& type) {
    return gdal_type(type).has_value() || type.kind == Kind::kBytes || type.kind == Kind::kUnicode;
}

std::vector<std::shared_ptr<GDALDimension>> make_dimensions(const std::shared_ptr<const MdShared>& shared,
                                                            const ArrayMeta& meta) {
    std::vector<std::shared_ptr<GDALDimension>> out;
    for (std::size_t d = 0; d < meta.shape.size(); ++d) {
        std::string name = d < meta.dimensions.size() ? meta.dimensions[d] : "";
        const ArrayMeta* const coordinate =
            find_coordinate(shared->root(), parent_path(meta.path), name, meta.shape[d]);
        // A dimension belongs to the group of its coordinate, or to that of the array.
        const std::string& owner = coordinate != nullptr ? coordinate->path : meta.path;
        if (name.empty()) {
            name = meta.name + "_dim" + std::to_string(d);
        }
        const AxisKind kind = axis_kind(coordinate);
        out.push_back(std::make_shared<MdDimension>(shared->full_name(parent_path(owner)), name, kind.type,
                                                    kind.direction, meta.shape[d], shared, coordinate));
    }
    return out;
}

std::shared_ptr<GDALMDArray> open_md_array(const std::shared_ptr<const MdShared>& shared, const ArrayMeta& meta) {
    return guarded<std::shared_ptr<GDALMDArray>>(nullptr, [&]() -> Result<std::shared_ptr<GDALMDArray>> {
        Encoding encoding = decode_encoding(meta);
        ArrayMeta as_read = meta;
        if (encoding.type.size == meta.dtype.size) {
            as_read.dtype.kind = encoding.type.kind;
        }
        VCUBE_ASSIGN(Array array,
                     Array::open(shared->context.source->store, std::move(as_read), shared->context.runtime));
        return std::shared_ptr<GDALMDArray>(MdArray::create(shared, std::move(array), std::move(encoding)));
    });
}

}  // namespace vcube::driver
