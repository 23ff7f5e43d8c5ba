// A raster's grid and its overviews: each half as large as the one before, down to 256 pixels, with the mapper of each,
// and of the samples that its pixels may be made of, made on first use. Immutable to its users, thread-safe; shared by
// the bands of a dataset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/dgg/grid.h"
#include "core/dgg/mapper.h"
#include "core/swath/once.h"
#include "vcube/result.h"

namespace vcube::driver {

class GridPyramid {
public:
    /// Overviews are made while one is larger than this along an axis.
    static constexpr std::uint32_t kSmallest = 256;

    /// Fails where PROJ does not read the grid's CRS.
    static Result<std::shared_ptr<const GridPyramid>> create(dgg::Grid full);

    /// Overviews, without the full grid.
    [[nodiscard]] std::size_t overview_count() const { return grids_.size() - 1; }
    /// 0 is the full grid, k its k-th overview.
    [[nodiscard]] const dgg::Grid& grid(std::size_t level) const { return grids_[level]; }
    [[nodiscard]] Result<std::shared_ptr<const dgg::CellMapper>> mapper(std::size_t level) const;
    /// Samples along the side of a pixel that summarises the cells inside it (core/swath/aggregate.h).
    [[nodiscard]] std::uint32_t samples_per_side(std::size_t level) const;
    /// Maps the level's grid refined by samples_per_side().
    [[nodiscard]] Result<std::shared_ptr<const dgg::CellMapper>> sample_mapper(std::size_t level) const;

private:
    explicit GridPyramid(dgg::Grid full);
    std::vector<dgg::Grid> grids_;
    mutable std::vector<swath::Once<dgg::CellMapper>> mappers_, sample_mappers_;
};

}  // namespace vcube::driver
