// Every cell of a table is found where it is drawn from.
#include "core/swath/table_pages.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "core/dgg/isea.h"
#include "core/swath/typed_column.h"

namespace vcube::swath {
namespace {

constexpr double kNodata = -9;

// Holds each cell's seqnum, in the blocks that `wanted` takes.
template <class Wanted>
CellTable table_of(const Wanted& wanted) {
    ResultForm form;
    form.type = float64();
    form.nodata.resize(sizeof kNodata);
    std::memcpy(form.nodata.data(), &kNodata, sizeof kNodata);
    CellTable table(form);
    for (std::uint32_t block = 0; block < dgg::kBlockCount; ++block) {
        auto values = std::make_shared<Buffer>(dgg::kBlockCells * sizeof(double));
        for (std::uint32_t cell = 0; cell < dgg::kBlockCells; ++cell) {
            const std::uint32_t seqnum = dgg::seqnum_of_block_cell({block, cell});
            const double value = seqnum == 0 ? kNodata : seqnum;
            std::memcpy(values->data() + cell * sizeof(double), &value, sizeof value);
        }
        if (wanted(block)) {
            table.set_block(block, values);
        }
    }
    return table;
}

double value_at(const CellValues& values, std::uint32_t seqnum) {
    double found = 0;
    values.visit<double>([&](const auto& elements) { found = *elements.find(seqnum, &kNodata); });
    return found;
}

TEST(TablePages, EachCellIsAtItsPlace) {
    const CellTable table = table_of([](std::uint32_t /*block*/) { return true; });
    const TablePages pages(table);
    const CellValues values(pages.span());
    std::size_t wrong = 0;
    for (std::uint32_t seqnum = 1; seqnum <= dgg::kCells; ++seqnum) {
        wrong += value_at(values, seqnum) == seqnum ? 0 : 1;
    }
    EXPECT_EQ(wrong, 0U);
    EXPECT_EQ(value_at(values, 0), kNodata);
}

TEST(TablePages, CellsOfOtherBlocksHaveNone) {
    const CellTable table = table_of([](std::uint32_t block) { return block % 2 == 1; });
    const TablePages pages(table);
    const CellValues values(pages.span());
    std::size_t wrong = 0;
    for (std::uint32_t seqnum = 1; seqnum <= dgg::kCells; ++seqnum) {
        const bool is_there = dgg::block_cell_of(seqnum).block % 2 == 1;
        wrong += value_at(values, seqnum) == (is_there ? seqnum : kNodata) ? 0 : 1;
    }
    EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace vcube::swath
