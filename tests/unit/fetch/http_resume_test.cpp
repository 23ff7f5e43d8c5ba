#include <string>
#include <vector>

#include "tests/unit/fetch/http_fetcher_support.h"

namespace vcube::http_fetcher_test {
namespace {

class HttpResumeTest : public HttpFetcherTest {
protected:
    HttpResumeTest() {
        session_->tuning.max_concurrency = 1;  // one request for all that is near
        session_->tuning.coalesce_gap = 1000;
    }

    /// Eight ranges of 40 000 bytes, side by side but for the first and the last.
    std::vector<FetchRequest> ranges() {
        std::vector<FetchRequest> out;
        for (std::uint64_t k = 0; k < 8; ++k) {
            const std::uint64_t begin = 500 + k * 40'000;
            out.push_back({server_.url("a"), {begin, begin + 40'000}});
        }
        return out;
    }

    void expect_all(const std::vector<FetchRequest>& requests, const std::vector<Answer>& answers) {
        for (std::size_t i = 0; i < requests.size(); ++i) {
            const ByteRange& range = requests[i].range;
            EXPECT_TRUE(answers[i].bytes == content_.substr(range.begin, range.size())) << i;
        }
    }
};

TEST_F(HttpResumeTest, AsksAgainOnlyForWhatHasNotCome) {
    FaultRule half = rule_of(Fault::kShortBody, 1);
    server_.set_rules({half});
    const auto requests = ranges();
    expect_all(requests, get(requests));
    const auto log = server_.log();
    ASSERT_EQ(log.size(), 2);
    EXPECT_EQ(log[0].headers.at("range"), "bytes=500-320499");
    EXPECT_EQ(log[1].headers.at("range"), "bytes=160500-320499");
    EXPECT_EQ(session_->counters.retries, 1);
}

TEST_F(HttpResumeTest, ComesToAnEndThoughEveryReplyIsCut) {
    server_.set_rules({rule_of(Fault::kShortBody, 3)});
    const auto requests = ranges();
    expect_all(requests, get(requests));
    std::vector<std::string> asked;
    for (const auto& request : server_.log()) {
        asked.push_back(request.headers.at("range"));
    }
    EXPECT_EQ(asked, (std::vector<std::string>{"bytes=500-320499", "bytes=160500-320499", "bytes=240500-320499",
                                               "bytes=280500-320499"}));
}

/// The order of wishes is not that of their places; two are the same, one lies inside another.
TEST_F(HttpResumeTest, LeavesOutWhatWasGivenWhateverTheOrder) {
    server_.set_rules({rule_of(Fault::kShortBody, 1)});
    const std::string url = server_.url("a");
    const std::vector<FetchRequest> requests = {{url, {200'000, 300'000}}, {url, {0, 100'000}},
                                                {url, {250'000, 260'000}}, {url, {100'000, 200'000}},
                                                {url, {0, 100'000}},       {url, {140'000, 160'000}}};
    expect_all(requests, get(requests));
    const auto log = server_.log();
    ASSERT_EQ(log.size(), 2);
    EXPECT_EQ(log[0].headers.at("range"), "bytes=0-299999");
    EXPECT_EQ(log[1].headers.at("range"), "bytes=100000-299999");
}

/// An object that is read whole since that saves a request: every wish is given before its end has come.
TEST_F(HttpResumeTest, AnEndThatNobodyWantsChangesNothing) {
    server_.put("small", content_.substr(0, 120'000));
    const std::string url = server_.url("small");
    ASSERT_FALSE(get_one({url, {0, 10}}).error);  // its size is known from here on
    FaultRule slow = rule_of(Fault::kSlow);
    slow.pause = std::chrono::milliseconds(20);
    server_.set_rules({slow});
    const std::vector<FetchRequest> requests = {{url, {0, 30'000}}, {url, {2'000, 31'000}}, {url, {40'000, 80'000}}};
    for (const char* const round : {"first", "second"}) {
        server_.reset_counts();
        const std::vector<Answer> answers = get(requests);
        for (std::size_t i = 0; i < requests.size(); ++i) {
            const ByteRange& range = requests[i].range;
            EXPECT_TRUE(answers[i].bytes == content_.substr(range.begin, range.size())) << round << " " << i;
        }
        EXPECT_EQ(server_.log().back().headers.at("range"), "bytes=0-119999") << round;
        EXPECT_EQ(server_.counts().requests, 1) << round;
    }
    EXPECT_EQ(session_->counters.retries, 0);
}

}  // namespace
}  // namespace vcube::http_fetcher_test
