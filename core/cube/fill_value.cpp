#include "core/cube/fill_value.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include "core/base/dtype_text.h"
#include "core/codec/half.h"
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
        if (text == "NaN") {
            return std::numeric_limits<double>::quiet_NaN();
        }
        if (text == "Infinity") {
            return std::numeric_limits<double>::infinity();
        }
        if (text == "-Infinity") {
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

bool append_float(Bytes& out, const Json& value, std::uint32_t size) {
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

/// The integer a JSON value stands for as two's complement, or nothing where it is none or out of range.
std::optional<std::uint64_t> as_integer(const Json& value, bool is_signed, std::uint32_t size) {
    const std::uint32_t bits = size * 8;
    const std::uint64_t top = std::numeric_limits<std::uint64_t>::max() >> (64 - bits + (is_signed ? 1 : 0));
    if (value.is_boolean()) {
        return value.get<bool>() ? 1 : 0;
    }
    if (value.is_number_unsigned()) {
        const auto number = value.get<std::uint64_t>();
        return number <= top ? std::optional(number) : std::nullopt;
    }
    if (value.is_number_integer()) {  // negative
        const auto number = value.get<std::int64_t>();
        if (!is_signed || number < -static_cast<std::int64_t>(top) - 1) {
            return std::nullopt;
        }
        return static_cast<std::uint64_t>(number);
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

/// Standard base64 with padding; nothing where it is not.
std::optional<Bytes> decode_base64(std::string_view text) {
    Bytes out;
    std::uint32_t group = 0;
    int bits = 0;
    std::size_t padding = 0;
    for (const char c : text) {
        unsigned digit = 0;
        if (c >= 'A' && c <= 'Z') {
            digit = static_cast<unsigned>(c - 'A');
        } else if (c >= 'a' && c <= 'z') {
            digit = static_cast<unsigned>(c - 'a') + 26;
        } else if (c >= '0' && c <= '9') {
            digit = static_cast<unsigned>(c - '0') + 52;
        } else if (c == '+' || c == '/') {
            digit = c == '+' ? 62 : 63;
        } else if (c == '=') {
            ++padding;
            continue;
        } else {
            return std::nullopt;
        }
        if (padding > 0) {
            return std::nullopt;
        }
        group = (group << 6U) | digit;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out.push_back(static_cast<std::byte>((group >> static_cast<unsigned>(bits)) & 0xFFU));
        }
    }
    if (text.size() % 4 != 0 || padding > 2) {
        return std::nullopt;
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

}  // namespace

Result<Bytes> decode_fill_value(const Json& value, const DType& type, const std::string& what) {
    Bytes out;
    if (value.is_null() || type.kind == Kind::kObject) {
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
        case Kind::kUInt: {
            const std::optional<std::uint64_t> number = as_integer(value, type.kind == Kind::kInt, type.size);
            if (!number) {
                return refused(what, value, type, "an integer in range");
            }
            append_integer(out, *number, type.size);
            return out;
        }
        case Kind::kDatetime:
        case Kind::kTimedelta: {
            std::optional<std::uint64_t> number = as_integer(value, true, 8);
            if (value.is_string() && value.get_ref<const std::string&>() == "NaT") {
                number = std::uint64_t{1} << 63U;
            }
            if (!number) {
                return refused(what, value, type, "an integer or \"NaT\"");
            }
            append_integer(out, *number, 8);
            return out;
        }
        case Kind::kFloat:
            if (!append_float(out, value, type.size)) {
                return refused(what, value, type, "a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
            }
            return out;
        case Kind::kComplex: {
            const bool pair = value.is_array() && value.size() == 2;
            const Json zero = 0;
            if (!(pair || value.is_number()) || !append_float(out, pair ? value[0] : value, type.size / 2) ||
                !append_float(out, pair ? value[1] : zero, type.size / 2)) {
                return refused(what, value, type, "[real, imaginary]");
            }
            return out;
        }
        case Kind::kUnicode:
            return padded(value.is_string() ? decode_utf8(value.get_ref<const std::string&>())
                          : value == 0      ? std::optional(Bytes())
                                            : std::nullopt,
                          value, type, what, "a string that fits");
        default:  // old zarr-python wrote 0 for "all bytes zero"
            return padded(value.is_string() ? decode_base64(value.get_ref<const std::string&>())
                          : value == 0      ? std::optional(Bytes())
                                            : std::nullopt,
                          value, type, what, "base64 of one element");
    }
}

}  // namespace vcube
