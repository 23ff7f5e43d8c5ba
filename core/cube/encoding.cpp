#include "core/cube/encoding.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <utility>

#include "core/base/base64.h"
#include "core/cube/attribute.h"

namespace vcube {

namespace {

/// A number as JSON holds it: integers stay exact.
struct Number {
    bool integral = false;
    bool negative = false;
    std::uint64_t bits = 0;  // two's complement, where integral
    double real = 0;
    bool from_float = false;  // the attribute is of a floating-point type
};

Number of_signed(std::int64_t value) {
    return {true, value < 0, static_cast<std::uint64_t>(value), static_cast<double>(value), false};
}

Number of_unsigned(std::uint64_t value) {
    return {true, false, value, static_cast<double>(value), false};
}

Number of_double(double value) {
    if (value == std::floor(value) && std::fabs(value) < 0x1p63) {
        return of_signed(static_cast<std::int64_t>(value));
    }
    if (value == std::floor(value) && value > 0 && value < 0x1p64) {
        return of_unsigned(static_cast<std::uint64_t>(value));
    }
    return {false, value < 0, 0, value, true};
}

/// At most 8 bytes of base64 text as a little-endian number, with their count; 0 bytes where it is no such text.
std::pair<std::uint64_t, std::size_t> number_of_base64(std::string_view text) {
    std::string bytes;
    if (text.size() > 12 || !decode_base64(text, bytes) || bytes.size() > 8) {
        return {0, 0};
    }
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        out |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return {out, bytes.size()};
}

std::int64_t sign_extended(std::uint64_t bits, std::size_t size) {
    const unsigned unused = static_cast<unsigned>(64 - 8 * size);
    return static_cast<std::int64_t>(bits << unused) >> unused;
}

double half_to_double(std::uint16_t bits) {
    const int exponent = (bits >> 10U) & 0x1F;
    const int mantissa = bits & 0x3FF;
    double value = 0;
    if (exponent == 31) {
        value = mantissa == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
    } else {
        value = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(mantissa + 1024, exponent - 25);
    }
    return (bits & 0x8000U) != 0 ? -value : value;
}

/// The element that `bits` (little-endian, `type.size` bytes) hold.
Number element_number(std::uint64_t bits, const DType& type) {
    if (type.kind == Kind::kInt) {
        return of_signed(sign_extended(bits, type.size));
    }
    if (type.kind == Kind::kUInt) {
        return of_unsigned(bits);
    }
    double value = 0;
    if (type.size == 8) {
        value = std::bit_cast<double>(bits);
    } else if (type.size == 4) {
        value = static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    } else {
        value = half_to_double(static_cast<std::uint16_t>(bits));
    }
    return {false, value < 0, 0, value, true};
}

/// _FillValue attributes: a number, a list of one, text of a number, or base64 text of the element (xarray packs every
/// floating-point fill value as eight bytes, whatever the array's type).
std::optional<Number> attribute_fill(const Json& value, const DType& type) {
    if (value.is_array()) {
        return value.empty() || value.front().is_array() ? std::nullopt : attribute_fill(value.front(), type);
    }
    if (value.is_number_unsigned()) {
        return of_unsigned(value.get<std::uint64_t>());
    }
    if (value.is_number_integer()) {
        return of_signed(value.get<std::int64_t>());
    }
    if (value.is_number_float()) {
        Number number = of_double(value.get<double>());
        number.from_float = true;
        return number;
    }
    if (!value.is_string()) {
        return std::nullopt;
    }
    const std::string& text = value.get_ref<const std::string&>();
    if (const std::optional<double> number = parse_number(text)) {
        return of_double(*number);
    }
    const auto [bits, count] = number_of_base64(text);
    if (count == type.size) {
        return element_number(bits, type);
    }
    return count == 8 && type.kind == Kind::kFloat ? std::optional(of_double(std::bit_cast<double>(bits)))
                                                   : std::nullopt;
}

/// The number as an element of a floating-point type holds it, or nothing where it is too large for it.
std::optional<double> as_float(double value, std::uint32_t size) {
    if (size == 8 || !std::isfinite(value)) {
        return value;
    }
    if (size == 4) {
        if (std::fabs(value) >= 0x1.ffffffp127) {
            return std::nullopt;
        }
        return static_cast<double>(static_cast<float>(value));
    }
    if (std::fabs(value) >= 65520) {
        return std::nullopt;
    }
    int exponent = 0;
    std::frexp(value, &exponent);
    const double quantum = std::ldexp(1.0, std::max(exponent - 11, -24));
    return std::nearbyint(value / quantum) * quantum;
}

/// The number as an element of an integer type, two's complement. An integer beyond the type's range but not beyond its
/// width is what an attribute of the other signedness says of the same bits (-1 for 255); a floating-point attribute
/// (SMOS-Box writes them on integer variables) must be in range.
std::optional<std::uint64_t> as_integer(const Number& number, const DType& type) {
    if (!number.integral) {
        return std::nullopt;
    }
    const unsigned width = 8 * type.size;
    const std::uint64_t top = std::uint64_t{1} << (width - 1);
    const std::uint64_t all = top | (top - 1);
    if (number.from_float && (type.kind == Kind::kUInt ? number.negative : !number.negative && number.bits >= top)) {
        return std::nullopt;
    }
    if (number.negative) {
        return number.bits < ~(top - 1) ? std::nullopt : std::optional(number.bits & all);
    }
    return number.bits > all ? std::nullopt : std::optional(number.bits);
}

/// Sets nodata from `number`; false where the type cannot hold it.
bool set_nodata(const Number& number, Encoding& encoding) {
    const DType& type = encoding.type;
    if (type.kind == Kind::kFloat) {
        encoding.nodata = as_float(number.real, type.size);
        return encoding.nodata.has_value();
    }
    const std::optional<std::uint64_t> bits = as_integer(number, type);
    if (!bits) {
        return false;
    }
    if (type.kind == Kind::kUInt && type.size == 8) {
        encoding.nodata_uint64 = *bits;
    } else if (type.kind == Kind::kUInt) {
        encoding.nodata = static_cast<double>(*bits);
    } else if (type.size == 8) {
        encoding.nodata_int64 = static_cast<std::int64_t>(*bits);
    } else {
        encoding.nodata = static_cast<double>(sign_extended(*bits, type.size));
    }
    return true;
}

void decode_nodata(const ArrayMeta& array, bool is_flag, Encoding& encoding) {
    if (encoding.type.kind != Kind::kInt && encoding.type.kind != Kind::kUInt && encoding.type.kind != Kind::kFloat) {
        return;
    }
    for (const char* key : {"_FillValue", "missing_value"}) {
        const Json* value = find_attribute(array.attributes, key);
        const std::optional<Number> number = value == nullptr ? std::nullopt : attribute_fill(*value, encoding.type);
        if (number && !(is_flag && number->real == 0) && set_nodata(*number, encoding)) {
            return;
        }
    }
    if (array.fill.size() != encoding.type.size) {
        return;
    }
    std::uint64_t bits = 0;
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(&bits, array.fill.data(), array.fill.size());
    } else {
        for (const std::byte byte : array.fill) {
            bits = (bits << 8U) | std::to_integer<std::uint64_t>(byte);
        }
    }
    const Number number = element_number(bits, encoding.type);
    if (number.real != 0) {
        set_nodata(number, encoding);
    }
}

/// A list of integers as flag attributes hold it; empty where any entry is not one.
std::vector<Number> flag_numbers(const Json& attributes, const char* key) {
    std::vector<Number> out;
    const Json* value = find_attribute(attributes, key);
    if (value == nullptr) {
        return out;
    }
    if (value->is_array() && std::all_of(value->begin(), value->end(), [](const Json& e) { return e.is_number(); })) {
        for (const Json& element : *value) {
            const std::optional<Number> number = attribute_fill(element, DType{});
            if (!number || !number->integral) {
                return {};
            }
            out.push_back(*number);
        }
        return out;
    }
    for (const double number : attribute_numbers(attributes, key)) {
        out.push_back(of_double(number));
        if (!out.back().integral) {
            return {};
        }
    }
    return out;
}

std::vector<std::string> flag_names(const Json& attributes) {
    const Json* value = find_attribute(attributes, "flag_meanings");
    if (value != nullptr && value->is_array() && value->size() != 1) {
        std::vector<std::string> out;
        for (const Json& element : *value) {
            out.push_back(element.is_string() ? element.get<std::string>() : std::string());
        }
        return out;
    }
    return split_words(attribute_text(attributes, "flag_meanings"));
}

/// Masks as bits of the array's type. Empty where they cannot be meant so: none or nothing set, a negative one that is
/// not the type's own top bit, or the same flag twice (SMOS Science_Flags: 30 flags whose masks overflow int16).
std::vector<std::uint64_t> usable_masks(const std::vector<Number>& masks, const std::vector<Number>& values,
                                        const DType& type) {
    std::vector<std::uint64_t> out;
    std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
    const std::uint64_t top = std::uint64_t{1} << (8 * type.size - 1);
    for (std::size_t i = 0; i < masks.size(); ++i) {
        const std::optional<std::uint64_t> mask = as_integer(masks[i], type);
        if (!mask || *mask == 0 || (masks[i].negative && *mask != top)) {
            return {};
        }
        const std::uint64_t value = i < values.size() ? values[i].bits : *mask;
        if (!seen.emplace(*mask, value).second) {
            return {};
        }
        out.push_back(*mask);
    }
    return out;
}

std::int64_t flag_value(const Number& number, const DType& type) {
    const std::uint64_t bits = as_integer(number, type).value_or(number.bits);
    return type.kind == Kind::kInt ? sign_extended(bits, type.size) : static_cast<std::int64_t>(bits);
}

std::vector<Flag> decode_flags(const Json& attributes, const DType& type) {
    std::vector<Flag> flags;
    if (type.kind != Kind::kInt && type.kind != Kind::kUInt) {
        return flags;
    }
    const std::vector<std::string> names = flag_names(attributes);
    const std::vector<Number> masks = flag_numbers(attributes, "flag_masks");
    const std::vector<Number> values = flag_numbers(attributes, "flag_values");
    const std::vector<std::uint64_t> bits = usable_masks(masks, values, type);
    const bool by_index = !masks.empty() && bits.empty();
    if (by_index && names.size() > std::size_t{8} * type.size) {
        return flags;
    }
    const std::uint64_t all = ~std::uint64_t{0} >> (64 - 8 * type.size);
    for (std::size_t i = 0; i < names.size(); ++i) {
        Flag flag{names[i], 0, 0};
        if (by_index) {
            flag.mask = std::uint64_t{1} << i;
            flag.value = static_cast<std::int64_t>(flag.mask);
        } else if (i < bits.size()) {
            flag.mask = bits[i];
            flag.value = static_cast<std::int64_t>(
                i < values.size() ? static_cast<std::uint64_t>(flag_value(values[i], type)) & all : flag.mask);
        } else if (bits.empty() && i < values.size()) {
            flag.value = flag_value(values[i], type);
        } else {
            break;
        }
        flags.push_back(std::move(flag));
    }
    return flags;
}

DType decoded_type(const ArrayMeta& array) {
    DType type = array.dtype;
    type.little = std::endian::native == std::endian::little;
    std::string text = to_lower(attribute_text(array.attributes, "_Unsigned"));
    const Json* value = find_attribute(array.attributes, "_Unsigned");
    if (value != nullptr && value->is_boolean()) {
        text = value->get<bool>() ? "true" : "false";
    }
    if (text == "true" && type.kind == Kind::kInt) {
        type.kind = Kind::kUInt;
    } else if (text == "false" && type.kind == Kind::kUInt) {
        type.kind = Kind::kInt;
    }
    return type;
}

}  // namespace

Encoding decode_encoding(const ArrayMeta& array) {
    const Json& attributes = array.attributes;
    Encoding out;
    out.type = decoded_type(array);
    const bool is_flag = find_attribute(attributes, "flag_masks") != nullptr ||
                         find_attribute(attributes, "flag_values") != nullptr ||
                         find_attribute(attributes, "flag_meanings") != nullptr;
    out.scale = attribute_number(attributes, "scale_factor");
    if (out.scale && (!std::isfinite(*out.scale) || *out.scale == 0)) {
        out.scale.reset();
    }
    for (const char* key : {"add_offset", "scale_offset"}) {
        if (!out.offset) {
            out.offset = attribute_number(attributes, key);
        }
    }
    if (out.offset && !std::isfinite(*out.offset)) {
        out.offset.reset();
    }
    decode_nodata(array, is_flag, out);
    out.units = attribute_text(attributes, "units");
    out.long_name = attribute_text(attributes, "long_name");
    out.standard_name = attribute_text(attributes, "standard_name");
    out.flags = decode_flags(attributes, out.type);
    out.valid_min = attribute_number(attributes, "valid_min");
    out.valid_max = attribute_number(attributes, "valid_max");
    const std::vector<double> range = attribute_numbers(attributes, "valid_range");
    if (range.size() == 2) {
        out.valid_min = out.valid_min.value_or(range[0]);
        out.valid_max = out.valid_max.value_or(range[1]);
    }
    return out;
}

}  // namespace vcube
