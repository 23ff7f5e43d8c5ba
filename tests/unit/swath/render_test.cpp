// Every pixel is compared with the scalar mapping of its centre, whatever the mapper does to be fast.
#include "core/swath/render.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>

#include "core/swath/aggregate.h"

namespace vcube::swath {
namespace {

dgg::Grid make_grid(double west, double north, double pixel, std::uint32_t width, std::uint32_t height) {
    dgg::Grid grid;
    grid.geotransform = {west, pixel, 0, north, 0, -pixel};
    grid.width = width;
    grid.height = height;
    return grid;
}

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

// Overviews from the full raster, pixel by pixel.
struct Below {
    std::map<float, int> counts;
    double sum = 0;
    int count = 0;
};

TEST(RenderAggregated, SummarisesThePixelsBelow) {
    const dgg::Grid grid = make_grid(-10, 65, 0.06, 501, 403);  // odd: the last overview pixels cover less
    const auto mapper = dgg::CellMapper::create(grid).value();
    const Swath swath(-10, 20, 41, 65);
    std::vector<float> column = column_of<float>(swath.ids.size());
    for (std::size_t row = 0; row < column.size(); row += 3) {
        column[row] = row % 2 == 0 ? -999.0F : std::nanf("");
    }
    const std::vector<float> nodata{-999.0F};
    DType type;
    type.kind = Kind::kFloat;
    type.size = 4;
    ThreadPool pool(1);
    for (const unsigned level : {1U, 2U, 4U}) {
        const std::uint32_t side = 1U << level;
        const std::uint32_t width = (501 + side - 1) / side, height = (403 + side - 1) / side;
        for (const Aggregation aggregation : {Aggregation::kAverage, Aggregation::kMode}) {
            const dgg::Window window{1, 2, width - 1, height - 2};
            std::vector<float> out(std::size_t{window.width} * window.height, 5.0F);
            render_aggregated(mapper, level, window, {*swath.rows, as_bytes(column)}, type, as_bytes(nodata),
                              aggregation, {reinterpret_cast<std::byte*>(out.data()), 4, window.width * 4}, pool);
            std::size_t wrong = 0, valid = 0;
            for (std::uint32_t y = 0; y < window.height; ++y) {
                for (std::uint32_t x = 0; x < window.width; ++x) {
                    Below below;
                    for (std::uint32_t v = (window.y + y) * side; v < std::min((window.y + y + 1) * side, 403U); ++v) {
                        for (std::uint32_t u = (window.x + x) * side; u < std::min((window.x + x + 1) * side, 501U);
                             ++u) {
                            const float value = expected(grid, u, v, *swath.rows, column, nodata[0]);
                            if (value != nodata[0] && !std::isnan(value)) {
                                ++below.counts[value];
                                below.sum += static_cast<double>(value);
                                ++below.count;
                            }
                        }
                    }
                    float want = nodata[0];
                    if (below.count > 0 && aggregation == Aggregation::kAverage) {
                        want = static_cast<float>(below.sum / below.count);
                    } else if (below.count > 0) {
                        int most = 0;
                        for (const auto& [value, count] : below.counts) {
                            want = count > most ? value : want;
                            most = std::max(most, count);
                        }
                    }
                    valid += below.count > 0 ? 1 : 0;
                    wrong += out[std::size_t{y} * window.width + x] != want ? 1 : 0;
                }
            }
            EXPECT_EQ(wrong, 0U) << level;
            EXPECT_GT(valid, out.size() / 10);
        }
    }
}

TEST(RenderAggregated, RoundsAveragesOfIntegers) {
    // One cell of 15 km under hundreds of pixels: two rows, values 1 and 2, in one overview pixel.
    const std::uint32_t one = dgg::seqnum_of(10, 50);
    std::uint32_t other = one;
    double lon = 10;
    while (other == one) {
        lon += 0.001;
        other = dgg::seqnum_of(lon, 50);
    }
    const std::vector<std::uint32_t> ids{dgg::grid_point_id(one), dgg::grid_point_id(other)};
    const RowIndex rows(ids);
    dgg::Grid grid = make_grid(lon - 0.002, 50.0005, 0.001, 4, 1);
    const auto mapper = dgg::CellMapper::create(grid).value();
    const std::vector<std::int32_t> column{-4, -7}, nodata{0};
    DType type;
    type.kind = Kind::kInt;
    type.size = 4;
    ThreadPool pool(0);
    std::vector<std::int32_t> full(4, 9), out(1, 9);
    render(mapper, {0, 0, 4, 1}, {rows, as_bytes(column)}, as_bytes(nodata),
           {reinterpret_cast<std::byte*>(full.data()), 4, 16}, pool);
    render_aggregated(mapper, 2, {0, 0, 1, 1}, {rows, as_bytes(column)}, type, as_bytes(nodata), Aggregation::kAverage,
                      {reinterpret_cast<std::byte*>(out.data()), 4, 4}, pool);
    double sum = 0;
    for (const std::int32_t value : full) {
        EXPECT_TRUE(value == -4 || value == -7);
        sum += value;
    }
    EXPECT_EQ(out[0], static_cast<std::int32_t>(std::round(sum / 4)));
}

}  // namespace
}  // namespace vcube::swath
