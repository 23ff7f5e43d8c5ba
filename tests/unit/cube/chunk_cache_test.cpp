#include "core/cube/chunk_cache.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

namespace vcube {
namespace {

ChunkData chunk_of(std::size_t size) {
    return std::make_shared<const Buffer>(size);
}

TEST(ChunkCache, DropsTheLeastRecentlyUsedByBytes) {
    ChunkCache cache(100);
    cache.put({1, 0}, chunk_of(40));
    cache.put({1, 1}, chunk_of(40));
    EXPECT_NE(cache.get({1, 0}), nullptr);
    cache.put({1, 2}, chunk_of(40));
    EXPECT_EQ(cache.get({1, 1}), nullptr);
    EXPECT_NE(cache.get({1, 0}), nullptr);
    EXPECT_NE(cache.get({1, 2}), nullptr);
    EXPECT_EQ(cache.statistics().bytes, 80U);
    EXPECT_EQ(cache.statistics().evicted, 1U);
}

TEST(ChunkCache, DoesNotKeepWhatExceedsIt) {
    ChunkCache cache(100);
    cache.put({1, 0}, chunk_of(60));
    cache.put({1, 1}, chunk_of(101));
    EXPECT_EQ(cache.get({1, 1}), nullptr);
    EXPECT_NE(cache.get({1, 0}), nullptr);
}

TEST(ChunkCache, ReplacingAChunkCountsItsBytesOnce) {
    ChunkCache cache(100);
    cache.put({1, 0}, chunk_of(60));
    cache.put({1, 0}, chunk_of(70));
    EXPECT_EQ(cache.statistics().bytes, 70U);
    EXPECT_EQ(cache.get({1, 0})->size(), 70U);
}

TEST(ChunkCache, ForgetsOneArray) {
    ChunkCache cache(1000);
    cache.put({1, 0}, chunk_of(10));
    cache.put({2, 0}, chunk_of(10));
    cache.put({1, 5}, chunk_of(10));
    cache.forget(1);
    EXPECT_EQ(cache.get({1, 0}), nullptr);
    EXPECT_EQ(cache.get({1, 5}), nullptr);
    EXPECT_NE(cache.get({2, 0}), nullptr);
    EXPECT_EQ(cache.statistics().bytes, 10U);
}

TEST(ChunkCache, SecondClaimWaitsForTheFirst) {
    ChunkCache cache(1000);
    ChunkCache::Claim owner = cache.claim({1, 0});
    ASSERT_TRUE(owner.owned());
    ChunkCache::Claim other = cache.claim({1, 0});
    EXPECT_TRUE(other.joined());
    EXPECT_FALSE(other.owned());
    const ChunkData data = chunk_of(8);
    std::thread loader([&] { owner.complete(data); });
    EXPECT_EQ(other.wait(), data);
    loader.join();
    const ChunkCache::Claim third = cache.claim({1, 0});
    EXPECT_EQ(third.hit(), data);
    EXPECT_FALSE(third.owned() || third.joined());
    const ChunkCache::Statistics numbers = cache.statistics();
    EXPECT_EQ(numbers.misses, 1U);
    EXPECT_EQ(numbers.joined, 1U);
    EXPECT_EQ(numbers.hits, 1U);
}

TEST(ChunkCache, AnAbandonedClaimWakesThoseWhoWait) {
    ChunkCache cache(1000);
    ChunkCache::Claim other;
    {
        const ChunkCache::Claim owner = cache.claim({1, 0});
        other = cache.claim({1, 0});
        ASSERT_TRUE(other.joined());
    }
    EXPECT_EQ(other.wait(), nullptr);
    EXPECT_TRUE(cache.claim({1, 0}).owned());
}

TEST(ChunkCache, AMovedClaimStaysOwned) {
    ChunkCache cache(1000);
    std::vector<ChunkCache::Claim> claims;
    for (std::uint64_t i = 0; i < 100; ++i) {
        claims.push_back(cache.claim({1, i}));
    }
    for (const ChunkCache::Claim& claim : claims) {
        EXPECT_TRUE(claim.owned());
    }
    EXPECT_TRUE(cache.claim({1, 50}).joined());
    claims[50].complete(chunk_of(1));
    EXPECT_NE(cache.claim({1, 50}).hit(), nullptr);
}

TEST(ChunkCache, HandsAChunkTooLargeToKeepToThoseWhoWait) {
    ChunkCache cache(10);
    ChunkCache::Claim owner = cache.claim({1, 0});
    const ChunkCache::Claim other = cache.claim({1, 0});
    const ChunkData data = chunk_of(11);
    owner.complete(data);
    EXPECT_EQ(other.wait(), data);
    EXPECT_EQ(cache.get({1, 0}), nullptr);
}

TEST(ChunkCache, ManyThreadsLoadEachChunkOnce) {
    ChunkCache cache(1 << 20);
    std::vector<std::atomic<int>> loads(64);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            std::vector<ChunkCache::Claim> claims;
            for (std::size_t i = 0; i < loads.size(); ++i) {
                // Each thread goes in another order, so that each owns what others wait for.
                claims.push_back(cache.claim({7, (i * 13 + static_cast<std::size_t>(t) * 29) % loads.size()}));
            }
            for (std::size_t i = 0; i < loads.size(); ++i) {
                if (claims[i].owned()) {
                    ++loads[(i * 13 + static_cast<std::size_t>(t) * 29) % loads.size()];
                    claims[i].complete(chunk_of(16));
                }
            }
            for (const ChunkCache::Claim& claim : claims) {
                if (claim.joined()) {
                    EXPECT_NE(claim.wait(), nullptr);
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (const auto& n : loads) {
        EXPECT_EQ(n.load(), 1);
    }
}

TEST(ChunkCache, WaitingEndsWhenTheTickSaysNo) {
    ChunkCache cache(100);
    const ChunkCache::Claim owned = cache.claim({1, 0});
    const ChunkCache::Claim joined = cache.claim({1, 0});
    int ticks = 0;
    EXPECT_EQ(joined.wait([&] { return ++ticks < 3; }), nullptr);
    EXPECT_EQ(ticks, 3);
}

TEST(ChunkCache, AForkedChildWaitsForNoLoadOfItsParent) {
    ChunkCache cache(100);
    cache.put({1, 1}, chunk_of(10));
    const ChunkCache::Claim owned = cache.claim({1, 0});
    const pid_t child = ::fork();
    if (child == 0) {
        ChunkCache::Claim own = cache.claim({1, 0});
        const bool fresh = own.owned() && cache.get({1, 1}) == nullptr;
        own.complete(chunk_of(20));
        ::_exit(fresh && cache.get({1, 0}) != nullptr ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    EXPECT_NE(cache.get({1, 1}), nullptr);
    EXPECT_TRUE(cache.claim({1, 0}).joined());
}

}  // namespace
}  // namespace vcube
