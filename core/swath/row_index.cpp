#include "core/swath/row_index.h"

#include "core/dgg/isea.h"

namespace vcube::swath {

RowIndex::RowIndex(std::span<const std::uint32_t> grid_point_ids)
    : pages_(dgg::kCells / kPageCells + 1, 0), row_count_(grid_point_ids.size()) {
    std::vector<std::uint32_t> seqnums(grid_point_ids.size());
    for (std::size_t row = 0; row < seqnums.size(); ++row) {
        const std::uint32_t seqnum = dgg::seqnum_of_id(grid_point_ids[row]).value_or(0);
        seqnums[row] = seqnum;
        pages_[seqnum / kPageCells] = 1;
        if (seqnum == 0) {
            first_invalid_ = invalid_ == 0 ? static_cast<std::uint32_t>(row) : first_invalid_;
            ++invalid_;
        }
    }
    // The first page stays empty, for all cells that no row is near to.
    std::uint32_t end = kPageCells;
    for (std::uint32_t& page : pages_) {
        if (page != 0) {
            page = end;
            end += kPageCells;
        }
    }
    rows_.resize(end, kNoRow);
    for (std::size_t row = 0; row < seqnums.size(); ++row) {
        const std::uint32_t seqnum = seqnums[row];
        std::uint32_t& place = rows_[pages_[seqnum / kPageCells] + seqnum % kPageCells];
        if (place == kNoRow) {
            place = static_cast<std::uint32_t>(row);
        } else {
            ++repeated_;
        }
    }
    if (invalid_ > 0) {  // they all went to the place of seqnum 0, which stays without a row
        rows_[pages_[0]] = kNoRow;
        repeated_ -= invalid_ - 1;
    }
    cells_ = std::make_shared<const dgg::CellSet>(seqnums);
}

}  // namespace vcube::swath
