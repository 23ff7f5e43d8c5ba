#include "core/swath/box.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace vcube::swath {
namespace {

using testing::HasSubstr;

TEST(Box, IsRead) {
    const LonLatBox box = parse_box("-10.5, 35,+3e1 ,70.25").value();
    EXPECT_EQ(box.west, -10.5);
    EXPECT_EQ(box.south, 35);
    EXPECT_EQ(box.east, 30);
    EXPECT_EQ(box.north, 70.25);
    EXPECT_TRUE(parse_box("170,-90,-170,90").ok());
    EXPECT_TRUE(parse_box("0,-90,360,90").ok());
    EXPECT_TRUE(parse_box("5,6,5,6").ok());
}

TEST(Box, ErrorsTellWhatIsWrong) {
    const std::vector<std::pair<const char*, const char*>> wrong{
        {"", "four numbers"},          {"1,2,3", "four numbers"},     {"1,2,3,4,5", "four numbers"},
        {"1,2,3,x", "four numbers"},   {"1 2 3 4", "four numbers"},   {"1,2,3,4,", "four numbers"},
        {"1,nan,3,4", "four numbers"}, {"1,2,inf,4", "four numbers"}, {"-181,0,0,1", "longitude"},
        {"0,0,361,1", "longitude"},    {"0,-91,1,1", "latitude"},     {"0,0,1,90.1", "latitude"},
        {"0,5,1,4", "south"},
    };
    for (const auto& [text, why] : wrong) {
        const auto box = parse_box(text);
        ASSERT_FALSE(box.ok()) << text;
        EXPECT_THAT(box.error().message, HasSubstr(why)) << text;
        EXPECT_THAT(box.error().message, HasSubstr("west,south,east,north")) << text;
    }
}

TEST(Box, HoldsItsBorders) {
    const LonLatBox box{-10.1, -20.2, 30.3, 40.4};
    EXPECT_TRUE(box.contains(-10.1, 0));
    EXPECT_TRUE(box.contains(30.3, 0));
    EXPECT_TRUE(box.contains(0, -20.2));
    EXPECT_TRUE(box.contains(0, 40.4));
    EXPECT_FALSE(box.contains(-10.2, 0));
    EXPECT_FALSE(box.contains(30.4, 0));
    EXPECT_FALSE(box.contains(0, 40.5));
    EXPECT_FALSE(box.contains(0, -20.3));
}

TEST(Box, MayCrossTheDateLine) {
    for (const LonLatBox& box : {LonLatBox{170, -10, -170, 10}, LonLatBox{170, -10, 190, 10}}) {
        EXPECT_TRUE(box.contains(175, 0));
        EXPECT_TRUE(box.contains(-175, 0));
        EXPECT_TRUE(box.contains(180, 0));
        EXPECT_TRUE(box.contains(-180, 0));
        EXPECT_TRUE(box.contains(-170, 0));
        EXPECT_FALSE(box.contains(0, 0));
        EXPECT_FALSE(box.contains(169, 0));
        EXPECT_FALSE(box.contains(-169, 0));
    }
    EXPECT_TRUE((LonLatBox{350, -10, 10, 10}.contains(-5, 0)));
    EXPECT_TRUE((LonLatBox{350, -10, 10, 10}.contains(5, 0)));
    EXPECT_FALSE((LonLatBox{350, -10, 10, 10}.contains(15, 0)));
}

TEST(BoxCells, AreThoseWithTheirCentreInside) {
    const std::vector<LonLatBox> boxes{{-10, 35, 30, 70},         {170, -60, -120, 60},  {0, -90, 360, 90},
                                       {-180, 70, 180, 90},       {-180, -90, 180, -88}, {200, 89, 10, 90},
                                       {11.2, 58.2, 11.3, 58.35}, {5, 5, 5, 5}};
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    constexpr std::uint32_t kStep = 37;
#else
    constexpr std::uint32_t kStep = 1;
#endif
    std::vector<BoxCells> cells(boxes.begin(), boxes.end());
    std::vector<std::size_t> wrong(boxes.size(), 0);
    std::vector<dgg::BlockSet> some(boxes.size());
    std::vector<dgg::BlockSet> not_all(boxes.size());
    for (std::uint32_t seqnum = 1; seqnum <= dgg::kCells; seqnum += kStep) {
        const dgg::LonLat centre = dgg::centre_of(seqnum);
        const dgg::BlockCell place = dgg::block_cell_of(seqnum);
        for (std::size_t k = 0; k < boxes.size(); ++k) {
            const bool inside = boxes[k].contains(centre.lon, centre.lat);
            wrong[k] += inside != cells[k].contains(place) ? 1U : 0U;
            (inside ? some : not_all)[k].insert(place.block);
        }
    }
    for (std::size_t k = 0; k < boxes.size(); ++k) {
        EXPECT_EQ(wrong[k], 0U) << k;
        EXPECT_TRUE(some[k].without(cells[k].blocks()).empty()) << k;
        dgg::BlockSet whole = cells[k].whole_blocks();
        EXPECT_TRUE((whole &= not_all[k]).empty()) << k;
        if (kStep == 1) {
            EXPECT_EQ(some[k], cells[k].blocks()) << k;
        }
    }
    EXPECT_GT(cells[0].whole_blocks().size(), 0U);
}

}  // namespace
}  // namespace vcube::swath
