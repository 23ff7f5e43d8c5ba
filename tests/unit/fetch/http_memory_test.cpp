#include "core/fetch/http_memory.h"

#include <gtest/gtest.h>

#include <string>

namespace vcube {
namespace {

using namespace std::chrono_literals;

HttpReply reply_of(std::chrono::microseconds first_byte, std::chrono::microseconds total, std::uint64_t bytes) {
    HttpReply reply;
    reply.first_byte = first_byte;
    reply.total = total;
    reply.received = bytes;
    return reply;
}

TEST(HttpMemory, EstimatesFollowTheReplies) {
    HttpMemory memory;
    const LinkEstimate usual = memory.link("a");
    EXPECT_EQ(usual.latency, LinkEstimate{}.latency);
    memory.note("a", reply_of(10ms, 10ms, 100));  // too short to tell of bandwidth
    EXPECT_EQ(memory.link("a").latency, 10ms);
    EXPECT_EQ(memory.link("a").bytes_per_second, usual.bytes_per_second);
    for (int i = 0; i < 50; ++i) {
        memory.note("a", reply_of(20ms, 120ms, 10'000'000));
    }
    EXPECT_NEAR(memory.link("a").bytes_per_second, 1e8, 1e6);
    EXPECT_NEAR(static_cast<double>(memory.link("a").latency.count()), 20e3, 200);
    memory.note("a", reply_of(10s, 10s, 100));  // one that was slow is no rule
    EXPECT_LT(memory.link("a").latency, 3s);
    EXPECT_EQ(memory.link("b").latency, usual.latency);
}

TEST(HttpMemory, RedirectsAreKnownForSomeTime) {
    HttpMemory memory;
    const auto now = HttpMemory::Clock::now();
    EXPECT_EQ(memory.redirect("x", now), std::nullopt);
    EXPECT_FALSE(memory.redirects("h", now));
    memory.remember_redirect("x", "h", "https://other/x", now);
    EXPECT_EQ(memory.redirect("x", now), "https://other/x");
    EXPECT_EQ(memory.redirect("y", now), std::nullopt);
    EXPECT_TRUE(memory.redirects("h", now));
    EXPECT_EQ(memory.redirect("x", now + 1h), std::nullopt);
    EXPECT_FALSE(memory.redirects("h", now + 1h));
    memory.forget_redirect("x");
    EXPECT_EQ(memory.redirect("x", now), std::nullopt);
}

}  // namespace
}  // namespace vcube
