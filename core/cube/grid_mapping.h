// Coordinate reference systems of CF grid mappings, as text for PROJ or GDAL to read. Knows neither of them.
// Source: CF conventions 1.11, section 5.6 and appendix F; parameter names of PROJ. Thread-safe: pure functions.
#pragma once

#include <string>

#include "core/base/json.h"

namespace vcube {

/// CRS text of a grid mapping's attributes, "" where not understood. In this order: crs_wkt, spatial_ref (rioxarray,
/// GDAL), the mapping's own name and parameters, a PROJ string or EPSG code that some writers add. "EPSG:4326" for
/// latitude_longitude on WGS84 or on an unsaid ellipsoid, else a PROJ string in metres (degrees for latitude_longitude
/// and rotated_latitude_longitude). An unsaid ellipsoid is WGS84.
std::string crs_of_grid_mapping(const Json& attributes);

}  // namespace vcube
