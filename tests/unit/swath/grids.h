// Grids of tests: north up, square pixels.
#pragma once

#include <cstdint>
#include <string>

#include "core/dgg/grid.h"

namespace vcube::swath::test {

inline dgg::Grid grid_of(const std::string& crs, double west, double north, double pixel, std::uint32_t width,
                         std::uint32_t height) {
    dgg::Grid grid;
    grid.crs = crs;
    grid.geotransform = {west, pixel, 0, north, 0, -pixel};
    grid.width = width;
    grid.height = height;
    return grid;
}

/// Longitudes and latitudes.
inline dgg::Grid make_grid(double west, double north, double pixel, std::uint32_t width, std::uint32_t height) {
    return grid_of("EPSG:4326", west, north, pixel, width, height);
}

}  // namespace vcube::swath::test
