// CRS texts of the core ("EPSG:4326", WKT, PROJ strings) as OGRSpatialReference with x before y.
#pragma once

#include <optional>
#include <string>

#include "ogr_spatialref.h"

namespace vcube::driver {

/// Nothing where the text is empty or GDAL cannot read it; raises no CPLError.
std::optional<OGRSpatialReference> parse_srs(const std::string& crs);

}  // namespace vcube::driver
