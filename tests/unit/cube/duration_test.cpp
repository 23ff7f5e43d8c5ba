#include "core/cube/duration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/cube/time_axis.h"

namespace vcube {
namespace {

constexpr std::int64_t kHour = 3600LL * 1'000'000'000;

DType timedelta(const char* unit) {
    return {Kind::kTimedelta, 8, true, unit, {}};
}

// Expected texts are those of ISO 8601-1:2019, section 5.5.2.
TEST(Duration, Iso) {
    EXPECT_EQ(iso_duration(0), "PT0H");
    EXPECT_EQ(iso_duration(6 * kHour), "PT6H");
    EXPECT_EQ(iso_duration(36 * kHour), "PT36H");
    EXPECT_EQ(iso_duration(36 * kHour, true), "PT36H");
    EXPECT_EQ(iso_duration(48 * kHour, true), "P2D");
    EXPECT_EQ(iso_duration(kHour + kHour / 2), "PT1H30M");
    EXPECT_EQ(iso_duration(-kHour / 4), "-PT15M");
    EXPECT_EQ(iso_duration(500'000'000), "PT0.5S");
    EXPECT_EQ(iso_duration(61'000'000'001), "PT1M1.000000001S");
    EXPECT_EQ(iso_duration(std::numeric_limits<std::int64_t>::min()), "-PT2562047H47M16.854775808S");
}

TEST(Duration, IsoTextsAreRead) {
    EXPECT_EQ(parse_iso_duration("PT6H"), 6 * kHour);
    EXPECT_EQ(parse_iso_duration("P1DT12H"), 36 * kHour);
    EXPECT_EQ(parse_iso_duration("P2W"), 14 * 24 * kHour);
    EXPECT_EQ(parse_iso_duration("-PT15M"), -kHour / 4);
    EXPECT_EQ(parse_iso_duration("PT0.5S"), 500'000'000);
    EXPECT_EQ(parse_iso_duration("PT1M1.000000001S"), 61'000'000'001);
    for (const char* const bad : {"", "P", "PT", "6", "PT6", "P6H", "PT6D", "PT1S1M", "P1Y", "P1M", "PT-6H",
                                  "P99999999W", "PTinfS", "PTnanS", "PT6H ", "PTT6H"}) {
        EXPECT_FALSE(parse_iso_duration(bad)) << bad;
    }
}

TEST(Duration, Units) {
    const auto hours = DurationAxis::parse("hours");
    ASSERT_TRUE(hours.ok());
    EXPECT_EQ(hours.value().nanoseconds(1.5), kHour + kHour / 2);
    EXPECT_EQ(hours.value().nanoseconds(std::int64_t{-2}), -2 * kHour);
    EXPECT_FALSE(hours.value().nanoseconds(std::nan("")));
    EXPECT_FALSE(hours.value().nanoseconds(1e300));
    EXPECT_FALSE(hours.value().nanoseconds(std::numeric_limits<std::int64_t>::max()));
    EXPECT_EQ(DurationAxis::parse("6 hours").value().nanoseconds(std::int64_t{4}), 24 * kHour);
    for (const char* const bad : {"", "hours since 2000-01-01", "months", "years", "K", "x hours", "-1 h", "1e300 d"}) {
        EXPECT_FALSE(DurationAxis::parse(bad).ok()) << bad;
    }
}

TEST(Duration, Timedelta64) {
    EXPECT_EQ(DurationAxis::of_timedelta64(timedelta("ns")).value().nanoseconds(kHour), kHour);
    EXPECT_EQ(DurationAxis::of_timedelta64(timedelta("3h")).value().nanoseconds(std::int64_t{2}), 6 * kHour);
    EXPECT_FALSE(
        DurationAxis::of_timedelta64(timedelta("s")).value().nanoseconds(std::numeric_limits<std::int64_t>::min()));
    EXPECT_FALSE(DurationAxis::of_timedelta64(timedelta("M")).ok());
    EXPECT_FALSE(DurationAxis::of_timedelta64(timedelta("99999999999999999999s")).ok());
}

TEST(Duration, AfterAReferenceTime) {
    const auto axis = TimeAxis::parse("days since 2023-02-28", "noleap");
    ASSERT_TRUE(axis.ok());
    EXPECT_EQ(axis.value().iso(0.5, 12 * kHour), "2023-03-01T00:00:00Z");
    EXPECT_EQ(axis.value().iso(std::int64_t{1}, -kHour), "2023-02-28T23:00:00Z");
    const auto months = TimeAxis::of_datetime64({Kind::kDatetime, 8, true, "M", {}});
    ASSERT_TRUE(months.ok());
    EXPECT_EQ(months.value().iso(std::int64_t{12}, 36 * kHour), "1971-01-02T12:00:00Z");
}

}  // namespace
}  // namespace vcube
