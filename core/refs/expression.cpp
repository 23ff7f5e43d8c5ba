#include "core/refs/expression.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "core/refs/expression_lexer.h"

namespace vcube::expression {
namespace {

constexpr int kMaxDepth = 48;
constexpr int kMaxOperators = 200;  // each may make the tree deeper by one

/// Recursive descent in Jinja's order of precedence; `depth_` bounds the recursion, which bounds the tree too.
/// Functions return false once error_ is set.
class Parser {
public:
    Parser(std::string_view text, std::size_t at) : lexer_(text, at) { advance(); }

    Result<Node> parse() {
        Node out;
        if (!error_ && !tuple(out)) {
            return *error_;
        }
        if (!error_ && token_.kind != TokenKind::kEnd) {
            unexpected();
        }
        if (error_) {
            return *error_;
        }
        return out;
    }

    [[nodiscard]] std::size_t at() const { return lexer_.at(); }

private:
    bool fail(Error error) {
        if (!error_) {
            error_ = std::move(error);
        }
        return false;
    }
    bool unexpected() {
        return fail(invalid(token_.kind == TokenKind::kEnd
                                ? "the expression ends too early"
                                : "unexpected \"" + std::string(token_.source.substr(0, 40)) + "\""));
    }
    bool advance() {
        auto next = lexer_.next();
        if (!next.ok()) {
            token_ = {};
            return fail(next.error());
        }
        token_ = std::move(next).value();
        return true;
    }
    [[nodiscard]] bool at_sign(std::string_view sign) const {
        return token_.kind == TokenKind::kSign && token_.source == sign;
    }
    [[nodiscard]] bool at_word(std::string_view word) const {
        return token_.kind == TokenKind::kName && token_.source == word;
    }
    bool take_sign(std::string_view sign) { return at_sign(sign) && advance(); }
    bool take_word(std::string_view word) { return at_word(word) && advance(); }
    bool expect(std::string_view sign) { return take_sign(sign) || (!error_ && unexpected()); }

    static Node pair(Op op, Node left, Node right) {
        Node out;
        out.op = op;
        out.children.push_back(std::move(left));
        out.children.push_back(std::move(right));
        return out;
    }

    using Rule = bool (Parser::*)(Node&);

    /// `rule` one level deeper.
    bool deeper(Rule rule, Node& out) {
        if (++depth_ > kMaxDepth) {
            return fail(over_limit("an expression nested deeper than " + std::to_string(kMaxDepth)));
        }
        const bool done = (this->*rule)(out);
        --depth_;
        return done;
    }

    bool count_operator() {
        return ++operators_ <= kMaxOperators ||
               fail(over_limit("an expression of more than " + std::to_string(kMaxOperators) + " operators"));
    }

    bool chained(Node& left, Node right, Op op) {
        if (!count_operator()) {
            return false;
        }
        left = pair(op, std::move(left), std::move(right));
        return true;
    }

    bool tuple(Node& out) {
        if (!deeper(&Parser::conditional, out)) {
            return false;
        }
        if (!at_sign(",")) {
            return true;
        }
        Node list;
        list.op = Op::kList;
        list.children.push_back(std::move(out));
        while (take_sign(",")) {
            if (token_.kind == TokenKind::kEnd || at_sign(")")) {
                break;
            }
            if (!deeper(&Parser::conditional, list.children.emplace_back())) {
                return false;
            }
        }
        out = std::move(list);
        return !error_;
    }

    bool conditional(Node& out) {
        if (!either(out)) {
            return false;
        }
        while (take_word("if")) {
            Node made;
            made.op = Op::kConditional;
            made.children.resize(3);
            made.children[1] = std::move(out);
            if (!either(made.children[0])) {
                return false;
            }
            if (take_word("else") && !deeper(&Parser::conditional, made.children[2])) {
                return false;
            }
            if (!count_operator()) {
                return false;
            }
            out = std::move(made);
        }
        return !error_;
    }

    bool either(Node& out) { return words(out, "or", Op::kOr, &Parser::both); }
    bool both(Node& out) { return words(out, "and", Op::kAnd, &Parser::negation); }

    bool words(Node& out, std::string_view word, Op op, Rule operand) {
        if (!(this->*operand)(out)) {
            return false;
        }
        while (take_word(word)) {
            Node right;
            if (!(this->*operand)(right) || !chained(out, std::move(right), op)) {
                return false;
            }
        }
        return !error_;
    }

    bool negation(Node& out) {
        if (!at_word("not")) {
            return comparison(out);
        }
        out.op = Op::kNot;
        return advance() && deeper(&Parser::negation, out.children.emplace_back());
    }

    bool take_comparison(Comparison& out) {
        constexpr std::pair<std::string_view, Comparison> kSigns[] = {
            {"==", Comparison::kEqual},     {"!=", Comparison::kNotEqual}, {"<", Comparison::kLess},
            {"<=", Comparison::kLessEqual}, {">", Comparison::kGreater},   {">=", Comparison::kGreaterEqual}};
        for (const auto& [sign, meaning] : kSigns) {
            if (take_sign(sign)) {
                out = meaning;
                return true;
            }
        }
        out = at_word("not") ? Comparison::kNotIn : Comparison::kIn;
        if (take_word("not")) {
            return take_word("in") || (!error_ && unexpected());
        }
        return take_word("in");
    }

    bool comparison(Node& out) {
        if (!sum(out)) {
            return false;
        }
        Comparison kind{};
        if (!take_comparison(kind)) {
            return !error_;
        }
        Node made;
        made.op = Op::kCompare;
        made.children.push_back(std::move(out));
        do {
            made.comparisons.push_back(kind);
            if (!sum(made.children.emplace_back())) {
                return false;
            }
        } while (take_comparison(kind));
        out = std::move(made);
        return !error_;
    }

    /// Operands joined by any of `signs`, from left to right.
    bool operators(Node& out, std::initializer_list<std::pair<std::string_view, Arithmetic>> signs, Rule operand) {
        if (!(this->*operand)(out)) {
            return false;
        }
        while (true) {
            const auto* const found =
                std::find_if(signs.begin(), signs.end(), [&](const auto& sign) { return at_sign(sign.first); });
            if (found == signs.end()) {
                return !error_;
            }
            Node right;
            if (!advance() || !(this->*operand)(right) || !chained(out, std::move(right), Op::kArithmetic)) {
                return false;
            }
            out.arithmetic = found->second;
        }
    }

    bool sum(Node& out) {
        return operators(out, {{"+", Arithmetic::kAdd}, {"-", Arithmetic::kSubtract}}, &Parser::concatenation);
    }

    bool concatenation(Node& out) {
        if (!product(out)) {
            return false;
        }
        while (take_sign("~")) {
            Node right;
            if (!product(right) || !chained(out, std::move(right), Op::kConcatenate)) {
                return false;
            }
        }
        return !error_;
    }

    bool product(Node& out) {
        return operators(out,
                         {{"*", Arithmetic::kMultiply},
                          {"/", Arithmetic::kDivide},
                          {"//", Arithmetic::kFloorDivide},
                          {"%", Arithmetic::kRemainder}},
                         &Parser::power);
    }
    bool power(Node& out) { return operators(out, {{"**", Arithmetic::kPower}}, &Parser::filtered); }

    bool filtered(Node& out) { return signed_value(out) && filters(out); }

    /// Signs bind closer than filters.
    bool signed_value(Node& out) {
        if (!at_sign("-") && !at_sign("+")) {
            return primary(out) && postfix(out);
        }
        out.op = at_sign("-") ? Op::kNegate : Op::kPlus;
        return advance() && deeper(&Parser::signed_value, out.children.emplace_back()) && postfix(out);
    }

    bool primary(Node& out) {
        switch (token_.kind) {
            case TokenKind::kName:
                return name(out);
            case TokenKind::kText: {
                std::string text;
                while (token_.kind == TokenKind::kText) {
                    text += token_.text;
                    if (!advance()) {
                        return false;
                    }
                }
                out.constant = Value(std::move(text));
                return true;
            }
            case TokenKind::kInteger:
            case TokenKind::kFloat:
                return number(out);
            case TokenKind::kSign:
                break;
            case TokenKind::kEnd:
                return error_ ? false : unexpected();
        }
        if (take_sign("(")) {
            if (take_sign(")")) {
                out.op = Op::kList;
                return true;
            }
            return tuple(out) && expect(")");
        }
        if (take_sign("[")) {
            out.op = Op::kList;
            while (!at_sign("]")) {
                if (!deeper(&Parser::conditional, out.children.emplace_back()) || (!at_sign("]") && !expect(","))) {
                    return false;
                }
            }
            return expect("]");
        }
        return at_sign("{") ? fail(unsupported("a dictionary in an expression")) : !error_ && unexpected();
    }

    bool name(Node& out) {
        const std::string_view word = token_.source;
        if (word == "true" || word == "True" || word == "false" || word == "False") {
            out.constant = Value(word == "true" || word == "True");
        } else if (word == "none" || word == "None") {
            out.constant = Value(None{});
        } else {
            out.op = Op::kName;
            out.name = word;
        }
        return advance();
    }

    bool number(Node& out) {
        std::string digits(token_.source);
        if (token_.kind == TokenKind::kFloat) {
            digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
            double value = 0;
            if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc()) {
                return fail(over_limit("a float beyond the range of floats"));
            }
            out.constant = Value(value);
            return advance();
        }
        int base = 10;
        if (digits.size() > 1 && digits[0] == '0' && !(digits[1] >= '0' && digits[1] <= '9') && digits[1] != '_') {
            const char letter = static_cast<char>(digits[1] | 0x20);
            base = letter == 'x' ? 16 : (letter == 'o' ? 8 : 2);
        }
        std::int64_t value = 0;
        if (!parse_integer(digits, base, value)) {
            return fail(over_limit("the number " + digits.substr(0, 40) + " is malformed or beyond 64 bits"));
        }
        out.constant = Value(value);
        return advance();
    }

    /// .method(...), (...), [...] behind a value.
    bool postfix(Node& out) {
        while (true) {
            if (at_sign(".")) {
                Node made;
                made.op = Op::kMethod;
                if (!advance()) {
                    return false;
                }
                if (token_.kind != TokenKind::kName) {
                    return fail(unsupported("an attribute by number"));
                }
                made.name = token_.source;
                made.children.push_back(std::move(out));
                if (!advance()) {
                    return false;
                }
                if (!at_sign("(")) {
                    return fail(unsupported("the attribute \"" + made.name + "\""));
                }
                out = std::move(made);
                if (!arguments(out)) {
                    return false;
                }
            } else if (at_sign("[")) {
                if (!subscript(out)) {
                    return false;
                }
            } else if (at_sign("(")) {
                if (out.op != Op::kName) {
                    return fail(invalid("a call of what is no template"));
                }
                out.op = Op::kCall;
                if (!arguments(out)) {
                    return false;
                }
            } else {
                return !error_;
            }
            if (!count_operator()) {
                return false;
            }
        }
    }

    bool subscript(Node& out) {
        Node made;
        made.op = Op::kItem;
        made.children.push_back(std::move(out));
        if (!advance()) {
            return false;
        }
        if (!at_sign(":") && !deeper(&Parser::conditional, made.children.emplace_back())) {
            return false;
        }
        if (take_sign(":")) {
            made.op = Op::kSlice;
            made.children.resize(2);
            Node& to = made.children.emplace_back();
            if (!at_sign("]") && !at_sign(":") && !deeper(&Parser::conditional, to)) {
                return false;
            }
            if (at_sign(":")) {
                return fail(unsupported("a slice with a step"));
            }
        }
        out = std::move(made);
        return expect("]");
    }

    /// (a, b, name=c) into the children; the token is "(".
    bool arguments(Node& out) {
        if (!expect("(")) {
            return false;
        }
        while (!at_sign(")")) {
            if (at_sign("*") || at_sign("**")) {
                return fail(unsupported("\"*\" before an argument"));
            }
            Node argument;
            if (!deeper(&Parser::conditional, argument)) {
                return false;
            }
            if (at_sign("=")) {
                if (argument.op != Op::kName) {
                    return unexpected();
                }
                if (std::find(out.keywords.begin(), out.keywords.end(), argument.name) != out.keywords.end()) {
                    return fail(invalid("the argument \"" + argument.name + "\" is given twice"));
                }
                out.keywords.push_back(argument.name);
                argument = {};
                if (!advance() || !deeper(&Parser::conditional, argument)) {
                    return false;
                }
            } else if (!out.keywords.empty()) {
                return fail(invalid("an argument without a name behind one with a name"));
            }
            out.children.push_back(std::move(argument));
            if (!at_sign(")") && !expect(",")) {
                return false;
            }
        }
        return expect(")");
    }

    bool filters(Node& out) {
        while (true) {
            Node made;
            if (take_sign("|")) {
                made.op = Op::kFilter;
            } else if (take_word("is")) {
                made.op = Op::kIsDefined;
                made.reversed = take_word("not");
            } else {
                return !error_;
            }
            if (error_ || token_.kind != TokenKind::kName) {
                return error_ ? false : unexpected();
            }
            made.name = token_.source;
            made.children.push_back(std::move(out));
            if (!count_operator()) {
                return false;
            }
            if (made.op == Op::kIsDefined) {
                if (made.name != "defined" && made.name != "undefined") {
                    return fail(unsupported("the test \"is " + made.name + "\""));
                }
                made.reversed = made.reversed != (made.name == "undefined");
            }
            if (!advance() || (made.op == Op::kFilter && at_sign("(") && !arguments(made))) {
                return false;
            }
            out = std::move(made);
        }
    }

    Lexer lexer_;
    Token token_;
    std::optional<Error> error_;
    int depth_ = 0;
    int operators_ = 0;
};

}  // namespace

Result<Node> parse(std::string_view text, std::size_t& at) {
    Parser parser(text, at);
    VCUBE_ASSIGN(Node out, parser.parse());
    at = parser.at();
    return out;
}

}  // namespace vcube::expression
