// Where an array lies on the Earth, from CF metadata and the Zarr conventions "proj:" and "spatial:": which dimensions
// are x and y, geotransform or geolocation arrays, coordinate reference system. Source: CF conventions 1.11, chapters 4
// and 5, appendix F; github.com/zarr-conventions. Knows neither GDAL nor PROJ: a CRS is text for them to read.
//
// x and y are the dimensions that spatial:dimensions names, those of two-dimensional longitudes and latitudes, those
// whose coordinate variables say so (axis.h), else the last two that are neither vertical nor time. Coordinates name
// pixel centres unless their bounds say otherwise; packed ones are unpacked, lengths become metres, angles degrees, and
// the scanning angles of geostationary images are multiplied by the height of the satellite. An axis of one element
// takes its bounds. A one-dimensional auxiliary coordinate in `coordinates` stands in for a missing coordinate
// variable. Without regular axes, spatial:transform, spatial:bbox or the GeoTransform attribute that GDAL and rioxarray
// write is used; without those, axes that are not regular become geolocation arrays of one line.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/cube/array.h"
#include "core/cube/grid_mapping.h"
#include "core/cube/hierarchy.h"
#include "vcube/result.h"

namespace vcube {

/// Longitudes or latitudes (or x or y) of pixel centres, to be read from an array as the driver shows that array.
struct GeolocationArray {
    std::string path;         // of the array
    std::uint64_t width = 0;  // of the array as it is shown; a line of one-dimensional values
    std::uint64_t height = 0;
    double scale = 1, offset = 0;  // position = stored value * scale + offset
    std::uint64_t roll = 0;        // of values on a line: those from `roll` on come first, plus `turn` ...
    double turn = 0;               // ... those before come last, plus `turn` and 360
    bool wrap = false;             // longitudes are to be brought into -180..180, one by one
    std::optional<double> nodata;  // stored value of pixels without position; may be NaN

    /// The array's values are the positions as they are.
    [[nodiscard]] bool plain() const { return scale == 1 && offset == 0 && roll == 0 && !wrap && !nodata; }
};

struct Geolocation {
    GeolocationArray x, y;
    std::string crs;  // as Georef::crs
};

struct Georef {
    std::optional<std::size_t> x_dim, y_dim;  // dimensions of the array; both or none
    // GDAL's six numbers for the array as it is shown, pixel edges; nothing where the axes are not regular
    std::optional<std::array<double, 6>> geotransform;
    bool in_metres = false;  // the geotransform is in metres; else in the units of the CRS
    bool flip_y = false;     // rows ascend: shown with the last row first, so that north is up
    std::uint64_t roll_x =
        0;             // columns of a 0..360 axis shown rotated left by this many, so that longitudes run -180..180
    std::string crs;   // WKT, PROJJSON, "EPSG:4326" or a PROJ string; "" where unknown
    CrsText crs_text;  // the same, with what else is known of it
    std::optional<Geolocation> geolocation;
};

/// Derives georeferencing; reads coordinate arrays (small) of `source`. A coordinate that cannot be read, and a grid
/// mapping that does not exist, give a warning through log(), and the rest is used. Thread-safe.
Georef derive_georef(const Group& root, const Group& group, const ArrayMeta& array, const ArraySource& source);

}  // namespace vcube
