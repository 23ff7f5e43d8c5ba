#include "core/refs/template.h"

#include <algorithm>
#include <utility>

#include "core/refs/url_policy.h"

namespace vcube {
namespace {

using expression::Keyword;
using expression::kMaxText;
using expression::Scope;
using expression::Value;

constexpr std::size_t kMaxTemplate = std::size_t{1} << 16;
constexpr std::uint64_t kCallBudget = std::uint64_t{1} << 22;
constexpr std::string_view kSpace = " \t\n\r\f\v";

void strip_right(std::string& text) {
    text.resize(text.find_last_not_of(kSpace) + 1);
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(kSpace), text.size());
    return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

/// Line ends as "\n", and none at the end, which is what Jinja reads.
std::string normalised(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r') {
            out += '\n';
            i += i + 1 < text.size() && text[i + 1] == '\n' ? 1 : 0;
        } else {
            out += text[i];
        }
    }
    if (out.ends_with('\n')) {
        out.pop_back();
    }
    return out;
}

}  // namespace

Result<Template> Template::parse(std::string_view source) {
    if (source.size() > kMaxTemplate) {
        return over_limit("a template of more than " + std::to_string(kMaxTemplate) + " bytes");
    }
    const std::string text = normalised(source);
    Template out;
    Piece piece;
    std::size_t at = 0;
    bool strip_left = false;
    while (true) {
        std::size_t open = text.find('{', at);
        while (open != std::string::npos && open + 1 < text.size() && text[open + 1] != '{' && text[open + 1] != '%' &&
               text[open + 1] != '#') {
            open = text.find('{', open + 1);
        }
        const bool last = open == std::string::npos || open + 1 == text.size();
        std::string literal = text.substr(at, last ? std::string::npos : open - at);
        if (strip_left) {
            literal.erase(0, std::min(literal.find_first_not_of(kSpace), literal.size()));
        }
        piece.text += literal;
        if (last) {
            break;
        }
        const char kind = text[open + 1];
        at = open + 2;
        if (at < text.size() && (text[at] == '-' || text[at] == '+')) {
            if (text[at] == '-') {
                strip_right(piece.text);
            }
            ++at;
        }
        if (kind == '%') {
            return unsupported("statements ({% %}) in a template");
        }
        if (kind == '#') {
            const std::size_t close = text.find("#}", at);
            if (close == std::string::npos) {
                return invalid("\"{#\" without \"#}\"");
            }
            strip_left = close > at && text[close - 1] == '-';
            at = close + 2;
            continue;
        }
        VCUBE_ASSIGN(piece.expression, expression::parse(text, at));
        piece.has_expression = true;
        out.pieces_.push_back(std::exchange(piece, {}));
        strip_left = text[at] == '-';
        at += strip_left ? 3 : 2;
    }
    out.pieces_.push_back(std::move(piece));
    return out;
}

Result<std::string> Template::render(const Scope& scope, bool lenient) const {
    std::string out;
    for (const Piece& piece : pieces_) {
        out += piece.text;
        if (piece.has_expression) {
            VCUBE_ASSIGN(const Value value, expression::evaluate(piece.expression, scope));
            if (!value.is<expression::Undefined>()) {
                VCUBE_ASSIGN(const std::string text, expression::to_text(value));
                out += text;
            } else if (!lenient && piece.expression.op == expression::Op::kName) {
                return invalid("\"" + piece.expression.name +
                               "\" is not defined (a template with parameters is used as name(parameter=value))");
            }
        }
        if (out.size() > kMaxText) {
            return over_limit("a text of more than " + std::to_string(kMaxText) + " bytes from a template");
        }
    }
    return out;
}

void TemplateSet::add(const std::string& name, const std::string& text) {
    plain_.erase(name);
    called_.erase(name);
    if (text.find("{{") == std::string::npos) {
        plain_.insert_or_assign(name, Value(text));
    } else {
        called_.insert_or_assign(name, Template::parse(text));
    }
}

bool TemplateSet::contains(std::string_view name) const {
    return plain_.find(name) != plain_.end() || called_.find(name) != called_.end();
}

bool TemplateSet::render_simple(std::string_view url, std::string& out) const {
    for (std::size_t open = url.find("{{"); open != std::string_view::npos; open = url.find("{{")) {
        const std::size_t close = url.find("}}", open);
        if (close == std::string_view::npos) {
            return false;
        }
        const auto found = plain_.find(trimmed(url.substr(open + 2, close - open - 2)));
        if (found == plain_.end()) {
            return false;
        }
        out.append(url.substr(0, open)).append(found->second.get<std::string>());
        url.remove_prefix(close + 2);
    }
    out.append(url);
    return true;
}

Result<std::string> TemplateSet::render_url(std::string_view url) const {
    if (url.find("{{") == std::string_view::npos) {
        return std::string(url);
    }
    std::string out;
    if (render_simple(url, out)) {
        return out;
    }
    const std::string context = "the URL " + redacted(url.substr(0, 500));
    const auto parsed = Template::parse(url);
    if (!parsed.ok()) {
        return with_context(context, parsed.error());
    }
    std::uint64_t budget = kCallBudget;
    auto rendered = parsed.value().render(scope({}, &budget));
    return rendered.ok() ? rendered : with_context(context, rendered.error());
}

Scope TemplateSet::scope(std::function<const Value*(std::string_view)> variable, std::uint64_t* budget) const {
    Scope out;
    out.budget = budget;
    out.variable = [this, variable = std::move(variable)](std::string_view name) -> const Value* {
        if (variable) {
            if (const Value* const found = variable(name)) {
                return found;
            }
        }
        const auto found = plain_.find(name);
        return found == plain_.end() ? nullptr : &found->second;
    };
    out.call = [this, budget](std::string_view name, const std::vector<Keyword>& arguments) -> Result<std::string> {
        const std::string shown(name);
        const auto found = called_.find(name);
        if (found == called_.end()) {
            return invalid(plain_.find(name) == plain_.end()
                               ? "the template \"" + shown + "\" is not defined"
                               : "the template \"" + shown + "\" takes no parameters and is used as {{" + shown + "}}");
        }
        if (!found->second.ok()) {
            return with_context("the template \"" + shown + "\"", found->second.error());
        }
        Scope inside;
        inside.budget = budget;
        inside.variable = [&arguments](std::string_view parameter) -> const Value* {
            for (const Keyword& argument : arguments) {
                if (argument.name == parameter) {
                    return &argument.value;
                }
            }
            return nullptr;
        };
        auto rendered = found->second.value().render(inside, true);
        return rendered.ok() ? rendered : with_context("the template \"" + shown + "\"", rendered.error());
    };
    return out;
}

}  // namespace vcube
