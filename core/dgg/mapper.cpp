#include "core/dgg/mapper.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace vcube::dgg {

struct CellMapper::State {
    Grid grid;
    Projection projection;
};

Result<CellMapper> CellMapper::create(Grid grid) {
    const auto& g = grid.geotransform;
    if (!std::all_of(g.begin(), g.end(), [](double value) { return std::isfinite(value); })) {
        return invalid("grid: a geotransform value is not finite");
    }
    if (grid.width == 0 || grid.height == 0) {
        return invalid("grid: " + std::to_string(grid.width) + " x " + std::to_string(grid.height) + " pixels");
    }
    auto projection = Projection::create(grid.crs);
    if (!projection.ok()) {
        return projection.error();
    }
    CellMapper mapper;
    mapper.state_ = std::make_shared<const State>(State{std::move(grid), std::move(projection).value()});
    return mapper;
}

const Grid& CellMapper::grid() const {
    return state_->grid;
}

void CellMapper::map(const Window& window, const RowSink& sink, const CellSet*) const {
    constexpr std::uint32_t kPart = 1024;
    const Grid& grid = state_->grid;
    std::vector<double> x(kPart), y(kPart);
    std::vector<std::uint32_t> cells(kPart);
    for (std::uint32_t row = window.y; row < window.y + window.height; ++row) {
        for (std::uint32_t left = 0; left < window.width; left += kPart) {
            const std::uint32_t n = std::min(kPart, window.width - left);
            for (std::uint32_t k = 0; k < n; ++k) {
                x[k] = grid.x_at(window.x + left + k + 0.5, row + 0.5);
                y[k] = grid.y_at(window.x + left + k + 0.5, row + 0.5);
            }
            state_->projection.inverse({x.data(), n}, {y.data(), n});
            for (std::uint32_t k = 0; k < n; ++k) {
                cells[k] = seqnum_of(x[k], y[k]);
            }
            sink(window.x + left, row, {cells.data(), n});
        }
    }
}

void CellMapper::map(const Window& window, std::span<std::uint32_t> seqnums) const {
    map(window, [&](std::uint32_t x, std::uint32_t y, std::span<const std::uint32_t> part) {
        std::copy(
            part.begin(), part.end(),
            seqnums.begin() + static_cast<std::ptrdiff_t>(std::size_t{y - window.y} * window.width + (x - window.x)));
    });
}

}  // namespace vcube::dgg
