#include "driver/md_attribute.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "driver/cube_metadata.h"

namespace vcube::driver {
namespace {

enum class ValueType { kInt32, kInt64, kUInt64, kDouble, kString };

ValueType type_of(const Json& value) {
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
        return ValueType::kUInt64;
    }
    if (value.is_number_integer()) {
        const auto number = value.get<std::int64_t>();
        const bool small =
            number >= std::numeric_limits<std::int32_t>::min() && number <= std::numeric_limits<std::int32_t>::max();
        return small ? ValueType::kInt32 : ValueType::kInt64;
    }
    return value.is_boolean() ? ValueType::kInt32 : value.is_number() ? ValueType::kDouble : ValueType::kString;
}

/// The type that holds all values of a list; strings where they are not of one sort.
ValueType common_type(const Json& list) {
    ValueType widest = ValueType::kInt32;
    bool any_negative = false;
    for (const Json& value : list) {
        widest = std::max(widest, type_of(value));
        any_negative = any_negative || (value.is_number() && value.get<double>() < 0);
    }
    return widest == ValueType::kUInt64 && any_negative ? ValueType::kDouble : widest;
}

bool is_scalar(const Json& value) {
    return value.is_string() || value.is_number() || value.is_boolean();
}

GDALExtendedDataType extended_type(ValueType type) {
    switch (type) {
        case ValueType::kInt32:
            return GDALExtendedDataType::Create(GDT_Int32);
        case ValueType::kInt64:
            return GDALExtendedDataType::Create(GDT_Int64);
        case ValueType::kUInt64:
            return GDALExtendedDataType::Create(GDT_UInt64);
        case ValueType::kDouble:
            return GDALExtendedDataType::Create(GDT_Float64);
        case ValueType::kString:
            break;
    }
    return GDALExtendedDataType::CreateString();
}

class MdAttribute final : public GDALAttribute {
public:
    MdAttribute(const std::string& parent, const std::string& name, ValueType type, const Json& value)
        : GDALAbstractMDArray(parent, name), GDALAttribute(parent, name), type_(extended_type(type)) {
        if (value.is_array()) {
            dimensions_.push_back(
                std::make_shared<GDALDimension>(std::string(), "dim0", std::string(), std::string(), value.size()));
            for (const Json& element : value) {
                add(type, element);
            }
        } else {
            add(type, value);
        }
    }

    const std::vector<std::shared_ptr<GDALDimension>>& GetDimensions() const override { return dimensions_; }
    const GDALExtendedDataType& GetDataType() const override { return type_; }

protected:
    bool IRead(const GUInt64* start, const size_t* count, const GInt64* step, const GPtrDiff_t* stride,
               const GDALExtendedDataType& buffer_type, void* buffer) const override {
        const std::size_t elements = dimensions_.empty() ? 1 : count[0];
        auto* out = static_cast<GByte*>(buffer);
        for (std::size_t k = 0; k < elements; ++k) {
            const std::size_t at =
                dimensions_.empty()
                    ? 0
                    : static_cast<std::size_t>(static_cast<GInt64>(start[0]) + static_cast<GInt64>(k) * step[0]);
            const char* const text = strings_.empty() ? nullptr : strings_[at].c_str();
            const void* const source =
                strings_.empty() ? static_cast<const void*>(numbers_.data() + at * type_.GetSize()) : &text;
            const GPtrDiff_t jump = dimensions_.empty() ? 0 : static_cast<GPtrDiff_t>(k) * stride[0];
            if (!GDALExtendedDataType::CopyValue(
                    source, type_, out + jump * static_cast<GPtrDiff_t>(buffer_type.GetSize()), buffer_type)) {
                return false;
            }
        }
        return true;
    }

private:
    template <class T>
    void append(T value) {
        const auto* const bytes = reinterpret_cast<const GByte*>(&value);
        numbers_.insert(numbers_.end(), bytes, bytes + sizeof(T));
    }

    void add(ValueType type, const Json& value) {
        switch (type) {
            case ValueType::kInt32:
                append(value.is_boolean() ? static_cast<std::int32_t>(value.get<bool>()) : value.get<std::int32_t>());
                break;
            case ValueType::kInt64:
                append(value.is_boolean() ? static_cast<std::int64_t>(value.get<bool>()) : value.get<std::int64_t>());
                break;
            case ValueType::kUInt64:
                append(value.is_boolean() ? std::uint64_t{value.get<bool>()} : value.get<std::uint64_t>());
                break;
            case ValueType::kDouble:
                append(value.is_boolean() ? static_cast<double>(value.get<bool>()) : value.get<double>());
                break;
            case ValueType::kString:
                strings_.push_back(attribute_value_text(value));
                break;
        }
    }

    std::vector<std::shared_ptr<GDALDimension>> dimensions_;
    GDALExtendedDataType type_;
    std::vector<GByte> numbers_;
    std::vector<std::string> strings_;
};

}  // namespace

std::shared_ptr<GDALAttribute> make_attribute(const std::string& parent, const std::string& name, const Json& value) {
    if (is_scalar(value)) {
        return std::make_shared<MdAttribute>(parent, name, type_of(value), value);
    }
    const bool plain_list = value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), is_scalar);
    if (plain_list) {
        return std::make_shared<MdAttribute>(parent, name, common_type(value), value);
    }
    return std::make_shared<GDALAttributeString>(parent, name, attribute_value_text(value), GEDTST_JSON);
}

std::vector<std::shared_ptr<GDALAttribute>> make_attributes(const std::string& parent, const Json& object,
                                                            const std::vector<std::string>& hidden) {
    std::vector<std::shared_ptr<GDALAttribute>> out;
    if (!object.is_object()) {
        return out;
    }
    for (const auto& [key, value] : object.items()) {
        if (std::find(hidden.begin(), hidden.end(), key) == hidden.end()) {
            out.push_back(make_attribute(parent, key, value));
        }
    }
    return out;
}

}  // namespace vcube::driver
