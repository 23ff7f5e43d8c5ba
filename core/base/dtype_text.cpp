#include "core/base/dtype_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>

#include "core/base/concat.h"
#include "vcube/shape.h"

namespace vcube {
namespace {

constexpr std::uint64_t kMaxItemBytes = 1U << 20;
constexpr std::size_t kMaxFields = 4096;
constexpr int kMaxNesting = 16;

Error bad_type(std::string_view text, const std::string& why) {
    return invalid(concat("\"", text.substr(0, 60), "\" is no numpy type string: ", why));
}

std::optional<std::uint64_t> parse_number(std::string_view digits) {
    std::uint64_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    if (digits.empty() || error != std::errc() || stop != end) {
        return std::nullopt;
    }
    return value;
}

// "[ns]", "[25D]" or nothing; gives the unit as numpy prints it ("1s" is "s").
Result<std::string> parse_unit(std::string_view text, std::string_view brackets) {
    if (brackets.empty()) {
        return std::string();
    }
    if (brackets.size() < 3 || brackets.front() != '[' || brackets.back() != ']') {
        return bad_type(text, "expected a unit in brackets after its size");
    }
    const std::string_view inner = brackets.substr(1, brackets.size() - 2);
    const std::size_t digits = std::min(inner.find_first_not_of("0123456789"), inner.size());
    const std::string_view unit = inner.substr(digits);
    constexpr std::array<std::string_view, 13> kUnits = {"Y",  "M",  "W",  "D",  "h",  "m", "s",
                                                         "ms", "us", "ns", "ps", "fs", "as"};
    if (std::find(kUnits.begin(), kUnits.end(), unit) == kUnits.end()) {
        return bad_type(text, "unknown time unit \"" + std::string(unit) + "\"");
    }
    if (digits == 0) {
        return std::string(unit);
    }
    const std::optional<std::uint64_t> count = parse_number(inner.substr(0, digits));
    if (!count || *count == 0 || *count > 0x7fffffffU) {
        return bad_type(text, "a time unit's count must be 1 to 2147483647");
    }
    return *count == 1 ? std::string(unit) : std::to_string(*count) + std::string(unit);
}

struct KindRule {
    char letter;
    Kind kind;
    std::string_view sizes;  // permitted sizes as characters, "*" for any, 'x' for 16
};
constexpr std::array<KindRule, 11> kRules = {{{'b', Kind::kBool, "1"},
                                              {'i', Kind::kInt, "1248"},
                                              {'u', Kind::kUInt, "1248"},
                                              {'f', Kind::kFloat, "248"},
                                              {'c', Kind::kComplex, "8x"},
                                              {'S', Kind::kBytes, "*"},
                                              {'U', Kind::kUnicode, "*"},
                                              {'V', Kind::kRaw, "*"},
                                              {'M', Kind::kDatetime, "8"},
                                              {'m', Kind::kTimedelta, "8"},
                                              {'O', Kind::kObject, "8"}}};

char kind_letter(Kind kind) {
    for (const KindRule& rule : kRules) {
        if (rule.kind == kind) {
            return rule.letter;
        }
    }
    return 'V';  // structured types are opaque in a type string
}

bool permitted(const KindRule& rule, std::uint64_t size) {
    if (rule.sizes == "*") {
        return true;
    }
    const char letter = size == 16 ? 'x' : size < 10 ? static_cast<char>('0' + size) : '?';
    return rule.sizes.find(letter) != std::string_view::npos;
}

Result<DType> parse_value(const Json& value, const std::string& what, int depth);

// "name" or ["title", "name"], as numpy's descr writes it; an empty name becomes f<index>.
Result<std::string> field_name(const Json& value, std::size_t index, const std::string& what) {
    const Json* name = &value;
    if (value.is_array() && value.size() == 2) {
        name = &value[1];
    }
    if (!name->is_string()) {
        return invalid(what + ": field " + std::to_string(index) + ": expected a name, got " + json_type_name(*name));
    }
    std::string text = name->get<std::string>();
    return text.empty() ? concat("f", std::to_string(index)) : text;
}

// A field with a shape is kept as opaque bytes of the whole sub-array, unless it holds a single item.
Result<DType> with_shape(const DType& item, const Json& shape, const std::string& what) {
    std::uint64_t count = 1;
    const Json list = shape.is_array() ? shape : Json::array({shape});
    for (const Json& extent : list) {
        if (!extent.is_number_unsigned()) {
            return invalid(what + ": expected a shape of non-negative integers, got " + json_type_name(extent));
        }
        const std::optional<std::uint64_t> product = checked_product(count, extent.get<std::uint64_t>());
        if (!product || *product > kMaxItemBytes) {
            return over_limit(what + ": the field holds more than " + std::to_string(kMaxItemBytes) + " items");
        }
        count = *product;
    }
    if (count == 0) {
        return unsupported(what + ": a field of no items");
    }
    if (count == 1) {
        return item;
    }
    if (count * item.size > kMaxItemBytes) {
        return over_limit(what + ": the field has more than " + std::to_string(kMaxItemBytes) + " bytes");
    }
    DType raw;
    raw.kind = Kind::kRaw;
    raw.size = static_cast<std::uint32_t>(count * item.size);
    return raw;
}

Result<DType> parse_struct(const Json& list, const std::string& what, int depth) {
    if (list.empty() || list.size() > kMaxFields) {
        return invalid(what + ": a structured type needs 1 to " + std::to_string(kMaxFields) + " fields, got " +
                       std::to_string(list.size()));
    }
    DType type;
    type.kind = Kind::kStruct;
    std::uint64_t size = 0;
    std::set<std::string> names;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Json& entry = list[i];
        if (!entry.is_array() || entry.size() < 2 || entry.size() > 3) {
            return invalid(what + ": field " + std::to_string(i) + ": expected [name, type] or [name, type, shape]");
        }
        DTypeField field;
        VCUBE_ASSIGN(field.name, field_name(entry[0], i, what));
        const std::string place = what + ": field \"" + field.name + "\"";
        if (!names.insert(field.name).second) {
            return invalid(place + " stands twice");
        }
        VCUBE_ASSIGN(field.type, parse_value(entry[1], place, depth + 1));
        if (entry.size() == 3) {
            VCUBE_ASSIGN(field.type, with_shape(field.type, entry[2], place));
        }
        field.offset = static_cast<std::uint32_t>(size);
        size += field.type.size;
        if (size > kMaxItemBytes) {
            return over_limit(what + ": an item has more than " + std::to_string(kMaxItemBytes) + " bytes");
        }
        type.fields.push_back(std::move(field));
    }
    type.size = static_cast<std::uint32_t>(size);
    return type;
}

Result<DType> parse_value(const Json& value, const std::string& what, int depth) {
    if (value.is_string()) {
        Result<DType> type = parse_dtype(value.get<std::string>());
        return type.ok() ? std::move(type) : with_context(what, type.error());
    }
    if (!value.is_array()) {
        return invalid(what + ": expected a type string or a list of fields, got " + json_type_name(value));
    }
    if (depth >= kMaxNesting) {
        return over_limit(what + ": structured types are nested deeper than " + std::to_string(kMaxNesting));
    }
    return parse_struct(value, what, depth);
}

}  // namespace

Result<DType> parse_dtype(std::string_view text) {
    std::string_view rest = text;
    DType type;
    if (!rest.empty() && std::string_view("<>|=").find(rest.front()) != std::string_view::npos) {
        if (rest.front() == '<' || rest.front() == '>') {
            type.little = rest.front() == '<';
        }
        rest.remove_prefix(1);
    }
    if (rest.empty()) {
        return bad_type(text, "it names no kind");
    }
    const KindRule* rule = nullptr;
    for (const KindRule& candidate : kRules) {
        if (candidate.letter == rest.front()) {
            rule = &candidate;
        }
    }
    if (rule == nullptr) {
        return bad_type(text, "unknown kind '" + std::string(1, rest.front()) + "'");
    }
    rest.remove_prefix(1);
    type.kind = rule->kind;
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    std::optional<std::uint64_t> count = parse_number(rest.substr(0, digits));
    if (!count && digits == 0 && type.kind == Kind::kObject) {
        count = 8;
    }
    if (!count) {
        return bad_type(text, "expected a size after its kind");
    }
    if (!permitted(*rule, *count)) {
        return unsupported("type \"" + std::string(text.substr(0, 60)) + "\": items of " + std::to_string(*count) +
                           " bytes are not read");
    }
    const std::uint64_t width = type.kind == Kind::kUnicode ? 4 : 1;
    if (*count > kMaxItemBytes / width) {
        return over_limit("type \"" + std::string(text.substr(0, 60)) + "\": an item has more than " +
                          std::to_string(kMaxItemBytes) + " bytes");
    }
    if (*count == 0) {
        return unsupported("type \"" + std::string(text.substr(0, 60)) + "\": items of 0 bytes are not read");
    }
    type.size = static_cast<std::uint32_t>(*count * width);
    const bool timed = type.kind == Kind::kDatetime || type.kind == Kind::kTimedelta;
    rest.remove_prefix(digits);
    if (timed) {
        VCUBE_ASSIGN(type.unit, parse_unit(text, rest));
    } else if (!rest.empty()) {
        return bad_type(text, "unexpected \"" + std::string(rest.substr(0, 20)) + "\" after its size");
    }
    if (type.swap_width() == 1) {
        type.little = DType().little;  // one spelling for what has no byte order
    }
    return type;
}

Result<DType> parse_dtype(const Json& value, const std::string& what) {
    return parse_value(value, what, 0);
}

std::string dtype_text(const DType& type) {
    const bool ordered = type.swap_width() > 1;
    std::string text(1, ordered ? (type.little ? '<' : '>') : '|');
    text += kind_letter(type.kind);
    if (type.kind == Kind::kObject) {
        return text;
    }
    text += std::to_string(type.kind == Kind::kUnicode ? type.size / 4 : type.size);
    if (!type.unit.empty()) {
        text += "[" + type.unit + "]";
    }
    return text;
}

}  // namespace vcube
