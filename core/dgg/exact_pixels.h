// Cells of single pixels, each from its own centre. Internal to core/dgg; one object a thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/dgg/grid.h"

namespace vcube::dgg {

/// Cells of pixels by the exact way: projection inverse at each centre, then seqnum_of. Keeps its scratch memory.
class ExactPixels {
public:
    ExactPixels(const Grid& grid, const Projection& projection) : grid_(&grid), projection_(&projection) {}
    void clear();
    void add(std::uint32_t column, std::uint32_t row);
    [[nodiscard]] std::size_t size() const { return x_.size(); }
    /// Results in the order of add(), valid until the next clear().
    std::span<const std::uint32_t> compute();

private:
    const Grid* grid_;
    const Projection* projection_;
    std::vector<double> x_, y_;
    std::vector<std::uint32_t> cells_;
};

}  // namespace vcube::dgg
