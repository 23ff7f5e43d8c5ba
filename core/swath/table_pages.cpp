#include "core/swath/table_pages.h"

#include "core/dgg/blocks.h"

namespace vcube::swath {

static_assert(CellPages::kPageCells == dgg::kBlockSide && CellPages::place_of(2) == 0);

TablePages::TablePages(const CellTable& table) : pages_(CellPages::kPageCount, nullptr) {
    const std::vector<std::byte>& nodata = table.form().nodata;
    for (const auto& [block, values] : table.blocks()) {
        const std::byte* const data = values->data();
        if (block == 0) {
            for (std::uint32_t place = 0; place < CellPages::kPageCells; ++place) {
                const bool is_cell = place == CellPages::place_of(1);
                first_.insert(first_.end(), is_cell ? data : nodata.data(),
                              is_cell ? data + nodata.size() : nodata.data() + nodata.size());
            }
            pages_[0] = first_.data();
            continue;
        }
        const bool single = block == dgg::kBlockCount - 1;
        for (std::uint32_t row = 0; row < (single ? 1 : dgg::kBlockSide); ++row) {
            const std::uint32_t cell = row * dgg::kBlockSide;
            pages_[CellPages::page_of(dgg::seqnum_of_block_cell({block, cell}))] = data + cell * nodata.size();
        }
    }
}

}  // namespace vcube::swath
