#include "core/fetch/range_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace vcube {
namespace {

constexpr std::uint64_t kKb = 1024, kMb = 1024 * 1024;
constexpr std::uint64_t kTop = std::numeric_limits<std::uint64_t>::max();

using Wishes = std::vector<RangeWish>;
using Sizes = std::vector<std::optional<std::uint64_t>>;

/// "object:begin-end=wish,wish ..." of every span.
std::string shown(const RangePlan& plan) {
    std::string text;
    for (const PlannedSpan& span : plan.spans) {
        text += (text.empty() ? "" : " ") + std::to_string(span.object) + ":" + std::to_string(span.begin) + "-" +
                std::to_string(span.end);
        for (std::size_t i = 0; i < span.count; ++i) {
            text += (i == 0 ? "=" : ",") + std::to_string(plan.order[span.first + i]);
        }
        text += span.parts == 1 ? "" : "/" + std::to_string(span.parts);
    }
    return text;
}

std::string planned(const Wishes& wishes, const PlanRule& rule, const Sizes& sizes = {}) {
    return shown(plan_ranges(wishes, sizes, rule));
}

TEST(RangePlan, JoinsNeighbours) {
    const PlanRule rule{.gap = 10, .join_bytes = 100};
    EXPECT_EQ(planned({}, rule), "");
    EXPECT_EQ(planned({{0, 5, 15}}, rule), "0:5-15=0");
    EXPECT_EQ(planned({{0, 0, 10}, {0, 10, 20}}, rule), "0:0-20=0,1");
    EXPECT_EQ(planned({{0, 0, 10}, {0, 20, 30}}, rule), "0:0-30=0,1");            // a gap of 10
    EXPECT_EQ(planned({{0, 0, 10}, {0, 21, 30}}, rule), "0:0-10=0 0:21-30=1");    // of 11
    EXPECT_EQ(planned({{0, 0, 10}, {1, 10, 20}}, rule), "0:0-10=0 1:10-20=1");    // other objects
    EXPECT_EQ(planned({{0, 0, 60}, {0, 60, 100}}, rule), "0:0-100=0,1");          // 100 together
    EXPECT_EQ(planned({{0, 0, 60}, {0, 60, 101}}, rule), "0:0-60=0 0:60-101=1");  // 101 together
    EXPECT_EQ(planned({{0, 0, 500}}, rule), "0:0-500=0");                         // alone it may be longer
    EXPECT_EQ(planned({{0, 0, 10}, {0, 10, 20}}, {.gap = 0, .join_bytes = 0}), "0:0-10=0 0:10-20=1");
    EXPECT_EQ(planned({{0, 0, 10}, {0, 10, 20}, {0, 21, 30}}, {.gap = 0, .join_bytes = 100}), "0:0-20=0,1 0:21-30=2");
}

TEST(RangePlan, AsksFirstForWhatIsWantedFirst) {
    const PlanRule rule{.gap = 0, .join_bytes = 100};
    EXPECT_EQ(planned({{1, 50, 60}, {0, 30, 40}, {0, 0, 10}}, rule), "1:50-60=0 0:30-40=1 0:0-10=2");
    // The span of wishes 1 and 4 comes before that of 2; the wishes of a span keep their order.
    EXPECT_EQ(planned({{0, 500, 510}, {0, 110, 120}, {0, 300, 310}, {0, 310, 320}, {0, 100, 110}}, rule),
              "0:500-510=0 0:100-120=1,4 0:300-320=2,3");
}

TEST(RangePlan, OverlapsAndRepeatsAreReadOnce) {
    const PlanRule rule{.gap = 0, .join_bytes = 100};
    EXPECT_EQ(planned({{0, 0, 10}, {0, 0, 10}, {0, 5, 15}, {0, 2, 3}}, rule), "0:0-15=0,1,2,3");
    // What lies inside a long one adds nothing; what reaches beyond it would.
    EXPECT_EQ(planned({{0, 0, 500}, {0, 400, 500}, {0, 0, 500}, {0, 450, 501}}, rule), "0:0-500=0,1,2 0:450-501=3");
}

TEST(RangePlan, EmptyWishesCostNothing) {
    const PlanRule rule{.gap = 10, .join_bytes = 100};
    EXPECT_EQ(planned({{0, 7, 7}}, rule), "0:7-7=0");
    EXPECT_EQ(planned({{0, 0, 10}, {0, 12, 12}}, rule), "0:0-10=0 0:12-12=1");  // no two bytes are read to reach it
    EXPECT_EQ(planned({{0, 8, 8}, {0, 10, 20}}, rule), "0:8-8=0 0:10-20=1");
    EXPECT_EQ(planned({{0, 10, 10}, {0, 0, 10}, {0, 0, 0}, {0, 5, 5}}, rule), "0:0-10=0,1,2,3");
    EXPECT_EQ(planned({{0, kTop, kTop}}, rule), "0:" + std::to_string(kTop) + "-" + std::to_string(kTop) + "=0");
}

TEST(RangePlan, ReadsWholeWhatIsMostlyWanted) {
    const PlanRule rule{.gap = 10, .join_bytes = 100};
    const Wishes half = {{0, 10, 40}, {0, 60, 80}};
    EXPECT_EQ(planned(half, rule, {100}), "0:0-100=0,1");
    EXPECT_EQ(planned(half, rule, {101}), "0:10-40=0 0:60-80=1");  // longer than join_bytes
    EXPECT_EQ(planned(half, rule, {std::nullopt}), "0:10-40=0 0:60-80=1");
    EXPECT_EQ(planned(half, rule), "0:10-40=0 0:60-80=1");
    EXPECT_EQ(planned({{0, 10, 40}, {0, 61, 80}}, rule, {100}), "0:10-40=0 0:61-80=1");                 // 49 of 100
    EXPECT_EQ(planned({{0, 10, 40}, {0, 10, 40}, {0, 61, 80}}, rule, {100}), "0:10-40=0,1 0:61-80=2");  // still 49
    EXPECT_EQ(planned({{0, 10, 40}, {0, 61, 80}}, rule, {99}), "0:10-40=0 0:61-80=1");  // 49 of 99 are less than half
    EXPECT_EQ(planned({{0, 10, 40}, {0, 61, 80}}, rule, {98}), "0:0-98=0,1");
    EXPECT_EQ(planned({{0, 10, 70}}, rule, {100}), "0:10-70=0");                        // saves no request
    EXPECT_EQ(planned({{0, 10, 40}, {0, 60, 80}}, rule, {79}), "0:10-40=0 0:60-80=1");  // ends beyond the object
    EXPECT_EQ(planned(half, {.gap = 0, .join_bytes = 100}, {100}), "0:10-40=0 0:60-80=1");
    EXPECT_EQ(planned({{1, 10, 40}, {2, 0, 30}, {1, 60, 80}, {2, 60, 80}}, rule, {{}, 100, 100}),
              "1:0-100=0,2 2:0-100=1,3");
}

TEST(RangePlan, CutsLongRangesIntoParts) {
    const PlanRule rule{.gap = 0, .join_bytes = 0, .part_bytes = 100};
    EXPECT_EQ(planned({{0, 0, 199}, {0, 1000, 1200}, {0, 2000, 3050}}, rule),
              "0:0-199=0 0:1000-1200=1/2 0:2000-3050=2/10");
    for (const PlannedSpan& span :
         {PlannedSpan{0, 0, 199, 0, 1, 1}, PlannedSpan{0, 7, 1057, 0, 1, 10}, PlannedSpan{0, 5, 8, 0, 1, 3},
          PlannedSpan{0, 9, 9, 0, 1, 1}, PlannedSpan{0, 1, kTop, 0, 1, 1000003}}) {
        std::uint64_t at = span.begin, shortest = kTop, longest = 0;
        for (std::size_t i = 0; i < span.parts; ++i) {
            const ByteRange part = part_of(span, i);
            ASSERT_EQ(part.begin, at);
            ASSERT_GE(part.end, part.begin);
            shortest = std::min(shortest, part.size());
            longest = std::max(longest, part.size());
            at = part.end;
        }
        EXPECT_EQ(at, span.end);
        EXPECT_LE(longest - shortest, 1U);
    }
}

TEST(RangePlan, TakesRangesNearTheEndOfTheNumbers) {
    const PlanRule rule{.gap = kTop, .join_bytes = 100, .part_bytes = kTop};
    EXPECT_EQ(shown(plan_ranges(Wishes{{0, kTop - 20, kTop - 10}, {0, kTop - 5, kTop}}, {}, rule)),
              "0:" + std::to_string(kTop - 20) + "-" + std::to_string(kTop) + "=0,1");
    // A gap that added to an end would wrap around joins no more than one that does not.
    EXPECT_EQ(shown(plan_ranges(Wishes{{0, kTop - 4, kTop - 2}, {0, kTop - 1, kTop}}, {}, {.gap = 0, .join_bytes = 9})),
              "0:" + std::to_string(kTop - 4) + "-" + std::to_string(kTop - 2) + "=0 0:" + std::to_string(kTop - 1) +
                  "-" + std::to_string(kTop) + "=1");
    EXPECT_EQ(shown(plan_ranges(Wishes{{0, 0, kTop}, {0, 0, 1}}, {}, rule)), "0:0-" + std::to_string(kTop) + "=0,1");
    EXPECT_EQ(shown(plan_ranges(Wishes{{0, 0, kTop}, {0, kTop - 1, kTop}}, Sizes{kTop},
                                {.gap = 1, .join_bytes = kTop, .part_bytes = kTop})),
              "0:0-" + std::to_string(kTop) + "=0,1");
}

/// Which bytes of a small object are wanted.
std::vector<bool> wanted_bytes(const Wishes& wishes, std::size_t object, std::uint64_t limit) {
    std::vector<bool> wanted(limit);
    for (const RangeWish& wish : wishes) {
        for (std::uint64_t i = wish.begin; wish.object == object && i < wish.end; ++i) {
            wanted[i] = true;
        }
    }
    return wanted;
}

/// Longest run of unwanted bytes in [begin, end).
std::uint64_t longest_gap(const std::vector<bool>& wanted, std::uint64_t begin, std::uint64_t end) {
    std::uint64_t longest = 0, run = 0;
    for (std::uint64_t i = begin; i < end; ++i) {
        run = wanted[i] ? 0 : run + 1;
        longest = std::max(longest, run);
    }
    return longest;
}

void check_plan(const Wishes& wishes, const Sizes& sizes, const PlanRule& rule, std::uint64_t limit) {
    const RangePlan plan = plan_ranges(wishes, sizes, rule);
    ASSERT_EQ(plan.order.size(), wishes.size());
    ASSERT_EQ(std::set(plan.order.begin(), plan.order.end()).size(), wishes.size());  // each number once
    std::size_t next = 0, earliest = 0;
    std::map<std::size_t, std::vector<PlannedSpan>> by_object;
    for (const PlannedSpan& span : plan.spans) {
        ASSERT_EQ(span.first, next);
        ASSERT_GT(span.count, 0U);
        next += span.count;
        const auto first = plan.order.begin() + static_cast<std::ptrdiff_t>(span.first);
        const auto last = first + static_cast<std::ptrdiff_t>(span.count);
        ASSERT_TRUE(std::is_sorted(first, last));
        ASSERT_TRUE(span.first == 0 || *first > earliest);  // spans by their earliest wish
        earliest = *first;
        std::uint64_t low = kTop, high = 0, longest = 0;
        for (auto number = first; number != last; ++number) {
            const RangeWish& wish = wishes[*number];
            ASSERT_EQ(wish.object, span.object);
            ASSERT_LE(span.begin, wish.begin);
            ASSERT_LE(wish.end, span.end);
            low = std::min(low, wish.begin);
            high = std::max(high, wish.end);
            longest = std::max(longest, wish.end - wish.begin);
        }
        const std::uint64_t length = span.end - span.begin;
        ASSERT_EQ(span.parts, rule.part_bytes == 0 ? 1 : std::max<std::uint64_t>(length / rule.part_bytes, 1));
        const auto wanted = wanted_bytes(wishes, span.object, limit);
        const bool tight = low == span.begin && high == span.end;
        const bool joined_well =
            length <= std::max(rule.join_bytes, longest) && longest_gap(wanted, span.begin, span.end) <= rule.gap;
        if (!(tight && joined_well)) {  // then it is a whole object, and must be worth it
            const auto size = span.object < sizes.size() ? sizes[span.object] : std::nullopt;
            ASSERT_TRUE(size);
            ASSERT_EQ(span.begin, 0U);
            ASSERT_EQ(span.end, *size);
            ASSERT_LE(*size, rule.join_bytes);
            ASSERT_GT(rule.gap, 0U);
            ASSERT_GE(2 * std::count(wanted.begin(), wanted.end(), true), static_cast<std::ptrdiff_t>(*size));
        }
        by_object[span.object].push_back(span);
    }
    ASSERT_EQ(next, wishes.size());
    for (auto& [object, spans] : by_object) {  // neighbours that could have been joined were
        std::sort(spans.begin(), spans.end(),
                  [](const auto& a, const auto& b) { return a.begin != b.begin ? a.begin < b.begin : a.end < b.end; });
        for (std::size_t i = 1; i < spans.size(); ++i) {
            const PlannedSpan &a = spans[i - 1], &b = spans[i];
            const bool empty = a.begin == a.end || b.begin == b.end;
            const std::uint64_t between = b.begin > a.end ? b.begin - a.end : 0;
            const RangeWish* first = nullptr;  // the wish that b began with
            for (std::size_t k = 0; k < b.count; ++k) {
                const RangeWish& wish = wishes[plan.order[b.first + k]];
                if (wish.begin == b.begin && (first == nullptr || wish.end > first->end)) {
                    first = &wish;
                }
            }
            ASSERT_TRUE(first != nullptr);
            ASSERT_TRUE(between > (empty ? 0 : rule.gap) || std::max(a.end, first->end) - a.begin > rule.join_bytes);
        }
    }
}

TEST(RangePlan, KeepsItsRulesOnRandomWishes) {
    constexpr std::uint64_t kLimit = 300;
    std::mt19937_64 random(5);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    for (int round = 0; round < 4000; ++round) {
        Wishes wishes(below(30));
        for (RangeWish& wish : wishes) {
            wish.object = below(3);
            wish.begin = below(kLimit);
            wish.end = std::min(kLimit, wish.begin + below(below(4) == 0 ? 120 : 12));
        }
        for (std::size_t i = 0; !wishes.empty() && i < below(4); ++i) {
            wishes.push_back(wishes[below(wishes.size())]);  // repeated
        }
        Sizes sizes(below(4));
        for (auto& size : sizes) {
            size = below(2) == 0 ? std::nullopt : std::optional(1 + below(kLimit));
        }
        const PlanRule rule{.gap = below(3) == 0 ? 0 : below(30), .join_bytes = below(400), .part_bytes = below(60)};
        ASSERT_NO_FATAL_FAILURE(check_plan(wishes, sizes, rule, kLimit)) << "round " << round;
    }
}

TEST(RangePlan, PlansMany) {
    // 65 536 neighbours in 64 objects, wanted in an order that has nothing to do with their places: a plan that
    // compared each with each would not end.
    Wishes wishes(65536);
    for (std::size_t i = 0; i < wishes.size(); ++i) {
        const std::size_t place = i * 40503 % wishes.size();
        wishes[i] = {place % 64, place / 64 * 1000, place / 64 * 1000 + 1000};
    }
    const RangePlan plan = plan_ranges(wishes, {}, {.gap = 0, .join_bytes = 16000, .part_bytes = kTop});
    EXPECT_EQ(plan.spans.size(), 64U * 1024 / 16);
    for (const PlannedSpan& span : plan.spans) {
        ASSERT_EQ(span.end - span.begin, 16000U);
        ASSERT_EQ(span.count, 16U);
    }
    EXPECT_EQ(plan.order[0], 0U);
}

PlanRule rule_of(double latency_ms, double megabytes_per_second, std::size_t concurrency, std::size_t requests,
                 std::uint64_t bytes) {
    return plan_rule(
        {std::chrono::microseconds(static_cast<std::int64_t>(latency_ms * 1000)), megabytes_per_second * 1e6},
        concurrency, requests, bytes, std::nullopt);
}

TEST(PlanRule, AGapIsWorthItsShareOfARoundTrip) {
    // 50 ms at 20 MB/s are 1 000 000 bytes; among 16 connections 62 500, among 256 below the least of 4 KB.
    EXPECT_EQ(rule_of(50, 20, 16, 10000, kMb).gap, 62500U);
    EXPECT_EQ(rule_of(50, 20, 256, 10000, kMb).gap, 4 * kKb);
    EXPECT_EQ(rule_of(50, 20, 1, 10000, kMb).gap, 1000000U);
    EXPECT_EQ(rule_of(50, 20, 256, 4, kMb).gap, 250000U);   // four ranges use four connections
    EXPECT_EQ(rule_of(0, 20, 1, 10000, kMb).gap, 4 * kKb);  // no latency
    EXPECT_EQ(rule_of(500, 100, 1, 10000, kMb).gap, kMb);   // the most
    EXPECT_EQ(plan_rule({}, 16, 9, kMb, 0).gap, 0U);        // the user's own
    EXPECT_EQ(plan_rule({}, 16, 9, kMb, 123456789).gap, 123456789U);
}

TEST(PlanRule, SpansAreAsManyAsConnectionsWhereTheBytesSuffice) {
    EXPECT_EQ(rule_of(50, 20, 16, 1000, 16 * kMb).join_bytes, kMb);
    EXPECT_EQ(rule_of(50, 20, 256, 1000, 16 * kMb).join_bytes, 256 * kKb);    // not 64 KB: a round trip outweighs them
    EXPECT_EQ(rule_of(50, 20, 16, 100000, 1000 * kMb).join_bytes, 4000000U);  // four times 50 ms at 20 MB/s
    EXPECT_EQ(rule_of(0, 20, 16, 100000, 1000 * kMb).join_bytes, 2 * kMb);
    EXPECT_EQ(rule_of(1000, 100, 16, 100000, 1000 * kMb).join_bytes, 8 * kMb);
    // 2 000 neighbouring chunks of 100 KB in 50 files, on 256 and on 16 connections: all of them have work.
    for (const std::size_t concurrency : {16U, 256U}) {
        Wishes wishes;
        for (std::size_t i = 0; i < 2000; ++i) {
            wishes.push_back({i % 50, i / 50 * 100000, (i / 50 + 1) * 100000});
        }
        const PlanRule rule = rule_of(50, 20, concurrency, wishes.size(), 200000000);
        const RangePlan plan = plan_ranges(wishes, {}, rule);
        EXPECT_GE(plan.spans.size(), concurrency);
        EXPECT_LE(plan.spans.size(), 2 * std::max<std::size_t>(concurrency, 50)) << "no more than needed";
    }
}

TEST(PlanRounds, LongerSpansWhereTheySaveARoundTrip) {
    // Three objects of which 150 bytes each are wanted: in spans of 100 these are six requests, in longer ones three.
    Wishes wishes;
    for (std::size_t object = 0; object < 3; ++object) {
        for (std::uint64_t begin = 0; begin < 150; begin += 10) {
            wishes.push_back({object, begin, begin + 10});
        }
    }
    const PlanRule rule{.gap = 0, .join_bytes = 100, .part_bytes = 150};
    const auto spans = [&](std::size_t connections) { return plan_rounds(wishes, {}, rule, connections).spans; };
    EXPECT_EQ(spans(2).size(), 6U);  // two round trips either way
    EXPECT_EQ(spans(3).size(), 3U);
    EXPECT_EQ(spans(5).size(), 3U);
    EXPECT_EQ(spans(6).size(), 6U);  // one round trip either way
    EXPECT_EQ(spans(3).front().parts, 1U);
    EXPECT_EQ(plan_rounds(wishes, {}, {.gap = 0, .join_bytes = kTop}, 1).spans.size(), 3U);
}

TEST(PlanRule, OneLongRangeComesInParts) {
    const auto parts = [](std::size_t concurrency) {
        const PlanRule rule = rule_of(50, 20, concurrency, 1, 200 * kMb);
        return plan_ranges(Wishes{{0, 0, 200 * kMb}}, {}, rule).spans.at(0).parts;
    };
    EXPECT_EQ(parts(256), 50U);  // of 4 MB each
    EXPECT_EQ(parts(16), 16U);   // of 12.5 MB
    EXPECT_EQ(parts(4), 12U);    // of at least 16 MB
    for (const std::size_t concurrency : {0U, 1U, 16U, 256U}) {
        for (const std::uint64_t bytes : {std::uint64_t{0}, kMb, 100 * kMb, 100000 * kMb, kTop}) {
            for (const double latency : {0.0, 5.0, 50.0, 5000.0}) {
                const PlanRule rule = rule_of(latency, 20, concurrency, 1000, bytes);
                EXPECT_GE(rule.part_bytes, 4 * kMb);
                EXPECT_LE(rule.part_bytes, 16 * kMb);
                EXPECT_GE(rule.part_bytes, rule.join_bytes);  // what was joined is not cut again
                EXPECT_GE(rule.join_bytes, 256 * kKb);
                EXPECT_LE(rule.join_bytes, 8 * kMb);
            }
        }
    }
}

TEST(PlanRule, BearsEstimatesThatAreNone) {
    for (const double speed : {0.0, -5.0, std::nan(""), HUGE_VAL, 1e300}) {
        for (const std::chrono::microseconds latency :
             {std::chrono::microseconds::min(), std::chrono::microseconds(0), std::chrono::microseconds::max()}) {
            const PlanRule rule = plan_rule({latency, speed}, 0, 0, 0, std::nullopt);
            EXPECT_GE(rule.gap, 4 * kKb);
            EXPECT_LE(rule.gap, kMb);
            EXPECT_GE(rule.join_bytes, 256 * kKb);
            EXPECT_LE(rule.join_bytes, 8 * kMb);
        }
    }
}

}  // namespace
}  // namespace vcube
