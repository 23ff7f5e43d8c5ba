#include "core/dgg/isea.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <numbers>
#include <thread>
#include <vector>

namespace vcube::dgg {
namespace {

struct Place {
    double lon, lat;
    std::uint32_t seqnum;
};

// From the independent implementation that the SMOS grid was measured with.
constexpr Place kPlaces[] = {{0, 0, 609961},     {10, 50, 541143},    {-100, 40, 202068},  {179.99, -45, 2560522},
                             {180, 10, 2425555}, {-180, 10, 2425555}, {150, -30, 2289891}, {25, -88.6, 1961477},
                             {-60, -15, 488598}, {0, 90, 258},        {0, -90, 1966082}};

TEST(Isea, FindsTheCellsOfKnownPlaces) {
    for (const Place& place : kPlaces) {
        EXPECT_EQ(seqnum_of(place.lon, place.lat), place.seqnum) << place.lon << ", " << place.lat;
    }
}

TEST(Isea, TakesLongitudesModulo360) {
    for (const Place& place : kPlaces) {
        for (const double turn : {-720.0, -360.0, 360.0, 3600.0}) {
            EXPECT_EQ(seqnum_of(place.lon + turn, place.lat), place.seqnum) << place.lon + turn << ", " << place.lat;
        }
    }
}

TEST(Isea, HasOneCellAtAPoleWhateverTheLongitude) {
    for (double lon = -180; lon <= 360; lon += 0.7) {
        ASSERT_EQ(seqnum_of(lon, 90), 258U) << lon;
        ASSERT_EQ(seqnum_of(lon, -90), 1966082U) << lon;
    }
}

TEST(Isea, HasTheSameCellsOnBothSidesOfTheDateLine) {
    for (double lat = -90; lat <= 90; lat += 0.03) {
        ASSERT_EQ(seqnum_of(180, lat), seqnum_of(-180, lat)) << lat;
        ASSERT_EQ(seqnum_of(180, lat), seqnum_of(540, lat)) << lat;
    }
}

TEST(Isea, HasNoCellForWhatIsNoPlace) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    EXPECT_EQ(seqnum_of(kNan, 0), 0U);
    EXPECT_EQ(seqnum_of(0, kNan), 0U);
    EXPECT_EQ(seqnum_of(kInfinity, 0), 0U);
    EXPECT_EQ(seqnum_of(0, -kInfinity), 0U);
    EXPECT_EQ(seqnum_of(0, std::nextafter(90, 91)), 0U);
    EXPECT_EQ(seqnum_of(0, -90.5), 0U);
}

TEST(Isea, PutsTheSingleCellsAtTwoVertices) {
    EXPECT_NEAR(centre_of(1).lon, 11.25, 1e-9);
    EXPECT_NEAR(centre_of(1).lat, 58.2825255885390, 1e-9);
    EXPECT_NEAR(centre_of(kCells).lon, -168.75, 1e-9);
    EXPECT_NEAR(centre_of(kCells).lat, -58.2825255885390, 1e-9);
    EXPECT_EQ(seqnum_of(11.25, 58.2825255885390), 1U);
    EXPECT_EQ(seqnum_of(-168.75, -58.2825255885390), kCells);
}

TEST(Isea, FindsEveryCellAtItsCentreAndAroundIt) {
    // A cell's inscribed circle has a radius of at least 0.05 degrees.
    std::atomic<std::uint32_t> wrong{0};
    std::atomic<std::uint32_t> first_wrong{0};
    const auto check = [&](std::uint32_t begin, std::uint32_t end) {
        for (std::uint32_t seqnum = begin; seqnum < end; ++seqnum) {
            const LonLat centre = centre_of(seqnum);
            const double turn = seqnum * 2.399963;  // golden angle: every direction comes up
            const double lat = centre.lat + 0.03 * std::sin(turn);
            const double lon = centre.lon + 0.03 * std::cos(turn) / std::cos(lat * std::numbers::pi / 180);
            const bool near_pole = std::abs(centre.lat) > 89;
            if (seqnum_of(centre.lon, centre.lat) != seqnum || (!near_pole && seqnum_of(lon, lat) != seqnum)) {
                ++wrong;
                first_wrong = seqnum;
            }
        }
    };
    std::thread half(check, 1U, kCells / 2);
    check(kCells / 2, kCells + 1);
    half.join();
    EXPECT_EQ(wrong, 0U) << "one of them is " << first_wrong;
}

TEST(Isea, NumbersGridPointsAsTheProductsDo) {
    EXPECT_EQ(grid_point_id(1), 1U);
    EXPECT_EQ(grid_point_id(262145), 262145U);
    EXPECT_EQ(grid_point_id(262146), 1000001U);
    EXPECT_EQ(grid_point_id(2 + 9 * 262144 + 262143), 9262144U);
    EXPECT_EQ(grid_point_id(kCells), 9262145U);
}

TEST(Isea, ReadsBackTheIdOfEveryCellAndNothingElse) {
    std::uint32_t valid = 0;
    for (std::uint32_t id = 0; id < 11000000; ++id) {
        const auto seqnum = seqnum_of_id(id);
        if (seqnum) {
            ++valid;
            ASSERT_GE(*seqnum, 1U);
            ASSERT_LE(*seqnum, kCells);
            ASSERT_EQ(grid_point_id(*seqnum), id);
        }
    }
    EXPECT_EQ(valid, kCells);
    for (const std::uint32_t id :
         {0U, 262146U, 999999U, 1000000U, 1262145U, 4262145U, 9000000U, 9262146U, 10000001U, 99999999U, 0xFFFFFFFFU}) {
        EXPECT_FALSE(seqnum_of_id(id)) << id;
    }
}

}  // namespace
}  // namespace vcube::dgg
