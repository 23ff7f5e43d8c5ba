#include "core/refs/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace vcube::expression {
namespace {

Error wrong_types(const char* sign, const Value& a, const Value& b) {
    return invalid(std::string("\"") + sign + "\" between " + type_name(a) + " and " + type_name(b));
}

Error too_large() {
    return over_limit("an integer beyond 64 bits");
}

Error too_long() {
    return over_limit("a text of more than " + std::to_string(kMaxText) + " bytes");
}

constexpr const char* kSigns[] = {"+", "-", "*", "/", "//", "%", "**"};

const char* sign_of(Arithmetic operation) {
    return kSigns[static_cast<std::size_t>(operation)];
}

Result<Value> integer_power(std::int64_t base, std::int64_t exponent) {
    std::int64_t result = 1;
    while (true) {
        if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) {
            return too_large();
        }
        exponent >>= 1;
        if (exponent == 0) {
            return Value(result);
        }
        if (__builtin_mul_overflow(base, base, &base)) {
            return too_large();
        }
    }
}

Result<Value> on_reals(Arithmetic operation, double a, double b) {
    const auto divided_by_zero = [] { return invalid("division by zero"); };
    switch (operation) {
        case Arithmetic::kAdd:
            return Value(a + b);
        case Arithmetic::kSubtract:
            return Value(a - b);
        case Arithmetic::kMultiply:
            return Value(a * b);
        case Arithmetic::kDivide:
            return b == 0 ? Result<Value>(divided_by_zero()) : Value(a / b);
        case Arithmetic::kFloorDivide:
        case Arithmetic::kRemainder: {
            if (b == 0) {
                return divided_by_zero();
            }
            double remainder = std::fmod(a, b);
            double quotient = (a - remainder) / b;
            if (remainder != 0 && (b < 0) != (remainder < 0)) {
                remainder += b;
                quotient -= 1;
            } else if (remainder == 0) {
                remainder = std::copysign(0.0, b);
            }
            if (operation == Arithmetic::kRemainder) {
                return Value(remainder);
            }
            if (quotient == 0) {
                return Value(std::copysign(0.0, a / b));
            }
            const double floor = std::floor(quotient);
            return Value(quotient - floor > 0.5 ? floor + 1 : floor);
        }
        case Arithmetic::kPower: {
            if (a == 0 && b < 0) {
                return divided_by_zero();
            }
            const double power = std::pow(a, b);
            if (!std::isfinite(power) && std::isfinite(a) && std::isfinite(b)) {
                return over_limit("a power that is no finite real number");
            }
            return Value(power);
        }
    }
    return invalid("unknown operator");
}

Result<Value> on_integers(Arithmetic operation, std::int64_t a, std::int64_t b) {
    std::int64_t out = 0;
    switch (operation) {
        case Arithmetic::kAdd:
            return __builtin_add_overflow(a, b, &out) ? Result<Value>(too_large()) : Value(out);
        case Arithmetic::kSubtract:
            return __builtin_sub_overflow(a, b, &out) ? Result<Value>(too_large()) : Value(out);
        case Arithmetic::kMultiply:
            return __builtin_mul_overflow(a, b, &out) ? Result<Value>(too_large()) : Value(out);
        case Arithmetic::kDivide: {
            // A double holds these exactly, so that the quotient is rounded once, as in Python.
            constexpr std::int64_t kExact = std::int64_t{1} << 53;
            if (std::max(a, b) > kExact || std::min(a, b) < -kExact) {
                return over_limit("\"/\" with an integer beyond 2^53");
            }
            return on_reals(operation, static_cast<double>(a), static_cast<double>(b));
        }
        case Arithmetic::kFloorDivide:
        case Arithmetic::kRemainder: {
            if (b == 0) {
                return invalid("division by zero");
            }
            if (b == -1) {
                return operation == Arithmetic::kRemainder ? Value(std::int64_t{0}) : negated(Value(a));
            }
            const bool below = a % b != 0 && ((a < 0) != (b < 0));
            return operation == Arithmetic::kRemainder ? Value(below ? a % b + b : a % b)
                                                       : Value(below ? a / b - 1 : a / b);
        }
        case Arithmetic::kPower:
            return b < 0 ? on_reals(operation, static_cast<double>(a), static_cast<double>(b)) : integer_power(a, b);
    }
    return invalid("unknown operator");
}

Result<Value> repeated(const std::string& text, std::int64_t count) {
    std::string out;
    if (count > 0 && !text.empty()) {
        if (static_cast<std::uint64_t>(count) > kMaxText / text.size()) {
            return too_long();
        }
        for (std::int64_t i = 0; i < count; ++i) {
            out += text;
        }
    }
    return Value(std::move(out));
}

/// -1, 0, 1, or 2 where one of them is no number. An integer and a float compare by their exact values.
int order_of_numbers(const Value& a, const Value& b) {
    const auto sign = [](auto x, auto y) { return x < y ? -1 : (x == y ? 0 : (x > y ? 1 : 2)); };
    if (a.is_integer() && b.is_integer()) {
        return sign(a.integer(), b.integer());
    }
    if (a.is<double>() && b.is<double>()) {
        return sign(a.real(), b.real());
    }
    const auto exact = [](const Value& v) {
        return v.is<double>() ? static_cast<long double>(v.real()) : static_cast<long double>(v.integer());
    };
    return sign(exact(a), exact(b));
}

bool equal(const Value& a, const Value& b) {
    if (a.is_number() && b.is_number()) {
        return order_of_numbers(a, b) == 0;
    }
    if (a.held.index() != b.held.index()) {
        return false;
    }
    if (a.is<std::string>()) {
        return a.get<std::string>() == b.get<std::string>();
    }
    if (a.is<List>()) {
        return std::equal(a.get<List>()->begin(), a.get<List>()->end(), b.get<List>()->begin(), b.get<List>()->end(),
                          equal);
    }
    return true;
}

int digit_of(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
}

}  // namespace

const char* type_name(const Value& value) {
    constexpr const char* kNames[] = {
        "a name without a value", "none", "a boolean", "an integer", "a float", "text", "a list"};
    return kNames[value.held.index()];
}

bool truth(const Value& value) {
    if (value.is_number()) {
        return value.is<double>() ? value.real() != 0 : value.integer() != 0;
    }
    if (value.is<std::string>()) {
        return !value.get<std::string>().empty();
    }
    return value.is<List>() && !value.get<List>()->empty();
}

std::string float_text(double value) {
    if (!std::isfinite(value)) {
        return std::isnan(value) ? "nan" : (value < 0 ? "-inf" : "inf");
    }
    char buffer[40];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
    const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
    const std::size_t mark = text.find('e');
    int exponent = 0;
    const char* const digits_of_exponent = text.data() + mark + (text[mark + 1] == '+' ? 2 : 1);
    std::from_chars(digits_of_exponent, end, exponent);
    const bool negative = text.front() == '-';
    std::string digits;
    for (const char c : text.substr(0, mark)) {
        if (c >= '0' && c <= '9') {
            digits += c;
        }
    }
    std::string out(negative ? "-" : "");
    if (exponent < -4 || exponent >= 16) {
        out += digits[0];
        if (digits.size() > 1) {
            out.append(".").append(digits, 1);
        }
        const int size = std::abs(exponent);
        out.append(exponent < 0 ? "e-" : "e+").append(size < 10 ? "0" : "").append(std::to_string(size));
    } else if (exponent < 0) {
        out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
    } else {
        const auto whole = static_cast<std::size_t>(exponent) + 1;
        digits.resize(std::max(digits.size(), whole + 1), '0');
        out.append(digits, 0, whole).append(".").append(digits, whole);
    }
    return out;
}

Result<std::string> to_text(const Value& value) {
    if (value.is<std::string>()) {
        return value.get<std::string>();
    }
    if (value.is<bool>()) {
        return std::string(value.get<bool>() ? "True" : "False");
    }
    if (value.is<std::int64_t>()) {
        return std::to_string(value.get<std::int64_t>());
    }
    if (value.is<double>()) {
        return float_text(value.get<double>());
    }
    if (value.is<None>()) {
        return std::string("None");
    }
    return invalid(std::string(type_name(value)) + " cannot become text");
}

bool parse_integer(std::string_view text, int base, std::int64_t& out) {
    constexpr std::string_view kSpace = " \t\n\r\f\v";
    text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
    text.remove_suffix(text.size() - (text.find_last_not_of(kSpace) + 1));
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) {
        text.remove_prefix(1);
    }
    const auto prefixed = [&](char letter) { return text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == letter; };
    if ((base == 16 && prefixed('x')) || (base == 8 && prefixed('o')) || (base == 2 && prefixed('b'))) {
        text.remove_prefix(text[2] == '_' ? 3 : 2);
    }
    if (text.empty() || text.back() == '_') {
        return false;
    }
    std::int64_t value = 0;
    bool digit_before = false;
    for (const char c : text) {
        if (c == '_' && digit_before) {
            digit_before = false;
            continue;
        }
        const int digit = digit_of(c);
        // Counted downwards, since there is one negative number more.
        if (digit >= base || __builtin_mul_overflow(value, std::int64_t{base}, &value) ||
            __builtin_sub_overflow(value, std::int64_t{digit}, &value)) {
            return false;
        }
        digit_before = true;
    }
    if (negative) {
        out = value;
        return true;
    }
    return !__builtin_sub_overflow(std::int64_t{0}, value, &out);
}

Result<Value> arithmetic(Arithmetic operation, const Value& a, const Value& b) {
    if (a.is_number() && b.is_number()) {
        return a.is_integer() && b.is_integer() ? on_integers(operation, a.integer(), b.integer())
                                                : on_reals(operation, a.real(), b.real());
    }
    if (operation == Arithmetic::kRemainder && a.is<std::string>()) {
        VCUBE_ASSIGN(std::string out, percent_format(a.get<std::string>(), b));
        return Value(std::move(out));
    }
    if (operation == Arithmetic::kAdd && a.is<std::string>() && b.is<std::string>()) {
        if (a.get<std::string>().size() + b.get<std::string>().size() > kMaxText) {
            return too_long();
        }
        std::string out = a.get<std::string>();
        out += b.get<std::string>();
        return Value(std::move(out));
    }
    if (operation == Arithmetic::kMultiply && a.is<std::string>() && b.is_integer()) {
        return repeated(a.get<std::string>(), b.integer());
    }
    if (operation == Arithmetic::kMultiply && a.is_integer() && b.is<std::string>()) {
        return repeated(b.get<std::string>(), a.integer());
    }
    return wrong_types(sign_of(operation), a, b);
}

Result<Value> negated(const Value& value) {
    if (value.is<double>()) {
        return Value(-value.get<double>());
    }
    if (!value.is_integer()) {
        return invalid(std::string("\"-\" before ") + type_name(value));
    }
    std::int64_t out = 0;
    return __builtin_sub_overflow(std::int64_t{0}, value.integer(), &out) ? Result<Value>(too_large()) : Value(out);
}

Result<bool> compare(Comparison operation, const Value& a, const Value& b) {
    if (operation == Comparison::kEqual || operation == Comparison::kNotEqual) {
        return equal(a, b) == (operation == Comparison::kEqual);
    }
    if (operation == Comparison::kIn || operation == Comparison::kNotIn) {
        bool found = false;
        if (b.is<List>()) {
            found = std::any_of(b.get<List>()->begin(), b.get<List>()->end(),
                                [&](const Value& element) { return equal(a, element); });
        } else if (a.is<std::string>() && b.is<std::string>()) {
            found = b.get<std::string>().find(a.get<std::string>()) != std::string::npos;
        } else {
            return wrong_types("in", a, b);
        }
        return found == (operation == Comparison::kIn);
    }
    int order = 0;
    if (a.is_number() && b.is_number()) {
        order = order_of_numbers(a, b);
    } else if (a.is<std::string>() && b.is<std::string>()) {
        // The order of UTF-8 bytes is the order of code points.
        order = a.get<std::string>().compare(b.get<std::string>());
        order = order < 0 ? -1 : (order > 0 ? 1 : 0);
    } else {
        return wrong_types("<", a, b);
    }
    switch (operation) {
        case Comparison::kLess:
            return order == -1;
        case Comparison::kLessEqual:
            return order == -1 || order == 0;
        case Comparison::kGreater:
            return order == 1;
        default:
            return order == 1 || order == 0;
    }
}

std::size_t text_length(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace vcube::expression
