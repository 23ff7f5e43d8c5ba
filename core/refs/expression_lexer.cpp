#include "core/refs/expression_lexer.h"

#include <charconv>

#include "core/base/utf8.h"

namespace vcube::expression {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80U;
}

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/// `count` digits of a \x, \u or \U escape.
bool read_point(std::string_view digits, std::size_t count, char32_t& out) {
    std::uint32_t value = 0;
    const char* const end = digits.data() + count;
    if (digits.size() < count || std::from_chars(digits.data(), end, value, 16).ptr != end) {
        return false;
    }
    out = value;
    return value < 0xD800U || (value > 0xDFFFU && value <= 0x10FFFFU);
}

/// The text between quotes, as Python reads escapes.
Result<std::string> unescaped(std::string_view body) {
    constexpr std::string_view kLetters = "\\'\"abfnrtv";
    constexpr std::string_view kMeaning = "\\'\"\a\b\f\n\r\t\v";
    std::string out;
    for (std::size_t i = 0; i < body.size();) {
        if (body[i] != '\\' || i + 1 == body.size()) {
            out += body[i++];
            continue;
        }
        const char c = body[i + 1];
        const std::size_t letter = kLetters.find(c);
        if (letter != std::string_view::npos) {
            out += kMeaning[letter];
            i += 2;
        } else if (c == 'x' || c == 'u' || c == 'U') {
            const std::size_t count = c == 'x' ? 2 : (c == 'u' ? 4 : 8);
            char32_t point = 0;
            if (!read_point(body.substr(i + 2), count, point)) {
                return invalid("a damaged escape in a text");
            }
            append_utf8(out, point);
            i += 2 + count;
        } else if (c == 'N' || (c >= '0' && c <= '7')) {
            return unsupported("an escape by name or octal number in a text");
        } else {
            out += body[i++];
        }
    }
    return out;
}

/// Digits with single underscores between them.
std::size_t digits(std::string_view text, std::size_t at) {
    const auto digit_at = [&](std::size_t i) { return i < text.size() && is_digit(text[i]); };
    while (digit_at(at) || (at > 0 && at < text.size() && text[at] == '_' && digit_at(at - 1) && digit_at(at + 1))) {
        ++at;
    }
    return at;
}

/// Length of the name at the begin.
std::size_t name_size(std::string_view rest) {
    std::size_t size = 1;
    while (size < rest.size() && (is_name_start(rest[size]) || is_digit(rest[size]))) {
        ++size;
    }
    return size;
}

}  // namespace

Result<Token> Lexer::next() {
    while (at_ < text_.size() && is_space(text_[at_])) {
        ++at_;
    }
    const std::string_view rest = text_.substr(at_);
    if (rest.empty()) {
        return invalid("\"{{\" without \"}}\"");
    }
    if (open_ == 0 && (rest.starts_with("}}") || rest.starts_with("-}}"))) {
        return Token{};
    }
    if (is_name_start(rest[0])) {
        return taken(TokenKind::kName, name_size(rest));
    }
    if (is_digit(rest[0])) {
        return number(rest);
    }
    if (rest[0] == '"' || rest[0] == '\'') {
        return text(rest);
    }
    return sign(rest);
}

Token Lexer::taken(TokenKind kind, std::size_t size) {
    Token out{kind, text_.substr(at_, size), {}};
    at_ += size;
    return out;
}

Result<Token> Lexer::number(std::string_view rest) {
    if (rest.size() > 1 && rest[0] == '0' && std::string_view("xXoObB").find(rest[1]) != std::string_view::npos) {
        return taken(TokenKind::kInteger, name_size(rest));
    }
    std::size_t size = digits(rest, 0);
    bool real = false;
    if (size + 1 < rest.size() && rest[size] == '.' && is_digit(rest[size + 1])) {
        size = digits(rest, size + 1);
        real = true;
    }
    if (size < rest.size() && (rest[size] == 'e' || rest[size] == 'E')) {
        const bool has_sign = size + 1 < rest.size() && (rest[size + 1] == '+' || rest[size + 1] == '-');
        const std::size_t begin = size + (has_sign ? 2 : 1);
        if (begin < rest.size() && is_digit(rest[begin])) {
            size = digits(rest, begin);
            real = true;
        }
    }
    // Jinja would read "007" as several numbers, which is an error later on.
    if (!real && rest[0] == '0' && rest.substr(0, size).find_first_not_of("0_") != std::string_view::npos) {
        return invalid("a number with leading zeros");
    }
    return taken(real ? TokenKind::kFloat : TokenKind::kInteger, size);
}

Result<Token> Lexer::text(std::string_view rest) {
    std::size_t size = 1;
    while (size < rest.size() && rest[size] != rest[0]) {
        size += rest[size] == '\\' ? 2 : 1;
    }
    if (size >= rest.size()) {
        return invalid("a text without its closing quote");
    }
    VCUBE_ASSIGN(std::string body, unescaped(rest.substr(1, size - 1)));
    Token out = taken(TokenKind::kText, size + 1);
    out.text = std::move(body);
    return out;
}

Result<Token> Lexer::sign(std::string_view rest) {
    constexpr std::string_view kLong[] = {"**", "//", "==", "!=", "<=", ">="};
    for (const std::string_view candidate : kLong) {
        if (rest.starts_with(candidate)) {
            return taken(TokenKind::kSign, 2);
        }
    }
    constexpr std::string_view kShort = "+-/*%~[](){}<>=.:|,";
    if (kShort.find(rest[0]) == std::string_view::npos) {
        return invalid("unexpected character in an expression");
    }
    if (rest[0] == '(' || rest[0] == '[' || rest[0] == '{') {
        ++open_;
    } else if (rest[0] == ')' || rest[0] == ']' || rest[0] == '}') {
        if (open_ == 0) {
            return invalid(std::string("\"") + rest[0] + "\" without its partner");
        }
        --open_;
    }
    return taken(TokenKind::kSign, 1);
}

}  // namespace vcube::expression
