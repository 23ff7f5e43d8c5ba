#include "driver/grid_pyramid.h"

#include <algorithm>
#include <utility>

namespace vcube::driver {

GridPyramid::GridPyramid(dgg::Grid full) {
    grids_.push_back(std::move(full));
    while (std::max(grids_.back().width, grids_.back().height) > kSmallest) {
        grids_.push_back(grids_.back().halved());
    }
    mappers_ = std::vector<swath::Once<dgg::CellMapper>>(grids_.size());
}

Result<std::shared_ptr<const GridPyramid>> GridPyramid::create(dgg::Grid full) {
    const std::shared_ptr<const GridPyramid> pyramid(new GridPyramid(std::move(full)));
    VCUBE_TRY(pyramid->mapper(0));
    return pyramid;
}

Result<std::shared_ptr<const dgg::CellMapper>> GridPyramid::mapper(std::size_t level) const {
    return mappers_[level].get([&]() -> Result<std::shared_ptr<const dgg::CellMapper>> {
        VCUBE_ASSIGN(dgg::CellMapper made, dgg::CellMapper::create(grids_[level]));
        return std::make_shared<const dgg::CellMapper>(std::move(made));
    });
}

}  // namespace vcube::driver
