#include "driver/md_array.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/concat.h"
#include "core/base/dtype_text.h"
#include "core/cube/attribute.h"
#include "core/cube/encoding.h"
#include "driver/cube_companion.h"
#include "driver/gdal_compat.h"
#include "driver/gdal_types.h"
#include "driver/guard.h"
#include "driver/labels.h"
#include "driver/md_attribute.h"
#include "driver/md_chunks.h"
#include "driver/md_dimension.h"
#include "driver/md_elements.h"

namespace vcube::driver {
namespace {

/// What CF calls the unit of numpy's times: "25 s since 1970-01-01" for datetime64[25s], "s" for timedelta64[s].
std::string unit_of_times(const DType& type) {
    const std::size_t digits = std::min(type.unit.find_first_not_of("0123456789"), type.unit.size());
    const std::string code = type.unit.substr(digits);
    const char* const name = code == "Y"    ? "years"
                             : code == "M"  ? "months"
                             : code == "W"  ? "weeks"
                             : code == "D"  ? "days"
                             : code == "h"  ? "hours"
                             : code == "m"  ? "minutes"
                             : code == "s"  ? "seconds"
                             : code == "ms" ? "milliseconds"
                             : code == "us" ? "microseconds"
                             : code == "ns" ? "nanoseconds"
                             : code == "ps" ? "picoseconds"
                             : code == "fs" ? "femtoseconds"
                             : code == "as" ? "attoseconds"
                                            : nullptr;
    if (name == nullptr) {
        return {};
    }
    std::string unit = digits > 0 && type.unit != "1" + code ? type.unit.substr(0, digits) + " " : std::string();
    unit += name;
    return type.kind == Kind::kDatetime ? unit + " since 1970-01-01" : unit;
}

class MdArray final : public MdArrayOf<MdArray> {
public:
    static std::shared_ptr<MdArray> create(const std::shared_ptr<const MdShared>& shared, Array array,
                                           const ArrayMeta& meta, Encoding encoding, const GDALExtendedDataType& type) {
        std::shared_ptr<MdArray> out(new MdArray(shared, std::move(array), meta, std::move(encoding), type));
        out->SetSelf(out);
        return out;
    }
    MdArray(const MdArray&) = delete;
    MdArray& operator=(const MdArray&) = delete;
    ~MdArray() override {
        if (!nodata_.empty() && type_.NeedsFreeDynamicMemory()) {
            type_.FreeDynamicMemory(nodata_.data());
        }
    }

    bool IsWritable() const override { return false; }
    const std::string& GetFilename() const override { return shared_->filename(); }
    /// GDAL looks for <filename>.gmac before the first read of an array, which costs a round trip where it cannot be.
    bool IsCacheable() const override { return may_have_files_beside(shared_->filename()); }
    const std::vector<std::shared_ptr<GDALDimension>>& GetDimensions() const override { return dimensions_; }
    const GDALExtendedDataType& GetDataType() const override { return type_; }
    const std::string& GetUnit() const override { return encoding_.units; }
    CSLConstList GetStructuralInfo() const override { return structure_.List(); }
    const void* GetRawNoDataValue() const override { return nodata_.empty() ? nullptr : nodata_.data(); }

    std::vector<GUInt64> GetBlockSize() const override {
        const ArrayMeta& meta = array_.meta();
        std::vector<GUInt64> out(meta.chunks.begin(), meta.chunks.end());
        for (std::size_t d = 0; d < meta.runs.size(); ++d) {
            out[d] = meta.runs[d].size() > 1 ? 0 : out[d];  // GDAL's word for "unknown": chunks differ
        }
        return out;
    }

    double GetOffset(bool* has, GDALDataType* storage) const override {
        return tell(encoding_.offset, 0.0, has, storage);
    }
    double GetScale(bool* has, GDALDataType* storage) const override {
        return tell(encoding_.scale, 1.0, has, storage);
    }

    /// SHOW_ALL=YES: also those that the array tells as unit, scale, offset and nodata value.
    std::vector<std::shared_ptr<GDALAttribute>> GetAttributes(CSLConstList options) const override {
        const bool all = CPLTestBool(CSLFetchNameValueDef(options, "SHOW_ALL", "NO"));
        return make_attributes(GetFullName(), attributes(), all ? std::vector<std::string>() : told_elsewhere());
    }
    std::shared_ptr<GDALAttribute> GetAttribute(const std::string& name) const override {
        const Json* const value = find_attribute(attributes(), name.c_str());
        return value == nullptr ? nullptr : make_attribute(GetFullName(), name, *value);
    }

    std::shared_ptr<OGRSpatialReference> GetSpatialRef() const override;
    std::vector<std::shared_ptr<GDALMDArray>> GetCoordinateVariables() const override;

    /// For GDAL's GetRawBlockInfo (gdal_compat.h).
    bool raw_block(const std::uint64_t* chunk, RawBlock& out) const {
        return guarded_status([&] { return describe_chunk(array_, chunk, out); }) == CE_None;
    }

protected:
    bool IRead(const GUInt64* start, const size_t* count, const GInt64* step, const GPtrDiff_t* stride,
               const GDALExtendedDataType& buffer_type, void* buffer) const override;
    bool IAdviseRead(const GUInt64* start, const size_t* count, CSLConstList options) const override;

private:
    MdArray(const std::shared_ptr<const MdShared>& shared, Array array, const ArrayMeta& meta, Encoding encoding,
            const GDALExtendedDataType& type)
        : GDALAbstractMDArray(shared->parent_full_name(meta.path), meta.name),
          MdArrayOf(shared->parent_full_name(meta.path), meta.name),
          shared_(shared),
          stored_(meta),
          array_(std::move(array)),
          encoding_(std::move(encoding)),
          type_(type),
          dimensions_(make_dimensions(shared, meta)),
          structure_(structural_info(array_)) {
        const DType& own = array_.meta().dtype;
        if (encoding_.units.empty() && (own.kind == Kind::kDatetime || own.kind == Kind::kTimedelta)) {
            encoding_.units = unit_of_times(own);
        }
        if (own.kind != meta.dtype.kind) {
            attributes_ = with_signedness(meta.attributes, own);
        }
        set_nodata();
    }

    [[nodiscard]] const Json& attributes() const { return attributes_ ? *attributes_ : stored_.attributes; }

    [[nodiscard]] std::vector<std::string> told_elsewhere() const {
        std::vector<std::string> out{"units"};
        if (type_.GetClass() == GEDTC_NUMERIC) {
            out.insert(out.end(), {"_FillValue", "scale_factor", "add_offset"});
        }
        return out;
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

    void set_nodata();

    [[nodiscard]] Status read(const Region& region, const GPtrDiff_t* stride, const GDALExtendedDataType& buffer_type,
                              std::byte* buffer) const;
    [[nodiscard]] Status read_elements(const Region& region, const std::vector<std::ptrdiff_t>& strides,
                                       const GDALExtendedDataType& buffer_type, std::byte* buffer) const;
    [[nodiscard]] Status read_texts(const Region& region, const std::vector<std::ptrdiff_t>& strides,
                                    const GDALExtendedDataType& buffer_type, std::byte* buffer) const;

    const std::shared_ptr<const MdShared> shared_;
    const ArrayMeta& stored_;  // owned by the hierarchy, which shared_ keeps
    const Array array_;
    Encoding encoding_;
    const GDALExtendedDataType type_;
    const std::vector<std::shared_ptr<GDALDimension>> dimensions_;
    const CPLStringList structure_;
    std::optional<Json> attributes_;  // where numbers in them mean others than stored
    std::vector<std::byte> nodata_;   // one element of type_
};

void MdArray::set_nodata() {
    const DType& own = array_.meta().dtype;
    nodata_.resize(type_.GetSize());
    if (type_.GetClass() == GEDTC_NUMERIC) {
        const GDALDataType shown = type_.GetNumericDataType();
        if (encoding_.nodata_int64) {
            GDALCopyWords(&*encoding_.nodata_int64, GDT_Int64, 0, nodata_.data(), shown, 0, 1);
            return;
        }
        if (encoding_.nodata_uint64) {
            GDALCopyWords(&*encoding_.nodata_uint64, GDT_UInt64, 0, nodata_.data(), shown, 0, 1);
            return;
        }
        if (encoding_.nodata) {
            GDALCopyWords(&*encoding_.nodata, GDT_Float64, 0, nodata_.data(), shown, 0, 1);
            return;
        }
        if (own.kind == Kind::kDatetime || own.kind == Kind::kTimedelta) {
            constexpr std::int64_t kNotATime = std::numeric_limits<std::int64_t>::min();
            std::memcpy(nodata_.data(), &kNotATime, sizeof kNotATime);
            return;
        }
    }
    // Of complex numbers, text and structures the fill value; zeros are what an unset one is written as.
    const std::vector<std::byte>& fill = array_.meta().fill;
    const bool plain = type_.GetClass() == GEDTC_NUMERIC && own.kind != Kind::kComplex;
    const bool unset = std::all_of(fill.begin(), fill.end(), [](std::byte byte) { return byte == std::byte{0}; });
    const auto copier = ElementCopier::make(native(own), type_);
    if (plain || unset || fill.size() != own.size || own.kind == Kind::kObject || !copier.ok() ||
        !copier.value().row(fill.data(), 0, nodata_.data(), 0, 1).ok()) {
        nodata_.clear();
    }
}

std::shared_ptr<OGRSpatialReference> MdArray::GetSpatialRef() const {
    if (dimensions_.size() < 2) {
        return nullptr;
    }
    return guarded<SharedSrs>(nullptr, [&]() -> Result<SharedSrs> { return shared_->srs_of(stored_); });
}

std::vector<std::shared_ptr<GDALMDArray>> MdArray::GetCoordinateVariables() const {
    std::vector<std::shared_ptr<GDALMDArray>> out;
    std::vector<const ArrayMeta*> seen;
    for (const std::string& word : split_words(attribute_text(stored_.attributes, "coordinates"))) {
        // A name is looked for in the array's group and then in those above it.
        const ArrayMeta* found = nullptr;
        for (std::string at = parent_path(stored_.path); found == nullptr; at = parent_path(at)) {
            const bool absolute = word.starts_with('/') || at.empty();
            found = shared_->root().find_array(absolute ? word : concat(at, "/", word));
            if (absolute) {
                break;
            }
        }
        if (found == nullptr || !is_md_type(found->dtype) || std::find(seen.begin(), seen.end(), found) != seen.end()) {
            continue;
        }
        seen.push_back(found);
        if (auto array = open_md_array(shared_, *found)) {
            out.push_back(std::move(array));
        }
    }
    return out;
}

bool MdArray::IRead(const GUInt64* start, const size_t* count, const GInt64* step, const GPtrDiff_t* stride,
                    const GDALExtendedDataType& buffer_type, void* buffer) const {
    const CPLErr result = guarded_status([&]() -> Status {
        Region region;
        for (std::size_t d = 0; d < dimensions_.size(); ++d) {
            const std::size_t last = stride[d] == 0 && count[d] > 0 ? count[d] - 1 : 0;
            // Elements that all go to one place: the last one stays.
            region.start.push_back(start[d] + static_cast<GUInt64>(static_cast<GInt64>(last) * step[d]));
            region.count.push_back(count[d] - last);
            region.step.push_back(step[d]);
        }
        return read(region, stride, buffer_type, static_cast<std::byte*>(buffer));
    });
    return result == CE_None;
}

Status MdArray::read(const Region& region, const GPtrDiff_t* stride, const GDALExtendedDataType& buffer_type,
                     std::byte* buffer) const {
    if (std::find(region.count.begin(), region.count.end(), 0U) != region.count.end()) {
        return {};
    }
    const auto numeric = type_.GetClass() == GEDTC_NUMERIC && buffer_type.GetClass() == GEDTC_NUMERIC
                             ? buffer_dtype(buffer_type.GetNumericDataType())
                             : std::nullopt;
    const auto item = static_cast<std::ptrdiff_t>(buffer_type.GetSize());
    std::vector<std::ptrdiff_t> strides;
    for (std::size_t d = 0; d < dimensions_.size(); ++d) {
        strides.push_back(static_cast<std::ptrdiff_t>(stride[d]) * item);
    }
    if (numeric) {
        return array_.read(region, {buffer, std::move(strides), *numeric}, shared_->context().read_options());
    }
    return array_.meta().dtype.kind == Kind::kObject ? read_texts(region, strides, buffer_type, buffer)
                                                     : read_elements(region, strides, buffer_type, buffer);
}

/// Calls body(row, target) for every run of elements along the last dimension, in C order.
template <class Body>
Status for_each_row(const Region& region, const std::vector<std::ptrdiff_t>& strides, const Body& body) {
    const std::size_t outer = region.count.empty() ? 0 : region.count.size() - 1;
    std::vector<std::uint64_t> index(outer, 0);
    std::ptrdiff_t target = 0;
    for (std::size_t row = 0;; ++row) {
        VCUBE_TRY(body(row, target));
        std::size_t d = outer;
        while (d > 0) {
            --d;
            target += strides[d];
            if (++index[d] < region.count[d]) {
                break;
            }
            target -= strides[d] * static_cast<std::ptrdiff_t>(region.count[d]);
            index[d] = 0;
            if (d == 0) {
                return {};
            }
        }
        if (outer == 0) {
            return {};
        }
    }
}

Status MdArray::read_elements(const Region& region, const std::vector<std::ptrdiff_t>& strides,
                              const GDALExtendedDataType& buffer_type, std::byte* buffer) const {
    const DType own = native(array_.meta().dtype);
    VCUBE_ASSIGN(const ElementCopier copier, ElementCopier::make(own, buffer_type));
    const auto bytes = checked_product(region.count, own.size);
    if (!bytes || *bytes > std::numeric_limits<std::ptrdiff_t>::max()) {
        return over_limit(array_.meta().path + ": the request is too large");
    }
    Buffer values(*bytes);
    const std::size_t rank = region.count.size();
    Destination destination{values.data(), std::vector<std::ptrdiff_t>(rank), own};
    std::ptrdiff_t next = own.size;
    for (std::size_t d = rank; d-- > 0;) {
        destination.strides[d] = next;
        next *= static_cast<std::ptrdiff_t>(region.count[d]);
    }
    VCUBE_TRY(array_.read(region, destination, shared_->context().read_options()));
    const std::uint64_t run = rank == 0 ? 1 : region.count.back();
    return for_each_row(region, strides, [&](std::size_t row, std::ptrdiff_t target) {
        return copier.row(values.data() + row * run * own.size, own.size, buffer + target,
                          rank == 0 ? 0 : strides.back(), run);
    });
}

Status MdArray::read_texts(const Region& region, const std::vector<std::ptrdiff_t>& strides,
                           const GDALExtendedDataType& buffer_type, std::byte* buffer) const {
    VCUBE_ASSIGN(const std::vector<std::string> texts, array_.read_strings(region, shared_->context().read_options()));
    const std::uint64_t run = region.count.empty() ? 1 : region.count.back();
    return for_each_row(region, strides, [&](std::size_t row, std::ptrdiff_t target) -> Status {
        for (std::uint64_t k = 0; k < run; ++k) {
            const std::ptrdiff_t along = strides.empty() ? 0 : strides.back() * static_cast<std::ptrdiff_t>(k);
            VCUBE_TRY(put_text(texts[row * run + k], buffer_type, buffer + target + along));
        }
        return {};
    });
}

bool MdArray::IAdviseRead(const GUInt64* start, const size_t* count, CSLConstList options) const {
    const CPLErr result = guarded_status([&]() -> Status {
        std::size_t most = shared_->context().runtime->cache.max_bytes();
        if (const char* const wanted = CSLFetchNameValue(options, "CACHE_SIZE")) {
            most = std::min<std::size_t>(most, std::strtoull(wanted, nullptr, 10));
        }
        const auto region = one_element_a_chunk(array_.meta(), start, count, most);
        return region ? shared_->prefetch(array_, *region) : Status();
    });
    return result == CE_None;
}

}  // namespace

bool is_md_type(const DType& type) {
    return extended_type(type).has_value();
}

std::shared_ptr<GDALMDArray> open_md_array(const std::shared_ptr<const MdShared>& shared, const ArrayMeta& meta) {
    return guarded<std::shared_ptr<GDALMDArray>>(nullptr, [&]() -> Result<std::shared_ptr<GDALMDArray>> {
        Encoding encoding = decode_encoding(meta);
        const Kind kind = encoding.type.size == meta.dtype.size ? encoding.type.kind : meta.dtype.kind;
        VCUBE_ASSIGN(Array array, shared->open(meta, kind));
        const auto type = extended_type(array.meta().dtype);
        if (!type) {
            return unsupported(meta.path + ": values of type " + dtype_text(meta.dtype) + " are not shown");
        }
        return std::shared_ptr<GDALMDArray>(
            MdArray::create(shared, std::move(array), meta, std::move(encoding), *type));
    });
}

}  // namespace vcube::driver
