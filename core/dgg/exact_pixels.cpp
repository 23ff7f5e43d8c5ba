#include "core/dgg/exact_pixels.h"

#include "core/dgg/isea.h"

namespace vcube::dgg {

void ExactPixels::clear() {
    x_.clear();
    y_.clear();
}

void ExactPixels::add(std::uint32_t column, std::uint32_t row) {
    x_.push_back(grid_->x_at(column + 0.5, row + 0.5));
    y_.push_back(grid_->y_at(column + 0.5, row + 0.5));
}

std::span<const std::uint32_t> ExactPixels::compute() {
    projection_->inverse(x_, y_);
    cells_.resize(x_.size());
    for (std::size_t k = 0; k < x_.size(); ++k) {
        cells_[k] = seqnum_of(x_[k], y_[k]);
    }
    return cells_;
}

}  // namespace vcube::dgg
