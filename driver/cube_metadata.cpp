#include "driver/cube_metadata.h"

#include <algorithm>
#include <set>

#include "core/base/dtype_text.h"
#include "core/cube/attribute.h"
#include "driver/labels.h"

namespace vcube::driver {
namespace {

/// Names of arrays that describe others: dimension coordinates, "coordinates", "bounds" and "grid_mapping" attributes.
/// Plain names count within the group and below; that is enough to keep them out of a list.
std::set<std::string> auxiliary_names(const Group& root) {
    std::set<std::string> names;
    for_each_array(root, [&](const Group&, const ArrayMeta& array) {
        names.insert(array.dimensions.begin(), array.dimensions.end());
        // Not "ancillary_variables": quality fields are rasters in their own right.
        for (const char* const key : {"coordinates", "bounds", "climatology", "grid_mapping"}) {
            for (const std::string& word : split_words(attribute_text(array.attributes, key))) {
                names.insert(word);
            }
        }
    });
    return names;
}

bool is_shown(const ArrayMeta& array) {
    switch (array.dtype.kind) {
        case Kind::kBytes:
        case Kind::kUnicode:
        case Kind::kRaw:
        case Kind::kObject:
        case Kind::kStruct:
            return false;
        default:
            return true;
    }
}

/// "2023-04-01 to 2023-04-12", or "" where the coordinate cannot be read.
std::string span_of(const OpenContext& context, const ArrayMeta& coordinate) {
    constexpr std::uint64_t kMaxTimes = 20000;
    const std::vector<std::string> labels =
        coordinate_labels(coordinate, context.source->store, context.runtime, kMaxTimes);
    if (labels.empty()) {
        return "";
    }
    const auto day = [](const std::string& iso) { return iso.substr(0, iso.find('T')); };
    const auto [first, last] = std::minmax_element(labels.begin(), labels.end());
    return day(*first) == day(*last) ? day(*first) : day(*first) + " to " + day(*last);
}

/// Of the array's first time dimension; "" where it has none.
std::string time_span(const OpenContext& context, const ArrayMeta& array, TimeSpans& spans) {
    for (std::size_t d = 0; d < array.shape.size() && d < array.dimensions.size(); ++d) {
        const ArrayMeta* const coordinate =
            find_coordinate(*context.source->hierarchy, parent_path(array.path), array.dimensions[d], array.shape[d]);
        if (coordinate == nullptr || !is_time(*coordinate)) {
            continue;
        }
        const auto known = spans.find(coordinate->path);
        return known != spans.end() ? known->second
                                    : spans.emplace(coordinate->path, span_of(context, *coordinate)).first->second;
    }
    return "";
}

}  // namespace

std::string attribute_value_text(const Json& value) {
    if (value.is_string()) {
        return value.get<std::string>();
    }
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string type_name(const DType& type) {
    const std::string bits = std::to_string(type.size * 8);
    switch (type.kind) {
        case Kind::kBool:
            return "bool";
        case Kind::kInt:
            return "int" + bits;
        case Kind::kUInt:
            return "uint" + bits;
        case Kind::kFloat:
            return "float" + bits;
        case Kind::kComplex:
            return "complex" + bits;
        case Kind::kDatetime:
            return "datetime64[" + type.unit + "]";
        case Kind::kTimedelta:
            return "timedelta64[" + type.unit + "]";
        default:
            return dtype_text(type);
    }
}

MetadataItems array_metadata(const Group& root, const ArrayMeta& array) {
    MetadataItems items;
    const auto add = [&](const std::string& prefix, const Json& attributes) {
        if (!attributes.is_object()) {
            return;
        }
        for (const auto& [key, value] : attributes.items()) {
            items.emplace_back(prefix + key, attribute_value_text(value));
        }
    };
    add("NC_GLOBAL#", root.attributes);
    const std::string parent = parent_path(array.path);
    if (const Group* const group = parent.empty() ? nullptr : root.find_group(parent)) {
        add("/" + parent + "/NC_GLOBAL#", group->attributes);
    }
    add(array.name + "#", array.attributes);
    return items;
}

std::vector<BandLabel> band_labels(const OpenContext& context, const RasterArray& raster) {
    const OpenedStore& source = *context.source;
    const ArrayMeta& meta = raster.array().meta();
    struct Axis {
        std::string name;
        bool time = false;
        std::vector<std::string> labels;
    };
    std::vector<Axis> axes;
    for (const std::size_t dim : raster.band_dims()) {
        Axis axis;
        axis.name = dim < meta.dimensions.size() ? meta.dimensions[dim] : "";
        const ArrayMeta* const coordinate =
            find_coordinate(*source.hierarchy, parent_path(meta.path), axis.name, meta.shape[dim]);
        if (coordinate != nullptr) {
            axis.time = is_time(*coordinate);
            axis.labels = coordinate_labels(*coordinate, source.store, context.runtime);
        }
        if (axis.name.empty()) {
            axis.name = "dim" + std::to_string(dim);
        }
        axes.push_back(std::move(axis));
    }
    std::vector<BandLabel> out(raster.band_count());
    for (std::size_t band = 0; band < out.size(); ++band) {
        const std::vector<std::uint64_t> index = raster.band_index(band);
        for (std::size_t a = 0; a < axes.size(); ++a) {
            const Axis& axis = axes[a];
            const std::string label = index[a] < axis.labels.size() ? axis.labels[index[a]] : "";
            std::string text = label;
            if (text.empty()) {
                text.append("[").append(std::to_string(index[a])).append("]");
            }
            out[band].items.emplace_back("DIM_" + axis.name, text);
            if (axis.time && !label.empty()) {
                out[band].items.emplace_back("TIME", label);
            }
            out[band].description += (a == 0 ? "" : ", ") + axis.name + "=" + text;
        }
    }
    return out;
}

std::vector<const ArrayMeta*> listed_arrays(const Group& root, const std::string& under) {
    const Group* const group = under.empty() ? &root : root.find_group(under);
    if (group == nullptr) {
        return {};
    }
    const std::set<std::string> auxiliary = auxiliary_names(root);
    std::vector<const ArrayMeta*> rasters;
    std::vector<const ArrayMeta*> others;
    for_each_array(*group, [&](const Group&, const ArrayMeta& array) {
        if (is_shown(array) && !auxiliary.contains(array.name)) {
            (array.shape.size() >= 2 ? rasters : others).push_back(&array);
        }
    });
    return rasters.empty() ? others : rasters;
}

std::string describe_array(const OpenContext& context, const ArrayMeta& array, TimeSpans& spans) {
    const Encoding encoding = decode_encoding(array);
    std::string out = "[";
    for (std::size_t d = 0; d < array.shape.size(); ++d) {
        out.append(d == 0 ? "" : "x").append(std::to_string(array.shape[d]));
    }
    out += "] ";
    const std::string& title = encoding.long_name.empty() ? encoding.standard_name : encoding.long_name;
    out += title.empty() || title == array.path ? array.path : title + " (" + array.path + ")";
    if (!encoding.units.empty() && encoding.units != "1") {
        out += ", " + encoding.units;
    }
    out += ", " + type_name(encoding.type);
    const std::string span = time_span(context, array, spans);
    return span.empty() ? out : out + ", " + span;
}

}  // namespace vcube::driver
