#include "core/refs/gen.h"

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/refs/url_policy.h"

namespace vcube {
namespace {

using expression::Value;

constexpr std::uint64_t kWorkPerEntry = 256;  // of the budget that bounds all expressions together
constexpr std::uint64_t kLeastWork = std::uint64_t{1} << 22;

/// The values of one name: a list, or start, start + step ...
struct Dimension {
    std::string name;
    std::vector<Value> values;
    std::int64_t start = 0;
    std::int64_t step = 1;
    std::uint64_t count = 0;

    [[nodiscard]] Value at(std::uint64_t i) const {
        // In unsigned arithmetic, which wraps back: the result lies between start and stop.
        return values.empty() ? Value(static_cast<std::int64_t>(static_cast<std::uint64_t>(start) +
                                                                i * static_cast<std::uint64_t>(step)))
                              : values[i];
    }
};

/// One of key, url, offset, length: its text for messages, and the template.
struct Member {
    std::string context;
    Template parsed;
};

struct Entry {
    std::optional<Member> key;
    std::optional<Member> url;
    std::optional<Member> offset;
    std::optional<Member> length;
    std::vector<Dimension> dimensions;
    std::uint64_t count = 1;
};

Result<std::optional<Member>> read_member(const Json& object, const char* name, const std::string& what) {
    const auto found = object.find(name);
    if (found == object.end()) {
        return std::optional<Member>();
    }
    std::string text;
    if (found->is_string()) {
        text = found->get<std::string>();
    } else if (found->is_number_integer()) {
        text = found->dump();
    } else {
        return invalid(what + ": \"" + name + "\" must be a string, not " + json_type_name(*found));
    }
    std::string context = what + ": " + name + " \"" + redacted(text).substr(0, 200) + "\"";
    auto parsed = Template::parse(text);
    if (!parsed.ok()) {
        return with_context(context, parsed.error());
    }
    return std::optional<Member>(Member{std::move(context), std::move(parsed).value()});
}

/// Python's integers: no booleans, no floats.
Result<std::int64_t> read_integer(const Json& object, const char* name, std::optional<std::int64_t> absent,
                                  const std::string& what) {
    const auto found = object.find(name);
    if (found == object.end() && absent) {
        return *absent;
    }
    const bool fits =
        found != object.end() && found->is_number_integer() &&
        (!found->is_number_unsigned() ||
         found->get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
    if (!fits) {
        return invalid(what + ": \"" + name + "\" must be an integer");
    }
    return found->get<std::int64_t>();
}

Result<Value> read_value(const Json& json, const std::string& what) {
    if (json.is_string()) {
        return Value(json.get<std::string>());
    }
    if (json.is_boolean()) {
        return Value(json.get<bool>());
    }
    if (json.is_number_float()) {
        return Value(json.get<double>());
    }
    if (json.is_number_integer() &&
        !(json.is_number_unsigned() &&
          json.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))) {
        return Value(json.get<std::int64_t>());
    }
    return invalid(what + ": its values must be numbers or strings, found " + json_type_name(json));
}

Result<Dimension> read_dimension(const std::string& name, const Json& json, const std::string& entry) {
    const std::string what = entry + ": dimension \"" + name.substr(0, 100) + "\"";
    Dimension out;
    out.name = name;
    if (json.is_array()) {
        for (const Json& element : json) {
            VCUBE_ASSIGN(Value value, read_value(element, what));
            out.values.push_back(std::move(value));
        }
        out.count = out.values.size();
        return out;
    }
    if (!json.is_object()) {
        return invalid(what + " must be a list or have start, stop and step, not " + json_type_name(json));
    }
    VCUBE_ASSIGN(out.start, read_integer(json, "start", 0, what));
    VCUBE_ASSIGN(const std::int64_t stop, read_integer(json, "stop", std::nullopt, what));
    VCUBE_ASSIGN(out.step, read_integer(json, "step", 1, what));
    if (out.step == 0) {
        return invalid(what + ": a step of 0");
    }
    const bool up = out.step > 0;
    if (up ? out.start < stop : out.start > stop) {
        const std::uint64_t low = static_cast<std::uint64_t>(up ? out.start : stop);
        const std::uint64_t distance = static_cast<std::uint64_t>(up ? stop : out.start) - low;
        const std::uint64_t size =
            up ? static_cast<std::uint64_t>(out.step) : ~static_cast<std::uint64_t>(out.step) + 1;
        out.count = (distance - 1) / size + 1;
    }
    return out;
}

Result<Entry> read_entry(const Json& json, const TemplateSet& templates, const std::string& what) {
    if (!json.is_object()) {
        return invalid(what + " must be an object, not " + json_type_name(json));
    }
    Entry out;
    VCUBE_ASSIGN(out.key, read_member(json, "key", what));
    VCUBE_ASSIGN(out.url, read_member(json, "url", what));
    VCUBE_ASSIGN(out.offset, read_member(json, "offset", what));
    VCUBE_ASSIGN(out.length, read_member(json, "length", what));
    if (!out.key || !out.url) {
        return invalid(what + ": \"" + (out.key ? "url" : "key") + "\" is missing");
    }
    if (out.offset.has_value() != out.length.has_value()) {
        return invalid(what + ": \"offset\" and \"length\" go together");
    }
    const auto dimensions = json.find("dimensions");
    if (dimensions == json.end() || !dimensions->is_object()) {
        return invalid(what + ": \"dimensions\" must be an object");
    }
    for (const auto& [name, values] : dimensions->items()) {
        if (templates.contains(name)) {
            return invalid(what + ": \"" + name.substr(0, 100) + "\" is a dimension and a template");
        }
        VCUBE_ASSIGN(Dimension dimension, read_dimension(name, values, what));
        if (__builtin_mul_overflow(out.count, dimension.count, &out.count)) {
            out.count = std::numeric_limits<std::uint64_t>::max();
        }
        out.dimensions.push_back(std::move(dimension));
    }
    for (const Dimension& dimension : out.dimensions) {
        out.count = dimension.count == 0 ? 0 : out.count;
    }
    return out;
}

Result<std::string> rendered(const Member& member, const expression::Scope& scope) {
    auto text = member.parsed.render(scope);
    return text.ok() ? text : with_context(member.context, text.error());
}

Result<std::uint64_t> rendered_count(const Member& member, const expression::Scope& scope) {
    VCUBE_ASSIGN(const std::string text, rendered(member, scope));
    std::int64_t value = 0;
    if (!expression::parse_integer(text, 10, value) || value < 0) {
        return invalid(member.context + ": \"" + text.substr(0, 40) + "\" is no non-negative integer");
    }
    return static_cast<std::uint64_t>(value);
}

/// Adds all combinations of one entry. `budget` and `text_left` are shared by all entries.
template <class Add>
Status expand(const Entry& entry, const TemplateSet& templates, std::uint64_t& budget, std::uint64_t& text_left,
              const Add& add) {
    std::vector<std::uint64_t> place(entry.dimensions.size(), 0);
    std::vector<Value> values;
    for (const Dimension& dimension : entry.dimensions) {
        values.push_back(entry.count == 0 ? Value() : dimension.at(0));
    }
    const auto scope = templates.scope(
        [&](std::string_view name) -> const Value* {
            for (std::size_t d = 0; d < values.size(); ++d) {
                if (entry.dimensions[d].name == name) {
                    return &values[d];
                }
            }
            return nullptr;
        },
        &budget);
    std::string last_url;
    for (std::uint64_t i = 0; i < entry.count; ++i) {
        VCUBE_ASSIGN(const std::string key, rendered(*entry.key, scope));
        VCUBE_ASSIGN(std::string url, rendered(*entry.url, scope));
        ByteRange range{0, ByteRange::kEnd};
        if (entry.offset) {
            VCUBE_ASSIGN(const std::uint64_t offset, rendered_count(*entry.offset, scope));
            VCUBE_ASSIGN(const std::uint64_t length, rendered_count(*entry.length, scope));
            // Both fit 63 bits. Length 0 is the whole object, as in references that are written out.
            range = length == 0 ? range : ByteRange{offset, offset + length};
        }
        const std::uint64_t text = key.size() + (url == last_url ? 0 : url.size());
        if (text > text_left) {
            return over_limit(entry.key->context + ": more text is generated than the limit allows");
        }
        text_left -= text;
        add(key, url, range);
        last_url = std::move(url);
        for (std::size_t d = place.size(); d-- != 0;) {
            const bool wraps = ++place[d] == entry.dimensions[d].count;
            place[d] = wraps ? 0 : place[d];
            values[d] = entry.dimensions[d].at(place[d]);
            if (!wraps) {
                break;
            }
        }
    }
    return {};
}

}  // namespace

Status expand_gen(std::string_view json, const TemplateSet& templates, const GenLimits& limits,
                  const std::function<void(std::string_view key, std::string_view url, ByteRange range)>& add) {
    VCUBE_ASSIGN(const Json gen, parse_json(json, "\"gen\""));
    if (gen.is_null()) {
        return {};
    }
    if (!gen.is_array()) {
        return invalid("\"gen\" must be an array, not " + json_type_name(gen));
    }
    std::vector<Entry> entries;
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < gen.size(); ++i) {
        const std::string what = "gen entry " + std::to_string(i + 1);
        VCUBE_ASSIGN(Entry entry, read_entry(gen[i], templates, what));
        if (__builtin_add_overflow(total, entry.count, &total) || total > limits.max_entries) {
            return over_limit(what + ": more than " + std::to_string(limits.max_entries) + " references are generated");
        }
        entries.push_back(std::move(entry));
    }
    std::uint64_t budget = kLeastWork + total * kWorkPerEntry;
    std::uint64_t text_left = limits.max_text_bytes;
    for (const Entry& entry : entries) {
        VCUBE_TRY(expand(entry, templates, budget, text_left, add));
    }
    return {};
}

}  // namespace vcube
