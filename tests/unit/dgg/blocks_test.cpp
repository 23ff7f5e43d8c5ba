#include "core/dgg/blocks.h"

#include <gtest/gtest.h>

namespace vcube::dgg {
namespace {

bool same(const BlockCell& a, const BlockCell& b) {
    return a.block == b.block && a.cell == b.cell;
}

TEST(Blocks, EachCellHasItsOwnPlace) {
    std::vector<bool> taken(std::size_t{kBlockCount} * kBlockCells, false);
    for (std::uint32_t seqnum = 1; seqnum <= kCells; ++seqnum) {
        const BlockCell place = block_cell_of(seqnum);
        ASSERT_LT(place.block, kBlockCount);
        ASSERT_LT(place.cell, kBlockCells);
        const std::size_t number = std::size_t{place.block} * kBlockCells + place.cell;
        ASSERT_FALSE(taken[number]) << seqnum;
        taken[number] = true;
        ASSERT_EQ(seqnum_of_block_cell(place), seqnum);
        ASSERT_TRUE(same(block_cell_of_id(grid_point_id(seqnum)), place)) << seqnum;
    }
}

TEST(Blocks, IdsOfNoCellHaveNone) {
    std::uint32_t cells = 0;
    for (std::uint32_t id = 0; id < 11 * kIdStep; ++id) {
        const auto seqnum = seqnum_of_id(id);
        const BlockCell place = block_cell_of_id(id);
        ASSERT_TRUE(same(place, seqnum ? block_cell_of(*seqnum) : BlockCell{kNoBlock, 0})) << id;
        cells += seqnum ? 1 : 0;
    }
    EXPECT_EQ(cells, kCells);
    for (const std::uint32_t id : {4294967295U, 4294000001U, 2147483648U, 100000001U}) {
        EXPECT_EQ(block_cell_of_id(id).block, kNoBlock) << id;
    }
    EXPECT_FALSE(BlockSet::all().contains(kNoBlock));
}

}  // namespace
}  // namespace vcube::dgg
