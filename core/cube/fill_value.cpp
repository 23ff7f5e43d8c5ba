#include "core/cube/fill_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include "core/base/base64.h"
#include "core/base/dtype_text.h"
#include "core/codec/half.h"
#include "core/codec/native_order.h"
#include "vcube/bytes.h"

namespace vcube {
namespace {

using Bytes = std::vector<std::byte>;

template <class T>
void append(Bytes& out, T value) {
    const std::size_t at = out.size();
    out.resize(at + sizeof value);
    std::memcpy(out.data() + at, &value, sizeof value);
}

Error refused(const std::string& what, const Json& value, const DType& type, const char* expected) {
    std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() > 60) {
        text.resize(60);
        text += "...";
    }
    return invalid(what + ": \"fill_value\" " + text + " does not suit type " + dtype_text(type) + ": expected " +
                   expected);
}

/// What writers left in place of a number, as numpy and GDAL understand it: a list of one (netCDF-C 4.8), a number as
/// text. Anything else as it is.
Json plain_number(const Json& value) {
    if (value.is_array() && value.size() == 1 && !value[0].is_array()) {
        return plain_number(value[0]);
    }
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        const char* const end = text.data() + text.size();
        const auto whole = [&](auto number) -> Json {
            const auto [stop, error] = std::from_chars(text.data(), end, number);
            return error == std::errc() && stop == end ? Json(number) : Json();
        };
        for (const Json& number : {whole(std::uint64_t{}), whole(std::int64_t{}), whole(double{})}) {
            if (!number.is_null() && !(number.is_number_float() && !std::isfinite(number.get<double>()))) {
                return number;
            }
        }
    }
    return value;
}

/// A number, or one of the words that stand for what JSON cannot write.
std::optional<double> as_double(const Json& value) {
    if (value.is_number()) {
        return value.get<double>();
    }
    if (value.is_boolean()) {
        return value.get<bool>() ? 1.0 : 0.0;
    }
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        if (text == "NaN" || text == "nan") {
            return std::numeric_limits<double>::quiet_NaN();
        }
        if (text == "Infinity" || text == "inf") {
            return std::numeric_limits<double>::infinity();
        }
        if (text == "-Infinity" || text == "-inf") {
            return -std::numeric_limits<double>::infinity();
        }
    }
    return std::nullopt;
}

/// A double beyond the range of a float becomes infinite, as numpy has it.
float narrow(double value) {
    if (std::abs(value) > static_cast<double>(std::numeric_limits<float>::max())) {
        return value > 0 ? std::numeric_limits<float>::infinity() : -std::numeric_limits<float>::infinity();
    }
    return static_cast<float>(value);
}

void append_integer(Bytes& out, std::uint64_t value, std::uint32_t size) {
    switch (size) {
        case 1:
            return append(out, static_cast<std::uint8_t>(value));
        case 2:
            return append(out, static_cast<std::uint16_t>(value));
        case 4:
            return append(out, static_cast<std::uint32_t>(value));
        default:
            return append(out, value);
    }
}

/// "0x7fc00000": the bits of a float of `size` bytes, most significant digit first.
std::optional<std::uint64_t> as_bits(const Json& value, std::uint32_t size) {
    if (!value.is_string()) {
        return std::nullopt;
    }
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() < 3 || text.size() > 2 + 2 * std::size_t{size} || !text.starts_with("0x")) {
        return std::nullopt;
    }
    std::uint64_t bits = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + 2, end, bits, 16);
    return error == std::errc() && stop == end ? std::optional(bits) : std::nullopt;
}

bool append_float(Bytes& out, const Json& value, std::uint32_t size) {
    if (const std::optional<std::uint64_t> bits = as_bits(value, size)) {
        append_integer(out, *bits, size);
        return true;
    }
    const std::optional<double> number = as_double(value);
    if (!number) {
        return false;
    }
    if (size == 2) {
        append(out, half_from_double(*number));
    } else if (size == 4) {
        append(out, narrow(*number));
    } else {
        append(out, *number);
    }
    return true;
}

/// The integer a JSON value stands for as two's complement, or nothing where it is none or has more bits than the type.
/// Writers that mix up signs leave -1 for 255 and 255 for -1: the same bits, and what numpy and GDAL make of them.
std::optional<std::uint64_t> as_integer(const Json& value, bool is_signed, std::uint32_t size) {
    const std::uint32_t bits = size * 8;
    const std::uint64_t all = std::numeric_limits<std::uint64_t>::max() >> (64 - bits);
    if (value.is_boolean()) {
        return value.get<bool>() ? 1 : 0;
    }
    if (value.is_number_unsigned()) {
        const auto number = value.get<std::uint64_t>();
        return number <= all ? std::optional(number) : std::nullopt;
    }
    if (value.is_number_integer()) {  // negative
        const auto number = value.get<std::int64_t>();
        return number < -static_cast<std::int64_t>(all / 2) - 1 ? std::nullopt
                                                                : std::optional(static_cast<std::uint64_t>(number));
    }
    if (value.is_number_float()) {
        const auto number = value.get<double>();
        if (number != std::floor(number) || number < (is_signed ? -std::ldexp(1.0, static_cast<int>(bits) - 1) : 0.0) ||
            number >= std::ldexp(1.0, static_cast<int>(bits) - (is_signed ? 1 : 0))) {
            return std::nullopt;
        }
        return number < 0 ? static_cast<std::uint64_t>(static_cast<std::int64_t>(number))
                          : static_cast<std::uint64_t>(number);
    }
    return std::nullopt;
}

Bytes bytes_of(std::string_view text) {
    const ByteSpan bytes = as_byte_span(text);
    return {bytes.begin(), bytes.end()};
}

std::optional<Bytes> from_base64(std::string_view text) {
    std::string out;
    // Padding may not be absent here: what lacks it is text that a writer did not encode.
    if (text.size() % 4 != 0 || !decode_base64(text, out)) {
        return std::nullopt;
    }
    return bytes_of(out);
}

/// A list of the bytes' values, as Zarr v3 writes opaque elements.
std::optional<Bytes> from_list(const Json& list) {
    Bytes out;
    for (const Json& byte : list) {
        if (!byte.is_number_unsigned() || byte.get<std::uint64_t>() > 255) {
            return std::nullopt;
        }
        out.push_back(static_cast<std::byte>(byte.get<std::uint64_t>()));
    }
    return out;
}

/// UTF-8 to 32-bit code points; nothing where the text is damaged.
std::optional<Bytes> decode_utf8(std::string_view text) {
    Bytes out;
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i++]);
        const unsigned more = lead < 0x80 ? 0 : lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
        if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4 || i + more > text.size()) {
            return std::nullopt;
        }
        std::uint32_t point = more == 0 ? lead : lead & (0x3FU >> more);
        for (unsigned k = 0; k < more; ++k, ++i) {
            const auto next = static_cast<unsigned char>(text[i]);
            if ((next & 0xC0U) != 0x80U) {
                return std::nullopt;
            }
            point = (point << 6U) | (next & 0x3FU);
        }
        append(out, point);
    }
    return out;
}

Result<Bytes> padded(std::optional<Bytes> bytes, const Json& value, const DType& type, const std::string& what,
                     const char* expected) {
    if (!bytes || bytes->size() > type.size) {
        return refused(what, value, type, expected);
    }
    bytes->resize(type.size);
    return *std::move(bytes);
}

Result<Bytes> decode_number(const Json& value, const DType& type, const std::string& what) {
    const bool is_signed = type.kind != Kind::kUInt;
    std::optional<std::uint64_t> number = as_integer(plain_number(value), is_signed, type.size);
    const bool timed = type.kind == Kind::kDatetime || type.kind == Kind::kTimedelta;
    if (timed && value.is_string() && value.get_ref<const std::string&>() == "NaT") {
        number = std::uint64_t{1} << 63U;
    }
    if (!number) {
        return refused(what, value, type, timed ? "an integer or \"NaT\"" : "an integer in range");
    }
    Bytes out;
    append_integer(out, *number, type.size);
    return out;
}

Result<Bytes> decode_complex(const Json& value, const DType& type, const std::string& what) {
    Bytes out;
    const bool pair = value.is_array() && value.size() == 2;
    const Json zero = 0;
    if (!(pair || value.is_number()) || !append_float(out, pair ? value[0] : value, type.size / 2) ||
        !append_float(out, pair ? value[1] : zero, type.size / 2)) {
        return refused(what, value, type, "[real, imaginary]");
    }
    return out;
}

/// Bytes, opaque or NUL padded: base64, a list of their values, or (what writers of references make of S) plain text.
Result<Bytes> decode_bytes(const Json& value, const DType& type, const std::string& what) {
    std::optional<Bytes> bytes;
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        bytes = from_base64(text);
        if (type.kind == Kind::kBytes && (!bytes || bytes->size() > type.size)) {
            bytes = bytes_of(text);
        }
    } else if (value.is_array()) {
        bytes = from_list(value);
    } else if (value == 0) {  // old zarr-python wrote 0 for "all bytes zero"
        bytes = Bytes();
    }
    return padded(std::move(bytes), value, type, what, "base64 of one element");
}

/// An object of the fields' values (absent ones are zeros), or base64 of an element in the stored byte order.
Result<Bytes> decode_struct(const Json& value, const DType& type, const std::string& what) {
    if (!value.is_object()) {
        VCUBE_ASSIGN(Bytes out, decode_bytes(value, type, what));
        NativeOrder(type).apply(out, out);
        return out;
    }
    Bytes out(type.size);
    for (const DTypeField& field : type.fields) {
        const auto found = value.find(field.name);
        if (found != value.end()) {
            VCUBE_ASSIGN(const Bytes part,
                         decode_fill_value(*found, field.type, what + ": field \"" + field.name + "\""));
            std::copy(part.begin(), part.end(), out.begin() + static_cast<std::ptrdiff_t>(field.offset));
        }
    }
    return out;
}

}  // namespace

Result<Bytes> decode_fill_value(const Json& value, const DType& type, const std::string& what) {
    Bytes out;
    if (value.is_null()) {
        return out;
    }
    switch (type.kind) {
        case Kind::kBool: {
            const std::optional<std::uint64_t> number = as_integer(value, false, 1);
            if (!number || *number > 1) {
                return refused(what, value, type, "true or false");
            }
            append_integer(out, *number, 1);
            return out;
        }
        case Kind::kInt:
        case Kind::kUInt:
        case Kind::kDatetime:
        case Kind::kTimedelta:
            return decode_number(value, type, what);
        case Kind::kFloat:
            if (!append_float(out, plain_number(value), type.size)) {
                return refused(what, value, type, "a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
            }
            return out;
        case Kind::kComplex:
            return decode_complex(value, type, what);
        case Kind::kUnicode:
            return padded(value.is_string() ? decode_utf8(value.get_ref<const std::string&>())
                          : value == 0      ? std::optional(Bytes())
                                            : std::nullopt,
                          value, type, what, "a string that fits");
        case Kind::kObject:  // anything but text stands for an empty element
            return value.is_string()  ? bytes_of(value.get_ref<const std::string&>())
                   : value.is_array() ? from_list(value).value_or(Bytes())
                                      : Bytes();
        case Kind::kStruct:
            return decode_struct(value, type, what);
        default:
            return decode_bytes(value, type, what);
    }
}

}  // namespace vcube
