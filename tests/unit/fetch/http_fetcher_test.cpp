#include "core/fetch/http_fetcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/fetch/object_versions.h"
#include "tests/unit/fetch/http_fetcher_support.h"

namespace vcube {
namespace {

using namespace std::chrono_literals;
using namespace http_fetcher_test;
using testing::HasSubstr;
using testing::Not;
using Clock = std::chrono::steady_clock;

TEST_F(HttpFetcherTest, BringsRangesOfEveryKind) {
    const std::string url = server_.url("a");
    const std::vector<Answer> answers = get({{url, {100, 200}},
                                             {url, {}},
                                             {url, {399'000, ByteRange::kEnd}},
                                             {url, ByteRange::last(10)},
                                             {url, {50, 50}},
                                             {url, {399'990, 400'010}, true},
                                             {url, {500'000, 500'010}, true},
                                             {url, {150, 350'000}}});
    const std::vector<std::string> expected = {
        content_.substr(100, 100), content_, content_.substr(399'000),     content_.substr(399'990), "",
        content_.substr(399'990),  "",       content_.substr(150, 349'850)};
    for (std::size_t i = 0; i < answers.size(); ++i) {
        EXPECT_FALSE(answers[i].error) << answers[i].error->message;
        EXPECT_EQ(answers[i].bytes, expected[i]) << i;
    }
    EXPECT_EQ(session_->counters.ranges, answers.size());
    EXPECT_EQ(session_->counters.requests, server_.counts().requests);
    EXPECT_EQ(session_->counters.bytes, server_.counts().body_bytes);
    EXPECT_EQ(session_->counters.failures, 0U);
    EXPECT_EQ(resolved_[url], 1);
}

TEST_F(HttpFetcherTest, JoinsNearRangesAndCutsLongOnes) {
    session_->tuning.coalesce_gap = 1000;
    std::vector<FetchRequest> near;
    for (std::uint64_t i = 0; i < 50; ++i) {
        near.push_back({server_.url("a"), {i * 2000, i * 2000 + 1500}});
    }
    const std::vector<Answer> answers = get(near);
    for (std::uint64_t i = 0; i < 50; ++i) {
        EXPECT_EQ(answers[i].bytes, content_.substr(i * 2000, 1500));
    }
    EXPECT_EQ(server_.counts().requests, 1U);

    const std::string large = numbers(40'000'000, 5);
    server_.put("large", large);
    server_.reset_counts();
    EXPECT_EQ(get_one({server_.url("large"), {1, 39'999'999}}).bytes, large.substr(1, 39'999'998));
    EXPECT_GT(server_.counts().requests, 1U);
    EXPECT_EQ(server_.counts().body_bytes, 39'999'998U);
    // Cut beyond the end, too.
    EXPECT_EQ(get_one({server_.url("large"), {1, 60'000'000}, true}).bytes, large.substr(1));
    session_->versions = nullptr;
    EXPECT_EQ(get_one({server_.url("large"), {1, 60'000'000}, true}).bytes, large.substr(1));
    EXPECT_THAT(get_error({server_.url("large"), {1, 60'000'000}}), HasSubstr("40000000"));
}

TEST_F(HttpFetcherTest, AShortObjectFailsOnlyWhatLiesBehindItsEnd) {
    session_->tuning.coalesce_gap = 1'000'000;
    const std::string url = server_.url("a");
    const std::vector<Answer> answers =
        get({{url, {399'000, 400'000}}, {url, {399'500, 400'001}}, {url, {410'000, 410'100}}});
    EXPECT_EQ(answers[0].bytes, content_.substr(399'000));
    for (const std::size_t i : {1U, 2U}) {
        ASSERT_TRUE(answers[i].error);
        EXPECT_EQ(answers[i].error->code, ErrorCode::kIo);
        EXPECT_THAT(answers[i].error->message, HasSubstr("400000 bytes"));
        EXPECT_THAT(answers[i].error->message, HasSubstr(server_.url("a")));
    }
    EXPECT_EQ(session_->counters.failures, 2U);
}

TEST_F(HttpFetcherTest, LeavesToOthersWhatHttpDoesNotReach) {
    const std::vector<Answer> answers =
        get({{"/x", {0, 1}}, {server_.url("a"), {0, 4}}, {"/y", {0, 1}}, {"bad:z", {0, 1}}});
    EXPECT_EQ(answers[0].bytes, "/x");
    EXPECT_EQ(answers[1].bytes, content_.substr(0, 4));
    EXPECT_EQ(answers[2].bytes, "/y");
    EXPECT_THAT(answers[3].error->message, HasSubstr("of no use"));
    EXPECT_THAT(elsewhere_.asked, testing::ElementsAre("/x", "/y"));
}

TEST_F(HttpFetcherTest, TellsAbsentObjectsFromOtherErrors) {
    EXPECT_EQ(get_one({server_.url("absent?token=1"), {0, 1}}).error->code, ErrorCode::kNotFound);
    const std::string message = get_error({server_.url("absent?token=1"), {0, 1}});
    EXPECT_THAT(message, HasSubstr(server_.url("absent")));
    EXPECT_THAT(message, HasSubstr("404"));
    EXPECT_THAT(message, Not(HasSubstr("token")));
    EXPECT_EQ(server_.counts().requests, 2U);
    server_.set_rules({status_rule(418)});
    EXPECT_EQ(get_one({server_.url("a"), {0, 1}}).error->code, ErrorCode::kIo);
    EXPECT_EQ(server_.counts().requests, 3U);
}

TEST_F(HttpFetcherTest, AsksAgainWhereThatHelps) {
    session_->tuning.timeout = 300ms;
    // A connection that ends before any byte of a reply is libcurl's to replace, where it was used before.
    (void)get_one({server_.url("a"), {0, 1}});
    for (const Fault fault :
         {Fault::kStatus, Fault::kResetBefore, Fault::kResetMiddle, Fault::kShortBody, Fault::kWrongRange,
          Fault::kShortRange, Fault::kWebPage, Fault::kGarbage, Fault::kStall, Fault::kSilence, Fault::kLongBody}) {
        server_.set_rules({rule_of(fault, 1)});
        const Answer answer = get_one({server_.url("a"), {1000, 50'000}});
        EXPECT_FALSE(answer.error) << static_cast<int>(fault) << " " << answer.error->message;
        EXPECT_EQ(answer.bytes, content_.substr(1000, 49'000)) << static_cast<int>(fault);
    }
    EXPECT_EQ(session_->counters.failures, 0U);
    EXPECT_GE(session_->counters.retries, 10U);
    EXPECT_EQ(session_->counters.requests, server_.counts().requests);
}

TEST_F(HttpFetcherTest, GivesUpInTheEnd) {
    session_->tuning.retries = 2;
    server_.set_rules({status_rule(503)});
    const std::string message = get_error({server_.url("a?token=1"), {5, 9}});
    EXPECT_THAT(message, HasSubstr(server_.url("a") + ": HTTP 503"));
    EXPECT_THAT(message, HasSubstr("bytes 5 to 9"));
    EXPECT_THAT(message, HasSubstr("after 3 attempts"));
    EXPECT_THAT(message, Not(HasSubstr("token")));
    EXPECT_EQ(server_.counts().requests, 3U);
    EXPECT_EQ(session_->counters.retries, 2U);
    EXPECT_EQ(session_->counters.failures, 1U);
}

TEST_F(HttpFetcherTest, GivesUpAServerThatIsDownOnce) {
    session_->tuning.retries = 1;
    session_->tuning.timeout = 300ms;
    session_->tuning.max_concurrency = 2;
    server_.set_rules({rule_of(Fault::kSilence)});
    std::vector<FetchRequest> requests;
    for (std::uint64_t i = 0; i < 200; ++i) {
        requests.push_back({server_.url("a" + std::to_string(i)), {0, 10}});
    }
    for (const Answer& answer : get(requests)) {
        ASSERT_TRUE(answer.error);
        EXPECT_EQ(answer.error->code, ErrorCode::kIo);
        EXPECT_THAT(answer.error->message, HasSubstr("the server sent nothing for too long"));
    }
    EXPECT_LE(server_.counts().requests, 10U);  // not two for each
    EXPECT_EQ(session_->counters.failures, 200U);
}

TEST_F(HttpFetcherTest, WaitsAsLongAsTheServerAsks) {
    FaultRule rule = status_rule(503, 1);
    rule.retry_after = "1";
    server_.set_rules({rule});
    const auto begin = Clock::now();
    EXPECT_EQ(get_one({server_.url("a"), {0, 4}}).bytes, content_.substr(0, 4));
    EXPECT_GE(Clock::now() - begin, 1s);
}

TEST_F(HttpFetcherTest, NoticesThatAnObjectHasChanged) {
    EXPECT_FALSE(get_one({server_.url("a"), {0, 4}}).error);
    server_.put("a", numbers(400'000, 7));
    const std::string message = get_error({server_.url("a"), {0, 4}});
    EXPECT_THAT(message, HasSubstr("has changed since it was first read"));
    EXPECT_THAT(message, HasSubstr(server_.url("a")));
    EXPECT_TRUE(session_->versions->changed());
    server_.put("a", "short");  // what lies behind its end now is no other error
    EXPECT_THAT(get_error({server_.url("a"), {1000, 2000}}), HasSubstr("has changed since it was first read"));
    session_->versions = std::make_shared<ObjectVersions>();
    EXPECT_EQ(get_one({server_.url("a"), {0, 4}}).bytes, "shor");
}

TEST_F(HttpFetcherTest, FollowsRedirects) {
    HttpServer other{ServerOptions{}};
    other.put("b", content_);
    target_.headers = {"X-Token: secret"};
    target_.auth = "BEARER";
    target_.bearer = "secret";
    HttpSettings settings;
    settings.cookie = "session=secret";
    target_.settings = std::make_shared<const HttpSettings>(settings);
    server_.set_rules({redirect_rule("first", "second?sig=1"), redirect_rule("second", other.url("b?sig=2"))});
    EXPECT_EQ(get_one({server_.url("first"), {10, 20}}).bytes, content_.substr(10, 10));
    // The host's own way on has what is meant for it, another host nothing.
    auto log = server_.log();
    ASSERT_EQ(log.size(), 2U);
    EXPECT_THAT(log[1].path, HasSubstr("second?sig=1"));
    EXPECT_EQ(log[1].headers["x-token"], "secret");
    EXPECT_EQ(log[1].headers["authorization"], "Bearer secret");
    log = other.log();
    ASSERT_EQ(log.size(), 1U);
    for (const auto& [name, value] : log[0].headers) {
        EXPECT_THAT(value, Not(HasSubstr("secret"))) << name;
    }

    // It is remembered ...
    EXPECT_EQ(get_one({server_.url("first"), {30, 40}}).bytes, content_.substr(30, 10));
    EXPECT_EQ(server_.counts().requests, 2U);
    EXPECT_EQ(other.counts().requests, 2U);
    EXPECT_EQ(session_->counters.requests, 4U);
    EXPECT_EQ(session_->counters.retries, 0U);

    // ... until it is refused.
    FaultRule refused = status_rule(403);
    refused.path_contains = "sig=2";
    other.set_rules({refused});
    server_.set_rules({redirect_rule("first", other.url("b?sig=3"))});
    EXPECT_EQ(get_one({server_.url("first"), {50, 60}}).bytes, content_.substr(50, 10));
    EXPECT_EQ(renewed_, 0);
}

TEST_F(HttpFetcherTest, DoesNotFollowEveryRedirect) {
    for (const char* location : {"file:///etc/passwd", "ftp://127.0.0.1/a", "gopher://127.0.0.1/", "scp://x/y"}) {
        server_.set_rules({redirect_rule("", location)});
        const Answer answer = get_one({server_.url("a"), {0, 4}});
        ASSERT_TRUE(answer.error);
        EXPECT_EQ(answer.error->code, ErrorCode::kDenied) << answer.error->message;
    }
    server_.reset_counts();
    server_.set_rules({redirect_rule("x", "/y?token=1"), redirect_rule("y", "/x?token=1")});
    const std::string message = get_error({server_.url("x"), {0, 4}});
    EXPECT_THAT(message, HasSubstr("redirected more than 10 times"));
    EXPECT_THAT(message, Not(HasSubstr("token")));
    EXPECT_EQ(server_.counts().requests, 11U);
}

TEST_F(HttpFetcherTest, RenewsASignatureOnce) {
    FaultRule refused = status_rule(403);
    refused.path_contains = "old";
    server_.set_rules({refused});
    renewed_url_ = server_.url("a?new");
    std::vector<FetchRequest> requests;
    session_->tuning.coalesce_gap = 0;
    for (std::uint64_t i = 0; i < 40; ++i) {
        requests.push_back({server_.url("a?old"), {i * 100, i * 100 + 10}});
    }
    for (const Answer& answer : get(requests)) {
        EXPECT_FALSE(answer.error) << answer.error->message;
    }
    EXPECT_EQ(renewed_, 1);

    server_.set_rules({status_rule(403)});
    EXPECT_THAT(get_error({server_.url("a?old"), {0, 4}}), HasSubstr("HTTP 403 Forbidden"));
    EXPECT_EQ(renewed_, 2);
}

TEST_F(HttpFetcherTest, LeavesToOthersWhatARenewalSaysIsTheirs) {
    renewed_url_ = "elsewhere";
    session_->tuning.coalesce_gap = 0;
    server_.set_rules({status_rule(403)});
    const std::string url = server_.url("a");
    const std::vector<Answer> answers =
        get({{url, {0, 10}}, {url, {5, 30}}, {url, {1000, 1010}}, {url, {}}, {url, {0, 0, 4}}});
    for (const Answer& answer : answers) {
        EXPECT_FALSE(answer.error);
        EXPECT_EQ(answer.bytes, url);  // what the other fetcher gives
    }
    EXPECT_EQ(renewed_, 1);
    EXPECT_EQ(elsewhere_.asked.size(), answers.size());
}

TEST_F(HttpFetcherTest, AsksForWhatIsWantedFirstFirst) {
    server_.put("b", content_);
    session_->tuning.max_concurrency = 1;
    session_->tuning.coalesce_gap = 0;
    const std::vector<FetchRequest> requests = {{server_.url("b"), {300, 310}},
                                                {server_.url("a"), {200, 210}},
                                                {server_.url("b"), {100, 110}},
                                                {server_.url("a"), {0, 10}}};
    (void)get(requests);
    std::vector<std::string> ranges;
    for (auto& served : server_.log()) {
        ranges.push_back(served.headers["range"]);
    }
    EXPECT_THAT(ranges, testing::ElementsAre("bytes=300-309", "bytes=200-209", "bytes=100-109", "bytes=0-9"));
    EXPECT_EQ(server_.counts().most_at_once, 1U);
}

TEST_F(HttpFetcherTest, StopsAtOnceWhenItIsTold) {
    server_.set_rules({rule_of(Fault::kSilence)});
    std::vector<FetchRequest> requests;
    for (std::uint64_t i = 0; i < 100; ++i) {
        requests.push_back({server_.url("a" + std::to_string(i)), {0, 10}});
    }
    std::stop_source source;
    options_.stop = source.get_token();
    const std::jthread stopper([&] {
        while (server_.counts().requests < 10) {
            std::this_thread::yield();
        }
        source.request_stop();
    });
    for (const Answer& answer : get(requests)) {
        ASSERT_TRUE(answer.error);
        EXPECT_EQ(answer.error->code, ErrorCode::kCancelled);
    }
    options_.stop = {};
    int ticks = 0;
    options_.tick = [&, caller = std::this_thread::get_id()] {
        EXPECT_EQ(std::this_thread::get_id(), caller);
        return ++ticks < 3;
    };
    for (const Answer& answer : get(requests)) {
        ASSERT_TRUE(answer.error);
        EXPECT_EQ(answer.error->code, ErrorCode::kCancelled);
    }
    EXPECT_EQ(ticks, 3);
    EXPECT_EQ(session_->counters.failures, 0U);
}

TEST_F(HttpFetcherTest, LeavesOutWhatIsNotWantedAnyMore) {
    FaultRule silent = rule_of(Fault::kSilence);
    silent.path_contains = "silent";
    server_.set_rules({silent});
    server_.put("silent", content_);
    std::atomic<bool> wanted{true};
    options_.wanted = [&](std::size_t index) { return index == 0 || wanted; };
    std::vector<FetchRequest> requests = {{server_.url("a"), {0, 4}}};
    for (std::uint64_t i = 0; i < 40; ++i) {
        requests.push_back({server_.url("silent"), {i * 10'000, i * 10'000 + 5}});
    }
    session_->tuning.coalesce_gap = 0;
    const std::jthread later([&] {
        while (server_.counts().requests < 10) {
            std::this_thread::yield();
        }
        wanted = false;
    });
    const std::vector<Answer> answers = get(requests);
    EXPECT_EQ(answers[0].bytes, content_.substr(0, 4));
    for (std::size_t i = 1; i < answers.size(); ++i) {
        ASSERT_TRUE(answers[i].error);
        EXPECT_EQ(answers[i].error->code, ErrorCode::kCancelled);
    }
}

TEST_F(HttpFetcherTest, GivesWhatHasComeHoweverSlowTheSinkIs) {
    std::vector<FetchRequest> requests;
    for (std::uint64_t i = 0; i < 400; ++i) {
        requests.push_back({server_.url("a"), {i * 1000, i * 1000 + 1000}});
    }
    options_.wanted = [](std::size_t) { return true; };
    std::atomic<std::size_t> given{0};
    fetcher().fetch(
        requests,
        [&](std::size_t i, Result<ByteSpan> bytes) {
            std::this_thread::sleep_for(2ms);
            given += bytes.ok() && as_text(bytes.value()) == content_.substr(i * 1000, 1000) ? 1 : 0;
        },
        options_);
    EXPECT_EQ(given, requests.size());
}

TEST_F(HttpFetcherTest, BoundsTheBytesInMemory) {
    fetcher_options_.max_bytes = 60'000;
    session_->tuning.coalesce_gap = 0;
    session_->tuning.max_concurrency = 64;
    std::vector<FetchRequest> requests;
    for (std::uint64_t i = 0; i < 100; ++i) {
        requests.push_back({server_.url("a"), {i * 2000, i * 2000 + 10'000}});
    }
    requests.push_back({server_.url("a"), {0, 400'000}});
    const std::vector<Answer> answers = get(requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        EXPECT_EQ(answers[i].bytes, content_.substr(requests[i].range.begin, requests[i].range.size()));
    }
    EXPECT_LE(server_.counts().most_at_once, 7U);
}

TEST_F(HttpFetcherTest, ServesManyThreadsAtATime) {
    server_.set_latency(1ms);
    (void)fetcher();
    std::vector<std::jthread> threads;
    std::atomic<int> right{0};
    for (unsigned t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            std::vector<FetchRequest> requests;
            for (std::uint64_t i = 0; i < 200; ++i) {
                const std::uint64_t begin = (i * 7919 + t * 104'729) % 390'000;
                requests.push_back({"http://127.0.0.1:" + std::to_string(server_.port()) + "/a", {begin, begin + 500}});
            }
            fetcher().fetch(requests,
                            [&](std::size_t i, Result<ByteSpan> bytes) {
                                right += bytes.ok() && as_text(bytes.value()) == std::string_view(content_).substr(
                                                                                     requests[i].range.begin, 500);
                            },
                            {});
        });
    }
    threads.clear();
    EXPECT_EQ(right, 800);
}

TEST_F(HttpFetcherTest, LearnsTheWayOfManyRangesByOne) {
    HttpServer other{ServerOptions{}};
    other.put("b", content_);
    other.put("c", content_);
    server_.set_rules({redirect_rule("b", other.url("b")), redirect_rule("c", other.url("c"))});
    session_->tuning.coalesce_gap = 0;
    EXPECT_FALSE(get_one({server_.url("b"), {0, 4}}).error);
    std::vector<FetchRequest> requests;
    for (std::uint64_t i = 0; i < 40; ++i) {
        requests.push_back({server_.url("c"), {i * 1000, i * 1000 + 100}});
    }
    server_.reset_counts();
    for (const Answer& answer : get(requests)) {
        EXPECT_FALSE(answer.error);
    }
    EXPECT_EQ(server_.counts().requests, 1U);
}

#if !defined(__SANITIZE_THREAD__)
TEST_F(HttpFetcherTest, WorksInAForkedChildAndInTheParentAfterIt) {
    EXPECT_FALSE(get_one({server_.url("a"), {0, 4}}).error);
    const auto right = [this] {
        std::vector<FetchRequest> requests;
        for (std::uint64_t i = 0; i < 50; ++i) {
            requests.push_back({server_.url("a"), {i * 5000, i * 5000 + 100}});
        }
        std::atomic<std::size_t> good{0};
        fetcher().fetch(
            requests,
            [&](std::size_t i, Result<ByteSpan> bytes) {
                good += bytes.ok() &&
                        as_text(bytes.value()) == std::string_view(content_).substr(requests[i].range.begin, 100);
            },
            options_);
        return good == requests.size();
    };
    std::vector<pid_t> children;
    for (int i = 0; i < 3; ++i) {
        children.push_back(::fork());
        ASSERT_GE(children.back(), 0);
        if (children.back() == 0) {
            ::_exit(right() ? 7 : 1);
        }
        EXPECT_TRUE(right());
    }
    for (const pid_t child : children) {
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFEXITED(status));
        EXPECT_EQ(WEXITSTATUS(status), 7);
    }
}
#endif

}  // namespace
}  // namespace vcube
