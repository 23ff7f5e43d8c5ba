// Values of the Jinja expressions in reference files: Python's, as far as URLs and chunk keys need them. Integers are
// exact within 64 bits and an error beyond. Pure functions; thread-safe.
// Source: the Python language reference, 6 (expressions), and the Python library reference on numeric and text types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vcube/result.h"

namespace vcube::expression {

/// A text longer than this is an error: no URL is, and operators could otherwise build any length.
constexpr std::size_t kMaxText = std::size_t{1} << 16;

struct Value;
using List = std::shared_ptr<const std::vector<Value>>;
struct Undefined {};  // a name that has no value
struct None {};

/// A list and a tuple are the same here.
struct Value {
    std::variant<Undefined, None, bool, std::int64_t, double, std::string, List> held;

    Value() = default;
    template <class T>
    explicit Value(T value) : held(std::move(value)) {}

    template <class T>
    [[nodiscard]] bool is() const {
        return std::holds_alternative<T>(held);
    }
    template <class T>
    [[nodiscard]] const T& get() const {
        return *std::get_if<T>(&held);
    }
    [[nodiscard]] bool is_integer() const { return is<std::int64_t>() || is<bool>(); }
    [[nodiscard]] bool is_number() const { return is_integer() || is<double>(); }
    /// Of a boolean or integer.
    [[nodiscard]] std::int64_t integer() const { return is<bool>() ? std::int64_t{get<bool>()} : get<std::int64_t>(); }
    /// Of a number.
    [[nodiscard]] double real() const { return is<double>() ? get<double>() : static_cast<double>(integer()); }
};

/// "an integer", "a text" ... for messages.
const char* type_name(const Value& value);

bool truth(const Value& value);
/// Python's str(); an error for lists and names without a value.
Result<std::string> to_text(const Value& value);
/// Python's repr() of a float: the shortest digits that read back as the same number.
std::string float_text(double value);
/// Python's int() of a text: white space around, a sign, digits with single underscores between them. false otherwise.
bool parse_integer(std::string_view text, int base, std::int64_t& out);

enum class Arithmetic : std::uint8_t { kAdd, kSubtract, kMultiply, kDivide, kFloorDivide, kRemainder, kPower };

/// Python's binary operators on numbers, texts (+, *) and lists (+, *).
Result<Value> arithmetic(Arithmetic operation, const Value& a, const Value& b);
Result<Value> negated(const Value& value);

enum class Comparison : std::uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kIn, kNotIn };

Result<bool> compare(Comparison operation, const Value& a, const Value& b);

/// `format % argument`; a list gives several arguments. Numbers and texts; no mappings ("%(name)s").
Result<std::string> percent_format(std::string_view format, const Value& argument);

struct Keyword {
    std::string name;
    Value value;
};
/// format.format(arguments..., keywords...): fields by order, number or name with a format specification.
Result<std::string> brace_format(std::string_view format, const std::vector<Value>& arguments,
                                 const std::vector<Keyword>& keywords);

/// Number of code points.
std::size_t text_length(std::string_view text);

}  // namespace vcube::expression
