#include "core/cube/spatial.h"

#include <algorithm>
#include <cmath>

#include "core/cube/attribute.h"

namespace vcube {

namespace {

using Numbers = std::array<double, 6>;

bool usable(const Numbers& n) {
    return std::all_of(n.begin(), n.end(), [](double value) { return std::isfinite(value); }) &&
           n[1] * n[5] - n[2] * n[4] != 0;
}

/// GDAL's numbers from those in the order of affine, or nothing.
std::optional<Numbers> from_affine(const std::vector<double>& n) {
    if (n.size() != 6 && n.size() != 9) {
        return std::nullopt;
    }
    const Numbers out = {n[2], n[0], n[1], n[5], n[3], n[4]};
    return usable(out) ? std::optional(out) : std::nullopt;
}

bool is_node(const Json& attributes, const std::vector<const Group*>& groups) {
    if (find_attribute(attributes, "spatial:registration") != nullptr) {
        return attribute_text(attributes, "spatial:registration") == "node";
    }
    for (const Group* const group : groups) {
        if (find_attribute(group->attributes, "spatial:registration") != nullptr) {
            return attribute_text(group->attributes, "spatial:registration") == "node";
        }
    }
    return false;
}

/// The transform in these attributes, where they are about a raster of this size.
std::optional<Numbers> transform_in(const Json& attributes, std::uint64_t rows, std::uint64_t columns) {
    const std::string type = attribute_text(attributes, "spatial:transform_type");
    if (!type.empty() && type != "affine") {
        return std::nullopt;
    }
    const std::vector<double> shape = attribute_numbers(attributes, "spatial:shape");
    if (shape.size() >= 2 && (shape[shape.size() - 2] != static_cast<double>(rows) ||
                              shape[shape.size() - 1] != static_cast<double>(columns))) {
        return std::nullopt;
    }
    return from_affine(attribute_numbers(attributes, "spatial:transform"));
}

/// The part of `path` below `group`.
std::string path_below(const std::string& path, const Group& group) {
    return group.path.empty() ? path : path.substr(std::min(path.size(), group.path.size() + 1));
}

/// The level of the group's layout that the array is, or that it stands in.
const Json* level_of(const ArrayMeta& array, const Group& group) {
    const Json* const multiscales = find_attribute(group.attributes, "multiscales");
    const Json* const layout = multiscales == nullptr ? nullptr : find_attribute(*multiscales, "layout");
    if (layout == nullptr || !layout->is_array()) {
        return nullptr;
    }
    const std::string path = path_below(array.path, group);
    for (const Json& level : *layout) {
        for (const char* const key : {"asset", "path", "group"}) {
            const std::string asset = attribute_text(level, key);
            if (!asset.empty() && (path == asset || path.starts_with(asset + "/"))) {
                return &level;
            }
        }
    }
    return nullptr;
}

Numbers shifted_to_edges(Numbers n, bool node) {
    if (node) {
        n[0] -= (n[1] + n[2]) / 2;
        n[3] -= (n[4] + n[5]) / 2;
    }
    return n;
}

std::optional<Numbers> from_bbox(const Json& attributes, std::uint64_t rows, std::uint64_t columns, bool node) {
    const std::vector<double> box = attribute_numbers(attributes, "spatial:bbox");
    const std::size_t half = box.size() / 2;
    if (box.size() != 4 && box.size() != 6) {
        return std::nullopt;
    }
    const double cells_x = static_cast<double>(columns) - (node ? 1 : 0);
    const double cells_y = static_cast<double>(rows) - (node ? 1 : 0);
    const double width = box[half] - box[0];
    const double height = box[half + 1] - box[1];
    if (!(cells_x > 0) || !(cells_y > 0) || !(width > 0) || !(height > 0)) {
        return std::nullopt;
    }
    const Numbers out = {box[0], width / cells_x, 0, box[half + 1], 0, -height / cells_y};
    return usable(out) ? std::optional(shifted_to_edges(out, node)) : std::nullopt;
}

}  // namespace

std::optional<std::pair<std::string, std::string>> spatial_dimensions(const ArrayMeta& array,
                                                                      const std::vector<const Group*>& groups) {
    std::vector<const Json*> sources{&array.attributes};
    for (const Group* const group : groups) {
        sources.push_back(&group->attributes);
    }
    for (const Json* const attributes : sources) {
        const Json* const names = find_attribute(*attributes, "spatial:dimensions");
        if (names == nullptr || !names->is_array() || names->size() < 2) {
            continue;
        }
        const Json& y = (*names)[names->size() - 2];
        const Json& x = (*names)[names->size() - 1];
        const auto has = [&](const Json& name) {
            return name.is_string() && std::find(array.dimensions.begin(), array.dimensions.end(),
                                                 name.get<std::string>()) != array.dimensions.end();
        };
        if (has(y) && has(x) && y != x) {
            return std::pair(y.get<std::string>(), x.get<std::string>());
        }
    }
    return std::nullopt;
}

std::optional<Numbers> spatial_geotransform(const ArrayMeta& array, const std::vector<const Group*>& groups,
                                            std::uint64_t rows, std::uint64_t columns) {
    const bool node = is_node(array.attributes, groups);
    if (const auto own = transform_in(array.attributes, rows, columns)) {
        return shifted_to_edges(*own, node);
    }
    for (const Group* const group : groups) {
        const Json* const level = level_of(array, *group);
        const auto found = level == nullptr ? std::nullopt : transform_in(*level, rows, columns);
        if (found) {
            return shifted_to_edges(*found, node);
        }
    }
    if (!groups.empty()) {
        if (const auto shared = transform_in(groups.front()->attributes, rows, columns)) {
            return shifted_to_edges(*shared, node);
        }
    }
    if (const auto own = from_bbox(array.attributes, rows, columns, node)) {
        return own;
    }
    for (const Group* const group : groups) {
        if (const auto around = from_bbox(group->attributes, rows, columns, node)) {
            return around;
        }
    }
    return std::nullopt;
}

std::optional<Numbers> attribute_geotransform(const Json& attributes) {
    const std::vector<double> n = attribute_numbers(attributes, "GeoTransform");
    if (n.size() == 6) {
        const Numbers out = {n[0], n[1], n[2], n[3], n[4], n[5]};
        if (usable(out)) {
            return out;
        }
    }
    return from_affine(attribute_numbers(attributes, "transform"));
}

}  // namespace vcube
