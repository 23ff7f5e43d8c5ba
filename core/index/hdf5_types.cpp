#include "core/index/hdf5_types.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>

#include "core/base/dtype_text.h"
#include "core/index/hdf5_handles.h"

namespace vcube {
namespace {

constexpr std::size_t kMaxItem = 1U << 20U;

bool is_little(hid_t type) {
    return H5Tget_order(type) == H5T_ORDER_LE;
}

Result<DType> integer_type(hid_t type, std::size_t size) {
    if ((size != 1 && size != 2 && size != 4 && size != 8) || H5Tget_precision(type) != 8 * size) {
        return unsupported("an integer of " + std::to_string(H5Tget_precision(type)) + " bits in " +
                           std::to_string(size) + " bytes");
    }
    DType out;
    out.kind = H5Tget_sign(type) == H5T_SGN_NONE ? Kind::kUInt : Kind::kInt;
    out.size = static_cast<std::uint32_t>(size);
    out.little = size == 1 || is_little(type);
    return out;
}

Result<DType> float_type(hid_t type, std::size_t size) {
    std::size_t sign = 0;
    std::size_t exponent_at = 0;
    std::size_t exponent_bits = 0;
    std::size_t mantissa_at = 0;
    std::size_t mantissa_bits = 0;
    H5Tget_fields(type, &sign, &exponent_at, &exponent_bits, &mantissa_at, &mantissa_bits);
    const std::size_t expected = size == 2 ? 5 : size == 4 ? 8 : 11;
    const bool ieee = (size == 2 || size == 4 || size == 8) && exponent_bits == expected && mantissa_at == 0 &&
                      mantissa_bits + exponent_bits + 1 == 8 * size && sign == 8 * size - 1 &&
                      exponent_at == mantissa_bits;
    const H5T_order_t order = H5Tget_order(type);
    if (!ieee || (order != H5T_ORDER_LE && order != H5T_ORDER_BE)) {
        return unsupported("a floating-point type of " + std::to_string(size) + " bytes that is not IEEE 754");
    }
    DType out;
    out.kind = Kind::kFloat;
    out.size = static_cast<std::uint32_t>(size);
    out.little = order == H5T_ORDER_LE;
    return out;
}

/// h5py stores booleans as an enumeration of FALSE = 0 and TRUE = 1 over one byte.
bool is_boolean(hid_t type) {
    if (H5Tget_size(type) != 1 || H5Tget_nmembers(type) != 2) {
        return false;
    }
    signed char no = 1;
    signed char yes = 0;
    return H5Tenum_valueof(type, "FALSE", &no) >= 0 && H5Tenum_valueof(type, "TRUE", &yes) >= 0 && no == 0 && yes == 1;
}

std::string member_name(hid_t type, unsigned member) {
    char* const name = H5Tget_member_name(type, member);
    std::string out = name == nullptr ? "" : name;
    H5free_memory(name);
    return out;
}

/// A compound type: complex where it is h5py's {r, i}, otherwise named fields, padding as unnamed-like raw fields.
Result<DType> compound_type(hid_t type, std::size_t size, int members) {
    DType out;
    out.kind = Kind::kStruct;
    out.size = static_cast<std::uint32_t>(size);
    std::size_t end = 0;
    for (int i = 0; i < members; ++i) {
        const auto member = static_cast<unsigned>(i);
        const Hdf5Handle member_type(H5Tget_member_type(type, member));
        const std::size_t offset = H5Tget_member_offset(type, member);
        VCUBE_ASSIGN(DType field, dtype_of_hdf5(member_type.id()));
        if (offset != end) {
            return unsupported("a compound type with gaps between its members");
        }
        end = offset + field.size;
        out.fields.push_back({member_name(type, member), std::move(field), static_cast<std::uint32_t>(offset)});
    }
    if (end != size) {
        return unsupported("a compound type with gaps between its members");
    }
    const bool complex = members == 2 && out.fields[0].name == "r" && out.fields[1].name == "i" &&
                         out.fields[0].type == out.fields[1].type && out.fields[0].type.kind == Kind::kFloat &&
                         (size == 8 || size == 16);
    if (complex) {
        DType number;
        number.kind = Kind::kComplex;
        number.size = out.size;
        number.little = out.fields[0].type.little;
        return number;
    }
    return out;
}

double half_to_double(std::uint16_t bits) {
    const int exponent = (bits >> 10U) & 0x1F;
    const int mantissa = bits & 0x3FF;
    double value = 0;
    if (exponent == 31) {
        value = mantissa == 0 ? HUGE_VAL : std::nan("");
    } else {
        value = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(mantissa + 1024, exponent - 25);
    }
    return (bits & 0x8000U) != 0 ? -value : value;
}

Json float_json(double value) {
    if (std::isnan(value)) {
        return "NaN";
    }
    if (std::isinf(value)) {
        return value > 0 ? "Infinity" : "-Infinity";
    }
    return value;
}

std::string base64(ByteSpan bytes) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t word = 0;
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        for (std::size_t k = 0; k < 3; ++k) {
            word = (word << 8U) | (k < count ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            out.push_back(k <= count ? kAlphabet[(word >> (18U - 6U * k)) & 0x3FU] : '=');
        }
    }
    return out;
}

}  // namespace

Result<DType> dtype_of_hdf5(hid_t type) {
    const std::size_t size = H5Tget_size(type);
    if (size == 0 || size > kMaxItem) {
        return unsupported("a type of " + std::to_string(size) + " bytes");
    }
    DType out;
    out.size = static_cast<std::uint32_t>(size);
    switch (H5Tget_class(type)) {
        case H5T_INTEGER:
            return integer_type(type, size);
        case H5T_FLOAT:
            return float_type(type, size);
        case H5T_ENUM: {
            if (is_boolean(type)) {
                out.kind = Kind::kBool;
                return out;
            }
            const Hdf5Handle base(H5Tget_super(type));
            return dtype_of_hdf5(base.id());
        }
        case H5T_STRING:
            if (H5Tis_variable_str(type) > 0) {
                return unsupported("strings of variable length");
            }
            out.kind = Kind::kBytes;
            return out;
        case H5T_OPAQUE:
            out.kind = Kind::kRaw;
            return out;
        case H5T_COMPOUND:
            return compound_type(type, size, H5Tget_nmembers(type));
        case H5T_VLEN:
            return unsupported("elements of variable length");
        case H5T_REFERENCE:
            return unsupported("references");
        case H5T_ARRAY:
            return unsupported("elements that are arrays");
        default:
            return unsupported("a type of an unknown class");
    }
}

Json dtype_json(const DType& type) {
    if (type.kind != Kind::kStruct) {
        return dtype_text(type);
    }
    Json out = Json::array();
    for (const DTypeField& field : type.fields) {
        out.push_back(Json::array({field.name, dtype_json(field.type)}));
    }
    return out;
}

Json number_json(const DType& type, const std::byte* element) {
    std::array<std::byte, 8> bytes{};
    std::copy_n(element, type.size, bytes.begin());
    if (!type.native()) {
        std::reverse(bytes.begin(), bytes.begin() + type.size);
    }
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), type.size);
    if (type.kind == Kind::kFloat) {
        if (type.size == 2) {
            return float_json(half_to_double(static_cast<std::uint16_t>(word)));
        }
        return float_json(type.size == 4 ? double{std::bit_cast<float>(static_cast<std::uint32_t>(word))}
                                         : std::bit_cast<double>(word));
    }
    if (type.kind == Kind::kBool) {
        return word != 0;
    }
    if (type.kind == Kind::kInt && type.size > 0) {
        const unsigned unused = 64U - 8U * type.size;
        return static_cast<std::int64_t>(word << unused) >> unused;
    }
    return word;
}

Json fill_json(const DType& type, ByteSpan element) {
    if (type.kind == Kind::kComplex) {
        DType part = type;
        part.kind = Kind::kFloat;
        part.size = type.size / 2;
        return Json::array({number_json(part, element.data()), number_json(part, element.data() + part.size)});
    }
    if (type.is_numeric()) {
        return number_json(type, element.data());
    }
    return base64(element);
}

}  // namespace vcube
