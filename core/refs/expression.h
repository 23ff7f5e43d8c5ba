// Expressions between {{ and }} in reference files: a subset of Jinja's without loops, statements or access to
// attributes. Numbers, texts, lists, names, + - * / // % ** ~, comparison, "in", and/or/not, "a if c else b",
// subscripts, calls of templates with keyword arguments, the text methods and filters that the tables in
// expression_eval.cpp list, "is defined".
// Parsed once, evaluated many times. Immutable; thread-safe.
// Source: Jinja 3.1, "Template Designer Documentation" (expressions, operator precedence).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/refs/value.h"
#include "vcube/result.h"

namespace vcube::expression {

enum class Op : std::uint8_t {
    kConstant,
    kName,
    kNegate,
    kPlus,
    kNot,
    kAnd,
    kOr,
    kArithmetic,
    kConcatenate,
    kCompare,      // operands and one comparison fewer, chained
    kConditional,  // condition, then, else
    kList,
    kItem,      // subscript
    kSlice,     // value, from, to (constants Undefined where absent)
    kCall,      // a template by name
    kMethod,    // child 0 is the object
    kFilter,    // child 0 is the value
    kIsDefined  // a name
};

struct Node {
    Op op = Op::kConstant;
    Arithmetic arithmetic = Arithmetic::kAdd;
    bool reversed = false;  // kIsDefined: "is not defined", "is undefined"
    Value constant;
    std::string name;
    std::vector<Node> children;
    std::vector<Comparison> comparisons;
    std::vector<std::string> keywords;  // names of the last children of a call
};

/// What an expression can see, and what it may cost.
struct Scope {
    /// The value of a name, or null.
    std::function<const Value*(std::string_view name)> variable;
    /// Calls the template of that name; an error for a name that is none.
    std::function<Result<std::string>(std::string_view name, const std::vector<Keyword>& arguments)> call;
    /// Counted down by each operation and byte made; kLimit at 0.
    std::uint64_t* budget = nullptr;
};

/// Parses the expression that begins at `text[at]` and ends before "}}" or "-}}", where `at` stands then. kUnsupported
/// where it is Jinja beyond the subset.
Result<Node> parse(std::string_view text, std::size_t& at);

Result<Value> evaluate(const Node& node, const Scope& scope);

}  // namespace vcube::expression
