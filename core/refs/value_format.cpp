#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "core/refs/value.h"

namespace vcube::expression {
namespace {

/// What both ways of formatting know about one field.
struct Layout {
    std::string fill = " ";
    char align = 0;  // < > ^ = or 0 for the type's own
    char sign = '-';
    bool alternate = false;  // 0x before hexadecimal numbers ...
    char grouping = 0;
    std::size_t width = 0;
    std::size_t precision = 0;
    bool has_precision = false;
    char type = 0;
};

Error bad_format(std::string_view what) {
    return invalid("the format \"" + std::string(what.substr(0, 80)) + "\" is not understood");
}

/// A width or precision at `at`.
bool read_size(std::string_view text, std::size_t& at, std::size_t& out) {
    const std::size_t begin = at;
    out = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
        out = std::min(out * 10 + static_cast<std::size_t>(text[at++] - '0'), kMaxText + 1);
    }
    return at != begin;
}

/// Puts the fill around `body`, or between `sign` and `body`.
Result<std::string> padded(const Layout& layout, const std::string& sign, const std::string& body, char own_align) {
    const std::size_t size = text_length(sign) + text_length(body);
    if (layout.width > kMaxText || body.size() > kMaxText) {
        return over_limit("a formatted text of more than " + std::to_string(kMaxText) + " bytes");
    }
    const std::size_t missing = layout.width > size ? layout.width - size : 0;
    const char align = layout.align == 0 ? own_align : layout.align;
    const std::size_t left = align == '<' ? 0 : (align == '^' ? missing / 2 : missing);
    std::string out;
    const auto fill = [&](std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            out += layout.fill;
        }
    };
    if (align == '=') {
        out += sign;
        fill(left);
    } else {
        fill(left);
        out += sign;
    }
    out += body;
    fill(missing - left);
    return out;
}

std::string sign_text(const Layout& layout, bool negative) {
    if (negative) {
        return "-";
    }
    return layout.sign == '-' ? "" : std::string(1, layout.sign);
}

void group(std::string& digits, const Layout& layout) {
    if (layout.grouping == 0) {
        return;
    }
    const std::ptrdiff_t step = layout.type == 'd' || layout.type == 0 ? 3 : 4;
    for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - step; i > 0; i -= step) {
        digits.insert(digits.begin() + i, layout.grouping);
    }
}

std::string digits_of(std::uint64_t value, char type) {
    char buffer[72];
    const int base = type == 'x' || type == 'X' ? 16 : (type == 'o' ? 8 : (type == 'b' ? 2 : 10));
    std::string out(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, base).ptr);
    if (type == 'X') {
        std::transform(out.begin(), out.end(), out.begin(),
                       [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
    }
    return out;
}

Result<std::string> format_integer(const Layout& layout, std::int64_t value) {
    const std::uint64_t size = value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
    std::string digits = digits_of(size, layout.type);
    group(digits, layout);
    std::string sign = sign_text(layout, value < 0);
    if (layout.alternate && layout.type != 'd' && layout.type != 0) {
        sign.append("0").append(1, layout.type);
    }
    return padded(layout, sign, digits, '>');
}

/// Types e, f, g and % as C writes them, which is as Python writes them for finite numbers.
Result<std::string> format_real(const Layout& layout, double value) {
    const bool percent = layout.type == '%';
    const char type = percent ? 'f' : layout.type;
    const std::size_t precision = layout.has_precision ? layout.precision : 6;
    if (!std::isfinite(value) || precision > 100 || layout.grouping != 0) {
        return unsupported("a float formatted in this way");
    }
    char pattern[16];
    std::snprintf(pattern, sizeof pattern, "%%%s.%zu%c", layout.alternate ? "#" : "", precision, type);
    char buffer[512];
    const int length = std::snprintf(buffer, sizeof buffer, pattern, std::fabs(percent ? value * 100 : value));
    std::string body(buffer, static_cast<std::size_t>(std::min<int>(length, sizeof buffer - 1)));
    body += percent ? "%" : "";
    return padded(layout, sign_text(layout, std::signbit(value)), body, '>');
}

/// The first `count` code points.
std::string first_points(const std::string& text, std::size_t count) {
    std::size_t at = 0;
    while (at < text.size() && count != 0) {
        do {
            ++at;
        } while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U);
        --count;
    }
    return text.substr(0, at);
}

Result<std::string> format_text(const Layout& layout, const std::string& text, char own_align) {
    return padded(layout, "", layout.has_precision ? first_points(text, layout.precision) : text, own_align);
}

bool is_one_of(char c, std::string_view set) {
    return set.find(c) != std::string_view::npos;
}

// "%" formatting.

/// The integer that %d and its like take.
Result<std::int64_t> whole_number(const Value& value) {
    if (value.is_integer()) {
        return value.integer();
    }
    constexpr double kTooLarge = 9223372036854775808.0;
    if (value.is<double>() && std::fabs(value.real()) < kTooLarge) {
        return static_cast<std::int64_t>(value.real());
    }
    return invalid(std::string("%d of ") + type_name(value));
}

Result<std::string> percent_field(Layout layout, bool zero, bool left, const Value& value) {
    layout.align = left ? '<' : '>';
    if (is_one_of(layout.type, "sra")) {
        if (layout.type != 's') {
            return unsupported(std::string("the format %") + layout.type);
        }
        VCUBE_ASSIGN(const std::string text, to_text(value));
        return format_text(layout, text, '>');
    }
    if (zero && !left) {
        layout.fill = "0";
        layout.align = '=';
    }
    if (is_one_of(layout.type, "eEfFgG")) {
        if (!value.is_number()) {
            return invalid(std::string("%") + layout.type + " of " + type_name(value));
        }
        return format_real(layout, value.real());
    }
    if (is_one_of(layout.type, "xXo") && !value.is_integer()) {
        return invalid(std::string("%") + layout.type + " of " + type_name(value));
    }
    VCUBE_ASSIGN(const std::int64_t number, whole_number(value));
    if (is_one_of(layout.type, "iu")) {
        layout.type = 'd';
    }
    if (layout.has_precision) {
        return unsupported("a precision of an integer");
    }
    return format_integer(layout, number);
}

// str.format().

Result<Layout> parse_specification(std::string_view text) {
    Layout out;
    std::size_t at = 0;
    // The fill is one code point, before the alignment.
    std::size_t first = 1;
    while (first < text.size() && (static_cast<unsigned char>(text[first]) & 0xC0U) == 0x80U) {
        ++first;
    }
    if (first < text.size() && is_one_of(text[first], "<>=^")) {
        out.fill = text.substr(0, first);
        out.align = text[first];
        at = first + 1;
    } else if (!text.empty() && is_one_of(text[0], "<>=^")) {
        out.align = text[at++];
    }
    const auto next_is = [&](std::string_view set) { return at < text.size() && is_one_of(text[at], set); };
    if (next_is("+- ")) {
        out.sign = text[at++];
    }
    if (next_is("#")) {
        out.alternate = true;
        ++at;
    }
    if (next_is("0")) {
        ++at;
        if (out.align == 0) {
            out.fill = "0";
            out.align = '=';
        }
    }
    read_size(text, at, out.width);
    if (next_is(",_")) {
        out.grouping = text[at++];
    }
    if (next_is(".")) {
        ++at;
        out.has_precision = true;
        if (!read_size(text, at, out.precision)) {
            return bad_format(text);
        }
    }
    if (at < text.size()) {
        out.type = text[at++];
    }
    if (at != text.size()) {
        return bad_format(text);
    }
    return out;
}

Result<std::string> formatted(const Value& value, std::string_view specification) {
    if (specification.empty()) {
        return to_text(value);
    }
    VCUBE_ASSIGN(const Layout layout, parse_specification(specification));
    if (value.is<std::string>() && (layout.type == 's' || layout.type == 0)) {
        if (layout.align == '=' || layout.sign != '-' || layout.alternate || layout.grouping != 0) {
            // "{:05}" of a text is refused by some versions of Python and not by others.
            return bad_format(specification);
        }
        return format_text(layout, value.get<std::string>(), '<');
    }
    if (value.is_integer() && (layout.type == 0 || is_one_of(layout.type, "dxXob")) && !layout.has_precision) {
        const bool decimal = layout.type == 'd' || layout.type == 0;
        if (layout.grouping != 0 && (layout.fill == "0" || (!decimal && layout.grouping == ','))) {
            return unsupported("the format \"" + std::string(specification.substr(0, 80)) + "\"");
        }
        return format_integer(layout, value.integer());
    }
    if (value.is_number() && is_one_of(layout.type, "eEfFgG%") && layout.type != 0) {
        return format_real(layout, value.real());
    }
    if (value.is<double>() && layout.type == 0 && !layout.has_precision && std::isfinite(value.real()) &&
        layout.grouping == 0) {
        return padded(layout, sign_text(layout, std::signbit(value.real())), float_text(std::fabs(value.real())), '>');
    }
    return invalid("the format \"" + std::string(specification.substr(0, 80)) + "\" of " + type_name(value));
}

/// The value that a field names: nothing for the next one, a number or a keyword.
Result<const Value*> field_value(std::string_view field, const std::vector<Value>& arguments,
                                 const std::vector<Keyword>& keywords, std::size_t& next) {
    std::size_t number = 0;
    std::size_t at = 0;
    if (field.empty()) {
        number = next++;
    } else if (!read_size(field, at, number) || at != field.size()) {
        for (const Keyword& keyword : keywords) {
            if (keyword.name == field) {
                return &keyword.value;
            }
        }
        return bad_format("{" + std::string(field) + "}");
    }
    if (number >= arguments.size()) {
        return invalid("a format has more fields than arguments");
    }
    return &arguments[number];
}

}  // namespace

Result<std::string> percent_format(std::string_view format, const Value& argument) {
    const bool several = argument.is<List>();
    const std::size_t count = several ? argument.get<List>()->size() : 1;
    std::size_t used = 0;
    std::string out;
    std::size_t at = 0;
    while (at < format.size()) {
        const std::size_t mark = std::min(format.find('%', at), format.size());
        out.append(format.substr(at, mark - at));
        at = mark + 1;
        if (mark == format.size()) {
            break;
        }
        if (at < format.size() && format[at] == '%') {
            out += '%';
            ++at;
            continue;
        }
        Layout layout;
        bool zero = false;
        bool left = false;
        for (; at < format.size() && is_one_of(format[at], "-+ #0"); ++at) {
            zero = zero || format[at] == '0';
            left = left || format[at] == '-';
            layout.alternate = layout.alternate || format[at] == '#';
            if (format[at] == '+' || (format[at] == ' ' && layout.sign != '+')) {
                layout.sign = format[at];
            }
        }
        read_size(format, at, layout.width);
        if (at < format.size() && format[at] == '.') {
            ++at;
            layout.has_precision = true;
            read_size(format, at, layout.precision);
        }
        if (at < format.size() && is_one_of(format[at], "hlL")) {
            ++at;
        }
        if (at == format.size() || !is_one_of(format[at], "diuxXoeEfFgGsra")) {
            return bad_format(format);
        }
        layout.type = format[at++];
        if (used == count) {
            return invalid("a format has more fields than arguments");
        }
        const Value& value = several ? (*argument.get<List>())[used] : argument;
        ++used;
        VCUBE_ASSIGN(const std::string text, percent_field(layout, zero, left, value));
        out += text;
        if (out.size() > kMaxText) {
            return over_limit("a formatted text of more than " + std::to_string(kMaxText) + " bytes");
        }
    }
    if (used != count) {
        return invalid("a format has fewer fields than arguments");
    }
    return out;
}

Result<std::string> brace_format(std::string_view format, const std::vector<Value>& arguments,
                                 const std::vector<Keyword>& keywords) {
    std::string out;
    std::size_t next = 0;
    for (std::size_t at = 0; at < format.size();) {
        const char c = format[at];
        if (c != '{' && c != '}') {
            out += c;
            ++at;
            continue;
        }
        if (at + 1 < format.size() && format[at + 1] == c) {
            out += c;
            at += 2;
            continue;
        }
        const std::size_t close = format.find('}', at);
        if (c == '}' || close == std::string_view::npos) {
            return bad_format(format);
        }
        const std::string_view field = format.substr(at + 1, close - at - 1);
        const std::size_t colon = std::min(field.find(':'), field.size());
        std::string_view name = field.substr(0, colon);
        const std::string_view specification = field.substr(std::min(colon + 1, field.size()));
        if (specification.find('{') != std::string_view::npos) {
            return unsupported("a format inside a format");
        }
        const bool as_text = name.ends_with("!s");
        name.remove_suffix(as_text ? 2 : 0);
        VCUBE_ASSIGN(const Value* value, field_value(name, arguments, keywords, next));
        Value text;
        if (as_text) {
            VCUBE_ASSIGN(std::string made, to_text(*value));
            text = Value(std::move(made));
        }
        VCUBE_ASSIGN(const std::string made, formatted(as_text ? text : *value, specification));
        out += made;
        if (out.size() > kMaxText) {
            return over_limit("a formatted text of more than " + std::to_string(kMaxText) + " bytes");
        }
        at = close + 1;
    }
    return out;
}

}  // namespace vcube::expression
