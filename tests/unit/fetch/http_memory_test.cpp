#include "core/fetch/http_memory.h"

#include <gtest/gtest.h>

#include <string>

namespace vcube {
namespace {

using namespace std::chrono_literals;

HttpReply reply_of(std::chrono::microseconds first_byte, std::chrono::microseconds total, std::uint64_t bytes,
                   HttpMemory::Clock::duration ended = 1h) {
    HttpReply reply;
    reply.first_byte = first_byte;
    reply.total = total;
    reply.received = bytes;
    reply.ended = HttpMemory::Clock::time_point(ended);
    return reply;
}

TEST(HttpMemory, EstimatesFollowTheReplies) {
    HttpMemory memory;
    const LinkEstimate usual = memory.link("a");
    EXPECT_EQ(usual.latency, LinkEstimate{}.latency);
    memory.note("a", reply_of(10ms, 10ms, 100));  // too short to tell of bandwidth
    EXPECT_EQ(memory.link("a").latency, 10ms);
    EXPECT_EQ(memory.link("a").bytes_per_second, usual.bytes_per_second);
    for (int i = 1; i <= 50; ++i) {
        memory.note("a", reply_of(20ms, 120ms, 10'000'000, 1h + i * 1s));
    }
    EXPECT_NEAR(memory.link("a").bytes_per_second, 1e8, 1e6);
    EXPECT_NEAR(static_cast<double>(memory.link("a").latency.count()), 20e3, 200);
    memory.note("a", reply_of(10s, 10s, 100));  // one that was slow is no rule
    EXPECT_LT(memory.link("a").latency, 3s);
    EXPECT_EQ(memory.link("b").latency, usual.latency);
}

/// A hundred bodies of a megabyte that share a second are 100 MB/s, not 1 MB/s; the same one after another.
TEST(HttpMemory, BandwidthIsThatOfAllConnections) {
    HttpMemory memory;
    const auto burst = [&](int number) {
        for (int body = 1; body <= 100; ++body) {
            memory.note("side by side", reply_of(20ms, 1020ms, 1'000'000, 1h + number * 10s + body * 1us));
            memory.note("in turn", reply_of(20ms, 30ms, 1'000'000, 1h + number * 10s + body * 10ms));
        }
    };
    burst(1);
    EXPECT_NEAR(memory.link("side by side").bytes_per_second, 60e6, 1e6);  // between the default and what was seen
    for (int number = 2; number <= 20; ++number) {
        burst(number);
    }
    EXPECT_NEAR(memory.link("side by side").bytes_per_second, 100e6, 1e6);
    EXPECT_NEAR(memory.link("in turn").bytes_per_second, 100e6, 1e6);
}

TEST(HttpMemory, ALongBurstFollowsTheHost) {
    HttpMemory memory;
    for (int body = 1; body <= 60; ++body) {  // of one second each; in the second half the host is ten times slower
        memory.note("a", reply_of(20ms, 1020ms, body <= 30 ? 50'000'000 : 5'000'000, 1h + body * 1s));
    }
    EXPECT_LT(memory.link("a").bytes_per_second, 15e6);
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
