// Every pixel is compared with the scalar mapping of its centre, whatever the mapper does to be fast.
#include "core/swath/render.h"
#include "tests/unit/swath/grids.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>

namespace vcube::swath {
namespace {

using test::make_grid;

// A swath: the cells within some degrees of a slanted line over the grid's area.
struct Swath {
    std::vector<std::uint32_t> ids;
    std::unique_ptr<RowIndex> rows;

    Swath(double west, double east, double south, double north) {
        std::map<std::uint32_t, bool> seen;
        for (double lat = south; lat < north; lat += 0.05) {
            for (double lon = west; lon < east; lon += 0.05) {
                const double across = lon - (west + east) / 2 - 0.3 * (lat - south);
                const std::uint32_t seqnum = dgg::seqnum_of(lon, lat);
                if (std::fabs(across) < 4 && !seen[seqnum]) {
                    seen[seqnum] = true;
                    ids.push_back(dgg::grid_point_id(seqnum));
                }
            }
        }
        rows = std::make_unique<RowIndex>(ids);
    }
};

template <class T>
std::vector<T> column_of(std::size_t rows) {
    std::vector<T> column(rows);
    for (std::size_t row = 0; row < rows; ++row) {
        column[row] = static_cast<T>(row % 120 + 1);
    }
    return column;
}

template <class T>
T expected(const dgg::Grid& grid, std::uint32_t x, std::uint32_t y, const RowIndex& rows, const std::vector<T>& column,
           T nodata) {
    const double lon = grid.geotransform[0] + (x + 0.5) * grid.geotransform[1];
    const double lat = grid.geotransform[3] + (y + 0.5) * grid.geotransform[5];
    const std::uint32_t row = rows.row_of(dgg::seqnum_of(lon, lat));
    return row == RowIndex::kNoRow ? nodata : column[row];
}

template <class T>
ByteSpan as_bytes(const std::vector<T>& values) {
    return std::as_bytes(std::span(values));
}

template <class T>
class RenderTest : public testing::Test {};
using ItemTypes = testing::Types<std::uint8_t, std::int16_t, float, double>;
TYPED_TEST_SUITE(RenderTest, ItemTypes);

TYPED_TEST(RenderTest, EveryPixelShowsItsOwnCell) {
    using T = TypeParam;
    const dgg::Grid grid = make_grid(-10, 65, 0.06, 500, 400);
    const auto mapper = dgg::CellMapper::create(grid).value();
    const Swath swath(-10, 20, 41, 65);
    const std::vector<T> column = column_of<T>(swath.ids.size());
    const std::vector<T> nodata{static_cast<T>(-9)};
    ThreadPool pool(1);
    const dgg::Window window{30, 17, 411, 333};
    std::vector<T> out(std::size_t{window.width} * window.height, T{77});
    render(mapper, window, {*swath.rows, as_bytes(column)}, as_bytes(nodata),
           {reinterpret_cast<std::byte*>(out.data()), sizeof(T), static_cast<std::ptrdiff_t>(window.width * sizeof(T))},
           pool);
    std::size_t wrong = 0, inside = 0;
    for (std::uint32_t y = 0; y < window.height; ++y) {
        for (std::uint32_t x = 0; x < window.width; ++x) {
            const T want = expected(grid, window.x + x, window.y + y, *swath.rows, column, nodata[0]);
            wrong += out[std::size_t{y} * window.width + x] != want ? 1 : 0;
            inside += want != nodata[0] ? 1 : 0;
        }
    }
    EXPECT_EQ(wrong, 0U);
    EXPECT_GT(inside, out.size() / 10);
    EXPECT_LT(inside, out.size() * 9 / 10);
}

TEST(Render, WritesThroughAnyStridesAndNothingElse) {
    const dgg::Grid grid = make_grid(0, 50, 0.1, 64, 48);
    const auto mapper = dgg::CellMapper::create(grid).value();
    const Swath swath(0, 6, 46, 50);
    const std::vector<std::uint16_t> column = column_of<std::uint16_t>(swath.ids.size());
    const std::vector<std::uint16_t> nodata{9999};
    ThreadPool pool(1);
    // Columns from right to left, three items apart; rows from bottom to top.
    constexpr std::ptrdiff_t kPixel = -6, kLine = -64 * 6;
    std::vector<std::uint16_t> out(64 * 48 * 3, 5);
    auto* last = reinterpret_cast<std::byte*>(out.data() + (64 * 48 - 1) * 3);
    render(mapper, {0, 0, 64, 48}, {*swath.rows, as_bytes(column)}, as_bytes(nodata), {last, kPixel, kLine}, pool);
    for (std::uint32_t y = 0; y < 48; ++y) {
        for (std::uint32_t x = 0; x < 64; ++x) {
            const std::size_t at = (std::size_t{47 - y} * 64 + (63 - x)) * 3;
            ASSERT_EQ(out[at], expected(grid, x, y, *swath.rows, column, nodata[0]));
            ASSERT_EQ(out[at + 1], 5);
            ASSERT_EQ(out[at + 2], 5);
        }
    }
}

TEST(Render, TablesByCellShowTheSameAsColumns) {
    const dgg::Grid grid = make_grid(-180, 90, 0.5, 720, 360);
    const auto mapper = dgg::CellMapper::create(grid).value();
    const Swath swath(-10, 20, 41, 65);
    std::vector<std::uint32_t> ids = swath.ids;
    for (const std::uint32_t seqnum : {1U, 2U, 33U, 34U, dgg::kCells - 1, dgg::kCells, dgg::seqnum_of(0, 90)}) {
        ids.push_back(dgg::grid_point_id(seqnum));
    }
    const RowIndex rows(ids);
    const std::vector<std::int16_t> column = column_of<std::int16_t>(ids.size()), nodata{-9};
    std::map<std::size_t, std::vector<std::int16_t>> made;
    std::vector<const std::byte*> pages(CellPages::kPageCount, nullptr);
    for (std::uint32_t seqnum = 1; seqnum <= dgg::kCells; ++seqnum) {
        const std::uint32_t row = rows.row_of(seqnum);
        if (row != RowIndex::kNoRow) {
            auto& page = made[CellPages::page_of(seqnum)];
            page.resize(CellPages::kPageCells, nodata[0]);
            page[CellPages::place_of(seqnum)] = column[row];
            pages[CellPages::page_of(seqnum)] = reinterpret_cast<const std::byte*>(page.data());
        }
    }
    ThreadPool pool(1);
    std::vector<std::int16_t> by_column(720 * 360, 1), by_pages(720 * 360, 2), everywhere(720 * 360, 3);
    const auto draw = [&](const CellValues& values, std::vector<std::int16_t>& out) {
        render(mapper, {0, 0, 720, 360}, values, as_bytes(nodata), {reinterpret_cast<std::byte*>(out.data()), 2, 1440},
               pool);
    };
    draw({rows, as_bytes(column)}, by_column);
    draw(CellValues(pages, &rows.cells()), by_pages);
    draw(CellValues(pages), everywhere);
    EXPECT_EQ(by_column, by_pages);
    EXPECT_EQ(by_column, everywhere);
    EXPECT_GT(std::count_if(by_column.begin(), by_column.end(), [](std::int16_t v) { return v != -9; }), 500);
}

TEST(Render, AnEmptyProductIsNodataEverywhere) {
    const auto mapper = dgg::CellMapper::create(make_grid(-180, 90, 1, 360, 180)).value();
    const RowIndex rows({});
    const std::vector<float> nodata{-999.0F};
    std::vector<float> out(360 * 180, 1.0F);
    ThreadPool pool(1);
    render(mapper, {0, 0, 360, 180}, {rows, {}}, as_bytes(nodata),
           {reinterpret_cast<std::byte*>(out.data()), 4, 360 * 4}, pool);
    EXPECT_EQ(std::count(out.begin(), out.end(), -999.0F), 360 * 180);
}

}  // namespace
}  // namespace vcube::swath
