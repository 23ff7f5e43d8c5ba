// Jinja templates of reference files: text with {{ expressions }} (expression.h) and {# comments #}; statements ({% %})
// are refused. A template of "templates" that holds "{{" itself is called with keyword arguments, which are all it
// sees; any other stands for its text. What differs from Jinja: a name without a value is an error in URLs and "gen".
// Parsed once; immutable after that; thread-safe.
// Source: Kerchunk reference specification, "templates"; Jinja 3.1, "Template Designer Documentation".
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/refs/expression.h"
#include "vcube/result.h"

namespace vcube {

class Template {
public:
    static Result<Template> parse(std::string_view text);
    /// `lenient`: a name without a value becomes nothing, as in Jinja.
    [[nodiscard]] Result<std::string> render(const expression::Scope& scope, bool lenient = false) const;

private:
    struct Piece {
        std::string text;  // stands before the expression
        bool has_expression = false;
        expression::Node expression;
    };
    std::vector<Piece> pieces_;
};

/// The "templates" of a reference file.
class TemplateSet {
public:
    void add(const std::string& name, const std::string& text);
    [[nodiscard]] bool empty() const { return plain_.empty() && called_.empty(); }
    [[nodiscard]] bool contains(std::string_view name) const;

    /// A URL with its {{ }} replaced; one without "{{" stays as it is. Errors name the URL.
    [[nodiscard]] Result<std::string> render_url(std::string_view url) const;
    /// What an expression sees: `variable` first, then these templates. Valid as long as this.
    [[nodiscard]] expression::Scope scope(std::function<const expression::Value*(std::string_view)> variable,
                                          std::uint64_t* budget) const;

private:
    /// Only {{name}} of plain templates in `url`; false where there is more to it.
    bool render_simple(std::string_view url, std::string& out) const;

    std::map<std::string, expression::Value, std::less<>> plain_;
    std::map<std::string, Result<Template>, std::less<>> called_;
};

}  // namespace vcube
