// A raster grid: coordinate reference system, origin, pixel size, extent in pixels. And its projection to longitude,
// latitude.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "vcube/result.h"

namespace vcube::dgg {

/// North-up or rotated: x = g0 + col g1 + row g2, y = g3 + col g4 + row g5 with (col, row) at pixel edges.
struct Grid {
    std::string crs = "EPSG:4326";  // anything PROJ reads: authority code, WKT, PROJ string
    std::array<double, 6> geotransform{};
    std::uint32_t width = 0, height = 0;
    double metres_per_unit = 111195;  // of the CRS, nominal: its linear unit, or a degree of a great circle

    /// The same area in half as many pixels along each axis, rounded up, its pixel size doubled. The origin stays.
    [[nodiscard]] Grid halved() const;

    /// The same area with each pixel divided in `factor` x `factor`; the sides must stay below 2^32.
    [[nodiscard]] Grid refined(std::uint32_t factor) const;

    /// The longer side of a pixel in metres, nominal: where the projection's scale is 1, on the equator.
    [[nodiscard]] double pixel_metres() const;

    /// Coordinates of a point of the grid; a pixel's centre is at (col + 0.5, row + 0.5).
    [[nodiscard]] double x_at(double col, double row) const {
        return geotransform[0] + col * geotransform[1] + row * geotransform[2];
    }
    [[nodiscard]] double y_at(double col, double row) const {
        return geotransform[3] + col * geotransform[4] + row * geotransform[5];
    }
};

/// Turns coordinates of a CRS into longitude and latitude in degrees (WGS 84, x = longitude), as
/// pyproj.Transformer.from_crs(crs, 4326, always_xy=True) does. Thread-safe: one PROJ context and pipeline a thread.
class Projection {
public:
    static Result<Projection> create(const std::string& crs);
    /// true where coordinates are longitude and latitude in degrees of WGS 84 already: inverse() changes nothing.
    [[nodiscard]] bool is_lonlat() const;
    /// true where the inverse is one closed formula: points on the Earth vary smoothly with the coordinates, apart from
    /// singular points and the border of a convex domain. false for interrupted projections, shift grids, and CRSs
    /// where PROJ chooses between transformations by place.
    [[nodiscard]] bool is_smooth() const;
    /// In place; points without an inverse become NaN.
    void inverse(std::span<double> x, std::span<double> y) const;

private:
    struct State;
    explicit Projection(std::shared_ptr<const State> state);
    std::shared_ptr<const State> state_;
};

}  // namespace vcube::dgg
