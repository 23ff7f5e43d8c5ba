#include "core/cube/georef_scope.h"

#include <algorithm>
#include <utility>

#include "core/base/concat.h"
#include "core/base/log.h"
#include "core/cube/attribute.h"

namespace vcube {

namespace {

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::vector<const ArrayMeta*> arrays_of(const Group& group) {
    std::vector<const ArrayMeta*> out;
    for (const ArrayMeta& array : group.arrays) {
        out.push_back(&array);
    }
    return out;
}

}  // namespace

GeorefScope::GeorefScope(const Group& root, const Group& group, const ArrayMeta& array)
    : root_(root), group_(group), array_(array) {
    groups_.push_back(&group_);
    for (std::string path = group.path; !path.empty();) {
        path = parent_of(path);
        const Group* const above = path.empty() ? &root : root.find_group(path);
        if (above != nullptr) {
            groups_.push_back(above);
        }
    }
    for (std::size_t d = 0; d < array.shape.size(); ++d) {
        axes_.push_back(axis_of(d));
    }
}

const ArrayMeta* GeorefScope::find(const std::string& name) const {
    if (name.empty()) {
        return nullptr;
    }
    if (name.front() == '/') {
        return root_.find_array(name);
    }
    std::string rest = name;
    std::string path = group_.path;
    while (rest.starts_with("../") || rest.starts_with("./")) {
        path = rest.starts_with("../") ? parent_of(path) : path;
        rest.erase(0, rest.find('/') + 1);
    }
    for (;; path = parent_of(path)) {
        if (const ArrayMeta* const found = root_.find_array(path.empty() ? rest : concat(path, "/", rest))) {
            return found;
        }
        if (path.empty()) {
            return nullptr;
        }
    }
}

std::optional<std::size_t> GeorefScope::dimension(const std::string& name, std::uint64_t extent) const {
    for (std::size_t d = 0; d < array_.dimensions.size() && d < array_.shape.size(); ++d) {
        if (!name.empty() && array_.dimensions[d] == name && array_.shape[d] == extent) {
            return d;
        }
    }
    return std::nullopt;
}

/// Names in `coordinates`, of the array or of its group (which Kerchunk and xarray move there).
std::vector<const ArrayMeta*> GeorefScope::auxiliary() const {
    std::vector<const ArrayMeta*> out;
    for (const Json* attributes : {&array_.attributes, &group_.attributes}) {
        for (const std::string& name : split_words(attribute_text(*attributes, "coordinates"))) {
            if (const ArrayMeta* const found = find(name)) {
                out.push_back(found);
            }
        }
    }
    return out;
}

Axis GeorefScope::axis_of(std::size_t d) const {
    const std::string& name = d < array_.dimensions.size() ? array_.dimensions[d] : std::string();
    Axis axis;
    if (name.empty()) {
        return axis;
    }
    const ArrayMeta* const found = find(name);
    if (found != nullptr && found->shape == Shape{array_.shape[d]}) {
        axis.array = found;
        axis.kind = classify_axis(name, found->attributes);
        return axis;
    }
    axis.kind = classify_axis(name, Json::object());
    axis.kind.geographic = false;  // without values a name is no position
    for (const ArrayMeta* const other : auxiliary()) {
        const AxisKind kind = classify_axis(other->name, other->attributes);
        const bool along = other->shape == Shape{array_.shape[d]} && other->dimensions == std::vector{name};
        if (along && (kind.role == AxisRole::kX || kind.role == AxisRole::kY)) {
            axis.array = other;
            axis.kind = kind;
            break;
        }
    }
    return axis;
}

/// Whether the last two dimensions of `other` are dimensions of the array, and those before have one element or are
/// dimensions of the array too.
bool GeorefScope::fits(const ArrayMeta& other) const {
    const std::size_t rank = other.shape.size();
    if (rank < 2 || other.dimensions.size() != rank) {
        return false;
    }
    for (std::size_t d = 0; d + 2 < rank; ++d) {
        if (other.shape[d] != 1 && !dimension(other.dimensions[d], other.shape[d])) {
            return false;
        }
    }
    const auto row = dimension(other.dimensions[rank - 2], other.shape[rank - 2]);
    const auto column = dimension(other.dimensions[rank - 1], other.shape[rank - 1]);
    return row && column && *row != *column;
}

std::optional<LonLatPlane> GeorefScope::plane_among(const std::vector<const ArrayMeta*>& arrays) const {
    LonLatPlane out;
    for (const ArrayMeta* const other : arrays) {
        if (other->shape.size() < 2 || !fits(*other)) {
            continue;
        }
        const AxisKind kind = classify_axis(other->name, other->attributes);
        if (!kind.geographic) {
            continue;
        }
        const ArrayMeta*& target = kind.role == AxisRole::kX ? out.lon : out.lat;
        const ArrayMeta* const mate = kind.role == AxisRole::kX ? out.lat : out.lon;
        if (target == nullptr &&
            (mate == nullptr || (mate->dimensions == other->dimensions && mate->shape == other->shape))) {
            target = other;
        }
    }
    return out.lon != nullptr && out.lat != nullptr ? std::optional(out) : std::nullopt;
}

std::optional<LonLatPlane> GeorefScope::lon_lat_plane() const {
    if (auto named = plane_among(auxiliary())) {
        return named;
    }
    for (const Group* const group : groups_) {
        if (auto found = plane_among(arrays_of(*group))) {
            return found;
        }
    }
    std::optional<LonLatPlane> out;
    bool several = false;
    const auto look = [&](const auto& self, const Group& group) -> void {
        if (auto found = plane_among(arrays_of(group))) {
            several = several || out.has_value();
            out = found;
        }
        for (const Group& child : group.groups) {
            self(self, child);
        }
    };
    look(look, root_);
    return several ? std::nullopt : out;
}

/// Of "crs: x y crs2: lat lon" the one whose coordinates are axes of the array; else the first, or the only name.
const ArrayMeta* GeorefScope::named_mapping(const std::string& text) const {
    const std::vector<std::string> words = split_words(text);
    const ArrayMeta* chosen = nullptr;
    bool extended = false;
    bool sure = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].back() == ':') {
            extended = true;
            const ArrayMeta* const candidate = find(words[i].substr(0, words[i].size() - 1));
            const bool of_axes = names_axes(words, i + 1);
            if (candidate != nullptr && !sure && (chosen == nullptr || of_axes)) {
                chosen = candidate;
                sure = of_axes;
            }
        } else if (!extended && chosen == nullptr) {
            chosen = find(words[i]);
        }
    }
    if (chosen == nullptr && !words.empty()) {
        log(LogLevel::kWarning, array_.path + ": its grid mapping '" + text + "' does not exist");
    }
    return chosen;
}

/// Whether the coordinates listed from `begin` on, up to the next mapping, are axes of the array.
bool GeorefScope::names_axes(const std::vector<std::string>& words, std::size_t begin) const {
    for (std::size_t i = begin; i < words.size() && words[i].back() != ':'; ++i) {
        for (const Axis& axis : axes_) {
            if (axis.array != nullptr && axis.array->name == words[i]) {
                return true;
            }
        }
    }
    return false;
}

const Json* GeorefScope::mapping(bool projected_axes) const {
    const std::string said = attribute_text(array_.attributes, "grid_mapping");
    const ArrayMeta* const own = named_mapping(said);
    if (own != nullptr) {
        return &own->attributes;
    }
    if (!crs_of_attributes(array_.attributes).empty()) {
        return &array_.attributes;
    }
    for (const Group* const group : groups_) {
        const std::string name = attribute_text(group->attributes, "grid_mapping");
        const ArrayMeta* const chosen = said.empty() && !name.empty() ? named_mapping(name) : nullptr;
        if (chosen != nullptr) {
            return &chosen->attributes;
        }
    }
    for (const char* const name : {"spatial_ref", "crs"}) {
        const ArrayMeta* const chosen = find(name);
        if (chosen != nullptr && chosen->shape.size() <= 1 && !crs_of_attributes(chosen->attributes).empty()) {
            return &chosen->attributes;
        }
    }
    for (const Group* const group : groups_) {
        if (!crs_of_attributes(group->attributes).empty()) {
            return &group->attributes;
        }
    }
    if (!projected_axes) {
        return nullptr;
    }
    // Tools that combine files lose the grid_mapping attribute, not its variable.
    for (const Group* const group : groups_) {
        const Json* only = nullptr;
        bool several = false;
        for (const ArrayMeta& other : group->arrays) {
            const bool describes = find_attribute(other.attributes, "grid_mapping_name") != nullptr &&
                                   other.shape.size() <= 1 && !crs_of_attributes(other.attributes).empty();
            several = several || (describes && only != nullptr);
            only = describes ? &other.attributes : only;
        }
        if (only != nullptr) {
            return several ? nullptr : only;
        }
    }
    return nullptr;
}

}  // namespace vcube
