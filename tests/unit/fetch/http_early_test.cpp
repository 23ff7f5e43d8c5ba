// What HttpFetcher gives before a reply is complete, and what its caller does while it waits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/fetch/http_fetcher_support.h"

namespace vcube::http_fetcher_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr int kManyTicks = 100;  // ten seconds: nothing that is waited for comes any more

class HttpEarlyTest : public HttpFetcherTest {
protected:
    HttpEarlyTest() { one_request(); }

    /// All that is near comes in one.
    void one_request() {
        session_->tuning.max_concurrency = 1;
        session_->tuning.coalesce_gap = 1000;
    }

    /// Eight ranges of 39 500 bytes, 500 bytes apart. Half of what they span ends between the fourth and the fifth.
    std::vector<FetchRequest> ranges() {
        std::vector<FetchRequest> out;
        for (std::uint64_t begin = 1000; begin < 321'000; begin += 40'000) {
            out.push_back({server_.url("a"), {begin, begin + 39'500}});
        }
        return out;
    }

    /// Stops as soon as so many sinks have been called.
    std::vector<Answer> get_until(std::size_t given, const std::vector<FetchRequest>& requests) {
        std::vector<Answer> answers(requests.size());
        std::atomic<std::size_t> called{0};
        int ticks = 0;
        options_.tick = [&] { return called < given && ++ticks < kManyTicks; };
        fetcher().fetch(
            requests,
            [&](std::size_t i, Result<ByteSpan> bytes) {
                answers[i].take(bytes);
                ++called;
            },
            options_);
        options_.tick = nullptr;
        return answers;
    }

    void expect_bytes(const FetchRequest& request, const Answer& answer) {
        EXPECT_EQ(answer.calls, 1);
        EXPECT_FALSE(answer.error) << answer.error->message;
        EXPECT_TRUE(answer.bytes == content_.substr(request.range.begin, request.range.size()));
    }
    static void expect_cancelled(const Answer& answer) {
        EXPECT_EQ(answer.calls, 1);
        ASSERT_TRUE(answer.error);
        EXPECT_EQ(answer.error->code, ErrorCode::kCancelled);
    }
};

TEST_F(HttpEarlyTest, GivesRangesWhileTheReplyIsUnderWay) {
    server_.set_rules({rule_of(Fault::kStall)});
    const auto requests = ranges();
    const std::vector<Answer> answers = get_until(4, requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        i < 4 ? expect_bytes(requests[i], answers[i]) : expect_cancelled(answers[i]);
    }
    EXPECT_EQ(server_.counts().requests, 1U);
    EXPECT_EQ(session_->counters.retries, 0U);
    EXPECT_EQ(session_->counters.failures, 0U);
}

/// Not in the order of their places; two are the same, one lies inside another, one reaches over the half.
TEST_F(HttpEarlyTest, GivesRangesThatOverlapInAnyOrder) {
    server_.set_rules({rule_of(Fault::kStall)});
    const std::string url = server_.url("a");
    const std::vector<FetchRequest> requests = {
        {url, {200'000, 300'000}}, {url, {50'000, 100'000}},  {url, {250'000, 260'000}}, {url, {100'000, 200'000}},
        {url, {0, 100'000}},       {url, {140'000, 160'000}}, {url, {50'000, 100'000}},  {url, {99'000, 150'000}}};
    const std::vector<Answer> answers = get_until(4, requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const bool in_first_half = requests[i].range.end <= 150'000;
        in_first_half ? expect_bytes(requests[i], answers[i]) : expect_cancelled(answers[i]);
    }
    EXPECT_EQ(server_.counts().requests, 1U);
}

TEST_F(HttpEarlyTest, GivesEachRangeOnceThoughTheReplyBreaksOff) {
    const auto requests = ranges();
    for (const Fault fault : {Fault::kResetMiddle, Fault::kShortBody, Fault::kStall}) {
        session_->tuning.timeout = 1s;
        server_.set_rules({rule_of(fault, 1)});
        server_.reset_counts();
        session_->counters.retries = 0;
        const std::vector<Answer> answers = get(requests);
        for (std::size_t i = 0; i < requests.size(); ++i) {
            expect_bytes(requests[i], answers[i]);
        }
        EXPECT_EQ(server_.counts().requests, 2U) << static_cast<int>(fault);
        EXPECT_EQ(session_->counters.retries, 1U);
        EXPECT_EQ(session_->counters.failures, 0U);
    }
}

TEST_F(HttpEarlyTest, TheRestOfAnotherVersionIsAnError) {
    server_.set_rules({rule_of(Fault::kShortBody, 1), rule_of(Fault::kOtherVersion)});
    const auto requests = ranges();
    const std::vector<Answer> answers = get(requests);
    for (std::size_t i = 0; i < 4; ++i) {
        expect_bytes(requests[i], answers[i]);
    }
    for (std::size_t i = 4; i < requests.size(); ++i) {
        ASSERT_TRUE(answers[i].error) << i;
        EXPECT_EQ(answers[i].bytes, "");
        EXPECT_THAT(answers[i].error->message, HasSubstr("has changed"));
    }
    EXPECT_EQ(session_->counters.failures, 4U);
}

TEST_F(HttpEarlyTest, GivesNothingOfAnotherVersion) {
    expect_bytes({server_.url("a"), {7, 8}}, get_one({server_.url("a"), {7, 8}}));
    server_.put("a", numbers(400'000, 3));
    server_.set_rules({rule_of(Fault::kShortBody, 1)});
    for (const Answer& answer : get(ranges())) {
        ASSERT_TRUE(answer.error);
        EXPECT_THAT(answer.error->message, HasSubstr("has changed"));
    }
}

/// Parts come side by side: where the bytes of one are says nothing of those of another.
TEST_F(HttpEarlyTest, GivesNothingOfASpanInPartsBeforeItsEnd) {
    session_->tuning.max_concurrency = 16;
    server_.put("large", numbers(12'000'000));
    server_.set_rules({rule_of(Fault::kStall)});
    const std::string url = server_.url("large");
    const std::vector<FetchRequest> requests = {
        {url, {0, 12'000'000}}, {url, {1000, 2000}}, {url, {9'000'000, 9'000'100}}};
    int ticks = 0;
    int ticks_with_bytes = 0;  // so long the first halves of all parts have been on their way, or here
    options_.tick = [&] {
        ticks_with_bytes += server_.counts().body_bytes < 6'000'000 ? 0 : 1;
        return ++ticks < kManyTicks && ticks_with_bytes < 5;
    };
    for (const Answer& answer : get(requests)) {
        expect_cancelled(answer);
    }
    EXPECT_GE(server_.counts().requests, 2U);
    EXPECT_GE(server_.counts().body_bytes, 6'000'000U);
}

TEST_F(HttpEarlyTest, DoesNotAskWhetherGivenRangesAreWanted) {
    server_.set_rules({rule_of(Fault::kStall)});
    const auto requests = ranges();
    std::vector<std::atomic<int>> given(requests.size());
    std::atomic<int> asked_of_given{0};
    std::atomic<int> asked{0};
    int ticks = 0;
    options_.wanted = [&](std::size_t i) {
        ++asked;
        asked_of_given += given[i];
        return given[3] == 0 || ticks < 5;
    };
    options_.tick = [&] { return ++ticks < kManyTicks; };
    std::vector<Answer> answers(requests.size());
    fetcher().fetch(
        requests,
        [&](std::size_t i, Result<ByteSpan> bytes) {
            given[i] = 1;
            answers[i].take(bytes);
        },
        options_);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        i < 4 ? expect_bytes(requests[i], answers[i]) : expect_cancelled(answers[i]);
    }
    EXPECT_GT(asked, 0);
    EXPECT_EQ(asked_of_given, 0);
    EXPECT_LT(ticks, kManyTicks);  // that nothing is wanted any more ended it
}

TEST_F(HttpEarlyTest, KeepsOnDiskWhatItGaveEarly) {
    const std::string folder = testing::TempDir() + "vcube_early_" + std::to_string(::getpid());
    auto cache = RangeCache::open(folder, std::uint64_t{1} << 30U);
    ASSERT_TRUE(cache.ok());
    fetcher_options_.disk = std::move(cache).value();
    server_.set_rules({rule_of(Fault::kStall)});
    const auto requests = ranges();
    (void)get_until(4, requests);

    server_.set_rules({});
    server_.reset_counts();
    session_ = std::make_shared<FetchSession>();
    session_->versions = std::make_shared<ObjectVersions>();
    options_.session = session_;
    one_request();
    const std::vector<Answer> answers = get(requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        expect_bytes(requests[i], answers[i]);
    }
    EXPECT_EQ(session_->counters.disk_hits, 4U);
    const auto log = server_.log();
    ASSERT_EQ(log.size(), 2U);
    EXPECT_EQ(log[0].headers.at("range"), "bytes=0-0");  // of which version it is
    EXPECT_EQ(log[1].headers.at("range"), "bytes=161000-320499");
    std::filesystem::remove_all(folder);
}

TEST_F(HttpEarlyTest, TheCallerHasTimeWhileTheServerIsSilent) {
    server_.set_latency(400ms);
    int calls = 0;
    bool elsewhere = false;
    options_.meanwhile = [&, caller = std::this_thread::get_id()] {
        elsewhere = elsewhere || std::this_thread::get_id() != caller;
        return ++calls < 4;
    };
    const auto requests = ranges();
    const std::vector<Answer> answers = get(requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        expect_bytes(requests[i], answers[i]);
    }
    EXPECT_EQ(calls, 4);  // no more after it said that there is no more
    EXPECT_FALSE(elsewhere);
}

TEST_F(HttpEarlyTest, WorkWithoutEndDoesNotKeepBytesFromTheSink) {
    server_.set_latency(60ms);
    options_.meanwhile = [] {
        std::this_thread::sleep_for(1ms);
        return true;
    };
    const auto requests = ranges();
    const std::vector<Answer> answers = get(requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        expect_bytes(requests[i], answers[i]);
    }
}

TEST_F(HttpEarlyTest, ACallerWhoseBytesComeAtOnceHasNoTime) {
    server_.set_latency(4ms);
    int calls = 0;
    options_.meanwhile = [&] {
        ++calls;
        return true;
    };
    int without = 0;
    for (int i = 0; i < 50; ++i) {  // some may be late on a machine with much to do
        calls = 0;
        (void)get_one({server_.url("a"), {0, 10}});
        without += calls == 0 ? 1 : 0;
    }
    EXPECT_GT(without, 0);
}

TEST_F(HttpEarlyTest, AStopEndsTheWaitOfACallerWithMuchWork) {
    server_.set_rules({rule_of(Fault::kSilence)});
    std::stop_source stop;
    options_.stop = stop.get_token();
    int calls = 0;
    options_.meanwhile = [&] {
        if (++calls == 5) {
            stop.request_stop();
        }
        return true;
    };
    int ticks = 0;
    options_.tick = [&] { return ++ticks < kManyTicks; };
    for (const Answer& answer : get(ranges())) {
        expect_cancelled(answer);
    }
    EXPECT_EQ(calls, 5);
    EXPECT_LT(ticks, kManyTicks);
}

TEST_F(HttpEarlyTest, ACallerWithMuchWorkIsAskedWhetherToGoOn) {
    server_.set_rules({rule_of(Fault::kSilence)});
    int calls = 0;
    int calls_until_stop = 0;
    options_.meanwhile = [&] {
        std::this_thread::sleep_for(1ms);
        return ++calls < 20'000;
    };
    int ticks = 0;
    options_.tick = [&] {
        calls_until_stop = calls;
        return ++ticks < 3;
    };
    for (const Answer& answer : get(ranges())) {
        expect_cancelled(answer);
    }
    EXPECT_EQ(ticks, 3);
    EXPECT_GT(calls, 0);
    EXPECT_EQ(calls, calls_until_stop);
    EXPECT_LT(calls, 20'000);
}

}  // namespace
}  // namespace vcube::http_fetcher_test
