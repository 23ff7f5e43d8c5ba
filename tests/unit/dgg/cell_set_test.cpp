#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "core/dgg/mapper.h"

namespace vcube::dgg {
namespace {

constexpr double kRadians = std::numbers::pi / 180;

TEST(CellSet, OfNothingTouchesNothing) {
    const CellSet none{std::vector<std::uint32_t>{0, 0, kCells + 1, 0xFFFFFFFF}};
    EXPECT_FALSE(none.may_touch(10, 50, 1));
    EXPECT_FALSE(none.may_touch_box(-180, -90, 180, 90));
}

TEST(CellSet, TouchesEveryCellOfIt) {
    // All corners of a cell are within 0.11 degrees of its centre. One set for each of many cells, so that a block is
    // never marked for another's sake.
    for (std::uint32_t seqnum = 1; seqnum <= kCells; seqnum += seqnum < 4000 || seqnum > kCells - 4000 ? 1 : 97) {
        const CellSet set{std::vector<std::uint32_t>{seqnum}};
        const LonLat centre = centre_of(seqnum);
        ASSERT_TRUE(set.may_touch(centre.lon, centre.lat, 0)) << seqnum;
        for (int turn = 0; turn < 6; ++turn) {
            const double lat = std::clamp(centre.lat + 0.11 * std::sin(turn), -90.0, 90.0);
            const double stretch = std::max(std::cos(lat * kRadians), std::cos(centre.lat * kRadians));
            const double lon = stretch < 0.01 ? centre.lon : centre.lon + 0.11 * std::cos(turn) / stretch;
            ASSERT_TRUE(set.may_touch(lon, lat, 0)) << seqnum << " at " << lon << ", " << lat;
            ASSERT_TRUE(set.may_touch_box(lon, lat, lon, lat)) << seqnum << " at " << lon << ", " << lat;
        }
    }
}

TEST(CellSet, IsAnOutlineNotTheWholeEarth) {
    const CellSet set{std::vector<std::uint32_t>{seqnum_of(10, 50)}};
    EXPECT_TRUE(set.may_touch(10, 50, 0));
    EXPECT_FALSE(set.may_touch(20, 50, 2 * kRadians));
    EXPECT_TRUE(set.may_touch(20, 50, 8 * kRadians));
    EXPECT_FALSE(set.may_touch(10, -50, 60 * kRadians));
    EXPECT_TRUE(set.may_touch(-170, 80, 60 * kRadians));  // over the pole
    EXPECT_FALSE(set.may_touch_box(20, 40, 300, 60));
    EXPECT_TRUE(set.may_touch_box(20, 40, 371, 60));
    EXPECT_TRUE(set.may_touch_box(729, 49, 731, 51));
    EXPECT_FALSE(set.may_touch_box(9, 91, 11, 95));
}

TEST(CellSet, CrossesTheDateLineAndThePoles) {
    const CellSet set{std::vector<std::uint32_t>{seqnum_of(180, 10), seqnum_of(0, 90)}};
    EXPECT_TRUE(set.may_touch(179.99, 10, 0));
    EXPECT_TRUE(set.may_touch(-179.99, 10, 0));
    EXPECT_TRUE(set.may_touch_box(179, 9, 181, 11));
    EXPECT_TRUE(set.may_touch_box(-181, 9, -179, 11));
    for (double lon = -180; lon < 180; lon += 10) {
        EXPECT_TRUE(set.may_touch(lon, 89.99, 0)) << lon;
    }
    EXPECT_FALSE(set.may_touch(0, -90, 1));
}

}  // namespace
}  // namespace vcube::dgg
