#include "core/dgg/pixel_areas.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/dgg/pieces.h"

namespace vcube::dgg {

namespace {

constexpr double kUnknown = -1;
constexpr double kEarthRadius = 6371007;
constexpr double kRadians = 0.017453292519943295;

Vec3 minus(const Vec3& a, const Vec3& b) {
    return {a.x - b.x, a.y - b.y, a.z - b.z};
}

Vec3 twice(const Vec3& a) {
    return {2 * a.x, 2 * a.y, 2 * a.z};
}

double length(const Vec3& a) {
    return std::sqrt(dot(a, a));
}

double area_between(const Vec3& a, const Vec3& b) {
    return length({a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x});
}

/// From the neighbour before to the one after; points without a place are NaN.
Vec3 difference(const Vec3& before, const Vec3& middle, const Vec3& after) {
    const Vec3 backward = minus(middle, before);
    const Vec3 forward = minus(after, middle);
    const double back = length(backward);
    const double fore = length(forward);
    if (std::isnan(fore) || fore > 2 * back) {
        return twice(backward);
    }
    if (std::isnan(back) || back > 2 * fore) {
        return twice(forward);
    }
    return minus(after, before);
}

}  // namespace

PixelAreas::PixelAreas(const Grid& grid, const Projection& projection, std::uint32_t left, std::uint32_t width)
    : grid_(&grid),
      projection_(&projection),
      first_column_(left / kNodeStep),
      by_row_(projection.is_lonlat() && grid.geotransform[4] == 0) {
    const auto& g = grid.geotransform;
    const double radians = grid.metres_per_unit / kEarthRadius;
    nominal_ = std::fabs(g[1] * g[5] - g[2] * g[4]) * radians * radians;
    if (!by_row_) {
        for (NodeRow& nodes : nodes_) {
            nodes.assign((left + std::uint64_t{width} - 1) / kNodeStep + 2 - first_column_, kUnknown);
        }
    }
}

void PixelAreas::start_rows(std::uint32_t node_row) {
    if (node_row == node_row_ + 1) {
        std::swap(nodes_[0], nodes_[1]);
        std::fill(nodes_[1].begin(), nodes_[1].end(), kUnknown);
    } else if (node_row != node_row_) {
        for (NodeRow& nodes : nodes_) {
            std::fill(nodes.begin(), nodes.end(), kUnknown);
        }
    }
    node_row_ = node_row;
}

double PixelAreas::compute_node(double column, double row) const {
    constexpr std::array<std::array<double, 2>, 5> kPlaces{{{0, 0}, {-1, 0}, {1, 0}, {0, -1}, {0, 1}}};
    std::array<double, 5> x{}, y{};
    for (std::size_t k = 0; k < kPlaces.size(); ++k) {
        x[k] = grid_->x_at(column + kPlaces[k][0], row + kPlaces[k][1]);
        y[k] = grid_->y_at(column + kPlaces[k][0], row + kPlaces[k][1]);
    }
    projection_->inverse(x, y);
    std::array<Vec3, 5> p;
    for (std::size_t k = 0; k < p.size(); ++k) {
        constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
        p[k] = std::isfinite(x[k]) && std::fabs(y[k]) <= 90 ? unit_vector(x[k], y[k]) : Vec3{kNan, kNan, kNan};
    }
    return area_between(difference(p[1], p[0], p[2]), difference(p[3], p[0], p[4])) / 4;
}

/// Known, or NaN where the corner has no place on the Earth.
double PixelAreas::node(std::uint32_t node_column, std::uint32_t below) {
    double& known = nodes_[below][node_column - first_column_];
    if (known < 0) {
        known = compute_node(static_cast<double>(node_column) * kNodeStep,
                             (static_cast<double>(node_row_) + below) * kNodeStep);
    }
    return known;
}

void PixelAreas::row(std::uint32_t x, std::uint32_t y, std::span<double> weights) {
    // Pixels at a pole and between corners without a place have some weight all the same: no sum is 0.
    const double least = 1e-9 * nominal_;
    if (by_row_) {
        const double cosine = std::cos(grid_->y_at(x + 0.5, y + 0.5) * kRadians);
        std::fill(weights.begin(), weights.end(), std::max(cosine, 1e-9));
        return;
    }
    if (y / kNodeStep != node_row_) {
        start_rows(y / kNodeStep);
    }
    const double down = (y % kNodeStep + 0.5) / kNodeStep;
    for (std::size_t k = 0; k < weights.size();) {
        const auto column = x + static_cast<std::uint32_t>(k);
        const std::uint32_t at = column / kNodeStep;
        const std::array<double, 4> corners{node(at, 0), node(at + 1, 0), node(at, 1), node(at + 1, 1)};
        double left = corners[0] + (corners[2] - corners[0]) * down;
        double right = corners[1] + (corners[3] - corners[1]) * down;
        if (std::isnan(left) || std::isnan(right)) {  // the mean of the corners that have a place
            double sum = 0, count = 0;
            for (const double corner : corners) {
                sum += std::isnan(corner) ? 0 : corner;
                count += std::isnan(corner) ? 0 : 1;
            }
            left = right = count > 0 ? sum / count : nominal_;
        }
        const std::size_t end = std::min<std::size_t>(weights.size(), k + kNodeStep - column % kNodeStep);
        for (double along = column % kNodeStep + 0.5; k < end; ++k, ++along) {
            weights[k] = std::max(left + (right - left) * (along / kNodeStep), least);
        }
    }
}

}  // namespace vcube::dgg
