// The mapper against the plain way, pixel by pixel: projection inverse at the pixel's centre, then seqnum_of.
#include "core/dgg/mapper.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <thread>
#include <vector>

namespace vcube::dgg {
namespace {

std::vector<std::uint32_t> plainly(const Grid& grid, const Window& window) {
    const auto projection = Projection::create(grid.crs);
    std::vector<std::uint32_t> cells;
    std::vector<double> x(window.width);
    std::vector<double> y(window.width);
    const auto& g = grid.geotransform;
    for (std::uint32_t row = window.y; row < window.y + window.height; ++row) {
        for (std::uint32_t k = 0; k < window.width; ++k) {
            x[k] = g[0] + (window.x + k + 0.5) * g[1] + (row + 0.5) * g[2];
            y[k] = g[3] + (window.x + k + 0.5) * g[4] + (row + 0.5) * g[5];
        }
        projection.value().inverse(x, y);
        for (std::uint32_t k = 0; k < window.width; ++k) {
            cells.push_back(seqnum_of(x[k], y[k]));
        }
    }
    return cells;
}

std::size_t differences(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
    std::size_t count = a.size() == b.size() ? 0 : 1;
    for (std::size_t k = 0; k < std::min(a.size(), b.size()); ++k) {
        count += a[k] != b[k] ? 1U : 0U;
    }
    return count;
}

CellMapper mapper_of(const Grid& grid) {
    auto mapper = CellMapper::create(grid);
    EXPECT_TRUE(mapper.ok()) << mapper.error().message;
    return std::move(mapper).value();
}

std::vector<std::uint32_t> mapped(const CellMapper& mapper, const Window& window) {
    std::vector<std::uint32_t> cells(std::size_t{window.width} * window.height, 0xDEADBEEF);
    mapper.map(window, cells);
    return cells;
}

struct Case {
    std::string name;
    Grid grid;
    friend void PrintTo(const Case& value, std::ostream* out) { *out << value.name; }
};

class MapperOn : public testing::TestWithParam<Case> {};

TEST_P(MapperOn, EveryPixelIsExact) {
    const Grid& grid = GetParam().grid;
    const Window all{0, 0, grid.width, grid.height};
    EXPECT_EQ(differences(mapped(mapper_of(grid), all), plainly(grid, all)), 0U);
}

TEST_P(MapperOn, EveryPixelOfASetIsKept) {
    const Grid& grid = GetParam().grid;
    const Window all{0, 0, grid.width, grid.height};
    const CellMapper mapper = mapper_of(grid);
    const auto expected = mapped(mapper, all);
    // Single cells, and all cells of a few lines of the grid.
    std::vector<std::vector<std::uint32_t>> sets{{expected[expected.size() / 2]}, {1, kCells, 258, 1966082}, {}};
    for (std::uint32_t row = 0; row < grid.height; row += 1 + grid.height / 3) {
        for (std::uint32_t k = 0; k < grid.width; ++k) {
            sets[2].push_back(expected[row * grid.width + k]);
        }
    }
    for (const auto& set : sets) {
        std::vector<bool> wanted(kCells + 1);
        for (const std::uint32_t cell : set) {
            wanted[cell] = cell != 0;
        }
        const CellSet outline(set);
        std::vector<std::uint32_t> cells(expected.size());
        mapper.map(
            all,
            [&](std::uint32_t x, std::uint32_t y, std::span<const std::uint32_t> part) {
                for (std::size_t k = 0; k < part.size(); ++k) {
                    cells[y * grid.width + x + k] = part[k];
                }
            },
            &outline);
        std::size_t lost = 0;
        std::size_t wrong = 0;
        for (std::size_t k = 0; k < cells.size(); ++k) {
            lost += wanted[expected[k]] && cells[k] != expected[k] ? 1U : 0U;
            wrong += cells[k] != 0 && cells[k] != expected[k] ? 1U : 0U;
        }
        EXPECT_EQ(lost, 0U) << set.size() << " cells";
        EXPECT_EQ(wrong, 0U) << set.size() << " cells";
    }
}

const char* const kRotatedPole = "+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p=40 +lon_0=180 +ellps=WGS84";

INSTANTIATE_TEST_SUITE_P(
    Grids, MapperOn,
    testing::Values(
        Case{"Global", {"EPSG:4326", {-180, 360 / 2048., 0, 90, 0, -360 / 2048.}, 2048, 1024}},
        Case{"GlobalCoarse", {"EPSG:4326", {-180, 2, 0, 90, 0, -2}, 180, 90}},
        Case{"BeyondThePoles", {"EPSG:4326", {-190, .625, 0, 97, 0, -.27}, 1440, 720}},
        Case{"SouthUp", {"EPSG:4326", {180, -.5, 0, -90, 0, .5}, 720, 360}},
        Case{"DateLine", {"EPSG:4326", {170, .02, 0, 10, 0, -.02}, 1000, 400}},
        Case{"FarLongitudes", {"EPSG:4326", {700, .05, 0, 40, 0, -.05}, 600, 400}},
        Case{"Pole", {"EPSG:4326", {-180, .5, 0, 90, 0, -.004}, 720, 300}},
        Case{"RotatedLonLat", {"EPSG:4326", {10, .02, .013, 50, .011, -.02}, 700, 500}},
        Case{"NorthernVertex", {"EPSG:4326", {11.15, 2e-4, 0, 58.33, 0, -1e-4}, 1000, 1000}},
        Case{"SouthernVertex", {"EPSG:4326", {-169.75, 2e-3, 0, -57.78, 0, -1e-3}, 1000, 1000}},
        Case{"TinyPixels", {"EPSG:4326", {-17.3456789, 1e-9, 0, 33.123456, 0, -1e-9}, 300, 300}},
        Case{"OneRow", {"EPSG:4326", {-180, 360 / 4096., 0, 33.1, 0, -.05}, 4096, 1}},
        Case{"ThreeRows", {"EPSG:4326", {-180, 360 / 4096., 0, 33.1, 0, -.05}, 4096, 3}},
        Case{"OneColumn", {"EPSG:4326", {11.3, .05, 0, 89, 0, -.05}, 1, 3500}},
        Case{"ThreeColumns", {"EPSG:4326", {11.3, .05, 0, 89, 0, -.05}, 3, 3500}},
        Case{"Europe", {"EPSG:3035", {2426000, 5000, 0, 5446000, 0, -5000}, 1000, 900}},
        Case{"EuropeFine", {"EPSG:3035", {4321000, 50, 0, 3210000, 0, -50}, 600, 600}},
        Case{"EuropeRotated", {"EPSG:3035", {4000000, 700, 300, 3000000, 400, -800}, 700, 500}},
        Case{"EuropeBeyondTheEarth", {"EPSG:3035", {-9000000, 25000, 0, 16000000, 0, -25000}, 1000, 1000}},
        Case{"EqualArea", {"EPSG:6933", {-18367530.44, 25000, 0, 8314540.83, 0, -25000}, 1470, 665}},
        Case{"North", {"EPSG:6931", {-9000000, 25000, 0, 9000000, 0, -25000}, 720, 720}},
        Case{"South", {"EPSG:6932", {-9000000, 25000, 0, 9000000, 0, -25000}, 720, 720}},
        Case{"NorthPoleFine", {"EPSG:3413", {-50000, 100, 0, 50000, 0, -100}, 1000, 1000}},
        Case{"Stereographic", {"EPSG:3413", {-3850000, 12500, 0, 5850000, 0, -12500}, 608, 896}},
        Case{"Utm", {"EPSG:32633", {300000, 300, 0, 6000000, 0, -300}, 1000, 1000}},
        Case{"UtmFarAway", {"EPSG:32633", {-9000000, 18000, 0, 9900000, 0, -18000}, 1000, 1000}},
        Case{"Geostationary",
             {"+proj=geos +h=35785831 +lon_0=0 +sweep=y", {-5570000, 12000, 0, 5570000, 0, -12000}, 928, 928}},
        Case{"Mollweide", {"ESRI:54009", {-18100000, 36000, 0, 9100000, 0, -36000}, 1005, 505}},
        Case{"Sinusoidal", {"+proj=sinu +R=6371007.181", {-20100000, 50000, 0, 10100000, 0, -50000}, 804, 404}},
        Case{"Interrupted", {"+proj=igh +ellps=WGS84", {-20100000, 50000, 0, 8700000, 0, -50000}, 804, 348}},
        Case{"Conic",
             {"+proj=lcc +lat_1=30 +lat_2=60 +R=6371229", {-9000000, 30000, 0, 20000000, 0, -30000}, 600, 900}},
        Case{"ConicEqualArea", {"EPSG:5070", {-9000000, 30000, 0, 10000000, 0, -30000}, 600, 600}},
        Case{"RotatedPole", {kRotatedPole, {-180, .4, 0, 90, 0, -.4}, 900, 450}},
        Case{"SeveralTransformations", {"EPSG:27700", {0, 5000, 0, 1000000, 0, -5000}, 140, 200}}),
    [](const auto& each) { return each.param.name; });

TEST(CellMapper, GivesTheSameForAnyWindow) {
    const Grid grid{"EPSG:3035", {2426000, 5000, 0, 5446000, 0, -5000}, 1000, 900};
    const CellMapper mapper = mapper_of(grid);
    for (const Window& window :
         {Window{0, 0, 1, 1}, Window{999, 899, 1, 1}, Window{17, 800, 983, 1}, Window{3, 5, 2, 7},
          Window{500, 0, 1, 900}, Window{100, 200, 513, 65}, Window{487, 433, 33, 31}}) {
        EXPECT_EQ(differences(mapped(mapper, window), plainly(grid, window)), 0U)
            << window.x << ", " << window.y << ": " << window.width << " x " << window.height;
    }
}

TEST(CellMapper, HandsOutEveryPixelOnce) {
    const Grid grid{"EPSG:4326", {-180, .25, 0, 95, 0, -.25}, 1440, 760};
    const CellMapper mapper = mapper_of(grid);
    const Window window{7, 3, 1401, 755};
    std::vector<int> times(std::size_t{grid.width} * grid.height);
    mapper.map(window, [&](std::uint32_t x, std::uint32_t y, std::span<const std::uint32_t> part) {
        for (std::size_t k = 0; k < part.size(); ++k) {
            ++times[y * grid.width + x + k];
        }
    });
    for (std::uint32_t y = 0; y < grid.height; ++y) {
        for (std::uint32_t x = 0; x < grid.width; ++x) {
            const bool inside =
                x >= window.x && x < window.x + window.width && y >= window.y && y < window.y + window.height;
            ASSERT_EQ(times[y * grid.width + x], inside ? 1 : 0) << x << ", " << y;
        }
    }
}

TEST(CellMapper, IsSharedByThreads) {
    const Grid grid{"EPSG:6931", {-9000000, 25000, 0, 9000000, 0, -25000}, 720, 720};
    const CellMapper mapper = mapper_of(grid);
    std::vector<std::uint32_t> cells(std::size_t{720} * 720);
    std::vector<std::thread> threads;
    for (std::uint32_t k = 0; k < 6; ++k) {
        threads.emplace_back([&, k] {
            mapper.map({0, k * 120, 720, 120}, std::span(cells).subspan(std::size_t{k} * 120 * 720, 120 * 720));
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(differences(cells, mapped(mapper, {0, 0, 720, 720})), 0U);
}

TEST(CellMapper, RefusesGridsThatAreNone) {
    EXPECT_FALSE(CellMapper::create({"EPSG:4326", {0, 1, 0, 0, 0, -1}, 0, 5}).ok());
    EXPECT_FALSE(CellMapper::create({"EPSG:4326", {0, 1, 0, 0, 0, -1}, 5, 0}).ok());
    EXPECT_FALSE(
        CellMapper::create({"EPSG:4326", {0, std::numeric_limits<double>::quiet_NaN(), 0, 0, 0, -1}, 5, 5}).ok());
    EXPECT_FALSE(CellMapper::create({"no such", {0, 1, 0, 0, 0, -1}, 5, 5}).ok());
}

}  // namespace
}  // namespace vcube::dgg
