#include "core/cube/array_meta.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "core/base/concat.h"
#include "core/base/dtype_text.h"
#include "core/cube/fill_value.h"
#include "core/cube/zarr_v3_type.h"

namespace vcube {
namespace {

constexpr std::uint64_t kMaxBytes = std::numeric_limits<std::int64_t>::max();

std::string shape_text(const Shape& shape) {
    std::string out = "[";
    for (std::size_t d = 0; d < shape.size(); ++d) {
        out += (d > 0 ? ", " : "") + std::to_string(shape[d]);
    }
    return out + "]";
}

/// Bytes of a block of this shape; nothing where an int64 cannot count them. An extent of 0 hides no overflow.
std::optional<std::uint64_t> bytes_of(const Shape& shape, std::uint32_t item) {
    std::optional<std::uint64_t> bytes = item;
    bool empty = false;
    for (const std::uint64_t extent : shape) {
        empty = empty || extent == 0;
        bytes = checked_product(*bytes, extent == 0 ? 1 : extent);
        if (!bytes || *bytes > kMaxBytes) {
            return std::nullopt;
        }
    }
    return empty ? 0 : *bytes;
}

Status read_codecs(ArrayMeta& meta, const Json& document, const std::string& what) {
    meta.filters = document.value("filters", Json());
    if (!meta.filters.is_null() && !meta.filters.is_array()) {
        return invalid(what + ": \"filters\" must be null or an array, not " + json_type_name(meta.filters));
    }
    meta.compressor = document.value("compressor", Json());
    if (!meta.compressor.is_null() && !meta.compressor.is_object()) {
        return invalid(what + ": \"compressor\" must be null or an object, not " + json_type_name(meta.compressor));
    }
    return {};
}

Status read_layout(ArrayMeta& meta, const Json& document, const std::string& what) {
    const Result<std::string> order = json_string(document, "order", what);
    if (!order.ok()) {
        return order.error();
    }
    meta.fortran = order.value() == "F";
    if (!meta.fortran && order.value() != "C") {
        return invalid(what + ": \"order\" must be \"C\" or \"F\"");
    }
    if (document.contains("dimension_separator") && !document["dimension_separator"].is_null()) {
        const Result<std::string> separator = json_string(document, "dimension_separator", what);
        if (!separator.ok()) {
            return separator.error();
        }
        meta.separator = separator.value() == "/" ? '/' : '.';
        if (separator.value() != std::string(1, meta.separator)) {
            return invalid(what + ": \"dimension_separator\" must be \".\" or \"/\"");
        }
    }
    return {};
}

/// `names`: as a writer left them; nothing happens where they are not as many texts as there are dimensions. `paths`:
/// their last parts count.
void name_dimensions(ArrayMeta& meta, const Json& names, bool paths) {
    const bool usable = names.is_array() && names.size() == meta.shape.size() &&
                        std::all_of(names.begin(), names.end(), [](const Json& name) { return name.is_string(); });
    for (std::size_t d = 0; usable && d < meta.shape.size(); ++d) {
        if (meta.dimensions[d].empty()) {
            const auto& name = names[d].get_ref<const std::string&>();
            meta.dimensions[d] = name.substr(paths ? name.rfind('/') + 1 : 0);
        }
    }
}

/// netCDF-C tells the names of dimensions ("/lat") in an object of its own, in .zarray or among the attributes; of
/// variables in groups it writes no _ARRAY_DIMENSIONS. The members' names changed with its versions.
void take_nczarr(ArrayMeta& meta, const Json& document) {
    for (const Json* const place : {&document, static_cast<const Json*>(&meta.attributes)}) {
        for (const char* const key : {"_NCZARR_ARRAY", "_nczarr_array"}) {
            const auto object = place->find(key);
            for (const char* const member : {"dimrefs", "dimension_references", "dimensions"}) {
                if (object != place->end() && object->is_object() && object->contains(member)) {
                    name_dimensions(meta, (*object)[member], true);
                }
            }
        }
    }
    for (const char* const key : {"_NCZARR_ARRAY", "_nczarr_array", "_NCZARR_ATTR", "_nczarr_attr", "_nczarr_attrs"}) {
        meta.attributes.erase(key);
    }
}

Status read_attributes(ArrayMeta& meta, std::string_view zattrs, const std::string& what) {
    meta.attributes = Json::object();
    meta.dimensions.assign(meta.shape.size(), "");
    if (zattrs.empty()) {
        return {};
    }
    VCUBE_ASSIGN(meta.attributes, parse_json(zattrs, what));
    if (!meta.attributes.is_object()) {
        const std::string found = json_type_name(meta.attributes);
        return invalid(what + ": expected an object, found " + found);
    }
    take_array_dimensions(meta);
    return {};
}

}  // namespace

bool ArrayMeta::uncompressed() const {
    if (dtype.kind == Kind::kObject) {
        return false;
    }
    if (codecs.is_null()) {
        return compressor.is_null() && (filters.is_null() || filters.empty());
    }
    return std::all_of(codecs.begin(), codecs.end(), [](const Json& codec) {
        const std::string id = v3_name(codec);
        return id == "bytes" || id == "endian" || id == "transpose";
    });
}

std::size_t ArrayMeta::chunk_elements() const {
    std::size_t elements = 1;
    for (const std::uint64_t extent : chunks) {
        elements *= extent;
    }
    return elements;
}

Shape ArrayMeta::chunk_grid() const {
    Shape grid(shape.size());
    for (std::size_t d = 0; d < grid.size(); ++d) {
        if (runs.empty()) {
            grid[d] = shape[d] / chunks[d] + (shape[d] % chunks[d] != 0 ? 1 : 0);
        } else if (!runs[d].empty()) {
            grid[d] = runs[d].back().chunk + runs[d].back().count;
        }
    }
    return grid;
}

std::string ArrayMeta::chunk_key(const std::uint64_t* index) const {
    std::string key;
    key.reserve(path.size() + 4 + 5 * shape.size());
    if (!path.empty()) {
        key.append(path).push_back('/');
    }
    if (prefixed_keys) {
        key.push_back('c');
    } else if (shape.empty()) {
        key.push_back('0');
    }
    char digits[20];
    for (std::size_t d = 0; d < shape.size(); ++d) {
        if (d > 0 || prefixed_keys) {
            key.push_back(separator);
        }
        const auto end = std::to_chars(digits, digits + sizeof digits, index[d]).ptr;
        key.append(digits, end);
    }
    return key;
}

Status check_layout(ArrayMeta& meta, const ArrayLimits& limits, const std::string& what, const char* chunks_key) {
    const auto place = [&] { return concat(what, ": \"", chunks_key, "\" ", shape_text(meta.chunks)); };
    if (meta.chunks.size() != meta.shape.size()) {
        return invalid(place() + " has another rank than \"shape\" " + shape_text(meta.shape));
    }
    if (!bytes_of(meta.shape, meta.dtype.size)) {
        return over_limit(what + ": \"shape\" " + shape_text(meta.shape) + " holds more bytes than can be counted");
    }
    for (std::size_t d = 0; d < meta.chunks.size(); ++d) {
        if (meta.chunks[d] == 0 && meta.shape[d] == 0) {
            meta.chunks[d] = 1;  // what writers say of an empty contiguous variable
        }
        if (meta.chunks[d] == 0) {
            return invalid(place() + ": every extent must be at least 1");
        }
    }
    const std::optional<std::uint64_t> bytes = bytes_of(meta.chunks, meta.dtype.size);
    if (!bytes || (!meta.uncompressed() && *bytes > limits.max_chunk_bytes)) {
        return over_limit(place() + " of type " + dtype_text(meta.dtype) + ": one chunk would hold " +
                          (bytes ? std::to_string(*bytes) + " bytes" : "too many bytes") + ", at most " +
                          std::to_string(limits.max_chunk_bytes) + " are decoded");
    }
    return {};
}

void take_array_dimensions(ArrayMeta& meta) {
    const auto names = meta.attributes.find("_ARRAY_DIMENSIONS");
    if (names == meta.attributes.end()) {
        return;
    }
    name_dimensions(meta, *names, false);
    meta.attributes.erase("_ARRAY_DIMENSIONS");
}

Result<ArrayMeta> parse_zarray(std::string_view path, std::string_view zarray, std::string_view zattrs,
                               const std::string& store, const ArrayLimits& limits) {
    ArrayMeta meta;
    meta.path = path;
    meta.name = path.substr(path.rfind('/') + 1);
    const std::string prefix = store + ": " + meta.path + (path.empty() ? "" : "/");
    const std::string what = prefix + ".zarray";
    VCUBE_ASSIGN(const Json document, parse_json(zarray, what));
    VCUBE_ASSIGN(const std::uint64_t format, json_uint(document, "zarr_format", what));
    if (format != 2) {
        return unsupported(what + ": \"zarr_format\" is " + std::to_string(format) + ", expected 2");
    }
    if (!document.contains("dtype")) {
        return invalid(what + ": \"dtype\" is missing");
    }
    VCUBE_ASSIGN(meta.dtype, parse_dtype(document["dtype"], what));
    VCUBE_TRY(read_codecs(meta, document, what));
    VCUBE_ASSIGN(meta.shape, json_shape(document, "shape", what));
    VCUBE_ASSIGN(meta.chunks, json_shape(document, "chunks", what));
    VCUBE_TRY(check_layout(meta, limits, what, "chunks"));
    VCUBE_TRY(read_layout(meta, document, what));
    VCUBE_ASSIGN(meta.fill, decode_fill_value(document.value("fill_value", Json()), meta.dtype, what));
    VCUBE_TRY(read_attributes(meta, zattrs, prefix + ".zattrs"));
    take_nczarr(meta, document);
    return meta;
}

}  // namespace vcube
