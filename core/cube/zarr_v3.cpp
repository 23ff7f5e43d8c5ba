#include "core/cube/zarr_v3.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "core/base/base64.h"
#include "core/base/concat.h"
#include "core/cube/fill_value.h"
#include "core/cube/zarr_v3_type.h"

namespace vcube {
namespace {

constexpr std::array<std::string_view, 12> kMembers = {
    "zarr_format",        "node_type",      "shape",  "data_type",  "chunk_grid",
    "chunk_key_encoding", "fill_value",     "codecs", "attributes", "storage_transformers",
    "dimension_names",    "must_understand"};

/// A member that is not known may be passed over only where it says so itself.
Status check_members(const Json& document, const std::string& what) {
    for (const auto& [key, value] : document.items()) {
        const bool known = std::find(kMembers.begin(), kMembers.end(), key) != kMembers.end();
        const auto flag = value.is_object() ? value.find("must_understand") : value.end();
        const bool optional = value.is_object() && flag != value.end() && *flag == false;
        if (!known && !optional) {
            return unsupported(concat(what, ": \"", key.substr(0, 60), "\" is not known, and must be understood"));
        }
    }
    const auto transformers = document.find("storage_transformers");
    if (transformers != document.end() && !(transformers->is_array() && transformers->empty())) {
        return unsupported(what + ": \"storage_transformers\" are not read");
    }
    return {};
}

Result<const Json*> member(const Json& document, const char* key, const std::string& what) {
    const auto found = document.find(key);
    if (found == document.end()) {
        return invalid(concat(what, ": \"", key, "\" is missing"));
    }
    return &*found;
}

/// Chunks of different extents; those that turn out to be all alike are a regular grid, and read as one.
Status read_rectilinear(ArrayMeta& meta, const Json& configuration, const std::string& place) {
    const std::string what = place + " \"rectilinear\"";
    VCUBE_ASSIGN(const std::string kind, json_string(configuration, "kind", what));
    if (kind != "inline") {
        return unsupported(concat(what, ": \"kind\" \"", kind.substr(0, 60), "\" is not known, only \"inline\""));
    }
    VCUBE_ASSIGN(const Json* const edges, member(configuration, "chunk_shapes", what));
    if (!edges->is_array() || edges->size() != meta.shape.size()) {
        return invalid(what + ": \"chunk_shapes\" must be a list with an entry for each extent of \"shape\"");
    }
    bool regular = true;
    for (std::size_t d = 0; d < meta.shape.size(); ++d) {
        VCUBE_ASSIGN(ChunkRuns runs, parse_chunk_runs((*edges)[d], meta.shape[d],
                                                      what + ": \"chunk_shapes\", dimension " + std::to_string(d)));
        std::uint64_t largest = 1;
        for (const ChunkRun& run : runs) {
            largest = std::max(largest, run.extent);
        }
        regular = regular && runs.size() <= 1;
        meta.chunks.push_back(largest);
        meta.runs.push_back(std::move(runs));
    }
    if (regular) {
        meta.runs.clear();
    }
    return {};
}

Status read_grid(ArrayMeta& meta, const Json& document, const std::string& what) {
    VCUBE_ASSIGN(meta.shape, json_shape(document, "shape", what));
    VCUBE_ASSIGN(const Json* const grid, member(document, "chunk_grid", what));
    const std::string name = v3_name(*grid);
    if (name == "rectilinear") {
        return read_rectilinear(meta, v3_configuration(*grid), what + ": \"chunk_grid\"");
    }
    if (name != "regular") {
        return unsupported(concat(what, ": \"chunk_grid\" \"", name.substr(0, 60), "\" is not known"));
    }
    VCUBE_ASSIGN(meta.chunks, json_shape(v3_configuration(*grid), "chunk_shape", what + ": \"chunk_grid\""));
    return {};
}

Status read_keys(ArrayMeta& meta, const Json& document, const std::string& what) {
    VCUBE_ASSIGN(const Json* const encoding, member(document, "chunk_key_encoding", what));
    const std::string name = v3_name(*encoding);
    if (name != "default" && name != "v2") {
        return unsupported(concat(what, ": \"chunk_key_encoding\" \"", name.substr(0, 60), "\" is not known"));
    }
    meta.prefixed_keys = name == "default";
    meta.separator = meta.prefixed_keys ? '/' : '.';
    const Json& configuration = v3_configuration(*encoding);
    if (configuration.contains("separator")) {
        VCUBE_ASSIGN(const std::string separator,
                     json_string(configuration, "separator", what + ": \"chunk_key_encoding\""));
        if (separator.size() != 1 || (separator[0] != '.' && separator[0] != '/')) {
            return invalid(what + ": \"chunk_key_encoding\": \"separator\" must be \".\" or \"/\"");
        }
        meta.separator = separator[0];
    }
    return {};
}

Result<Json> codec_list(const Json& owner, const char* key, const std::string& what) {
    VCUBE_ASSIGN(const Json* const list, member(owner, key, what));
    if (!list->is_array()) {
        return invalid(concat(what, ": \"", key, "\" must be a list, not ", json_type_name(*list)));
    }
    for (const Json& codec : *list) {
        if (v3_name(codec).empty()) {
            return invalid(concat(what, ": \"", key, "\": a codec without a name"));
        }
    }
    return *list;
}

/// Where chunks stand in shards and nothing stands between, a shard's index leads to each of them. Otherwise the codec
/// chain decodes shards as a whole; so too where shards differ, and with them the sizes of their indexes.
Status read_sharding(ArrayMeta& meta, const std::string& place) {
    if (meta.codecs.size() != 1 || v3_name(meta.codecs[0]) != "sharding_indexed" || !meta.runs.empty()) {
        return {};
    }
    const std::string what = place + ": sharding_indexed";
    const Json configuration = v3_configuration(meta.codecs[0]);
    VCUBE_ASSIGN(Shape inner, json_shape(configuration, "chunk_shape", what));
    bool divides = inner.size() == meta.chunks.size();
    for (std::size_t d = 0; divides && d < inner.size(); ++d) {
        divides = inner[d] != 0 && meta.chunks[d] != 0 && meta.chunks[d] % inner[d] == 0;
    }
    if (!divides) {
        return invalid(what + ": the shards' extents must be multiples of those of \"chunk_shape\"");
    }
    Sharding sharding;
    VCUBE_ASSIGN(sharding.index_codecs, codec_list(configuration, "index_codecs", what));
    if (configuration.contains("index_location")) {
        VCUBE_ASSIGN(const std::string location, json_string(configuration, "index_location", what));
        if (location != "start" && location != "end") {
            return invalid(what + ": \"index_location\" must be \"start\" or \"end\"");
        }
        sharding.index_at_end = location == "end";
    }
    VCUBE_ASSIGN(meta.codecs, codec_list(configuration, "codecs", what));
    sharding.shard = std::exchange(meta.chunks, std::move(inner));
    meta.sharding = std::move(sharding);
    return {};
}

/// The fill value; base64 of bytes of variable length, which only the name of their type tells from text, as a list.
Json fill_of(const Json& document) {
    Json fill = document.value("fill_value", Json());
    const std::string type = v3_name(document.value("data_type", Json()));
    std::string bytes;
    if (!fill.is_string() || (type != "bytes" && type != "variable_length_bytes") ||
        !decode_base64(fill.get_ref<const std::string&>(), bytes)) {
        return fill;
    }
    fill = Json::array();
    for (const char byte : bytes) {
        fill.push_back(static_cast<unsigned>(static_cast<unsigned char>(byte)));
    }
    return fill;
}

Status read_names(ArrayMeta& meta, const Json& document, const std::string& what) {
    meta.dimensions.assign(meta.shape.size(), "");
    const auto names = document.find("dimension_names");
    if (names != document.end() && !names->is_null()) {
        if (!names->is_array() || names->size() != meta.shape.size()) {
            return invalid(what + ": \"dimension_names\" must be a list of as many names as \"shape\" has extents");
        }
        for (std::size_t d = 0; d < names->size(); ++d) {
            const Json& name = (*names)[d];
            if (!name.is_string() && !name.is_null()) {
                return invalid(what + ": \"dimension_names\": expected names or null, found " + json_type_name(name));
            }
            meta.dimensions[d] = name.is_string() ? name.get<std::string>() : std::string();
        }
    }
    meta.attributes = document.value("attributes", Json::object());
    if (!meta.attributes.is_object()) {
        return invalid(what + ": \"attributes\" must be an object, not " + json_type_name(meta.attributes));
    }
    take_array_dimensions(meta);
    return {};
}

}  // namespace

Result<ArrayMeta> parse_zarr_array(std::string_view path, const Json& document, const std::string& store,
                                   const ArrayLimits& limits) {
    ArrayMeta meta;
    meta.path = path;
    meta.name = path.substr(path.rfind('/') + 1);
    const std::string what = concat(store, ": ", path, path.empty() ? "" : "/", "zarr.json");
    if (!document.is_object()) {
        return invalid(what + ": expected an object, found " + json_type_name(document));
    }
    VCUBE_ASSIGN(const std::uint64_t format, json_uint(document, "zarr_format", what));
    if (format != 3) {
        return unsupported(what + ": \"zarr_format\" is " + std::to_string(format) + ", expected 3");
    }
    VCUBE_ASSIGN(const std::string node, json_string(document, "node_type", what));
    if (node != "array") {
        return invalid(what + ": \"node_type\" is \"" + node.substr(0, 60) + "\", expected \"array\"");
    }
    VCUBE_TRY(check_members(document, what));
    VCUBE_ASSIGN(const Json* const type, member(document, "data_type", what));
    VCUBE_ASSIGN(meta.dtype, parse_data_type(*type, what));
    VCUBE_TRY(read_grid(meta, document, what));
    VCUBE_ASSIGN(meta.codecs, codec_list(document, "codecs", what));
    VCUBE_TRY(read_sharding(meta, what));
    VCUBE_TRY(check_layout(meta, limits, what, "chunk_shape"));
    VCUBE_TRY(read_keys(meta, document, what));
    VCUBE_ASSIGN(meta.fill, decode_fill_value(fill_of(document), meta.dtype, what));
    VCUBE_TRY(read_names(meta, document, what));
    return meta;
}

Result<ArrayMeta> parse_zarr_json(std::string_view path, std::string_view text, const std::string& store,
                                  const ArrayLimits& limits) {
    const std::string what = concat(store, ": ", path, path.empty() ? "" : "/", "zarr.json");
    VCUBE_ASSIGN(const Json document, parse_json(text, what));
    return parse_zarr_array(path, document, store, limits);
}

}  // namespace vcube
