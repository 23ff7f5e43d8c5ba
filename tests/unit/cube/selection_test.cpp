// Expected positions are Python's: what list(range(size))[item] gives for the same slice.
#include "core/cube/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vcube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Selections parsed(std::string_view text) {
    const auto out = parse_selections(text);
    EXPECT_TRUE(out.ok()) << (out.ok() ? "" : out.error().message);
    return out.ok() ? out.value() : Selections();
}

std::string message(std::string_view text) {
    const auto out = parse_selections(text);
    return out.ok() ? "no error" : out.error().message;
}

TEST(Selection, TimesHoldColonsAndNeedNoQuotes) {
    const Selections two = parsed("time=2023-04-01T12:00:00Z,level=850");
    ASSERT_EQ(two.list.size(), 2U);
    EXPECT_EQ(two.list[0].dimension, "time");
    EXPECT_EQ(two.list[0].choices[0].by, Choice::By::kValue);
    EXPECT_EQ(two.list[0].choices[0].first, "2023-04-01T12:00:00Z");
    EXPECT_EQ(two.list[0].text, "time=2023-04-01T12:00:00Z");
    EXPECT_EQ(two.list[1].choices[0].first, "850");
    EXPECT_FALSE(two.list[0].several());
}

TEST(Selection, WaysToChoose) {
    const Selections all = parsed("a~1.5,b=[-1],c=[2:5,7],d=1/2,e=/3,f=4/,g=850,500,h=[::-2]");
    ASSERT_EQ(all.list.size(), 8U);
    EXPECT_EQ(all.list[0].choices[0].by, Choice::By::kNearest);
    EXPECT_EQ(all.list[1].choices[0].start, -1);
    EXPECT_FALSE(all.list[1].several());
    ASSERT_EQ(all.list[2].choices.size(), 2U);
    EXPECT_EQ(all.list[2].choices[0].stop, 5);
    EXPECT_EQ(all.list[2].choices[1].by, Choice::By::kIndex);
    EXPECT_TRUE(all.list[2].several());
    EXPECT_EQ(all.list[3].choices[0].last, "2");
    EXPECT_EQ(all.list[4].choices[0].first, "");
    EXPECT_EQ(all.list[5].choices[0].last, "");
    EXPECT_TRUE(all.list[5].several());
    ASSERT_EQ(all.list[6].choices.size(), 2U);
    EXPECT_EQ(all.list[6].choices[1].first, "500");
    EXPECT_EQ(all.list[7].choices[0].step, -2);
    EXPECT_FALSE(all.list[7].by_value());
    EXPECT_TRUE(all.list[0].by_value());
}

TEST(Selection, QuotesAndBackslashesKeepDelimiters) {
    const Selections all = parsed(R"(name="a,b/c=d","x\"y",two=p\,q," odd dim "=" v ")");
    ASSERT_EQ(all.list.size(), 3U);
    EXPECT_EQ(all.list[0].choices[0].first, "a,b/c=d");
    EXPECT_EQ(all.list[0].choices[1].first, "x\"y");
    EXPECT_EQ(all.list[1].choices[0].first, "p,q");
    EXPECT_EQ(all.list[2].dimension, " odd dim ");
    EXPECT_EQ(all.list[2].choices[0].first, " v ");
}

TEST(Selection, BlanksAroundAreNoPart) {
    const Selections all = parsed("time= 2023-04-01 12:00 , level=[ 1 ]");
    ASSERT_EQ(all.list.size(), 2U);
    EXPECT_EQ(all.list[0].choices[0].first, "2023-04-01 12:00");
    EXPECT_EQ(all.list[1].choices[0].start, 1);
}

TEST(Selection, StopsAtTheNextPath) {
    const Selections all = parsed("time=[0],/b:time=[1]");
    EXPECT_EQ(all.list.size(), 1U);
    EXPECT_EQ(all.rest, "/b:time=[1]");
}

TEST(Selection, ErrorsTellWhere) {
    EXPECT_THAT(message("time=[x]"), testing::AllOf(HasSubstr("time=[x]"), HasSubstr("whole number")));
    EXPECT_THAT(message("time=[1"), HasSubstr("not closed"));
    EXPECT_THAT(message("time=[1]2"), HasSubstr("comma"));
    EXPECT_THAT(message("time~[1]"), HasSubstr("nearest"));
    EXPECT_THAT(message("time~1/2"), HasSubstr("range"));
    EXPECT_THAT(message("time=1/2/3"), HasSubstr("more than one '/'"));
    EXPECT_THAT(message("time="), HasSubstr("no value"));
    EXPECT_THAT(message("time=a,time=b"), HasSubstr("twice"));
    EXPECT_THAT(message("name=\"a"), HasSubstr("quote"));
    EXPECT_THAT(message("850"), HasSubstr("dimension=value"));
    EXPECT_THAT(message("time=[1:2:3:4]"), HasSubstr("slice"));
    EXPECT_THAT(message("time=[::0]"), HasSubstr("step"));
    EXPECT_THAT(message("time=[99999999999999999999]"), HasSubstr("whole number"));
}

std::vector<std::uint64_t> positions(std::string_view items, std::uint64_t size) {
    const Selections all = parsed(std::string("d=[") + std::string(items) + "]");
    const auto out = positions_of(all.list.at(0).choices.at(0), size);
    EXPECT_TRUE(out.ok()) << (out.ok() ? "" : out.error().message);
    return out.ok() ? out.value() : std::vector<std::uint64_t>();
}

TEST(Selection, SlicesAreThoseOfPython) {
    EXPECT_THAT(positions("2:5", 10), ElementsAre(2, 3, 4));
    EXPECT_THAT(positions(":2", 10), ElementsAre(0, 1));
    EXPECT_THAT(positions("-2:", 10), ElementsAre(8, 9));
    EXPECT_THAT(positions("8:100", 10), ElementsAre(8, 9));
    EXPECT_THAT(positions("-100:2", 10), ElementsAre(0, 1));
    EXPECT_THAT(positions("::4", 10), ElementsAre(0, 4, 8));
    EXPECT_THAT(positions("::-4", 10), ElementsAre(9, 5, 1));
    EXPECT_THAT(positions("3:0:-1", 10), ElementsAre(3, 2, 1));
    EXPECT_THAT(positions("100::-5", 10), ElementsAre(9, 4));
    EXPECT_THAT(positions("-1", 10), ElementsAre(9));
    EXPECT_THAT(positions("::9223372036854775807", 3), ElementsAre(0));
    EXPECT_THAT(positions("::-9223372036854775808", 3), ElementsAre(2));
}

TEST(Selection, IndicesOutsideTellTheSize) {
    Choice choice;
    for (const std::int64_t index : {3LL, -4LL}) {
        choice.start = index;
        const auto out = positions_of(choice, 3);
        ASSERT_FALSE(out.ok());
        EXPECT_THAT(out.error().message, HasSubstr("3 elements"));
    }
    choice.by = Choice::By::kSlice;
    choice.start = 5;
    EXPECT_THAT(positions_of(choice, 3).error().message, HasSubstr("holds nothing"));
}

}  // namespace
}  // namespace vcube
