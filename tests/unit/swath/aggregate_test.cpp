// Pixels that summarise their cells, against sums over samples that are mapped one by one.
#include "core/swath/aggregate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "core/dgg/pixel_areas.h"
#include "tests/unit/swath/grids.h"

namespace vcube::swath {
namespace {

constexpr double kRadians = 0.017453292519943295;

using test::make_grid;

/// Cells of a box of 12 x 10 degrees, a tenth of them left out.
RowIndex make_rows() {
    std::map<std::uint32_t, bool> seen;
    std::vector<std::uint32_t> ids;
    for (double lat = 40; lat < 50; lat += 0.04) {
        for (double lon = 0; lon < 12; lon += 0.04) {
            const std::uint32_t seqnum = dgg::seqnum_of(lon, lat);
            if (seqnum % 10 != 0 && !seen[seqnum]) {
                seen[seqnum] = true;
                ids.push_back(dgg::grid_point_id(seqnum));
            }
        }
    }
    return RowIndex(ids);
}

template <class T>
ByteSpan as_bytes(const std::vector<T>& values) {
    return std::as_bytes(std::span(values));
}

template <class T>
DType type_of() {
    DType type;
    type.kind = std::is_floating_point_v<T> ? Kind::kFloat : std::is_signed_v<T> ? Kind::kInt : Kind::kUInt;
    type.size = sizeof(T);
    return type;
}

template <class T>
std::vector<T> draw(const dgg::Grid& grid, const dgg::Window& window, const RowIndex& rows,
                    const std::vector<T>& column, T nodata, Aggregation aggregation, std::uint32_t factor) {
    const auto samples = dgg::CellMapper::create(grid.refined(factor)).value();
    const std::vector<T> missing{nodata};
    std::vector<T> out(std::size_t{window.width} * window.height, T{55});
    ThreadPool pool(1);
    render_aggregated(
        samples, factor, window, {rows, as_bytes(column)}, type_of<T>(), as_bytes(missing), aggregation,
        {reinterpret_cast<std::byte*>(out.data()), sizeof(T), static_cast<std::ptrdiff_t>(window.width * sizeof(T))},
        pool);
    return out;
}

TEST(SamplesPerSide, FollowsFromThePixelAlone) {
    EXPECT_EQ(samples_per_side(make_grid(0, 0, 0.001, 10, 10)), 4U);
    EXPECT_EQ(samples_per_side(make_grid(0, 0, 12800 / 111195.0, 10, 10)), 4U);
    EXPECT_EQ(samples_per_side(make_grid(0, 0, 12801 / 111195.0, 10, 10)), 8U);
    EXPECT_EQ(samples_per_side(make_grid(0, 0, 1e6, 1, 1)), 4096U);
    EXPECT_EQ(samples_per_side(make_grid(0, 0, 0.001, 1U << 30U, 10)), 2U);
    EXPECT_EQ(samples_per_side(make_grid(0, 0, 0.001, 0x7FFFFFFFU, 10)), 1U);
    dgg::Grid feet = make_grid(0, 0, 82021, 10, 10);  // 25 km
    feet.metres_per_unit = 0.3048;
    EXPECT_EQ(samples_per_side(feet), 8U);
}

TEST(RenderAggregated, SumsSamplesByArea) {
    const RowIndex rows = make_rows();
    std::vector<float> column(rows.row_count());
    for (std::size_t row = 0; row < column.size(); ++row) {
        column[row] = row % 7 == 0 ? -999.0F : row % 11 == 0 ? std::nanf("") : static_cast<float>(row % 40);
    }
    for (const auto& [pixel, factor] : {std::pair{0.25, 8U}, {0.05, 4U}, {3.0, 128U}}) {
        const dgg::Grid grid =
            make_grid(-1, 51, pixel, static_cast<std::uint32_t>(14 / pixel), static_cast<std::uint32_t>(12 / pixel));
        const dgg::Window window{1, 1, grid.width - 1, grid.height - 2};
        const auto mean = draw(grid, window, rows, column, -999.0F, Aggregation::kAverage, factor);
        const auto mode = draw(grid, window, rows, column, -999.0F, Aggregation::kMode, factor);
        std::size_t valid = 0;
        for (std::size_t at = 0; at < mean.size(); ++at) {
            std::map<float, double> areas;
            const double x = static_cast<double>(window.x + at % window.width);
            const double y = static_cast<double>(window.y + at / window.width);
            for (std::uint32_t k = 0; k < factor * factor; ++k) {
                const double lon = -1 + (x + (k % factor + 0.5) / factor) * pixel;
                const double lat = 51 - (y + (static_cast<double>(k / factor) + 0.5) / factor) * pixel;
                const std::uint32_t row = rows.row_of(dgg::seqnum_of(lon, lat));
                if (row != RowIndex::kNoRow && column[row] >= 0) {
                    areas[column[row]] += std::cos(lat * kRadians);
                }
            }
            double sum = 0, area = 0, largest = 0;
            float most = -999;
            for (const auto& [value, share] : areas) {
                sum += static_cast<double>(value) * share;
                area += share;
                most = share > largest * (1 + 1e-12) ? value : most;
                largest = std::max(largest, share);
            }
            ASSERT_NEAR(mean[at], area > 0 ? sum / area : -999, 1e-5) << at;
            ASSERT_EQ(mode[at], most) << at;
            valid += area > 0 ? 1 : 0;
        }
        EXPECT_GT(valid, mean.size() / 3);
    }
}

TEST(RenderAggregated, DoesNotDependOnTheWindow) {
    const RowIndex rows = make_rows();
    std::mt19937 random(1);
    std::normal_distribution<double> normal;
    std::vector<double> column(rows.row_count());
    std::generate(column.begin(), column.end(), [&] { return normal(random); });
    dgg::Grid grid;
    grid.crs = "EPSG:3035";
    grid.geotransform = {3.4e6, 3e4, 0, 3.3e6, 0, -3e4};
    grid.width = 40;
    grid.height = 30;
    for (const Aggregation aggregation : {Aggregation::kAverage, Aggregation::kMode}) {
        const auto whole = draw(grid, {0, 0, 40, 30}, rows, column, -1e9, aggregation, 16);
        std::size_t valid = 0;
        for (std::uint32_t y = 0; y < 30; y += 7) {
            for (std::uint32_t x = 0; x < 40; x += 3) {
                const double alone = draw(grid, {x, y, 1, 1}, rows, column, -1e9, aggregation, 16)[0];
                ASSERT_EQ(alone, whole[std::size_t{y} * 40 + x]);  // every bit
                valid += alone != -1e9 ? 1 : 0;
            }
        }
        EXPECT_GT(valid, 20U);
    }
}

TEST(RenderAggregated, EqualValuesAreTheirMean) {
    const RowIndex rows = make_rows();
    const dgg::Grid grid = make_grid(2, 48, 0.7, 8, 8);
    const dgg::Window all{0, 0, 8, 8};
    const auto check = [&]<class T>(T value, T nodata) {
        const std::vector<T> column(rows.row_count(), value);
        for (const T pixel : draw(grid, all, rows, column, nodata, Aggregation::kAverage, 32)) {
            ASSERT_EQ(pixel, value);
        }
    };
    check(0.1, -1.0);
    check(0.1F, -1.0F);
    check(std::numeric_limits<std::int64_t>::max(), std::int64_t{0});
    check(std::numeric_limits<std::int64_t>::max() - 1, std::int64_t{0});
    check(std::numeric_limits<std::uint64_t>::max(), std::uint64_t{0});
    check(std::int8_t{-128}, std::int8_t{0});
    check(std::uint8_t{255}, std::uint8_t{0});
}

TEST(RenderAggregated, MeansOfIntegersAreRounded) {
    const RowIndex rows = make_rows();
    const dgg::Grid grid = make_grid(2, 48, 0.7, 8, 8);
    const dgg::Window all{0, 0, 8, 8};
    std::vector<std::int16_t> column(rows.row_count());
    std::vector<double> same(rows.row_count());
    for (std::size_t row = 0; row < column.size(); ++row) {
        column[row] = static_cast<std::int16_t>(row * 37 % 501 - 250);
        same[row] = column[row];
    }
    const auto got = draw(grid, all, rows, column, std::int16_t{-999}, Aggregation::kAverage, 32);
    const auto exact = draw(grid, all, rows, same, -999.0, Aggregation::kAverage, 32);
    for (std::size_t at = 0; at < got.size(); ++at) {
        EXPECT_EQ(got[at], std::round(exact[at]));
    }
    // Largest integers: the mean stays in range.
    std::vector<std::uint64_t> large(rows.row_count());
    for (std::size_t row = 0; row < large.size(); ++row) {
        large[row] = std::numeric_limits<std::uint64_t>::max() - row % 2;
    }
    for (const std::uint64_t mean : draw(grid, all, rows, large, std::uint64_t{0}, Aggregation::kAverage, 32)) {
        EXPECT_GE(mean, std::numeric_limits<std::uint64_t>::max() - 2048);
    }
}

// Areas on the sphere of zones and of a cap around a pole are known in closed form.
double area_of(const dgg::Grid& grid) {
    const auto projection = dgg::Projection::create(grid.crs).value();
    dgg::PixelAreas areas(grid, projection, 0, grid.width);
    std::vector<double> row(grid.width);
    double sum = 0;
    for (std::uint32_t y = 0; y < grid.height; ++y) {
        areas.row(0, y, row);
        for (const double area : row) {
            EXPECT_GT(area, 0);
            sum += area;
        }
    }
    return sum;
}

TEST(PixelAreas, AddUpToZones) {
    for (const char* crs : {"EPSG:6933", "EPSG:3857"}) {
        std::array<double, 2> x{0, 0}, y{-6e6, 6e6};
        const auto projection = dgg::Projection::create(crs).value();
        projection.inverse(x, y);
        const double zone = 2 * M_PI * (std::sin(y[1] * kRadians) - std::sin(y[0] * kRadians));
        const double half = crs == std::string("EPSG:6933") ? 17367530.445161 : 20037508.342789;
        dgg::Grid grid;
        grid.crs = crs;
        grid.width = 1000;
        grid.height = 600;
        grid.metres_per_unit = 1;
        grid.geotransform = {-half, 2 * half / 1000, 0, 6e6, 0, -2e4};
        EXPECT_NEAR(area_of(grid) / zone, 1, 3e-3) << crs;  // pixels of 35 km, corners 32 of them apart
    }
}

TEST(PixelAreas, AreTheCosineOnLongitudeAndLatitude) {
    const auto projection = dgg::Projection::create("EPSG:4326").value();
    const dgg::Grid grid = make_grid(0, 90, 0.5, 20, 360);
    dgg::PixelAreas areas(grid, projection, 0, 20);
    std::vector<double> row(20);
    for (const std::uint32_t y : {0U, 100U, 359U}) {
        areas.row(0, y, row);
        EXPECT_DOUBLE_EQ(row[7], std::cos((89.75 - 0.5 * y) * kRadians));
    }
}

// A grid in metres that ends where the projection does: the weights there are about those of the pixels inside.
TEST(PixelAreas, StaySmoothBesideTheEdgeOfTheProjection) {
    dgg::Grid grid;
    grid.crs = "+proj=moll";
    grid.width = grid.height = 400;
    grid.metres_per_unit = 1;
    grid.geotransform = {-18.2e6, 1e4, 0, 2e6, 0, -1e4};  // the western end at the equator
    const auto projection = dgg::Projection::create(grid.crs).value();
    dgg::PixelAreas areas(grid, projection, 0, grid.width);
    std::vector<double> row(grid.width);
    const double plane = 1e8 / (6378137.0 * 6378137.0);
    for (std::uint32_t y = 0; y < grid.height; y += 13) {
        areas.row(0, y, row);
        for (const double area : row) {
            EXPECT_NEAR(area / plane, 1, 0.05);
        }
    }
}

}  // namespace
}  // namespace vcube::swath
