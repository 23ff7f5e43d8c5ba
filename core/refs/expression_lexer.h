// Tokens of the expressions of expression.h. Not thread-safe. Source: Jinja 3.1 (lexical structure), Python (escapes).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "vcube/result.h"

namespace vcube::expression {

enum class TokenKind : std::uint8_t { kEnd, kName, kInteger, kFloat, kText, kSign };

struct Token {
    TokenKind kind = TokenKind::kEnd;
    std::string_view source;
    std::string text;  // of kText, without quotes and escapes
};

class Lexer {
public:
    Lexer(std::string_view text, std::size_t at) : text_(text), at_(at) {}

    /// The next token; kEnd before "}}" outside of brackets.
    Result<Token> next();
    [[nodiscard]] std::size_t at() const { return at_; }

private:
    Token taken(TokenKind kind, std::size_t size);
    Result<Token> number(std::string_view rest);
    Result<Token> text(std::string_view rest);
    Result<Token> sign(std::string_view rest);

    std::string_view text_;
    std::size_t at_;
    std::size_t open_ = 0;
};

}  // namespace vcube::expression
