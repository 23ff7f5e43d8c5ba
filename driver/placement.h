// A raster's place as GDAL has it: geotransform in the units of its CRS, spatial reference, GEOLOCATION metadata.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "core/cube/georef.h"
#include "cpl_string.h"
#include "ogr_spatialref.h"

namespace vcube::driver {

struct Placement {
    std::optional<std::array<double, 6>> geotransform;
    std::optional<OGRSpatialReference> srs;
    // Items of the GEOLOCATION domain; empty where there are no geolocation arrays. Arrays whose values are no degrees
    // as they stand (packed, radians, 0..360, holes) are named by a VRT in the item.
    CPLStringList geolocation;
};

/// `location`: what the store was opened from, as names of subdatasets have it.
Placement place_raster(const Georef& georef, const std::string& location);

}  // namespace vcube::driver
