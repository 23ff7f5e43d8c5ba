// How much of the Earth each pixel of a grid covers, on the sphere of the DGG (latitudes as spherical latitudes), as
// weights: on grids of longitude and latitude the cosine of the latitude of the pixel's centre; on others the area at
// every kNodeStep-th corner of pixels, and bilinear between these corners.
//
// The area at a corner is that of the parallelogram between its neighbours, |(P(x+1, y) - P(x-1, y)) x (P(x, y+1) -
// P(x, y-1))| / 4 with P the point on the unit sphere; where a neighbour has no place on the Earth, or is twice as far
// as the one opposite (an edge of the projection's domain lies between), the difference to the other neighbour counts
// twice. A weight depends on the grid and the pixel only, not on what else is asked for.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/dgg/grid.h"

namespace vcube::dgg {

/// Keeps areas at corners between calls; one object a thread. Grid and projection outlive it.
class PixelAreas {
public:
    static constexpr std::uint32_t kNodeStep = 32;

    /// For the columns [left, left + width).
    PixelAreas(const Grid& grid, const Projection& projection, std::uint32_t left, std::uint32_t width);

    /// Weights (greater than 0, finite) of the pixels (x + k, y), which lie in the columns above.
    void row(std::uint32_t x, std::uint32_t y, std::span<double> weights);

private:
    using NodeRow = std::vector<double>;  // by column of nodes; negative: not known yet

    void start_rows(std::uint32_t node_row);
    double node(std::uint32_t node_column, std::uint32_t below);
    [[nodiscard]] double compute_node(double column, double row) const;

    const Grid* grid_;
    const Projection* projection_;
    std::uint32_t first_column_;  // of nodes
    std::uint32_t node_row_ = 0;  // of nodes_[0]
    NodeRow nodes_[2];
    bool by_row_;     // longitude and latitude: a row has one weight
    double nominal_;  // area of a pixel in its CRS, as a share of the unit sphere's
};

}  // namespace vcube::dgg
