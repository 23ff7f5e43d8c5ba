// Values of a one-dimensional coordinate in the units of a CRS, and the line through them. Thread-safe.
// Source: CF conventions 1.11, sections 3.1, 5.6, 7.1 (bounds), appendix F (scanning angles of geostationary images).
#pragma once

#include <optional>
#include <vector>

#include "core/cube/axis.h"
#include "core/cube/coordinate_values.h"
#include "core/cube/georef_scope.h"

namespace vcube {

struct PlacedAxis {
    std::vector<double> values;  // in metres, degrees or the CRS' own units; empty where they could not be read
    std::optional<AxisFit> fit;  // where they are regular, or one value with bounds
    double factor = 1;           // from stored, unpacked values
    bool in_metres = false;

    /// More than one value, each larger or each smaller than the one before.
    [[nodiscard]] bool monotonic() const;
};

/// `height` of the satellite where scanning angles are to be expected, else 0.
PlacedAxis place_axis(const GeorefScope& scope, const CoordinateReader& reader, const ArrayMeta& coordinate,
                      double height);

}  // namespace vcube
