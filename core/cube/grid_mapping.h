// Coordinate reference systems of CF grid mappings and of the other conventions that attributes follow, as text for
// PROJ or GDAL to read. Knows neither of them. Thread-safe: pure functions.
// Source: CF conventions 1.11, section 5.6 and appendix F; parameter names of PROJ; the Zarr convention "proj:"; the
// _CRS attribute of GDAL's Zarr driver.
#pragma once

#include <string>

#include "core/base/json.h"

namespace vcube {

/// A coordinate reference system as text: WKT, PROJJSON, "EPSG:4326" or a PROJ string.
struct CrsText {
    std::string text;         // "" where there is none
    std::string fallback;     // for a reader that cannot make sense of `text`; "" where there is none
    std::string base;         // "EPSG:4277": the geographic system that a PROJ string cannot name; "" where it need not
    std::string name;         // projected_crs_name; "" where unsaid
    bool geographic = false;  // of a CF grid mapping: longitudes and latitudes of no rotated pole

    [[nodiscard]] bool empty() const { return text.empty(); }
};

/// From the attributes of a grid mapping variable, an array or a group. In this order: crs_wkt, spatial_ref (rioxarray,
/// GDAL), _CRS, proj:code, proj:wkt2 and proj:projjson, the CF mapping's own name and parameters, a PROJ string, ESRI
/// text or EPSG code that some writers add. "EPSG:4326" for latitude_longitude on WGS84 or on an unsaid ellipsoid, else
/// a PROJ string in metres (degrees for latitude_longitude and rotated_latitude_longitude). An unsaid ellipsoid is
/// WGS84. `length_unit`: metres in the unit of the axes, which is that of false eastings and northings as well.
CrsText crs_of_attributes(const Json& attributes, double length_unit = 1);

/// crs_of_attributes(attributes).text.
std::string crs_of_grid_mapping(const Json& attributes);

/// Height of the satellite above the ellipsoid in metres: of the CF attributes, or a parameter in the CRS' text. 0
/// where the mapping is not geostationary.
double satellite_height(const Json& attributes);

}  // namespace vcube
