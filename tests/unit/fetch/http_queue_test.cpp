#include "core/fetch/http_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace vcube {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class HttpQueueTest : public testing::Test {
protected:
    /// `name` stands for the job in what the tests expect.
    void push(std::uint64_t name, HttpClient::Group group, const std::string& host = "h", std::size_t limit = 100,
              HttpQueue::Clock::time_point not_before = {}) {
        auto job = std::make_unique<HttpJob>();
        job->group = group;
        job->host = host;
        job->cost = 10;
        job->request.host_limit = limit;
        job->request.not_before = not_before;
        job->request.wanted.max_bytes = name;
        queue_.push(std::move(job));
    }
    /// A job of that host, sent at `sent`, comes back.
    void finish(const std::string& host, HttpQueue::Ending ending = HttpQueue::Ending::kOther,
                HttpQueue::Clock::time_point sent = {}) {
        HttpJob job;
        job.host = host;
        job.sent = sent;
        job.request.host_limit = 100;
        queue_.finished(job, ending, now_);
    }
    static std::uint64_t name_of(const HttpQueue::Job& job) { return job->request.wanted.max_bytes; }

    /// All that may be sent now.
    std::vector<std::uint64_t> send(std::uint64_t room = UINT64_MAX) {
        std::vector<std::uint64_t> names;
        while (const HttpQueue::Job job = queue_.next(now_, room)) {
            names.push_back(name_of(job));
        }
        return names;
    }

    HttpQueue::Clock::time_point now_ = HttpQueue::Clock::time_point() + 1h;
    HttpQueue queue_;
};

TEST_F(HttpQueueTest, GroupsTakeTurnsAndKeepTheirOrder) {
    for (const std::uint64_t name : {11, 12, 13, 14}) {
        push(name, 1);
    }
    push(21, 2);
    push(22, 2);
    push(31, 3);
    EXPECT_THAT(send(), ElementsAre(11, 21, 31, 12, 22, 13, 14));
    EXPECT_THAT(send(), IsEmpty());
}

TEST_F(HttpQueueTest, HostsTakeTurns) {
    push(11, 1, "a");
    push(12, 1, "a");
    push(13, 1, "a");
    push(21, 1, "b");
    push(22, 1, "b");
    EXPECT_THAT(send(), ElementsAre(11, 21, 12, 22, 13));
}

TEST_F(HttpQueueTest, KeepsToTheLimitOfEachRequest) {
    for (const std::uint64_t name : {11, 12, 13}) {
        push(name, 1, "a", 2);
    }
    push(21, 2, "a", 3);  // a group that may have more at that host
    push(31, 1, "b", 2);
    EXPECT_THAT(send(), ElementsAre(11, 31, 21));
    EXPECT_THAT(send(), IsEmpty());
    finish("a");
    EXPECT_THAT(send(), ElementsAre(12));
    finish("a");
    finish("b");
    EXPECT_THAT(send(), ElementsAre(13));
}

/// 100 of 100 at first. A quarter of them after two rounds of refusals; then, as each is served, one more.
TEST_F(HttpQueueTest, AHostThatServesAgainIsAskedForMore) {
    for (std::uint64_t name = 0; name < 600; ++name) {
        push(name, 1, "h", 100);
    }
    std::size_t under_way = send().size();
    EXPECT_EQ(under_way, 100U);
    for (int round = 0; round < 2; ++round) {
        const HttpQueue::Clock::time_point sent = now_;
        now_ += 1s;
        for (std::size_t i = 0; i < under_way; ++i) {
            finish("h", HttpQueue::Ending::kRefused, sent);
        }
        under_way = send().size();
    }
    std::vector<std::size_t> rounds = {under_way};
    while (rounds.size() < 4) {
        for (std::size_t i = 0; i < rounds.back(); ++i) {
            finish("h", HttpQueue::Ending::kServed);
        }
        rounds.push_back(send().size());
    }
    EXPECT_THAT(rounds, ElementsAre(25, 50, 100, 100));
}

TEST_F(HttpQueueTest, AHostThatRefusesIsAskedForHalfOnceARound) {
    for (std::uint64_t name = 0; name < 400; ++name) {
        push(name, 1, "h", 40);
    }
    EXPECT_EQ(send().size(), 40U);
    const HttpQueue::Clock::time_point first_round = now_;
    now_ += 1s;
    for (int i = 0; i < 40; ++i) {
        finish("h", HttpQueue::Ending::kRefused, first_round);
    }
    EXPECT_EQ(send().size(), 20U);
    const HttpQueue::Clock::time_point second_round = now_;
    now_ += 1s;
    for (int i = 0; i < 20; ++i) {
        finish("h", HttpQueue::Ending::kRefused, second_round);
    }
    EXPECT_EQ(send().size(), 10U);
    for (int i = 0; i < 5; ++i) {
        finish("h", HttpQueue::Ending::kServed, now_);
    }
    EXPECT_EQ(send().size(), 10U);  // five in place of those that came back, five more
}

/// Neither new requests nor an idle time make one forget what a host has refused.
TEST_F(HttpQueueTest, ARefusalIsRemembered) {
    push(1, 1, "h", 40);
    EXPECT_EQ(send().size(), 1U);
    finish("h", HttpQueue::Ending::kRefused, now_);
    for (std::uint64_t name = 0; name < 9; ++name) {
        push(name, 2, "h", 40);
    }
    EXPECT_EQ(send().size(), 1U);
}

TEST_F(HttpQueueTest, ALimitOfNoneIsOne) {
    push(11, 1, "a", 0);
    push(12, 1, "a", 0);
    EXPECT_THAT(send(), ElementsAre(11));
}

TEST_F(HttpQueueTest, WhatIsTooLargeForTheRoomBlocksTheRest) {
    push(11, 1);
    EXPECT_EQ(queue_.next(now_, 9), nullptr);
    EXPECT_TRUE(queue_.short_of_room());
    EXPECT_NE(queue_.next(now_, 10), nullptr);
    EXPECT_FALSE(queue_.short_of_room());
    EXPECT_EQ(queue_.next(now_, 10), nullptr);
    EXPECT_FALSE(queue_.short_of_room());
}

TEST_F(HttpQueueTest, WhatHadToWaitGoesFirst) {
    push(11, 1, "h", 100, now_ + 2s);
    push(12, 1, "h", 100, now_ + 1s);
    EXPECT_EQ(queue_.next_due(), now_ + 1s);
    EXPECT_THAT(send(), IsEmpty());
    push(13, 1);
    now_ += 2s;
    EXPECT_THAT(send(), ElementsAre(12, 11, 13));
    EXPECT_EQ(queue_.next_due(), std::nullopt);
}

TEST_F(HttpQueueTest, GivesBackWhatWaits) {
    push(11, 1, "a");
    push(12, 1, "b", 100, now_ + 1s);
    push(21, 2, "a");
    std::vector<std::uint64_t> names;
    for (const HttpQueue::Job& job : queue_.take(1)) {
        names.push_back(name_of(job));
    }
    EXPECT_THAT(names, ElementsAre(11, 12));
    EXPECT_EQ(queue_.next_due(), std::nullopt);
    push(22, 2, "b", 100, now_ + 1s);
    EXPECT_EQ(queue_.take(std::nullopt).size(), 2U);
    EXPECT_THAT(send(), IsEmpty());
}

/// Requests to a host that was seen to be near.
class HttpQueueNearTest : public HttpQueueTest {
protected:
    void push_near(std::uint64_t name, const std::string& host = "h", std::size_t near_limit = 2) {
        auto job = std::make_unique<HttpJob>();
        job->group = 1;
        job->host = host;
        job->request.host_limit = 4;
        job->request.near_limit = near_limit;
        job->request.wanted.max_bytes = name;
        queue_.push(std::move(job));
    }
    void hear(const std::string& host = "h") {
        HttpJob job;
        job.host = host;
        queue_.heard(job, now_);
    }
};

TEST_F(HttpQueueNearTest, FewAreSentWhileRepliesKeepComing) {
    for (const std::uint64_t name : {1, 2, 3, 4, 5, 6}) {
        push_near(name);
    }
    EXPECT_THAT(send(), ElementsAre(1, 2));
    EXPECT_EQ(queue_.next_due(), now_ + kNearLatency);
    now_ += 1ms;
    hear();
    EXPECT_THAT(send(), IsEmpty());
    EXPECT_EQ(queue_.next_due(), now_ + kNearLatency);
    now_ += 1ms;
    finish("h");
    EXPECT_THAT(send(), ElementsAre(3));
}

TEST_F(HttpQueueNearTest, AllAreSentToAHostThatIsSilent) {
    for (const std::uint64_t name : {1, 2, 3, 4, 5, 6}) {
        push_near(name);
    }
    EXPECT_THAT(send(), ElementsAre(1, 2));
    now_ += kNearLatency;
    EXPECT_THAT(send(), ElementsAre(3, 4));  // host_limit
    EXPECT_EQ(queue_.next_due(), std::nullopt);
    hear();
    finish("h");
    EXPECT_THAT(send(), ElementsAre(5));  // once far, it is until it is idle
    for (int i = 0; i < 4; ++i) {
        finish("h");
    }
    EXPECT_THAT(send(), ElementsAre(6));
    push_near(7);
    push_near(8);
    EXPECT_THAT(send(), ElementsAre(7));
}

TEST_F(HttpQueueNearTest, OneHostsSilenceIsNotAnothers) {
    for (const std::uint64_t name : {1, 2, 3}) {
        push_near(name, "near");
        push_near(10 + name, "far");
    }
    EXPECT_THAT(send(), testing::UnorderedElementsAre(1, 11, 2, 12));
    now_ += kNearLatency;
    hear("near");
    EXPECT_THAT(send(), ElementsAre(13));
    now_ += 1ms;
    push_near(20, "other", 0);
    EXPECT_THAT(send(), ElementsAre(20));
    EXPECT_EQ(queue_.next_due(), now_ - 1ms + kNearLatency);
}

}  // namespace
}  // namespace vcube
