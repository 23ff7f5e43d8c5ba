// Where an array lies on the Earth, from CF metadata: which dimensions are x and y, geotransform, coordinate reference
// system. Source: CF conventions 1.11, chapters 4 and 5, appendix F. Knows neither GDAL nor PROJ: a CRS is text for
// them to read.
//
// x and y are the dimensions whose coordinate variables say so (axis.h), else the last two. Coordinates name pixel
// centres; packed ones are unpacked, kilometres become metres unless the CRS itself is in kilometres, and the scanning
// angles of geostationary images are multiplied by the height of the satellite. An axis of one element takes its
// bounds. A one-dimensional auxiliary coordinate in `coordinates` stands in for a missing coordinate variable. Without
// any, the GeoTransform attribute that GDAL and rioxarray write is used.
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

struct Georef {
    std::optional<std::size_t> x_dim, y_dim;  // dimensions of the array; both or none
    // GDAL's six numbers for the array as it is shown, pixel edges; nothing where the axes are not regular
    std::optional<std::array<double, 6>> geotransform;
    bool flip_y = false;  // rows ascend: shown with the last row first, so that north is up
    std::uint64_t roll_x =
        0;            // columns of a 0..360 axis shown rotated left by this many, so that longitudes run -180..180
    std::string crs;  // WKT, "EPSG:4326" or a PROJ string; "" where unknown
    std::string lon_array, lat_array;  // paths of 2-D coordinates (geolocation arrays), "" where there are none
};

/// Derives georeferencing; reads coordinate arrays (small) through `arrays` opened with `store` and `runtime`. A
/// coordinate that cannot be read gives a warning through log() and no geotransform. Thread-safe.
Georef derive_georef(const Group& root, const Group& group, const ArrayMeta& array,
                     const std::shared_ptr<const Store>& store, const std::shared_ptr<Runtime>& runtime);

}  // namespace vcube
