// CRS texts of the core ("EPSG:4326", WKT, PROJJSON, PROJ strings) as OGRSpatialReference with x before y.
#pragma once

#include <optional>
#include <string>

#include "core/cube/grid_mapping.h"
#include "ogr_spatialref.h"

namespace vcube::driver {

/// Nothing where the text is empty or GDAL cannot read it; raises no CPLError.
std::optional<OGRSpatialReference> parse_srs(const std::string& crs);

/// The text, or its fallback, with its datum and name. A PROJ string that is a system of EPSG in other words (UTM
/// zones, the polar ones) gets its code.
std::optional<OGRSpatialReference> parse_srs(const CrsText& crs);

}  // namespace vcube::driver
