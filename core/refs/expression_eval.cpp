#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "core/refs/expression.h"

namespace vcube::expression {
namespace {

Status charge(const Scope& scope, std::uint64_t cost) {
    if (scope.budget == nullptr) {
        return {};
    }
    if (*scope.budget < cost) {
        *scope.budget = 0;
        return over_limit("the expressions of this reference set are too much work");
    }
    *scope.budget -= cost;
    return {};
}

Error undefined(const std::string& name) {
    return invalid("\"" + name + "\" is not defined");
}

struct Call {
    const std::string& name;
    const Value& object;
    std::vector<Value> arguments;
    std::vector<Keyword> keywords;
};

Error wrong_arguments(const Call& call) {
    return invalid("\"" + call.name + "\" of " + type_name(call.object) + " with these arguments");
}

Result<std::string> text_object(const Call& call) {
    if (!call.object.is<std::string>()) {
        return invalid("\"" + call.name + "\" of " + type_name(call.object));
    }
    return call.object.get<std::string>();
}

Result<Value> as_value(Result<std::string> text) {
    if (!text.ok()) {
        return text.error();
    }
    return Value(std::move(text).value());
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80U; });
}

Result<Value> change_case(const Call& call, const std::string& text, bool upper) {
    if (!is_ascii(text)) {
        return unsupported("\"" + call.name + "\" of a text that is not ASCII");
    }
    std::string out = text;
    for (char& c : out) {
        if (upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c ^ 0x20);
        }
    }
    return Value(std::move(out));
}

Result<Value> replaced(const Call& call, const std::string& text) {
    if (call.arguments.size() != 2 || !call.arguments[0].is<std::string>() || !call.arguments[1].is<std::string>() ||
        call.arguments[0].get<std::string>().empty() || !call.keywords.empty()) {
        return wrong_arguments(call);
    }
    const std::string& from = call.arguments[0].get<std::string>();
    const std::string& to = call.arguments[1].get<std::string>();
    std::string out;
    std::size_t at = 0;
    for (std::size_t found = text.find(from); found != std::string::npos; found = text.find(from, at)) {
        out.append(text, at, found - at).append(to);
        at = found + from.size();
        if (out.size() > kMaxText) {
            return over_limit("a text of more than " + std::to_string(kMaxText) + " bytes");
        }
    }
    return Value(out.append(text, at));
}

std::string stripped(const std::string& text) {
    constexpr std::string_view kSpace = " \t\n\r\f\v";
    const std::size_t begin = std::min(text.find_first_not_of(kSpace), text.size());
    return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

/// zfill, rjust and ljust.
Result<Value> padded(const Call& call, const std::string& text) {
    const bool zeros = call.name == "zfill";
    if (call.arguments.empty() || call.arguments.size() > (zeros ? 1U : 2U) || !call.arguments[0].is_integer() ||
        !call.keywords.empty()) {
        return wrong_arguments(call);
    }
    std::string fill = zeros ? "0" : " ";
    if (call.arguments.size() == 2) {
        VCUBE_ASSIGN(fill, to_text(call.arguments[1]));
        if (fill.size() != 1) {
            return wrong_arguments(call);
        }
    }
    const std::int64_t width = call.arguments[0].integer();
    if (width > static_cast<std::int64_t>(kMaxText)) {
        return over_limit("a text of more than " + std::to_string(kMaxText) + " bytes");
    }
    const auto size = static_cast<std::int64_t>(text_length(text));
    const std::string filling(static_cast<std::size_t>(std::max<std::int64_t>(width - size, 0)), fill[0]);
    if (call.name == "ljust") {
        return Value(text + filling);
    }
    const std::size_t sign = zeros && (text.starts_with('-') || text.starts_with('+')) ? 1 : 0;
    return Value(text.substr(0, sign).append(filling).append(text, sign));
}

Result<Value> call_method(const Call& call) {
    VCUBE_ASSIGN(const std::string text, text_object(call));
    if (call.name == "format") {
        return as_value(brace_format(text, call.arguments, call.keywords));
    }
    if (call.name == "replace") {
        return replaced(call, text);
    }
    if (call.name == "zfill" || call.name == "rjust" || call.name == "ljust") {
        return padded(call, text);
    }
    const bool plain = call.arguments.empty() && call.keywords.empty();
    if (plain && (call.name == "upper" || call.name == "lower")) {
        return change_case(call, text, call.name == "upper");
    }
    if (plain && call.name == "strip") {
        return Value(stripped(text));
    }
    return unsupported("the method \"" + call.name + "\" of a text");
}

// Filters.

/// An argument by position or name, or null.
const Value* argument(const Call& call, std::size_t position, std::string_view name) {
    if (position < call.arguments.size()) {
        return &call.arguments[position];
    }
    for (const Keyword& keyword : call.keywords) {
        if (keyword.name == name) {
            return &keyword.value;
        }
    }
    return nullptr;
}

bool parse_real(const std::string& text, double& out) {
    const std::string body = stripped(text);
    const std::size_t skipped = body.starts_with('+') ? 1 : 0;
    const auto [stop, status] = std::from_chars(body.data() + skipped, body.data() + body.size(), out);
    return status == std::errc() && stop == body.data() + body.size() && std::isfinite(out);
}

Result<Value> filter_int(const Call& call) {
    const Value* const otherwise = argument(call, 0, "default");
    const Value* const given_base = argument(call, 1, "base");
    const std::int64_t base = given_base != nullptr && given_base->is_integer() ? given_base->integer() : 10;
    if (base != 2 && base != 8 && base != 10 && base != 16) {
        return wrong_arguments(call);
    }
    const Value missing = otherwise == nullptr ? Value(std::int64_t{0}) : *otherwise;
    constexpr double kTooLarge = 9223372036854775808.0;
    double number = 0;
    if (call.object.is_integer()) {
        return Value(call.object.integer());
    }
    if (call.object.is<std::string>()) {
        std::int64_t whole = 0;
        if (parse_integer(call.object.get<std::string>(), static_cast<int>(base), whole)) {
            return Value(whole);
        }
        if (!parse_real(call.object.get<std::string>(), number)) {
            return missing;
        }
    } else if (call.object.is<double>()) {
        number = call.object.real();
    } else {
        return missing;
    }
    if (!(std::fabs(number) < kTooLarge)) {
        return over_limit("an integer beyond 64 bits");
    }
    return Value(static_cast<std::int64_t>(number));
}

Result<Value> filter_float(const Call& call) {
    double number = 0;
    if (call.object.is_number()) {
        return Value(call.object.real());
    }
    if (call.object.is<std::string>() && parse_real(call.object.get<std::string>(), number)) {
        return Value(number);
    }
    const Value* const otherwise = argument(call, 0, "default");
    return otherwise == nullptr ? Value(0.0) : *otherwise;
}

Result<Value> filter_default(const Call& call) {
    const Value* const otherwise = argument(call, 0, "default_value");
    const Value* const any_false = argument(call, 1, "boolean");
    const bool used = call.object.is<Undefined>() || (any_false != nullptr && truth(*any_false) && !truth(call.object));
    if (!used) {
        return call.object;
    }
    return otherwise == nullptr ? Value(std::string()) : *otherwise;
}

Result<Value> filter_length(const Call& call) {
    if (call.object.is<List>()) {
        return Value(static_cast<std::int64_t>(call.object.get<List>()->size()));
    }
    VCUBE_ASSIGN(const std::string text, text_object(call));
    return Value(static_cast<std::int64_t>(text_length(text)));
}

Result<Value> filter_abs(const Call& call) {
    if (!call.object.is_number()) {
        return wrong_arguments(call);
    }
    const bool negative = call.object.is<double>() ? std::signbit(call.object.real()) : call.object.integer() < 0;
    return negative ? negated(call.object) : (call.object.is<bool>() ? Value(call.object.integer()) : call.object);
}

Result<Value> filter_format(const Call& call) {
    if (!call.keywords.empty()) {
        return unsupported("a format by names");
    }
    VCUBE_ASSIGN(const std::string format, to_text(call.object));
    return as_value(percent_format(format, Value(std::make_shared<const std::vector<Value>>(call.arguments))));
}

/// Filters that work on the text of any value.
template <class F>
Result<Value> on_text(const Call& call, F&& work) {
    VCUBE_ASSIGN(const std::string text, to_text(call.object));
    return work(text);
}

using Filter = Result<Value> (*)(const Call&);

constexpr std::pair<std::string_view, Filter> kFilters[] = {
    {"int", filter_int},
    {"float", filter_float},
    {"string", [](const Call& call) { return as_value(to_text(call.object)); }},
    {"upper",
     [](const Call& call) { return on_text(call, [&](const auto& text) { return change_case(call, text, true); }); }},
    {"lower",
     [](const Call& call) { return on_text(call, [&](const auto& text) { return change_case(call, text, false); }); }},
    {"replace", [](const Call& call) { return on_text(call, [&](const auto& text) { return replaced(call, text); }); }},
    {"trim",
     [](const Call& call) {
         return on_text(call, [](const auto& text) { return Result<Value>(Value(stripped(text))); });
     }},
    {"format", filter_format},
    {"default", filter_default},
    {"d", filter_default},
    {"length", filter_length},
    {"count", filter_length},
    {"abs", filter_abs},
};

Result<Value> apply_filter(const Call& call) {
    for (const auto& [name, filter] : kFilters) {
        if (name == call.name) {
            return filter(call);
        }
    }
    return unsupported("the filter \"" + call.name + "\"");
}

// Subscripts.

Result<Value> item(const Value& object, const Value& index) {
    if (!index.is_integer() || (!object.is<List>() && !object.is<std::string>())) {
        return invalid(std::string("a subscript ") + type_name(index) + " of " + type_name(object));
    }
    const std::size_t size = object.is<List>() ? object.get<List>()->size() : object.get<std::string>().size();
    std::int64_t at = index.integer();
    at += at < 0 ? static_cast<std::int64_t>(size) : 0;
    if (at < 0 || static_cast<std::uint64_t>(at) >= size) {
        return invalid("a subscript beyond the end");
    }
    if (object.is<List>()) {
        return (*object.get<List>())[static_cast<std::size_t>(at)];
    }
    if (!is_ascii(object.get<std::string>())) {
        return unsupported("a subscript of a text that is not ASCII");
    }
    return Value(object.get<std::string>().substr(static_cast<std::size_t>(at), 1));
}

Result<Value> slice(const Value& object, const Value& from, const Value& to) {
    if (!object.is<std::string>() || !is_ascii(object.get<std::string>())) {
        return unsupported(std::string("a slice of ") + type_name(object) + " that is not an ASCII text");
    }
    const auto size = static_cast<std::int64_t>(object.get<std::string>().size());
    const auto place = [&](const Value& value, std::int64_t absent) -> Result<std::int64_t> {
        if (value.is<Undefined>() || value.is<None>()) {
            return absent;
        }
        if (!value.is_integer()) {
            return invalid(std::string("a slice to ") + type_name(value));
        }
        const std::int64_t at = value.integer();
        return std::clamp<std::int64_t>(at < 0 ? at + size : at, 0, size);
    };
    VCUBE_ASSIGN(const std::int64_t begin, place(from, 0));
    VCUBE_ASSIGN(const std::int64_t end, place(to, size));
    return Value(object.get<std::string>().substr(static_cast<std::size_t>(begin),
                                                  static_cast<std::size_t>(std::max<std::int64_t>(end - begin, 0))));
}

// The tree.

/// Children from `first` on as arguments; the last ones have names.
Status read_arguments(const Node& node, std::size_t first, const Scope& scope, std::vector<Value>& arguments,
                      std::vector<Keyword>& keywords) {
    const std::size_t named = node.children.size() - node.keywords.size();
    for (std::size_t i = first; i < node.children.size(); ++i) {
        VCUBE_ASSIGN(Value value, evaluate(node.children[i], scope));
        if (i < named) {
            arguments.push_back(std::move(value));
        } else {
            keywords.push_back({node.keywords[i - named], std::move(value)});
        }
    }
    return {};
}

Result<Value> call_template(const Node& node, const Scope& scope) {
    std::vector<Value> arguments;
    std::vector<Keyword> keywords;
    VCUBE_TRY(read_arguments(node, 0, scope, arguments, keywords));
    if (!arguments.empty()) {
        return invalid("the template \"" + node.name + "\" takes its parameters by name: " + node.name +
                       "(name=value)");
    }
    if (!scope.call) {
        return undefined(node.name);
    }
    return as_value(scope.call(node.name, keywords));
}

Result<Value> call_on_value(const Node& node, const Scope& scope) {
    VCUBE_ASSIGN(const Value object, evaluate(node.children[0], scope));
    Call call{node.name, object, {}, {}};
    VCUBE_TRY(read_arguments(node, 1, scope, call.arguments, call.keywords));
    const bool may_be_undefined = node.op == Op::kFilter && (node.name == "default" || node.name == "d");
    if (object.is<Undefined>() && !may_be_undefined) {
        return undefined(node.children[0].name);
    }
    return node.op == Op::kMethod ? call_method(call) : apply_filter(call);
}

Result<Value> binary(const Node& node, const Scope& scope) {
    VCUBE_ASSIGN(const Value a, evaluate(node.children[0], scope));
    VCUBE_ASSIGN(const Value b, evaluate(node.children[1], scope));
    for (const Value* operand : {&a, &b}) {
        if (operand->is<Undefined>()) {
            return undefined(node.children[operand == &a ? 0 : 1].name);
        }
    }
    if (node.op == Op::kArithmetic) {
        return arithmetic(node.arithmetic, a, b);
    }
    VCUBE_ASSIGN(std::string left, to_text(a));
    VCUBE_ASSIGN(const std::string right, to_text(b));
    if (left.size() + right.size() > kMaxText) {
        return over_limit("a text of more than " + std::to_string(kMaxText) + " bytes");
    }
    return Value(left.append(right));
}

Result<Value> chain(const Node& node, const Scope& scope) {
    VCUBE_ASSIGN(Value left, evaluate(node.children[0], scope));
    for (std::size_t i = 0; i < node.comparisons.size(); ++i) {
        VCUBE_ASSIGN(Value right, evaluate(node.children[i + 1], scope));
        if (left.is<Undefined>() || right.is<Undefined>()) {
            return undefined(node.children[left.is<Undefined>() ? i : i + 1].name);
        }
        VCUBE_ASSIGN(const bool holds, compare(node.comparisons[i], left, right));
        if (!holds) {
            return Value(false);
        }
        left = std::move(right);
    }
    return Value(true);
}

Result<Value> list(const Node& node, const Scope& scope) {
    auto out = std::make_shared<std::vector<Value>>();
    for (const Node& child : node.children) {
        VCUBE_ASSIGN(Value value, evaluate(child, scope));
        if (value.is<Undefined>()) {
            return undefined(child.name);
        }
        out->push_back(std::move(value));
    }
    return Value(List(std::move(out)));
}

Result<Value> evaluated(const Node& node, const Scope& scope) {
    switch (node.op) {
        case Op::kConstant:
            return node.constant;
        case Op::kName: {
            const Value* const found = scope.variable ? scope.variable(node.name) : nullptr;
            return found == nullptr ? Value() : *found;
        }
        case Op::kArithmetic:
        case Op::kConcatenate:
            return binary(node, scope);
        case Op::kCompare:
            return chain(node, scope);
        case Op::kList:
            return list(node, scope);
        case Op::kCall:
            return call_template(node, scope);
        case Op::kMethod:
        case Op::kFilter:
            return call_on_value(node, scope);
        case Op::kSlice:
        case Op::kItem: {
            VCUBE_ASSIGN(const Value object, evaluate(node.children[0], scope));
            VCUBE_ASSIGN(const Value index, evaluate(node.children[1], scope));
            if (node.op == Op::kItem) {
                return item(object, index);
            }
            VCUBE_ASSIGN(const Value to, evaluate(node.children[2], scope));
            return slice(object, index, to);
        }
        default:
            break;
    }
    VCUBE_ASSIGN(Value first, evaluate(node.children[0], scope));
    switch (node.op) {
        case Op::kNegate:
            return negated(first);
        case Op::kPlus:
            return first.is<bool>()    ? Value(first.integer())
                   : first.is_number() ? Result<Value>(std::move(first))
                                       : invalid(std::string("\"+\" before ") + type_name(first));
        case Op::kNot:
            return Value(!truth(first));
        case Op::kIsDefined:
            return Value(first.is<Undefined>() == node.reversed);
        case Op::kAnd:
            return truth(first) ? evaluate(node.children[1], scope) : first;
        case Op::kOr:
            return truth(first) ? first : evaluate(node.children[1], scope);
        default:
            return evaluate(node.children[truth(first) ? 1 : 2], scope);
    }
}

}  // namespace

Result<Value> evaluate(const Node& node, const Scope& scope) {
    VCUBE_TRY(charge(scope, 1));
    Result<Value> out = evaluated(node, scope);
    if (out.ok() && out.value().is<std::string>()) {
        VCUBE_TRY(charge(scope, out.value().get<std::string>().size() / 8));
    }
    return out;
}

}  // namespace vcube::expression
