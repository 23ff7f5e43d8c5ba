#include "driver/cube_metadata.h"

#include <algorithm>
#include <set>

#include "core/base/concat.h"
#include "core/base/dtype_text.h"
#include "core/cube/attribute.h"
#include "core/cube/multiscales.h"
#include "driver/forecast_times.h"
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
    const std::vector<std::string> labels = coordinate_labels(coordinate, context.arrays(), kMaxTimes);
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

namespace {

/// A dimension as bands speak of it.
struct LabelledAxis {
    std::string name;
    bool time = false;
    std::vector<std::string> labels;

    [[nodiscard]] std::string label(std::uint64_t index) const {
        return index < labels.size() ? labels[index] : std::string();
    }
    /// DIM_<name>, and TIME where it is one.
    void describe(std::uint64_t index, MetadataItems& items) const {
        const std::string text = label(index);
        items.emplace_back("DIM_" + name, text.empty() ? concat("[", std::to_string(index), "]") : text);
        if (time && !text.empty()) {
            items.emplace_back("TIME", text);
        }
    }
};

LabelledAxis labelled_axis(const OpenContext& context, const ArrayMeta& meta, std::size_t dim) {
    const OpenedStore& source = *context.source;
    LabelledAxis axis;
    axis.name = dimension_name(meta, dim);
    const ArrayMeta* const coordinate =
        find_coordinate(*source.hierarchy, parent_path(meta.path), axis.name, meta.shape[dim]);
    if (coordinate != nullptr) {
        axis.time = is_time(*coordinate);
        axis.labels = coordinate_labels(*coordinate, context.arrays());
    }
    return axis;
}

/// Index of a band's first pixel in the array.
std::vector<std::uint64_t> whole_index(const RasterArray& raster, const std::vector<std::uint64_t>& band_index) {
    std::vector<std::uint64_t> out(raster.array().meta().shape.size());
    for (const auto& [dim, index] : raster.fixed()) {
        out[dim] = index;
    }
    for (std::size_t a = 0; a < band_index.size(); ++a) {
        out[raster.band_dims()[a]] = band_index[a];
    }
    return out;
}

/// TIME is when the values hold, not when the forecast began.
void set_time(const std::string& time, MetadataItems& items) {
    std::erase_if(items, [](const auto& item) { return item.first == "TIME"; });
    items.emplace_back("TIME", time);
}

}  // namespace

std::vector<BandLabel> band_labels(const OpenContext& context, const RasterArray& raster) {
    const ArrayMeta& meta = raster.array().meta();
    MetadataItems common;
    for (const auto& [dim, index] : raster.fixed()) {
        labelled_axis(context, meta, dim).describe(index, common);
    }
    std::vector<LabelledAxis> axes;
    for (const std::size_t dim : raster.band_dims()) {
        axes.push_back(labelled_axis(context, meta, dim));
    }
    const OpenedStore& source = *context.source;
    auto valid_times = ValidTimes::find(*source.hierarchy, meta, context.arrays());
    for (const auto& shown : {raster.x_dim(), raster.y_dim()}) {
        if (valid_times && shown && (valid_times->reference_dim() == shown || valid_times->period_dim() == shown)) {
            valid_times.reset();  // rows or columns are times: no band has one of its own
        }
    }
    std::vector<BandLabel> out(raster.band_count());
    for (std::size_t band = 0; band < out.size(); ++band) {
        const std::vector<std::uint64_t> index = raster.band_index(band);
        for (std::size_t a = 0; a < axes.size(); ++a) {
            axes[a].describe(index[a], out[band].items);
            const std::string label = axes[a].label(index[a]);
            out[band].description.append(a == 0 ? "" : ", ").append(axes[a].name).append("=");
            out[band].description += label.empty() ? concat("[", std::to_string(index[a]), "]") : label;
        }
        out[band].items.insert(out[band].items.end(), common.begin(), common.end());
        const std::string valid = valid_times ? valid_times->at(whole_index(raster, index)) : std::string();
        if (!valid.empty()) {
            set_time(valid, out[band].items);
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
        if (is_shown(array) && !auxiliary.contains(array.name) && !has_finer_level(root, array)) {
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
