#include "core/fetch/retry.h"

#include <gtest/gtest.h>

#include <chrono>

namespace vcube {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr double kMost = 0.9999999;  // random numbers are below 1

RetryRule patient() {
    return {.retries = 100,
            .first_delay = 200ms,
            .max_delay = 20s,
            .max_retry_after = 120s,
            .max_elapsed = std::chrono::hours(24)};
}

TEST(RetryDelay, DoublesUpToTheLongest) {
    // 200 ms x 2^(attempt - 1), at most 20 s; of that between the half and the whole.
    struct Case {
        unsigned attempt;
        milliseconds whole;
    };
    for (const Case& c : {Case{1, 200ms}, Case{2, 400ms}, Case{3, 800ms}, Case{4, 1600ms}, Case{7, 12800ms},
                          Case{8, 20s}, Case{9, 20s}, Case{100, 20s}}) {
        EXPECT_EQ(retry_delay(patient(), c.attempt, 0ms, {}, 0), c.whole / 2) << c.attempt;
        EXPECT_EQ(retry_delay(patient(), c.attempt, 0ms, {}, 0.5), c.whole / 2 + c.whole / 4) << c.attempt;
        const auto longest = retry_delay(patient(), c.attempt, 0ms, {}, kMost);
        ASSERT_TRUE(longest);
        EXPECT_LE(*longest, c.whole) << c.attempt;
        EXPECT_GE(*longest, c.whole - 1ms) << c.attempt;
    }
}

TEST(RetryDelay, GivesUpAfterTheLastAttempt) {
    RetryRule rule;
    rule.retries = 2;
    EXPECT_TRUE(retry_delay(rule, 1, 0ms, {}, 0));
    EXPECT_TRUE(retry_delay(rule, 2, 0ms, {}, 0));
    EXPECT_FALSE(retry_delay(rule, 3, 0ms, {}, 0));
    rule.retries = 0;
    EXPECT_FALSE(retry_delay(rule, 1, 0ms, {}, 0));
}

TEST(RetryDelay, WaitsAtLeastAsLongAsTheServerAsks) {
    EXPECT_EQ(retry_delay(patient(), 1, 0ms, 5s, 0), 5s);
    // Those that were told the same do not come back together: the spread of the delay, here up to 100 ms, is added.
    const auto spread = retry_delay(patient(), 1, 0ms, 5s, 0.5);
    EXPECT_EQ(spread, 5050ms);
    EXPECT_EQ(retry_delay(patient(), 1, 0ms, 0s, 0), 100ms);  // it may ask for less than is waited anyway
    EXPECT_EQ(retry_delay(patient(), 8, 0ms, 5s, 0), 10s);
    EXPECT_EQ(retry_delay(patient(), 1, 0ms, 120s, 0), 120s);  // max_retry_after
    EXPECT_FALSE(retry_delay(patient(), 1, 0ms, 120001ms, 0));
}

TEST(RetryDelay, GivesUpWhereItWouldTakeTooLong) {
    RetryRule rule = patient();
    rule.max_elapsed = 10s;
    EXPECT_EQ(retry_delay(rule, 1, 9900ms, {}, 0), 100ms);  // ends just in time
    EXPECT_FALSE(retry_delay(rule, 1, 9901ms, {}, 0));
    EXPECT_FALSE(retry_delay(rule, 1, 5001ms, 5s, 0));
    EXPECT_FALSE(retry_delay(rule, 1, milliseconds::max(), {}, 0));
}

TEST(RetryDelay, TakesExtremeRules) {
    RetryRule rule = patient();
    rule.retries = 4'000'000'000U;
    rule.max_delay = milliseconds::max();
    rule.max_elapsed = milliseconds::max();
    EXPECT_TRUE(retry_delay(rule, 4'000'000'000U, 0ms, {}, 0));  // neither wraps nor takes for ever
    rule.first_delay = 0ms;
    EXPECT_EQ(retry_delay(rule, 9, 0ms, {}, kMost), 0ms);
    rule.first_delay = 60s;  // longer than the longest
    rule.max_delay = 20s;
    EXPECT_EQ(retry_delay(rule, 1, 0ms, {}, 0), 10s);
}

TEST(RetryBudget, BearsAnOutageButNotAServerThatIsDown) {
    for (const std::size_t requests : {0U, 1U, 2U, 16U, 256U, 1000U, 20000U, 1000000U}) {
        const std::size_t budget = retry_budget(requests);
        EXPECT_GE(budget, 5U) << "one request alone has its retries";
        // 5 % of all at random, which is 1/19 of their number in retries of retries ...
        EXPECT_GE(budget, requests / 19) << requests;
        // ... but far fewer than five for each where nothing answers.
        if (requests >= 256) {
            EXPECT_LT(budget, 4 * requests) << requests;
        }
        EXPECT_LE(budget, retry_budget(requests + 1));
    }
    EXPECT_LT(retry_budget(1000000), 1000000U);
}

}  // namespace
}  // namespace vcube
