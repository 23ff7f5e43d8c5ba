#include <chrono>
#include <vector>

#include "tests/unit/fetch/http_fetcher_support.h"

namespace vcube::http_fetcher_test {
namespace {

using namespace std::chrono_literals;

/// A host that answered at once and is slow now is not kept waiting for requests one by one.
TEST_F(HttpFetcherTest, AHostThatWasNearGetsAllRequestsOnceItIsSilent) {
    session_->tuning.coalesce_gap = 0;
    std::vector<FetchRequest> requests;
    for (std::uint64_t k = 0; k < 64; ++k) {
        requests.push_back({server_.url("a"), {k * 6000, k * 6000 + 100}});
    }
    (void)get({requests[0]});
    server_.set_latency(50ms);
    server_.reset_counts();
    const std::vector<Answer> answers = get(requests);
    for (std::size_t k = 0; k < requests.size(); ++k) {
        EXPECT_EQ(answers[k].bytes, content_.substr(k * 6000, 100));
    }
    EXPECT_EQ(server_.counts().requests, 64);
    EXPECT_GT(server_.counts().most_at_once, 32);
}

}  // namespace
}  // namespace vcube::http_fetcher_test
