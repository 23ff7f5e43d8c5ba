#include "core/swath/row_index.h"

#include "core/dgg/isea.h"

namespace vcube::swath {

namespace {
constexpr std::uint32_t kPageCells = 512;
}

RowIndex::RowIndex(std::span<const std::uint32_t> grid_point_ids)
    : pages_(dgg::kCells / kPageCells + 1, 0), rows_(kPageCells, kNoRow), row_count_(grid_point_ids.size()) {
    std::vector<std::uint32_t> seqnums(grid_point_ids.size(), 0);
    for (std::size_t row = 0; row < grid_point_ids.size(); ++row) {
        const auto seqnum = dgg::seqnum_of_id(grid_point_ids[row]);
        if (!seqnum) {
            first_invalid_ = invalid_ == 0 ? static_cast<std::uint32_t>(row) : first_invalid_;
            ++invalid_;
            continue;
        }
        seqnums[row] = *seqnum;
        std::uint32_t& page = pages_[*seqnum / kPageCells];
        if (page == 0) {
            page = static_cast<std::uint32_t>(rows_.size());
            rows_.resize(rows_.size() + kPageCells, kNoRow);
        }
        std::uint32_t& place = rows_[page + *seqnum % kPageCells];
        if (place == kNoRow) {
            place = static_cast<std::uint32_t>(row);
        } else {
            ++repeated_;
        }
    }
    cells_ = std::make_shared<const dgg::CellSet>(seqnums);
}

}  // namespace vcube::swath
