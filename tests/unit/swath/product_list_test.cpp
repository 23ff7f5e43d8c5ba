#include "core/swath/product_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace vcube::swath {
namespace {

/// A product whose sensing starts at `start` ("20230401T150613") and takes 53 minutes, unless `stop` is given.
ProductEntry product(const std::string& start, const std::string& stop = "", const std::string& version = "700_001",
                     const std::string& file_class = "OPER", const std::string& type = "MIR_SMUDP2",
                     const std::string& folder = "/data/", const std::string& ending = ".nc") {
    std::string name = "SM_";
    name.append(file_class).append("_").append(type).append("_").append(start).append("_");
    name.append(stop.empty() ? start : stop).append("_").append(version).append("_1");
    ProductEntry entry;
    entry.location = folder;
    entry.location.append(name).append(ending);
    const auto parsed = parse_product_name(entry.location);
    EXPECT_TRUE(parsed) << entry.location;
    entry.name = parsed.value_or(ProductName{});
    return entry;
}

std::vector<std::string> starts_of(const ProductList& list) {
    std::vector<std::string> out;
    for (const ProductEntry& entry : list.products) {
        out.push_back(iso_time(entry.name.start));
    }
    return out;
}

std::string text_of(const TimeRange& range) {
    return iso_time(range.start).append(" ").append(iso_time(range.stop));
}

/// "<start> <stop> <products>" of each step.
std::vector<std::string> steps_of(const std::vector<std::string>& starts, const std::string& step,
                                  std::optional<std::int64_t> origin = std::nullopt) {
    std::vector<ProductEntry> entries;
    for (const std::string& start : starts) {
        entries.push_back(product(start));
    }
    const auto list = choose_products(entries, {});
    EXPECT_TRUE(list.ok());
    const auto parsed = parse_composite_step(step);
    EXPECT_TRUE(parsed.ok()) << step;
    std::vector<std::string> out;
    std::uint32_t next = 0;
    for (const Period& period : make_periods(list.value(), parsed.value(), origin)) {
        EXPECT_EQ(period.first, next);
        next += period.count;
        out.push_back(text_of(period.time).append(" ").append(std::to_string(period.count)));
    }
    EXPECT_EQ(next, list.value().products.size());
    return out;
}

TEST(TimeRange, HoldsItsEndsWhole) {
    const auto text = [](const char* range) {
        const auto parsed = parse_time_range(range);
        return parsed.ok() ? text_of(parsed.value()) : parsed.error().message;
    };
    EXPECT_EQ(text("2023-04-01/2023-04-30"), "2023-04-01T00:00:00Z 2023-05-01T00:00:00Z");
    EXPECT_EQ(text("2023-04"), "2023-04-01T00:00:00Z 2023-05-01T00:00:00Z");
    EXPECT_EQ(text("2024-02"), "2024-02-01T00:00:00Z 2024-03-01T00:00:00Z");
    EXPECT_EQ(text("2023"), "2023-01-01T00:00:00Z 2024-01-01T00:00:00Z");
    EXPECT_EQ(text("2023-12-31"), "2023-12-31T00:00:00Z 2024-01-01T00:00:00Z");
    EXPECT_EQ(text("2023-04-01T06:00/2023-04-01T18:00"), "2023-04-01T06:00:00Z 2023-04-01T18:01:00Z");
    EXPECT_EQ(text("2023-04-01T15:06:13Z/2023-04-01T15:06:13Z"), "2023-04-01T15:06:13Z 2023-04-01T15:06:14Z");
}

TEST(TimeRange, IsOpenWhereAnEndIsLeftOut) {
    EXPECT_EQ(parse_time_range("../2023").value(), (TimeRange{INT64_MIN, 1704067200}));
    EXPECT_EQ(parse_time_range("/2023").value(), (TimeRange{INT64_MIN, 1704067200}));
    EXPECT_EQ(parse_time_range("2023/..").value(), (TimeRange{1672531200, INT64_MAX}));
    EXPECT_EQ(parse_time_range("2023/").value(), (TimeRange{1672531200, INT64_MAX}));
    EXPECT_EQ(parse_time_range("../..").value(), TimeRange{});
}

TEST(TimeRange, OtherTextsAreErrorsThatShowTheForms) {
    for (const char* text :
         {"", "..", "april", "2023-04-31", "2023-04-01/x", "x/2023", "2023/2024/2025", "2023,2024"}) {
        const auto range = parse_time_range(text);
        ASSERT_FALSE(range.ok()) << text;
        EXPECT_NE(range.error().message.find("2023-04-01/2023-04-30"), std::string::npos) << text;
    }
    EXPECT_FALSE(parse_time_range("2023-04-02/2023-04-01").ok());
}

TEST(ChooseProducts, SortsByTime) {
    std::vector<ProductEntry> entries;
    for (const char* start : {"20230401T150613", "20230401T191629", "20221231T235959", "20230402T000000"}) {
        entries.push_back(product(start));
    }
    entries.push_back(product("20230401T150613", "20230401T150700"));
    std::mt19937 random(7);
    for (int round = 0; round < 10; ++round) {
        std::shuffle(entries.begin(), entries.end(), random);
        const auto list = choose_products(entries, {});
        ASSERT_TRUE(list.ok());
        EXPECT_EQ(starts_of(list.value()),
                  (std::vector<std::string>{"2022-12-31T23:59:59Z", "2023-04-01T15:06:13Z", "2023-04-01T15:06:13Z",
                                            "2023-04-01T19:16:29Z", "2023-04-02T00:00:00Z"}));
        EXPECT_LT(list.value().products[1].name.stop, list.value().products[2].name.stop);
        EXPECT_EQ(list.value().superseded, 0U);
    }
}

TEST(ChooseProducts, TheStartDecidesWhatLiesInARange) {
    std::vector<ProductEntry> entries;
    for (const char* start : {"20230331T235959", "20230401T000000", "20230430T235959", "20230501T000000"}) {
        entries.push_back(product(start, "20230501T003000"));
    }
    const auto list = choose_products(entries, parse_time_range("2023-04").value());
    ASSERT_TRUE(list.ok());
    EXPECT_EQ(starts_of(list.value()), (std::vector<std::string>{"2023-04-01T00:00:00Z", "2023-04-30T23:59:59Z"}));
}

TEST(ChooseProducts, TheNewestVersionStands) {
    const std::string start = "20230401T150613";
    // Each wins over all before it.
    const std::vector<ProductEntry> ascending = {
        product(start, "", "620_001"),
        product(start, "", "700_001"),
        product(start, "", "700_001", "OPER", "MIR_SMUDP2", "/data2/"),
        product(start, "", "700_001", "OPER", "MIR_SMUDP2", "/data/", ".nc.json"),
        product(start, "", "700_001", "REPR"),
        product(start, "", "700_002"),
        product(start, "", "700_010"),
        product(start, "", "710_001"),
    };
    std::mt19937 random(11);
    for (std::size_t count = 1; count <= ascending.size(); ++count) {
        std::vector<ProductEntry> entries(ascending.begin(), ascending.begin() + static_cast<std::ptrdiff_t>(count));
        std::shuffle(entries.begin(), entries.end(), random);
        const auto list = choose_products(entries, {});
        ASSERT_TRUE(list.ok());
        ASSERT_EQ(list.value().products.size(), 1U);
        EXPECT_EQ(list.value().products[0].location, ascending[count - 1].location);
        EXPECT_EQ(list.value().superseded, count - 1);
    }
}

TEST(ChooseProducts, TwoTypesWantAChoice) {
    const std::string start = "20230401T150613";
    const std::vector<ProductEntry> entries = {product(start), product("20230401T191629"),
                                               product(start, "", "700_001", "OPER", "MIR_OSUDP2")};
    const auto both = choose_products(entries, {});
    ASSERT_FALSE(both.ok());
    for (const char* word : {"2 MIR_SMUDP2", "1 MIR_OSUDP2", "PRODUCT_TYPE"}) {
        EXPECT_NE(both.error().message.find(word), std::string::npos) << both.error().message;
    }
    EXPECT_EQ(choose_products(entries, {}, "MIR_SMUDP2").value().products.size(), 2U);
    EXPECT_EQ(choose_products(entries, {}, "MIR_OSUDP2").value().products.size(), 1U);
    EXPECT_EQ(choose_products(entries, parse_time_range("2023-04-01T19/..").value()).value().products.size(), 1U);
}

TEST(CompositeStep, Words) {
    using Unit = CompositeStep::Unit;
    const auto step = [](const char* text) { return parse_composite_step(text).value(); };
    EXPECT_EQ(step("NONE"), (CompositeStep{Unit::kNone, 1}));
    EXPECT_EQ(step("day"), (CompositeStep{Unit::kDay, 1}));
    EXPECT_EQ(step("1DAY"), (CompositeStep{Unit::kDay, 1}));
    EXPECT_EQ(step("3day"), (CompositeStep{Unit::kDay, 3}));
    EXPECT_EQ(step("Month"), (CompositeStep{Unit::kMonth, 1}));
    EXPECT_EQ(step("YEAR"), (CompositeStep{Unit::kYear, 1}));
    EXPECT_EQ(step("all"), (CompositeStep{Unit::kAll, 1}));
    for (const char* text : {"", "0DAY", "-1DAY", "DAYS", "3DAYS", "3 DAY", "3MONTH", "99999999999DAY", "36526DAY"}) {
        const auto wrong = parse_composite_step(text);
        ASSERT_FALSE(wrong.ok()) << text;
        EXPECT_NE(wrong.error().message.find("NONE, DAY, nDAY"), std::string::npos) << text;
    }
}

TEST(MakePeriods, OneAProduct) {
    EXPECT_EQ(steps_of({"20230401T150613", "20230401T191629"}, "NONE"),
              (std::vector<std::string>{"2023-04-01T15:06:13Z 2023-04-01T15:06:13Z 1",
                                        "2023-04-01T19:16:29Z 2023-04-01T19:16:29Z 1"}));
    EXPECT_TRUE(steps_of({}, "NONE").empty());
    EXPECT_TRUE(steps_of({}, "3DAY").empty());
}

TEST(MakePeriods, DaysThatHoldAProduct) {
    EXPECT_EQ(steps_of({"20240228T235959", "20240229T000000", "20240229T235959", "20240302T000000"}, "DAY"),
              (std::vector<std::string>{"2024-02-28T00:00:00Z 2024-02-29T00:00:00Z 1",
                                        "2024-02-29T00:00:00Z 2024-03-01T00:00:00Z 2",
                                        "2024-03-02T00:00:00Z 2024-03-03T00:00:00Z 1"}));
}

TEST(MakePeriods, SeveralDaysFromTheFirstOne) {
    const std::vector<std::string> starts = {"20230227T120000", "20230301T235959", "20230302T000000", "20230304T120000",
                                             "20230312T000000"};
    EXPECT_EQ(steps_of(starts, "3DAY"), (std::vector<std::string>{"2023-02-27T00:00:00Z 2023-03-02T00:00:00Z 2",
                                                                  "2023-03-02T00:00:00Z 2023-03-05T00:00:00Z 2",
                                                                  "2023-03-11T00:00:00Z 2023-03-14T00:00:00Z 1"}));
    // From a day before and from one after the first product.
    const std::vector<std::string> expected = {
        "2023-02-26T00:00:00Z 2023-03-01T00:00:00Z 1", "2023-03-01T00:00:00Z 2023-03-04T00:00:00Z 2",
        "2023-03-04T00:00:00Z 2023-03-07T00:00:00Z 1", "2023-03-10T00:00:00Z 2023-03-13T00:00:00Z 1"};
    EXPECT_EQ(steps_of(starts, "3DAY", parse_iso_moment("2023-02-26T18:00")), expected);
    EXPECT_EQ(steps_of(starts, "3DAY", parse_iso_moment("2023-03-04")), expected);
    EXPECT_EQ(steps_of({"19691230T120000", "19700101T000000"}, "2DAY", 0),
              (std::vector<std::string>{"1969-12-30T00:00:00Z 1970-01-01T00:00:00Z 1",
                                        "1970-01-01T00:00:00Z 1970-01-03T00:00:00Z 1"}));
}

TEST(MakePeriods, MonthsAndYears) {
    const std::vector<std::string> starts = {"20231231T235959", "20240101T000000", "20240229T120000",
                                             "20240301T000000"};
    EXPECT_EQ(steps_of(starts, "MONTH"),
              (std::vector<std::string>{
                  "2023-12-01T00:00:00Z 2024-01-01T00:00:00Z 1", "2024-01-01T00:00:00Z 2024-02-01T00:00:00Z 1",
                  "2024-02-01T00:00:00Z 2024-03-01T00:00:00Z 1", "2024-03-01T00:00:00Z 2024-04-01T00:00:00Z 1"}));
    EXPECT_EQ(steps_of(starts, "YEAR"), (std::vector<std::string>{"2023-01-01T00:00:00Z 2024-01-01T00:00:00Z 1",
                                                                  "2024-01-01T00:00:00Z 2025-01-01T00:00:00Z 3"}));
}

TEST(MakePeriods, AllIsOneStep) {
    const auto list = choose_products({product("20230101T000000", "20240101T000000"), product("20230402T191629")}, {});
    const auto periods = make_periods(list.value(), {CompositeStep::Unit::kAll, 1});
    ASSERT_EQ(periods.size(), 1U);
    EXPECT_EQ(text_of(periods[0].time), "2023-01-01T00:00:00Z 2024-01-01T00:00:00Z");
    EXPECT_EQ(periods[0].first, 0U);
    EXPECT_EQ(periods[0].count, 2U);
}

}  // namespace
}  // namespace vcube::swath
