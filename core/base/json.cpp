#include "core/base/json.h"

#include <cmath>
#include <exception>

#include "vcube/shape.h"

namespace vcube {
namespace {

/// Depth check and quoting of bare NaN, Infinity and -Infinity in one pass over the text.
struct Prepared {
    std::string text;
    bool changed = false;
    bool too_deep = false;
};

Prepared prepare(std::string_view text, int max_depth) {
    Prepared out;
    int depth = 0;
    std::size_t copied = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') {
            for (++i; i < text.size() && text[i] != '"'; ++i) {
                i += text[i] == '\\' ? 1 : 0;
            }
        } else if (c == '{' || c == '[') {
            if (++depth > max_depth) {
                out.too_deep = true;
                return out;
            }
        } else if (c == '}' || c == ']') {
            --depth;
        } else if (c == 'N' || c == 'I' || c == '-') {
            for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
                if (text.substr(i, word.size()) == word) {
                    out.text.append(text.substr(copied, i - copied)).append("\"").append(word).append("\"");
                    i += word.size() - 1;
                    copied = i + 1;
                    out.changed = true;
                    break;
                }
            }
        }
    }
    if (out.changed) {
        out.text.append(text.substr(copied));
    }
    return out;
}

Error wrong_type(const std::string& what, const char* key, const char* expected, const Json& found) {
    return invalid(what + ": \"" + key + "\" must be " + expected + ", not " + json_type_name(found));
}

Result<const Json*> member(const Json& object, const char* key, const std::string& what) {
    if (!object.is_object()) {
        return invalid(what + ": expected an object, found " + json_type_name(object));
    }
    const auto found = object.find(key);
    if (found == object.end()) {
        return invalid(what + ": \"" + key + "\" is missing");
    }
    return &*found;
}

/// A non-negative integer, also where it is written with a fraction of zero or an exponent.
bool as_uint(const Json& value, std::uint64_t& out) {
    if (value.is_number_unsigned()) {
        out = value.get<std::uint64_t>();
        return true;
    }
    if (value.is_number_integer()) {
        const auto number = value.get<std::int64_t>();
        out = static_cast<std::uint64_t>(number);
        return number >= 0;
    }
    if (value.is_number_float()) {
        const auto number = value.get<double>();
        constexpr double kExact = 9007199254740992.0;
        if (number >= 0 && number <= kExact && std::floor(number) == number) {
            out = static_cast<std::uint64_t>(number);
            return true;
        }
    }
    return false;
}

}  // namespace

Result<Json> parse_json(std::string_view text, const std::string& what, const JsonLimits& limits) {
    if (text.size() > limits.max_bytes) {
        return over_limit(what + ": JSON of " + std::to_string(text.size()) + " bytes, at most " +
                          std::to_string(limits.max_bytes) + " are read");
    }
    const Prepared prepared = prepare(text, limits.max_depth);
    if (prepared.too_deep) {
        return over_limit(what + ": JSON nested deeper than " + std::to_string(limits.max_depth));
    }
    try {
        return Json::parse(prepared.changed ? std::string_view(prepared.text) : text);
    } catch (const std::exception& error) {
        return invalid(what + ": not valid JSON: " + error.what());
    }
}

Result<std::string> json_string(const Json& object, const char* key, const std::string& what) {
    VCUBE_ASSIGN(const Json* value, member(object, key, what));
    if (!value->is_string()) {
        return wrong_type(what, key, "a string", *value);
    }
    return value->get<std::string>();
}

Result<std::uint64_t> json_uint(const Json& object, const char* key, const std::string& what) {
    VCUBE_ASSIGN(const Json* value, member(object, key, what));
    std::uint64_t out = 0;
    if (!as_uint(*value, out)) {
        return wrong_type(what, key, "a non-negative integer", *value);
    }
    return out;
}

Result<std::vector<std::uint64_t>> json_shape(const Json& object, const char* key, const std::string& what) {
    VCUBE_ASSIGN(const Json* value, member(object, key, what));
    if (!value->is_array()) {
        return wrong_type(what, key, "an array of non-negative integers", *value);
    }
    if (value->size() > kMaxDimensions) {
        return over_limit(what + ": \"" + key + "\" has " + std::to_string(value->size()) + " dimensions, at most " +
                          std::to_string(kMaxDimensions) + " are read");
    }
    std::vector<std::uint64_t> out(value->size());
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (!as_uint((*value)[i], out[i])) {
            return wrong_type(what, key, "an array of non-negative integers", (*value)[i]);
        }
    }
    return out;
}

std::string json_type_name(const Json& value) {
    switch (value.type()) {
        case Json::value_t::null:
            return "null";
        case Json::value_t::object:
            return "an object";
        case Json::value_t::array:
            return "an array";
        case Json::value_t::string:
            return "a string";
        case Json::value_t::boolean:
            return "a boolean";
        case Json::value_t::number_float:
            return "the number " + value.dump();
        case Json::value_t::number_integer:
        case Json::value_t::number_unsigned:
            return "the number " + value.dump();
        default:
            return "an unknown value";
    }
}

}  // namespace vcube
