#include "core/dgg/mapper.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/dgg/exact_pixels.h"
#include "core/dgg/patches.h"

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

const Projection& CellMapper::projection() const {
    return state_->projection;
}

void CellMapper::map(const Window& window, const RowSink& sink, const CellSet* only) const {
    if (state_->projection.is_smooth()) {
        PatchMapper(state_->grid, state_->projection, sink, only).map(window);
        return;
    }
    constexpr std::uint32_t kPart = 1024;
    ExactPixels exact(state_->grid, state_->projection);
    for (std::uint32_t row = 0; row < window.height; ++row) {
        for (std::uint32_t left = 0; left < window.width; left += kPart) {
            exact.clear();
            for (std::uint32_t k = left; k < std::min(left + kPart, window.width); ++k) {
                exact.add(window.x + k, window.y + row);
            }
            sink(window.x + left, window.y + row, exact.compute());
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
