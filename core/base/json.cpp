#include "core/base/json.h"

#include <charconv>
#include <cmath>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "core/base/json_reader.h"
#include "vcube/shape.h"

namespace vcube {
namespace {

/// Builds the tree of a document by recursive descent; the reader bounds the depth.
class TreeBuilder {
public:
    explicit TreeBuilder(JsonReader& reader) : reader_(reader) {}

    bool value(Json& out) {
        std::string_view text;
        switch (reader_.peek()) {
            case JsonType::kObject:
                return object(out);
            case JsonType::kArray:
                return array(out);
            case JsonType::kString:
                if (!reader_.read_string(text)) {
                    return false;
                }
                out = std::string(text);
                return true;
            case JsonType::kNumber:
                return reader_.read_number(text) && number(text, out);
            default:
                return reader_.read_word(text) && word(text, out);
        }
    }

private:
    bool object(Json& out) {
        out = Json::object();
        auto& members = out.get_ref<Json::object_t&>();
        // A linear search is quicker for few members; for many it would let a document cost quadratic time.
        constexpr std::size_t kFew = 16;
        std::unordered_map<std::string, std::size_t> places;
        if (!reader_.begin_object()) {
            return false;
        }
        std::string_view text;
        while (reader_.next_key(text)) {
            std::string key(text);
            Json member;
            if (!value(member)) {
                return false;
            }
            if (members.size() == kFew && places.empty()) {
                for (std::size_t i = 0; i < members.size(); ++i) {
                    places.emplace(members.begin()[static_cast<std::ptrdiff_t>(i)].first, i);
                }
            }
            if (members.size() < kFew) {
                members[key] = std::move(member);
                continue;
            }
            const auto [place, is_new] = places.try_emplace(key, members.size());
            if (is_new) {
                members.emplace_back(std::move(key), std::move(member));
            } else {
                members.begin()[static_cast<std::ptrdiff_t>(place->second)].second = std::move(member);
            }
        }
        return reader_.ok();
    }

    bool array(Json& out) {
        out = Json::array();
        auto& elements = out.get_ref<Json::array_t&>();
        if (!reader_.begin_array()) {
            return false;
        }
        while (reader_.next_element()) {
            if (!value(elements.emplace_back())) {
                return false;
            }
        }
        return reader_.ok();
    }

    bool number(std::string_view text, Json& out) {
        const char* const end = text.data() + text.size();
        if (text.find_first_of(".eE") == std::string_view::npos) {
            std::uint64_t positive = 0;
            if (std::from_chars(text.data(), end, positive).ec == std::errc() && text[0] != '-') {
                out = positive;
                return true;
            }
            std::int64_t negative = 0;
            if (text[0] == '-' && std::from_chars(text.data(), end, negative).ec == std::errc()) {
                out = negative;
                return true;
            }
        }
        double value = 0;
        if (std::from_chars(text.data(), end, value).ec != std::errc()) {
            return reader_.fail("the number " + std::string(text.substr(0, 40)) + " is out of range");
        }
        out = value;
        return true;
    }

    static bool word(std::string_view text, Json& out) {
        if (text == "true" || text == "false") {
            out = text == "true";
        } else if (text == "null") {
            out = nullptr;
        } else {
            out = std::string(text);
        }
        return true;
    }

    JsonReader& reader_;
};

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
    JsonReader reader(text, {.max_depth = limits.max_depth, .repair_surrogates = true});
    Json out;
    if (!TreeBuilder(reader).value(out) || !reader.finish()) {
        return reader.error(what);
    }
    return out;
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
        case Json::value_t::number_integer:
        case Json::value_t::number_unsigned:
            return "the number " + value.dump();
        default:
            return "an unknown value";
    }
}

}  // namespace vcube
