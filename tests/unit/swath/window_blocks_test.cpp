// Blocks of windows against those of every pixel.
#include "core/swath/window_blocks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "core/swath/block_caps.h"
#include "tests/unit/swath/grids.h"

namespace vcube::swath {
namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kRandomWindows = 40;
#else
constexpr int kRandomWindows = 300;
#endif

using test::grid_of;

dgg::BlockSet exactly(const dgg::CellMapper& mapper, const dgg::Window& window) {
    dgg::BlockSet blocks;
    mapper.map(window, [&](std::uint32_t, std::uint32_t, std::span<const std::uint32_t> cells) {
        for (const std::uint32_t cell : cells) {
            if (cell != 0) {
                blocks.insert(dgg::block_cell_of(cell).block);
            }
        }
    });
    return blocks;
}

dgg::Window whole(const dgg::Grid& grid) {
    return {0, 0, grid.width, grid.height};
}

TEST(BlockCaps, HoldEveryCell) {
    constexpr double kHexagon = 0.12 * std::numbers::pi / 180;  // beyond the farthest corner of any, 0.11 degrees
    const auto caps = block_caps();
    double closest = 1;
    for (std::uint32_t seqnum = 1; seqnum <= dgg::kCells; ++seqnum) {
        const dgg::LonLat centre = dgg::centre_of(seqnum);
        const UnitVector p = unit_vector(centre.lon, centre.lat);
        const Cap& cap = caps[dgg::block_cell_of(seqnum).block];
        const double dot = p.x * cap.middle.x + p.y * cap.middle.y + p.z * cap.middle.z;
        closest = std::min(closest, cap.radius - std::acos(std::min(dot, 1.0)) - kHexagon);
    }
    EXPECT_GT(closest, 0);
}

struct Case {
    std::string name;
    dgg::Grid grid;
    std::uint32_t most;  // blocks that the answer may have; 2562: all of them
    friend void PrintTo(const Case& value, std::ostream* out) { *out << value.name; }
};

class BlocksOf : public testing::TestWithParam<Case> {};

TEST_P(BlocksOf, TheWholeGridAreNeverTooFew) {
    const auto mapper = dgg::CellMapper::create(GetParam().grid).value();
    const dgg::Window all = whole(GetParam().grid);
    const dgg::BlockSet found = blocks_of_window(mapper, all);
    const dgg::BlockSet exact = exactly(mapper, all);
    EXPECT_TRUE(exact.without(found).empty());
    EXPECT_LE(found.size(), GetParam().most);
}

INSTANTIATE_TEST_SUITE_P(
    Grids, BlocksOf,
    testing::Values(
        Case{"global", grid_of("EPSG:4326", -180, 88.59375, 0.3515625, 1024, 504), 2562},
        Case{"global_to_the_poles", grid_of("EPSG:4326", -180, 90, 0.25, 1440, 720), 2562},
        Case{"europe_in_degrees", grid_of("EPSG:4326", -10, 60, 0.02197265625, 1000, 700), 36},
        Case{"across_the_date_line", grid_of("EPSG:4326", 175, 10, 0.02, 700, 400), 22},
        Case{"longitudes_to_360", grid_of("EPSG:4326", 0, 30, 0.25, 1440, 240), 1600},
        Case{"two_turns", grid_of("EPSG:4326", -360, 90, 0.5, 1440, 360), 2562},
        Case{"north_cap", grid_of("EPSG:4326", -180, 90, 0.1, 3600, 60), 30},
        Case{"beyond_the_pole", grid_of("EPSG:4326", -180, 95, 0.25, 1440, 80), 90},
        Case{"one_row", grid_of("EPSG:4326", -180, 45, 0.001, 360000, 1), 240},
        Case{"one_column", grid_of("EPSG:4326", 10, 89.9, 0.001, 1, 179800), 120},
        Case{"laea_europe", grid_of("EPSG:3035", 2500000, 5500000, 2500, 2000, 1640), 180},
        Case{"ease2_global", grid_of("EPSG:6933", -17367530.445161488, 7314540.830638552, 36032.220840584, 964, 406),
             2562},
        Case{"ease2_north", grid_of("EPSG:6931", -9000000, 9000000, 25000, 720, 720), 1900},
        Case{"ease2_north_pole", grid_of("EPSG:6931", -500000, 500000, 2000, 500, 500), 20},
        Case{"ease2_south", grid_of("EPSG:6932", -9000000, 9000000, 25000, 720, 720), 1900},
        Case{"polar_stereographic", grid_of("EPSG:3413", -3850000, 5850000, 6250, 1216, 1792), 540},
        Case{"polar_south", grid_of("EPSG:3031", -3000000, 3000000, 5000, 1200, 1200), 280},
        Case{"mercator", grid_of("EPSG:3857", -20037508, 20037508, 40000, 1002, 1002), 2562},
        Case{"mercator_tile", grid_of("EPSG:3857", 0, 7000000, 3000, 700, 500), 25},
        Case{"utm", grid_of("EPSG:32633", 100000, 6000000, 1000, 800, 900), 14},
        Case{"utm_far_too_wide", grid_of("EPSG:32633", -9000000, 9000000, 20000, 900, 900), 1300},
        Case{"full_disk", grid_of("+proj=geos +h=35785831 +lon_0=0 +sweep=y", -5570000, 5570000, 9000, 1238, 1238),
             2562},
        Case{"half_the_earth", grid_of("+proj=ortho +lat_0=40 +lon_0=10", -6500000, 6500000, 10000, 1300, 1300), 1450},
        Case{"all_azimuths", grid_of("+proj=aeqd +lat_0=10 +lon_0=50", -20100000, 20100000, 40000, 1005, 1005), 2562},
        Case{"interrupted", grid_of("+proj=igh", -20100000, 9000000, 40000, 1005, 450), 2562},
        Case{"mollweide", grid_of("+proj=moll", -18100000, 9100000, 30000, 1207, 607), 2562}),
    [](const auto& one) { return one.param.name; });

TEST(WindowBlocks, OfRandomGridsAreNeverTooFew) {
    const std::vector<std::string> systems{"EPSG:4326",
                                           "EPSG:3035",
                                           "EPSG:6933",
                                           "EPSG:6931",
                                           "EPSG:6932",
                                           "EPSG:3413",
                                           "EPSG:3031",
                                           "EPSG:3857",
                                           "EPSG:32633",
                                           "EPSG:32718",
                                           "EPSG:5070",
                                           "+proj=sinu",
                                           "+proj=moll",
                                           "+proj=lcc +lat_1=30 +lat_2=50 +lon_0=100",
                                           "+proj=ortho +lat_0=-30 +lon_0=170",
                                           "+proj=aeqd +lat_0=80 +lon_0=-120",
                                           "+proj=laea +lat_0=-60 +lon_0=179",
                                           "+proj=stere +lat_0=45 +lon_0=-90",
                                           "+proj=ob_tran +o_proj=longlat +o_lat_p=40 +o_lon_p=10 +lon_0=20"};
    std::mt19937 random(20230401);
    const auto between = [&](double low, double high) {
        return std::uniform_real_distribution<double>(low, high)(random);
    };
    std::uint64_t found_blocks = 0;
    std::uint64_t exact_blocks = 0;
    for (int n = 0; n < kRandomWindows; ++n) {
        const std::string& crs = systems[static_cast<std::size_t>(n) % systems.size()];
        const bool degrees = crs == "EPSG:4326" || crs.find("longlat") != std::string::npos;
        const double unit = degrees ? 1 : 111000;
        const auto width = static_cast<std::uint32_t>(between(200, 900));
        const auto height = static_cast<std::uint32_t>(70000 / width + between(2, 300));
        const double span = std::pow(10, between(0, 2.2));  // degrees across
        dgg::Grid grid =
            grid_of(crs, between(-190, 170) * unit, between(-80, 95) * unit, span / width * unit, width, height);
        grid.geotransform[5] *= between(0.3, 2);
        if (n % 5 == 0) {  // rotated
            grid.geotransform[2] = grid.geotransform[1] * between(-1, 1);
            grid.geotransform[4] = grid.geotransform[5] * between(-1, 1);
        }
        const auto mapper = dgg::CellMapper::create(grid).value();
        const dgg::BlockSet found = blocks_of_window(mapper, whole(grid));
        const dgg::BlockSet exact = exactly(mapper, whole(grid));
        const dgg::BlockSet lost = exact.without(found);
        EXPECT_TRUE(lost.empty()) << n << ": " << crs << ": " << lost.size() << " of " << exact.size();
        found_blocks += found.size();
        exact_blocks += exact.size();
    }
    EXPECT_LT(found_blocks * 4, exact_blocks * 5);
}

TEST(WindowBlocks, OfSmallWindowsAreExact) {
    const dgg::Grid grid = grid_of("EPSG:3035", 2500000, 5500000, 2500, 2000, 1640);
    const auto mapper = dgg::CellMapper::create(grid).value();
    for (const dgg::Window& window :
         {dgg::Window{0, 0, 256, 256}, dgg::Window{1000, 800, 1, 1}, dgg::Window{1500, 3, 300, 20}}) {
        EXPECT_EQ(blocks_of_window(mapper, window), exactly(mapper, window));
    }
    EXPECT_EQ(blocks_of_window(mapper, {1000, 800, 1, 1}).size(), 1U);
    EXPECT_TRUE(blocks_of_window(mapper, {1000, 800, 0, 0}).empty());
}

TEST(WindowBlocks, OfTheWholeEarthAreAll) {
    // The 802 cells beyond its latitudes are in blocks that it shows too.
    const auto mapper = dgg::CellMapper::create(grid_of("EPSG:4326", -180, 90, 0.02197265625, 16384, 8192)).value();
    EXPECT_EQ(blocks_of_window(mapper, {0, 0, 16384, 8192}), dgg::BlockSet::all());
}

}  // namespace
}  // namespace vcube::swath
