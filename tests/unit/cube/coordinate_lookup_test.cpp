// What numbers, times and names find. Ties of the nearest are xarray's (the larger one); dates of calendars are
// cftime's.
#include "core/cube/coordinate_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace vcube {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const DType kFloat32{Kind::kFloat, 4, true, {}, {}};
const DType kFloat64{Kind::kFloat, 8, true, {}, {}};

Result<std::vector<std::uint64_t>> select(const Coordinate& coordinate, const std::string& text) {
    const auto parsed = parse_selections("d" + text);
    if (!parsed.ok()) {
        return parsed.error();
    }
    return select_positions(parsed.value().list.front(), coordinate.size(), &coordinate);
}

std::vector<std::uint64_t> found(const Coordinate& coordinate, const std::string& text) {
    const auto out = select(coordinate, text);
    EXPECT_TRUE(out.ok()) << text << ": " << (out.ok() ? "" : out.error().message);
    return out.ok() ? out.value() : std::vector<std::uint64_t>();
}

std::string problem(const Coordinate& coordinate, const std::string& text) {
    const auto out = select(coordinate, text);
    return out.ok() ? "no error" : out.error().message;
}

TEST(CoordinateLookup, NumbersAsTheyAreStored) {
    const Coordinate singles =
        Coordinate::of_numbers({static_cast<double>(0.1F), static_cast<double>(0.2F), 47.125}, kFloat32);
    EXPECT_THAT(found(singles, "=0.1"), ElementsAre(0));
    EXPECT_THAT(found(singles, "=2e-1"), ElementsAre(1));
    EXPECT_THAT(found(singles, "=+47.125"), ElementsAre(2));
    EXPECT_EQ(singles.label(0), "0.1");
    EXPECT_THAT(problem(singles, "=0.15"), AllOf(HasSubstr("d=0.15"), HasSubstr("nearest: 0.1, 0.2")));
    const Coordinate doubles = Coordinate::of_numbers({static_cast<double>(0.1F), 0.1}, kFloat64);
    EXPECT_THAT(found(doubles, "=0.1"), ElementsAre(1));
    EXPECT_THAT(problem(doubles, "=deep"), AllOf(HasSubstr("deep"), HasSubstr("no number")));
    EXPECT_THAT(problem(doubles, "=nan"), HasSubstr("no number"));
}

TEST(CoordinateLookup, NearestAndTies) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const Coordinate up = Coordinate::of_numbers({0, 10, nan, 20}, kFloat64);
    EXPECT_THAT(found(up, "~4"), ElementsAre(0));
    EXPECT_THAT(found(up, "~5"), ElementsAre(1));
    EXPECT_THAT(found(up, "~-100"), ElementsAre(0));
    EXPECT_THAT(found(up, "~100,12"), ElementsAre(3, 1));
    const Coordinate down = Coordinate::of_numbers({20, 10, 0}, kFloat64);
    EXPECT_THAT(found(down, "~5"), ElementsAre(1));
    EXPECT_THAT(found(down, "~15"), ElementsAre(0));
    EXPECT_THAT(problem(Coordinate::of_numbers({nan}, kFloat64), "~1"), HasSubstr("not there"));
}

TEST(CoordinateLookup, RangesHoldBothEndsInStoredOrder) {
    const Coordinate levels = Coordinate::of_numbers({1000, 850, 500, 300}, kFloat64);
    EXPECT_THAT(found(levels, "=850/300"), ElementsAre(1, 2, 3));
    EXPECT_THAT(found(levels, "=300/850"), ElementsAre(1, 2, 3));
    EXPECT_THAT(found(levels, "=600/"), ElementsAre(0, 1));
    EXPECT_THAT(found(levels, "=/600"), ElementsAre(2, 3));
    EXPECT_THAT(found(levels, "=500,1000"), ElementsAre(2, 0));
    EXPECT_THAT(problem(levels, "=600/700"), AllOf(HasSubstr("holds nothing"), HasSubstr("500, 850")));
}

Coordinate times(const char* units, const char* calendar, std::vector<double> values) {
    return Coordinate::of_times(std::move(values), TimeAxis::parse(units, calendar).value());
}

TEST(CoordinateLookup, TimesAsPreciseAsWritten) {
    const Coordinate hours = times("hours since 2023-04-01", "", {0, 12, 24, 24 * 31});
    EXPECT_THAT(found(hours, "=2023-04-02"), ElementsAre(2));
    EXPECT_THAT(found(hours, "=2023-05"), ElementsAre(3));
    EXPECT_THAT(found(hours, "=2023-04-01T12"), ElementsAre(1));
    EXPECT_THAT(found(hours, "=2023-04-01 12:00"), ElementsAre(1));
    EXPECT_THAT(found(hours, "=2023-04-01T12:00:00Z"), ElementsAre(1));
    EXPECT_THAT(found(hours, "=2023-04-01T14:00:00+02:00"), ElementsAre(1));
    EXPECT_THAT(found(hours, "~2023-04-01T07:00"), ElementsAre(1));
    EXPECT_THAT(found(hours, "~2023-04-01T06:00"), ElementsAre(1));
    EXPECT_THAT(found(hours, "=2023-04-01/2023-04-02"), ElementsAre(0, 1, 2));
    EXPECT_THAT(found(hours, "=2023-04-01T06/2023-05"), ElementsAre(1, 2, 3));
    EXPECT_THAT(problem(hours, "=2023-04-01"),
                AllOf(HasSubstr("fits 2 steps"), HasSubstr("2023-04-01T00:00:00Z, 2023-04-01T12:00:00Z")));
    EXPECT_THAT(problem(hours, "=2023-04"), HasSubstr("fits 3 steps"));
    EXPECT_THAT(problem(hours, "=2023-04-15"),
                AllOf(HasSubstr("nearest"), HasSubstr("2023-04-02T00:00:00Z, 2023-05-02T00:00:00Z")));
    EXPECT_THAT(problem(hours, "=1.4.2023"), HasSubstr("ISO 8601"));
    EXPECT_THAT(problem(hours, "=2023-04-01T25:99x"), HasSubstr("ISO 8601"));
    EXPECT_THAT(problem(hours, "=2023-04T12"), HasSubstr("ISO 8601"));
}

TEST(CoordinateLookup, FractionsOfSeconds) {
    const Coordinate fine = times("seconds since 2023-04-01", "", {0, 0.25, 1});
    EXPECT_THAT(found(fine, "=2023-04-01T00:00:00.25"), ElementsAre(1));
    EXPECT_THAT(found(fine, "=2023-04-01T00:00:00.2"), ElementsAre(1));
    EXPECT_THAT(found(fine, "=2023-04-01T00:00:01"), ElementsAre(2));
    EXPECT_THAT(found(fine, "=2023-04-01T00:00:00Z"), ElementsAre(0)) << "as the step itself is called";
}

TEST(CoordinateLookup, CalendarsHaveTheirOwnDays) {
    const Coordinate thirty = times("days since 2000-01-01", "360_day", {58, 59, 60});
    EXPECT_THAT(found(thirty, "=2000-02-30"), ElementsAre(1));
    EXPECT_THAT(found(thirty, "=2000-02-29/2000-02"), ElementsAre(0, 1));
    const Coordinate noleap = times("days since 2000-01-01", "noleap", {58, 59});
    EXPECT_THAT(found(noleap, "=2000-03-01"), ElementsAre(1));
    EXPECT_THAT(problem(noleap, "=2000-02-29"), HasSubstr("not there"));
    const Coordinate old = times("days since 0850-01-01", "proleptic_gregorian", {0, 365});
    EXPECT_THAT(found(old, "=0851"), ElementsAre(1));
}

TEST(CoordinateLookup, Names) {
    const Coordinate names = Coordinate::of_names({"Kiel", "Bad Doberan", "a/b", "Kiel"});
    EXPECT_THAT(found(names, "=Bad Doberan"), ElementsAre(1));
    EXPECT_THAT(found(names, "=\"a/b\""), ElementsAre(2));
    EXPECT_THAT(problem(names, "=Kiel"), HasSubstr("fits 2"));
    EXPECT_THAT(problem(names, "=Ulm"), AllOf(HasSubstr("there are: Kiel, Bad Doberan")));
    EXPECT_THAT(problem(names, "~Ulm"), HasSubstr("nearest"));
    EXPECT_THAT(problem(names, "=a/b"), HasSubstr("list"));
}

TEST(CoordinateLookup, NoCoordinateNoValues) {
    const auto parsed = parse_selections("x=3");
    const auto out = select_positions(parsed.value().list.front(), 5, nullptr);
    ASSERT_FALSE(out.ok());
    EXPECT_THAT(out.error().message, AllOf(HasSubstr("x=3"), HasSubstr("x=[0]")));
}

}  // namespace
}  // namespace vcube
