#include "core/cube/zarr_v3_type.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "core/base/dtype_text.h"

namespace vcube {
namespace {

constexpr std::uint64_t kMaxItemBytes = 1U << 20;
constexpr std::size_t kMaxFields = 4096;
constexpr int kMaxNesting = 16;

struct NamedType {
    std::string_view name;
    Kind kind;
    std::uint32_t size;
};
constexpr std::array<NamedType, 20> kTypes = {{{"bool", Kind::kBool, 1},
                                               {"int8", Kind::kInt, 1},
                                               {"int16", Kind::kInt, 2},
                                               {"int32", Kind::kInt, 4},
                                               {"int64", Kind::kInt, 8},
                                               {"uint8", Kind::kUInt, 1},
                                               {"uint16", Kind::kUInt, 2},
                                               {"uint32", Kind::kUInt, 4},
                                               {"uint64", Kind::kUInt, 8},
                                               {"float16", Kind::kFloat, 2},
                                               {"float32", Kind::kFloat, 4},
                                               {"float64", Kind::kFloat, 8},
                                               {"complex64", Kind::kComplex, 8},
                                               {"complex128", Kind::kComplex, 16},
                                               {"complex_float32", Kind::kComplex, 8},
                                               {"complex_float64", Kind::kComplex, 16},
                                               {"string", Kind::kObject, 8},
                                               {"bytes", Kind::kObject, 8},
                                               {"variable_length_bytes", Kind::kObject, 8},
                                               {"variable_length_utf8", Kind::kObject, 8}}};

Error unknown_type(const std::string& name, const std::string& what) {
    return unsupported(what + ": \"data_type\" \"" + name.substr(0, 60) + "\" is not known");
}

/// "r16": bits of an opaque element.
std::optional<std::uint64_t> raw_bits(std::string_view name) {
    std::uint64_t bits = 0;
    if (name.size() < 2 || name.front() != 'r') {
        return std::nullopt;
    }
    const char* const end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + 1, end, bits);
    return error == std::errc() && stop == end ? std::optional(bits) : std::nullopt;
}

Result<DType> sized(Kind kind, std::uint64_t bytes, const std::string& what) {
    if (bytes == 0) {
        return unsupported(what + ": elements of 0 bytes are not read");
    }
    if (bytes > kMaxItemBytes) {
        return over_limit(what + ": an element has more than " + std::to_string(kMaxItemBytes) + " bytes");
    }
    DType type;
    type.kind = kind;
    type.size = static_cast<std::uint32_t>(bytes);
    return type;
}

Result<DType> parse_fixed_length(Kind kind, const Json& configuration, const std::string& what) {
    VCUBE_ASSIGN(const std::uint64_t bytes, json_uint(configuration, "length_bytes", what));
    if (kind == Kind::kUnicode && bytes % 4 != 0) {
        return invalid(what + ": \"length_bytes\" is " + std::to_string(bytes) + ", expected a multiple of 4");
    }
    return sized(kind, bytes, what);
}

Result<DType> parse_time(Kind kind, const Json& configuration, const std::string& what) {
    VCUBE_ASSIGN(const std::string unit, json_string(configuration, "unit", what));
    std::uint64_t scale = 1;
    if (configuration.contains("scale_factor")) {
        VCUBE_ASSIGN(scale, json_uint(configuration, "scale_factor", what));
    }
    std::string text = kind == Kind::kDatetime ? "<M8" : "<m8";
    if (unit != "generic") {
        // numpy spells a microsecond "us"; "μs" is the same unit in zarr-python's list.
        text.append("[").append(std::to_string(scale)).append(unit == "\xCE\xBCs" ? "us" : unit).append("]");
    }
    Result<DType> type = parse_dtype(text);
    if (!type.ok()) {
        return with_context(what, type.error());
    }
    type.value().little = DType().little;
    return type;
}

Result<DType> parse_type(const Json& value, const std::string& what, int depth);

/// [name, type] of zarr-python's "structured" or {"name": ..., "data_type": ...} of "struct".
Result<DTypeField> parse_field(const Json& entry, const std::string& what, int depth) {
    const Json* name = nullptr;
    const Json* type = nullptr;
    if (entry.is_array() && entry.size() == 2) {
        name = &entry[0];
        type = &entry[1];
    } else if (entry.is_object() && entry.contains("name") && entry.contains("data_type")) {
        name = &entry["name"];
        type = &entry["data_type"];
    }
    if (name == nullptr || !name->is_string()) {
        return invalid(what + ": expected a name and a data type");
    }
    DTypeField field;
    field.name = name->get<std::string>();
    VCUBE_ASSIGN(field.type, parse_type(*type, what + " \"" + field.name + "\"", depth + 1));
    if (field.type.kind == Kind::kObject) {
        return invalid(what + " \"" + field.name + "\": elements of variable length cannot be a field");
    }
    return field;
}

Result<DType> parse_struct(const Json& configuration, const std::string& what, int depth) {
    if (depth >= kMaxNesting) {
        return over_limit(what + ": structured types are nested deeper than " + std::to_string(kMaxNesting));
    }
    if (!configuration.contains("fields") || !configuration["fields"].is_array()) {
        return invalid(what + ": \"fields\" must be a list");
    }
    const Json& fields = configuration["fields"];
    if (fields.empty() || fields.size() > kMaxFields) {
        return invalid(what + ": a structured type needs 1 to " + std::to_string(kMaxFields) + " fields, got " +
                       std::to_string(fields.size()));
    }
    DType type;
    type.kind = Kind::kStruct;
    type.size = 0;
    std::set<std::string> names;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        VCUBE_ASSIGN(DTypeField field, parse_field(fields[i], what + ": field " + std::to_string(i), depth));
        if (!names.insert(field.name).second) {
            return invalid(what + ": field \"" + field.name + "\" stands twice");
        }
        field.offset = type.size;
        type.size += field.type.size;  // at most two items of 1 MiB: no overflow
        if (type.size > kMaxItemBytes) {
            return over_limit(what + ": an element has more than " + std::to_string(kMaxItemBytes) + " bytes");
        }
        type.fields.push_back(std::move(field));
    }
    return type;
}

Result<DType> parse_type(const Json& value, const std::string& what, int depth) {
    const std::string name = v3_name(value);
    const Json& configuration = v3_configuration(value);
    if (name.empty()) {
        return invalid(what + ": \"data_type\" must be a name, or an object with a name; got " + json_type_name(value));
    }
    for (const NamedType& known : kTypes) {
        if (known.name == name) {
            DType type;
            type.kind = known.kind;
            type.size = known.size;
            return type;
        }
    }
    if (const std::optional<std::uint64_t> bits = raw_bits(name)) {
        if (*bits % 8 != 0) {
            return invalid(what + ": \"data_type\" \"" + name.substr(0, 60) + "\": expected a multiple of 8 bits");
        }
        return sized(Kind::kRaw, *bits / 8, what);
    }
    const std::string place = what + ": " + name.substr(0, 60);
    if (name == "fixed_length_utf32") {
        return parse_fixed_length(Kind::kUnicode, configuration, place);
    }
    if (name == "null_terminated_bytes") {
        return parse_fixed_length(Kind::kBytes, configuration, place);
    }
    if (name == "raw_bytes") {
        return parse_fixed_length(Kind::kRaw, configuration, place);
    }
    if (name == "numpy.datetime64" || name == "numpy.timedelta64") {
        return parse_time(name == "numpy.datetime64" ? Kind::kDatetime : Kind::kTimedelta, configuration, place);
    }
    if (name == "struct" || name == "structured") {
        return parse_struct(configuration, place, depth);
    }
    return unknown_type(name, what);
}

}  // namespace

std::string v3_name(const Json& value) {
    const Json* name = &value;
    if (value.is_object()) {
        const auto found = value.find("name");
        if (found == value.end()) {
            return "";
        }
        name = &*found;
    }
    return name->is_string() ? name->get<std::string>() : std::string();
}

const Json& v3_configuration(const Json& value) {
    static const Json empty = Json::object();
    if (!value.is_object()) {
        return empty;
    }
    const auto found = value.find("configuration");
    return found != value.end() && found->is_object() ? *found : empty;
}

Result<DType> parse_data_type(const Json& value, const std::string& what) {
    return parse_type(value, what, 0);
}

}  // namespace vcube
