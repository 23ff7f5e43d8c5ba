#include "driver/grid_pyramid.h"

#include <algorithm>
#include <utility>

#include "core/swath/aggregate.h"

namespace vcube::driver {

namespace {

Result<std::shared_ptr<const dgg::CellMapper>> make_mapper(const dgg::Grid& grid) {
    VCUBE_ASSIGN(dgg::CellMapper made, dgg::CellMapper::create(grid));
    return std::make_shared<const dgg::CellMapper>(std::move(made));
}

}  // namespace

GridPyramid::GridPyramid(dgg::Grid full) {
    grids_.push_back(std::move(full));
    while (std::max(grids_.back().width, grids_.back().height) > kSmallest) {
        grids_.push_back(grids_.back().halved());
    }
    mappers_ = std::vector<swath::Once<dgg::CellMapper>>(grids_.size());
    sample_mappers_ = std::vector<swath::Once<dgg::CellMapper>>(grids_.size());
}

Result<std::shared_ptr<const GridPyramid>> GridPyramid::create(dgg::Grid full) {
    const std::shared_ptr<const GridPyramid> pyramid(new GridPyramid(std::move(full)));
    VCUBE_TRY(pyramid->mapper(0));
    return pyramid;
}

Result<std::shared_ptr<const dgg::CellMapper>> GridPyramid::mapper(std::size_t level) const {
    return mappers_[level].get([&] { return make_mapper(grids_[level]); });
}

std::uint32_t GridPyramid::samples_per_side(std::size_t level) const {
    return swath::samples_per_side(grids_[level]);
}

Result<std::shared_ptr<const dgg::CellMapper>> GridPyramid::sample_mapper(std::size_t level) const {
    return sample_mappers_[level].get([&] { return make_mapper(grids_[level].refined(samples_per_side(level))); });
}

}  // namespace vcube::driver
