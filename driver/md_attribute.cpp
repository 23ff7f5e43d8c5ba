#include "driver/md_attribute.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "driver/cube_metadata.h"

namespace vcube::driver {
namespace {

// In the order of what holds what: the type of a list is the last one of its values.
enum class ValueType { kInt32, kInt64, kUInt64, kDouble, kString };

constexpr std::size_t kMaxRank = 4;

/// Numbers that JSON has no notation for.
std::optional<double> special_number(const Json& value) {
    if (!value.is_string()) {
        return std::nullopt;
    }
    const auto& text = value.get_ref<const std::string&>();
    if (text == "NaN") {
        return std::numeric_limits<double>::quiet_NaN();
    }
    if (text == "Infinity" || text == "-Infinity") {
        return text[0] == '-' ? -HUGE_VAL : HUGE_VAL;
    }
    return std::nullopt;
}

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

bool is_scalar(const Json& value) {
    return value.is_string() || value.is_number() || value.is_boolean();
}

/// Values of a list of lists, outermost first.
struct Flattened {
    std::vector<GUInt64> shape;
    std::vector<const Json*> values;
};

/// false where the lists are ragged, empty, too deep or hold anything but scalars.
bool flatten(const Json& value, std::size_t depth, Flattened& out) {
    if (is_scalar(value)) {
        out.values.push_back(&value);
        return depth == out.shape.size();
    }
    if (!value.is_array() || value.empty() || depth >= kMaxRank) {
        return false;
    }
    if (depth == out.shape.size() && out.values.empty()) {
        out.shape.push_back(value.size());
    }
    return depth < out.shape.size() && out.shape[depth] == value.size() &&
           std::all_of(value.begin(), value.end(), [&](const Json& item) { return flatten(item, depth + 1, out); });
}

/// The type that holds all values; strings where they are not of one sort.
ValueType common_type(const std::vector<const Json*>& values) {
    ValueType widest = ValueType::kInt32;
    bool any_number = false;
    bool any_text = false;
    bool any_special = false;
    bool any_negative = false;
    for (const Json* value : values) {
        if (special_number(*value)) {
            any_special = true;
            continue;
        }
        widest = std::max(widest, type_of(*value));
        any_number = any_number || value->is_number();
        any_text = any_text || value->is_string();
        any_negative = any_negative || (value->is_number() && value->get<double>() < 0);
    }
    if (any_special) {
        return any_number && !any_text ? ValueType::kDouble : ValueType::kString;
    }
    return widest == ValueType::kUInt64 && any_negative ? ValueType::kDouble : widest;
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
    static std::shared_ptr<GDALAttribute> create(const std::string& parent, const std::string& name,
                                                 const Flattened& flat) {
        auto out = std::make_shared<MdAttribute>(parent, name, flat);
        out->SetSelf(out);
        return out;
    }

    MdAttribute(const std::string& parent, const std::string& name, const Flattened& flat)
        : GDALAbstractMDArray(parent, name),
          GDALAttribute(parent, name),
          value_type_(common_type(flat.values)),
          type_(extended_type(value_type_)) {
        for (std::size_t d = 0; d < flat.shape.size(); ++d) {
            dimensions_.push_back(std::make_shared<GDALDimension>(std::string(), "dim" + std::to_string(d),
                                                                  std::string(), std::string(), flat.shape[d]));
        }
        for (const Json* value : flat.values) {
            add(*value);
        }
    }

    const std::vector<std::shared_ptr<GDALDimension>>& GetDimensions() const override { return dimensions_; }
    const GDALExtendedDataType& GetDataType() const override { return type_; }

protected:
    bool IRead(const GUInt64* start, const size_t* count, const GInt64* step, const GPtrDiff_t* stride,
               const GDALExtendedDataType& buffer_type, void* buffer) const override {
        return read(0, 0, start, count, step, stride, buffer_type, static_cast<GByte*>(buffer));
    }

private:
    /// Along dimension d and all inner ones; `at` is the number of the element that the outer ones lead to.
    bool read(std::size_t d, std::size_t at, const GUInt64* start, const size_t* count, const GInt64* step,
              const GPtrDiff_t* stride, const GDALExtendedDataType& buffer_type, GByte* out) const {
        if (d == dimensions_.size()) {
            const char* const text = strings_.empty() ? nullptr : strings_[at].c_str();
            const void* const source =
                strings_.empty() ? static_cast<const void*>(numbers_.data() + at * type_.GetSize()) : &text;
            return GDALExtendedDataType::CopyValue(source, type_, out, buffer_type);
        }
        const auto item = static_cast<GPtrDiff_t>(buffer_type.GetSize());
        for (std::size_t k = 0; k < count[d]; ++k) {
            const auto index =
                static_cast<std::size_t>(static_cast<GInt64>(start[d]) + static_cast<GInt64>(k) * step[d]);
            if (!read(d + 1, at * dimensions_[d]->GetSize() + index, start, count, step, stride, buffer_type,
                      out + static_cast<GPtrDiff_t>(k) * stride[d] * item)) {
                return false;
            }
        }
        return true;
    }

    template <class T>
    void append(T value) {
        const auto* const bytes = reinterpret_cast<const GByte*>(&value);
        numbers_.insert(numbers_.end(), bytes, bytes + sizeof(T));
    }

    void add(const Json& value) {
        switch (value_type_) {
            case ValueType::kInt32:
                append(value.is_boolean() ? static_cast<std::int32_t>(value.get<bool>()) : value.get<std::int32_t>());
                break;
            case ValueType::kInt64:
                append(value.is_boolean() ? static_cast<std::int64_t>(value.get<bool>()) : value.get<std::int64_t>());
                break;
            case ValueType::kUInt64:
                append(value.is_boolean() ? std::uint64_t{value.get<bool>()} : value.get<std::uint64_t>());
                break;
            case ValueType::kDouble: {
                const auto special = special_number(value);
                append(special              ? *special
                       : value.is_boolean() ? static_cast<double>(value.get<bool>())
                                            : value.get<double>());
                break;
            }
            case ValueType::kString:
                strings_.push_back(attribute_value_text(value));
                break;
        }
    }

    const ValueType value_type_;
    const GDALExtendedDataType type_;
    std::vector<std::shared_ptr<GDALDimension>> dimensions_;
    std::vector<GByte> numbers_;
    std::vector<std::string> strings_;
};

/// Numbers below 64 bits become those of the same bits in `type`, where it does not hold them as they are.
void reinterpret_number(Json& value, const DType& type) {
    if (value.is_array()) {
        for (Json& item : value) {
            reinterpret_number(item, type);
        }
        return;
    }
    if (!value.is_number() || type.size >= 8 || std::abs(value.get<double>()) > 1e15) {
        return;
    }
    const double span = std::ldexp(1.0, static_cast<int>(8 * type.size));
    const double number = value.get<double>();
    const bool integral = value.is_number_integer();
    double moved = number;
    if (type.kind == Kind::kUInt && number < 0) {
        moved = number + span;
    } else if (type.kind == Kind::kInt && number >= span / 2) {
        moved = number - span;
    }
    if (moved != number) {
        value = integral ? Json(static_cast<std::int64_t>(moved)) : Json(moved);
    }
}

}  // namespace

std::shared_ptr<GDALAttribute> make_attribute(const std::string& parent, const std::string& name, const Json& value) {
    Flattened flat;
    if (flatten(value, 0, flat)) {
        return MdAttribute::create(parent, name, flat);
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

Json with_signedness(const Json& attributes, const DType& type) {
    Json out = attributes;
    if (!out.is_object()) {
        return out;
    }
    out.erase("_Unsigned");
    for (const char* key : {"_FillValue", "missing_value", "valid_min", "valid_max", "valid_range", "actual_range",
                            "flag_values", "flag_masks"}) {
        if (const auto found = out.find(key); found != out.end()) {
            reinterpret_number(*found, type);
        }
    }
    return out;
}

}  // namespace vcube::driver
