#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "core/swath/filter.h"

namespace vcube::swath {

namespace {

constexpr std::size_t kMaxTerms = 64;
constexpr std::size_t kMaxText = std::size_t{1} << 16U;
constexpr std::size_t kMaxBits = 64;

bool begins_name(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool continues_name(char c) {
    return begins_name(c) || std::isdigit(static_cast<unsigned char>(c)) != 0;
}

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    Result<std::vector<Filter::Term>> parse() {
        std::vector<Filter::Term> terms;
        skip_space();
        if (at_ == text_.size()) {
            return terms;
        }
        while (true) {
            if (terms.size() == kMaxTerms) {
                return over_limit("FILTER: more than " + std::to_string(kMaxTerms) + " comparisons");
            }
            VCUBE_ASSIGN(Filter::Term term, comparison());
            terms.push_back(std::move(term));
            skip_space();
            if (at_ == text_.size()) {
                return terms;
            }
            if (!take(",") && !take("&&") && !take_word("AND")) {
                return expected("\",\" or AND before the next comparison");
            }
        }
    }

private:
    void skip_space() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
            ++at_;
        }
    }

    bool take(std::string_view token) {
        skip_space();
        if (!text_.substr(at_).starts_with(token)) {
            return false;
        }
        at_ += token.size();
        return true;
    }

    // A word in any case that no name goes on from.
    bool take_word(std::string_view word) {
        skip_space();
        const std::string_view rest = text_.substr(at_);
        const auto same = [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; };
        if (rest.size() < word.size() ||
            !std::equal(word.begin(), word.end(), rest.begin(), [&](char a, char b) { return same(b, a); })) {
            return false;
        }
        if (rest.size() > word.size() && continues_name(rest[word.size()])) {
            return false;
        }
        at_ += word.size();
        return true;
    }

    [[nodiscard]] Error expected(const std::string& what) const {
        const std::string_view rest = text_.substr(at_, 24);
        return invalid("FILTER: expected " + what + " at character " + std::to_string(at_ + 1) +
                       (rest.empty() ? std::string(", where the text ends")
                                     : ", got \"" + std::string(rest) + (at_ + 24 < text_.size() ? "...\"" : "\"")));
    }

    std::optional<std::string> name() {
        skip_space();
        if (at_ == text_.size() || !begins_name(text_[at_])) {
            return std::nullopt;
        }
        const std::size_t first = at_;
        while (at_ < text_.size() && continues_name(text_[at_])) {
            ++at_;
        }
        return std::string(text_.substr(first, at_ - first));
    }

    std::optional<double> number() {
        skip_space();
        const std::size_t first = at_ < text_.size() && text_[at_] == '+' ? at_ + 1 : at_;
        double value = 0;
        const char* const end_of_text = text_.data() + text_.size();
        const auto [end, error] = std::from_chars(text_.data() + first, end_of_text, value);
        if (error != std::errc() || !std::isfinite(value) || (end != end_of_text && continues_name(*end))) {
            return std::nullopt;
        }
        at_ = static_cast<std::size_t>(end - text_.data());
        return value;
    }

    // As decimal text, so that one number has one spelling.
    std::optional<std::string> integer() {
        skip_space();
        const bool hexadecimal = text_.substr(at_).starts_with("0x") || text_.substr(at_).starts_with("0X");
        std::uint64_t value = 0;
        const char* const end_of_text = text_.data() + text_.size();
        const auto [end, error] =
            std::from_chars(text_.data() + at_ + (hexadecimal ? 2 : 0), end_of_text, value, hexadecimal ? 16 : 10);
        if (error != std::errc() || (end != end_of_text && (continues_name(*end) || *end == '.'))) {
            return std::nullopt;
        }
        at_ = static_cast<std::size_t>(end - text_.data());
        return std::to_string(value);
    }

    Result<std::vector<std::string>> bits() {
        const bool bracket = take("(");
        std::vector<std::string> out;
        do {
            std::optional<std::string> bit = name();
            if (!bit) {
                bit = integer();
            }
            if (!bit) {
                return expected("a flag or an integer");
            }
            if (out.size() == kMaxBits) {
                return over_limit("FILTER: more than " + std::to_string(kMaxBits) + " bits in one comparison");
            }
            out.push_back(std::move(*bit));
        } while (take("|"));
        if (bracket && !take(")")) {
            return expected("\")\"");
        }
        return out;
    }

    std::optional<Filter::Operator> equality() {
        if (take("==") || take("=")) {
            return Filter::Operator::kEqual;
        }
        return take("!=") ? std::optional(Filter::Operator::kNotEqual) : std::nullopt;
    }

    std::optional<Filter::Operator> order() {
        if (take("<=")) {
            return Filter::Operator::kLessEqual;
        }
        if (take(">=")) {
            return Filter::Operator::kGreaterEqual;
        }
        if (take("<")) {
            return Filter::Operator::kLess;
        }
        return take(">") ? std::optional(Filter::Operator::kGreater) : std::nullopt;
    }

    Result<Filter::Term> comparison() {
        Filter::Term term;
        skip_space();
        std::optional<std::string> variable = name();
        if (!variable) {
            return expected("the name of a variable");
        }
        term.variable = std::move(*variable);
        skip_space();
        if (!text_.substr(at_).starts_with("&&") && take("&")) {
            VCUBE_ASSIGN(term.mask, bits());
            if (const auto op = equality()) {
                term.op = *op;
                VCUBE_ASSIGN(term.wanted, bits());
            } else {
                term.wanted = {"0"};
            }
            return term;
        }
        if (const auto op = equality()) {
            term.op = *op;
            if (std::optional<std::string> flag = name()) {
                term.wanted.push_back(std::move(*flag));
                return term;
            }
        } else if (const auto relation = order()) {
            term.op = *relation;
        } else {
            return expected("one of < <= > >= == != & after " + term.variable);
        }
        const std::optional<double> value = number();
        if (!value) {
            return expected("a number");
        }
        term.number = *value;
        return term;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

const char* spelling(Filter::Operator op) {
    switch (op) {
        case Filter::Operator::kLess:
            return "<";
        case Filter::Operator::kLessEqual:
            return "<=";
        case Filter::Operator::kGreater:
            return ">";
        case Filter::Operator::kGreaterEqual:
            return ">=";
        case Filter::Operator::kEqual:
            return "==";
        case Filter::Operator::kNotEqual:
            break;
    }
    return "!=";
}

std::string joined(const std::vector<std::string>& bits) {
    std::string out;
    for (const std::string& bit : bits) {
        out += (out.empty() ? "" : "|") + bit;
    }
    return out;
}

}  // namespace

Result<Filter> Filter::parse(std::string_view text) {
    if (text.size() > kMaxText) {
        return over_limit("FILTER: longer than " + std::to_string(kMaxText) + " characters");
    }
    Filter filter;
    VCUBE_ASSIGN(filter.terms_, Parser(text).parse());
    return filter;
}

std::vector<std::string> Filter::variables() const {
    std::vector<std::string> names;
    for (const Term& term : terms_) {
        if (std::find(names.begin(), names.end(), term.variable) == names.end()) {
            names.push_back(term.variable);
        }
    }
    return names;
}

std::string Filter::text() const {
    std::string out;
    for (const Term& term : terms_) {
        out.append(out.empty() ? "" : ",").append(term.variable);
        if (!term.mask.empty()) {
            out.append("&").append(joined(term.mask));
        }
        out.append(spelling(term.op));
        if (!term.wanted.empty()) {
            out.append(joined(term.wanted));
        } else {
            char digits[32];
            const auto end = std::to_chars(digits, digits + sizeof(digits), term.number).ptr;
            out.append(digits, end);
        }
    }
    return out;
}

}  // namespace vcube::swath
