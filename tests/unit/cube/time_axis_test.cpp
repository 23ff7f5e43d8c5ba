#include "core/cube/time_axis.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>

#include "core/base/dtype_text.h"
#include "core/base/json.h"

namespace vcube {
namespace {

Json fixture() {
    std::ifstream in(VCUBE_TEST_DATA "/cube/time_axis.json");
    std::stringstream text;
    text << in.rdbuf();
    auto parsed = parse_json(text.str(), "time_axis.json");
    EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().message);
    return parsed.ok() ? parsed.value() : Json::object();
}

TimeAxis axis(const char* units, const char* calendar = "") {
    auto parsed = TimeAxis::parse(units, calendar);
    EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().message);
    return parsed.ok() ? parsed.value() : TimeAxis();
}

double unit_seconds(const Json& units) {
    const std::string text = units;
    const std::string unit = text.substr(0, text.find(' '));
    const std::map<std::string, double> known = {
        {"days", 86400},        {"hours", 3600},        {"minutes", 60},        {"seconds", 1},
        {"milliseconds", 1e-3}, {"microseconds", 1e-6}, {"months", 30 * 86400}, {"common_years", 365 * 86400}};
    return known.at(unit);
}

TEST(TimeAxis, DecodesAsCftimeDoes) {
    const Json cases = fixture().value("cf", Json::array());
    ASSERT_GT(cases.size(), 1000U);
    for (const Json& entry : cases) {
        const auto parsed = TimeAxis::parse(entry["units"].get<std::string>(), entry["calendar"].get<std::string>());
        ASSERT_TRUE(parsed.ok()) << entry << " " << parsed.error().message;
        const std::string expected = entry["iso"];
        if (entry["integer"].get<bool>()) {
            EXPECT_EQ(parsed.value().iso(entry["value"].get<std::int64_t>()), expected) << entry;
        }
        EXPECT_EQ(parsed.value().iso(entry["value"].get<double>()), expected) << entry;
    }
}

TEST(TimeAxis, ValueOfIsTheInverse) {
    for (const Json& entry : fixture().value("cf", Json::array())) {
        const TimeAxis parsed =
            axis(entry["units"].get<std::string>().c_str(), entry["calendar"].get<std::string>().c_str());
        const auto value = parsed.value_of(entry["iso"].get<std::string>());
        ASSERT_TRUE(value.ok()) << entry << " " << value.error().message;
        // The time is that of the value to a microsecond, so the value of the time is close to that in its own units.
        const double expected = entry["value"];
        const double half_microsecond = 0.5e-6 / unit_seconds(entry["units"]);
        EXPECT_NEAR(value.value(), expected, half_microsecond + std::fabs(expected) * 4e-16) << entry;
        if (entry["integer"].get<bool>()) {
            EXPECT_EQ(value.value(), entry["value"].get<double>()) << entry;
            EXPECT_EQ(parsed.iso(value.value()), entry["iso"].get<std::string>()) << entry;
        }
    }
}

TEST(TimeAxis, DecodesDatetime64AsNumpyDoes) {
    const Json cases = fixture().value("datetime64", Json::array());
    ASSERT_GT(cases.size(), 50U);
    for (const Json& entry : cases) {
        const auto type = parse_dtype("<M8[" + entry["unit"].get<std::string>() + "]");
        ASSERT_TRUE(type.ok()) << entry;
        const auto parsed = TimeAxis::of_datetime64(type.value());
        ASSERT_TRUE(parsed.ok()) << entry << " " << parsed.error().message;
        EXPECT_EQ(parsed.value().iso(entry["value"].get<std::int64_t>()), entry["iso"].get<std::string>()) << entry;
    }
    const auto nanoseconds = TimeAxis::of_datetime64(parse_dtype("<M8[ns]").value());
    EXPECT_EQ(nanoseconds.value().iso(std::numeric_limits<std::int64_t>::min()), "");
    EXPECT_EQ(nanoseconds.value().iso(std::numeric_limits<std::int64_t>::max()), "2262-04-11T23:47:16.854775807Z");
    EXPECT_FALSE(TimeAxis::of_datetime64(parse_dtype("<f8").value()).ok());
}

// UDUNITS: 1 year = 365.242198781 days = 31556925.9746784 s, month = year/12.
TEST(TimeAxis, YearsAndMonthsAreThoseOfUdunits) {
    EXPECT_EQ(axis("years since 2001-01-01").iso(std::int64_t{1}), "2002-01-01T05:48:45.9746784Z");
    EXPECT_EQ(axis("months since 2001-01-01").iso(std::int64_t{12}), "2002-01-01T05:48:45.9746784Z");
    EXPECT_EQ(axis("months since 2001-01-01", "noleap").iso(std::int64_t{1}), "2001-01-31T10:29:03.8312232Z");
    EXPECT_EQ(axis("years since 2001-02-30", "360_day").iso(std::int64_t{2}), "2003-02-30T00:00:00Z");
    EXPECT_EQ(axis("weeks since 2001-01-01").iso(1.5), "2001-01-11T12:00:00Z");
}

TEST(TimeAxis, ReadsOddEpochs) {
    EXPECT_EQ(axis("days since 2000").iso(1.0), "2000-01-02T00:00:00Z");
    EXPECT_EQ(axis("Days Since 2000-3").iso(1.0), "2000-03-02T00:00:00Z");
    EXPECT_EQ(axis("hours since 20000301 12:00").iso(1.0), "2000-03-01T13:00:00Z");
    EXPECT_EQ(axis("seconds since 2000-01-01T12:30:15.123456789Z").iso(std::int64_t{0}),
              "2000-01-01T12:30:15.123456789Z");
    // CF section 4.4 has this example; cftime overlooks the zone where its hour has one digit.
    EXPECT_EQ(axis("seconds since 1992-10-8 15:15:42.5 -6:00").iso(std::int64_t{0}), "1992-10-08T21:15:42.5Z");
    EXPECT_EQ(axis("days since 0000-01-01", "noleap").iso(365.0 * 2000), "2000-01-01T00:00:00Z");
    EXPECT_EQ(axis("days since 0000-01-01").iso(366.0), "0001-01-01T00:00:00Z");
}

TEST(TimeAxis, RefusesWhatItDoesNotKnow) {
    const auto code = [](const char* units, const char* calendar) {
        const auto parsed = TimeAxis::parse(units, calendar);
        EXPECT_FALSE(parsed.ok()) << units;
        return parsed.ok() ? ErrorCode::kIo : parsed.error().code;
    };
    EXPECT_EQ(code("days since 2000-01-01", "none"), ErrorCode::kUnsupported);
    EXPECT_EQ(code("days", ""), ErrorCode::kUnsupported);
    EXPECT_EQ(code("meters since 2000-01-01", ""), ErrorCode::kUnsupported);
    EXPECT_EQ(code("", ""), ErrorCode::kUnsupported);
    EXPECT_EQ(code("days since yesterday", ""), ErrorCode::kInvalid);
    EXPECT_EQ(code("days since 2001-02-29", ""), ErrorCode::kInvalid);
    EXPECT_EQ(code("days since 2001-13-01", ""), ErrorCode::kInvalid);
    EXPECT_EQ(code("days since 1582-10-10", "gregorian"), ErrorCode::kInvalid);
    EXPECT_EQ(code("days since 2001-01-01 25:00", ""), ErrorCode::kInvalid);
    EXPECT_EQ(code("days since 2001-01-01 00:00:00 nowhere", ""), ErrorCode::kInvalid);
    EXPECT_FALSE(axis("days since 2000-01-01").value_of("2001-02-30").ok());
}

TEST(TimeAxis, ValuesOutOfRangeAreNoTime) {
    const TimeAxis days = axis("days since 2000-01-01");
    EXPECT_EQ(days.iso(std::nan("")), "");
    EXPECT_EQ(days.iso(std::numeric_limits<double>::infinity()), "");
    EXPECT_EQ(days.iso(9.96921e36), "");
    EXPECT_EQ(days.iso(1e18), "");
    EXPECT_EQ(days.iso(std::numeric_limits<std::int64_t>::max()), "");
    EXPECT_EQ(axis("years since 2000-01-01").iso(std::numeric_limits<std::int64_t>::min()), "");
}

}  // namespace
}  // namespace vcube
