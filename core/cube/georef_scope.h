// What stands around an array in its hierarchy and bears on its place: coordinates, grid mapping, attributes of groups.
// Reads no values. Source: CF conventions 1.11, sections 2.7 (groups), 5 and 5.6. Thread-safe: immutable.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/cube/axis.h"
#include "core/cube/grid_mapping.h"
#include "core/cube/hierarchy.h"

namespace vcube {

/// A dimension of the array, and the array of its coordinates where there is one.
struct Axis {
    AxisKind kind;
    const ArrayMeta* array = nullptr;

    /// Vertical, time, or another that is neither x nor y.
    [[nodiscard]] bool is_other() const {
        return kind.role == AxisRole::kZ || kind.role == AxisRole::kT || kind.role == AxisRole::kOther;
    }
};

/// Two-dimensional longitudes and latitudes of the same shape, along two dimensions of the array. Dimensions of one
/// element and others of the array's may stand before the two.
struct LonLatPlane {
    const ArrayMeta* lon = nullptr;
    const ArrayMeta* lat = nullptr;
};

class GeorefScope {
public:
    GeorefScope(const Group& root, const Group& group, const ArrayMeta& array);

    [[nodiscard]] const ArrayMeta& array() const { return array_; }
    [[nodiscard]] const std::vector<Axis>& axes() const { return axes_; }

    /// A variable by name or path: "/a/b" from the root, "../b" and "b" from the array's group, "b" also from the
    /// groups above.
    [[nodiscard]] const ArrayMeta* find(const std::string& name) const;
    [[nodiscard]] std::optional<std::size_t> dimension(const std::string& name, std::uint64_t extent) const;
    /// Of the `coordinates` attribute; else of the array's group and those above; else of any one group.
    [[nodiscard]] std::optional<LonLatPlane> lon_lat_plane() const;
    /// Attributes that describe the CRS, nullptr where there are none: of the variable that grid_mapping names, of the
    /// array, of a variable of one of the names that rioxarray and GDAL give it, of the groups around. A grid mapping
    /// that does not exist is told through log().
    [[nodiscard]] const Json* mapping(bool projected_axes) const;
    /// The group of the array and those above, nearest first.
    [[nodiscard]] const std::vector<const Group*>& groups() const { return groups_; }

private:
    [[nodiscard]] std::vector<const ArrayMeta*> auxiliary() const;
    [[nodiscard]] Axis axis_of(std::size_t d) const;
    [[nodiscard]] bool fits(const ArrayMeta& other) const;
    [[nodiscard]] std::optional<LonLatPlane> plane_among(const std::vector<const ArrayMeta*>& arrays) const;
    [[nodiscard]] const ArrayMeta* named_mapping(const std::string& text) const;
    [[nodiscard]] bool names_axes(const std::vector<std::string>& words, std::size_t begin) const;

    const Group& root_;
    const Group& group_;
    const ArrayMeta& array_;
    std::vector<const Group*> groups_;
    std::vector<Axis> axes_;
};

}  // namespace vcube
