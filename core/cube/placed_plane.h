// Two-dimensional longitudes and latitudes: whether they are a regular grid written out, and how they are to be read as
// geolocation arrays. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/cube/axis.h"
#include "core/cube/coordinate_values.h"
#include "core/cube/georef.h"
#include "core/cube/georef_scope.h"

namespace vcube {

/// Two axes that span the plane.
struct Mesh {
    AxisFit x, y;
    std::uint64_t columns = 0, rows = 0;
};

class PlacedPlane {
public:
    /// Reads longitudes: all of a small plane, some rows of a large one. Nothing where they cannot be read, and where
    /// they change along a dimension before the last two.
    static std::optional<PlacedPlane> read(const CoordinateReader& reader, const LonLatPlane& plane);

    /// The regular grid that the plane is, where its rows are parallels and its columns meridians.
    [[nodiscard]] std::optional<Mesh> mesh(const CoordinateReader& reader) const;
    /// `shown`: the longitudes' own georeferencing, which says how the driver shows them.
    [[nodiscard]] Geolocation geolocation(const Georef& shown) const;

private:
    explicit PlacedPlane(const LonLatPlane& plane) : plane_(plane) {}

    LonLatPlane plane_;
    std::vector<double> lon_;  // degrees
    std::uint64_t columns_ = 0, rows_ = 0;
};

}  // namespace vcube
