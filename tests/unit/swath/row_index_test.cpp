#include "core/swath/row_index.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/dgg/isea.h"

namespace vcube::swath {
namespace {

// Pairs of Grid_Point_ID and seqnum: SMOS-Box's rule as the facts of the grid state it.
constexpr std::uint32_t kIds[] = {1, 262145, 1000001, 4262144, 9262144, 9262145};
constexpr std::uint32_t kSeqnums[] = {1, 262145, 262146, 1310721, 2621441, 2621442};

TEST(RowIndex, FindsRowsByCell) {
    const RowIndex rows(kIds);
    for (std::uint32_t row = 0; row < std::size(kIds); ++row) {
        EXPECT_EQ(rows.row_of(kSeqnums[row]), row) << kIds[row];
    }
    EXPECT_EQ(rows.row_of(0), RowIndex::kNoRow);
    EXPECT_EQ(rows.row_of(2), RowIndex::kNoRow);
    EXPECT_EQ(rows.row_of(1310720), RowIndex::kNoRow);
    EXPECT_EQ(rows.row_count(), std::size(kIds));
    EXPECT_EQ(rows.invalid_ids(), 0U);
    EXPECT_EQ(rows.repeated_ids(), 0U);
}

TEST(RowIndex, LeavesOutIdsOutsideTheGrid) {
    // 4262145 stands in a real product after a copy of its row as 4262144.
    const std::vector<std::uint32_t> ids{4262144, 4262145, 0, 262146, 9262146, 4294967295U, 1000000, 7};
    const RowIndex rows(ids);
    EXPECT_EQ(rows.invalid_ids(), 6U);
    EXPECT_EQ(rows.first_invalid_row(), 1U);
    EXPECT_EQ(rows.row_of(1310721), 0U);
    EXPECT_EQ(rows.row_of(7), 7U);
    std::size_t placed = 0;
    for (std::uint32_t seqnum = 0; seqnum <= dgg::kCells; ++seqnum) {
        placed += rows.row_of(seqnum) != RowIndex::kNoRow ? 1 : 0;
    }
    EXPECT_EQ(placed, 2U);
}

TEST(RowIndex, KeepsTheFirstRowOfARepeatedId) {
    const std::vector<std::uint32_t> ids{10, 20, 10, 20, 20};
    const RowIndex rows(ids);
    EXPECT_EQ(rows.row_of(10), 0U);
    EXPECT_EQ(rows.row_of(20), 1U);
    EXPECT_EQ(rows.repeated_ids(), 3U);
}

TEST(RowIndex, MayBeEmpty) {
    const RowIndex rows({});
    EXPECT_EQ(rows.row_of(0), RowIndex::kNoRow);
    EXPECT_EQ(rows.row_of(dgg::kCells), RowIndex::kNoRow);
}

TEST(RowIndex, TellsWhereItsCellsLie) {
    const std::vector<std::uint32_t> ids{dgg::grid_point_id(dgg::seqnum_of(10, 50))};
    const RowIndex rows(ids);
    EXPECT_TRUE(rows.cells().may_touch(10, 50, 0.001));
    EXPECT_FALSE(rows.cells().may_touch(-100, -40, 0.001));
}

}  // namespace
}  // namespace vcube::swath
