// Which row of a product holds which grid point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/dgg/mapper.h"

namespace vcube::swath {

/// seqnum -> row, in pages of 64 cells so that a half orbit costs what it covers and stays in the processor's cache.
/// Immutable, thread-safe.
class RowIndex {
public:
    static constexpr std::uint32_t kNoRow = 0xFFFFFFFFU;
    static constexpr std::uint32_t kPageCells = 64;
    /// From the Grid_Point_ID column; rows with an invalid id are counted and left out; of a repeated id the first row
    /// stands.
    explicit RowIndex(std::span<const std::uint32_t> grid_point_ids);
    /// kNoRow where the product has no such cell; any seqnum in 0..kCells.
    [[nodiscard]] std::uint32_t row_of(std::uint32_t seqnum) const {
        return rows_[pages_[seqnum / kPageCells] + seqnum % kPageCells];
    }
    /// Length of the Grid_Point_ID column; every row that row_of() gives is smaller.
    [[nodiscard]] std::size_t row_count() const { return row_count_; }
    [[nodiscard]] std::uint32_t invalid_ids() const { return invalid_; }
    [[nodiscard]] std::uint32_t first_invalid_row() const { return first_invalid_; }
    [[nodiscard]] std::uint32_t repeated_ids() const { return repeated_; }
    [[nodiscard]] const dgg::CellSet& cells() const { return *cells_; }
    /// Memory that it takes.
    [[nodiscard]] std::size_t held_bytes() const {
        return (pages_.size() + rows_.size()) * sizeof(std::uint32_t) + cells_->held_bytes();
    }

private:
    std::vector<std::uint32_t> pages_;  // offset into rows_ of each page; untouched pages share the first
    std::vector<std::uint32_t> rows_;
    std::shared_ptr<const dgg::CellSet> cells_;
    std::size_t row_count_ = 0;
    std::uint32_t invalid_ = 0, first_invalid_ = kNoRow, repeated_ = 0;
};

}  // namespace vcube::swath
