// One disk cache, many processes and threads: some fill it, some read it, some die.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/fetch/range_cache.h"
#include "tests/unit/fetch/range_cache_support.h"
#include "tests/unit/swath/temp_folder.h"

namespace vcube {
namespace {

using namespace range_cache_test;
using swath::test::TempFolder;

std::shared_ptr<RangeCache> opened(const std::filesystem::path& folder, std::uint64_t max_bytes) {
    auto cache = RangeCache::open(folder.string(), max_bytes);
    return cache.ok() ? std::move(cache).value() : nullptr;
}

/// A child that runs body() and ends with what it returns; 0 is good.
pid_t start(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(body());
    }
    return child;
}

int result_of(pid_t child) {
    int status = -1;
    ::waitpid(child, &status, 0);
    return status;
}

/// Lengths from a few bytes to 150 KB, so that a writer is met at its work.
std::uint64_t length_of(std::uint64_t n) {
    return n % 4 == 0 ? 150000 : 10 + n % 3000;
}

/// Puts and gets at random; 0 where each get was exact or absent.
int use(RangeCache& cache, std::uint64_t seed, int rounds, std::uint64_t keys) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < rounds; ++i) {
        const std::uint64_t n = random() % keys;
        if (random() % 2 == 0) {
            put(cache, n, length_of(n));
        } else if (look(cache, n, length_of(n)) == Found::kWrong) {
            return 1;
        }
        const std::string location = "https://host/" + std::to_string(n);
        const ObjectVersion version{n, "\"" + content(n, 8) + "\"", ""};
        if (n % 5 == 0) {
            cache.put_version(location, version);
        } else if (const auto known = cache.version(location, std::chrono::hours(1)); known && *known != version) {
            return 2;
        }
    }
    return 0;
}

TEST(RangeCacheProcesses, ManyFillReadAndEvict) {
    const TempFolder temp;
    constexpr std::uint64_t kMax = 500 * kUnit;  // about a fifth of what is put
    constexpr std::uint64_t kProcesses = 6;
    std::vector<pid_t> children;
    for (std::uint64_t i = 0; i < kProcesses; ++i) {
        children.push_back(start([&] {
            const auto cache = opened(temp.path() / "cache", kMax);
            return cache ? use(*cache, i, 600, 200) : 3;
        }));
    }
    for (const pid_t child : children) {
        EXPECT_EQ(result_of(child), 0);
    }
    // What several write at the same moment may exceed the limit, until the next one makes room.
    EXPECT_LE(bytes_of_entries(temp.path() / "cache"), kMax + kProcesses * 38 * kUnit);
    const auto cache = opened(temp.path() / "cache", kMax);
    ASSERT_TRUE(cache);
    std::size_t kept = 0;
    for (std::uint64_t n = 0; n < 200; ++n) {
        const Found found = look(*cache, n, length_of(n));
        ASSERT_NE(found, Found::kWrong);
        kept += found == Found::kRight ? 1 : 0;
    }
    EXPECT_GT(kept, 10U);
}

TEST(RangeCacheProcesses, ManyThreadsOfOneUseIt) {
    const TempFolder temp;
    const auto cache = opened(temp.path(), 200 * kUnit);
    ASSERT_TRUE(cache);
    std::atomic<int> wrong{0};
    {
        std::vector<std::jthread> threads;
        for (std::uint64_t i = 0; i < 4; ++i) {
            threads.emplace_back([&, i] { wrong += use(*cache, i, 200, 100); });
        }
    }
    EXPECT_EQ(wrong, 0);
}

TEST(RangeCacheProcesses, KilledWhileFillingItLeavesOneThatWorks) {
    const TempFolder temp;
    constexpr std::uint64_t kMax = 3000 * kUnit, kKeys = 300;
    std::mt19937_64 random(7);
    for (int round = 0; round < 20; ++round) {
        // Two fill it; one of them is killed at a random moment, in every other round while room is being made too.
        const std::uint64_t max_bytes = round % 2 == 0 ? kMax : kMax / 10;
        const auto fill = [&](std::uint64_t seed, int rounds) {
            return start([&, seed, rounds] {
                const auto cache = opened(temp.path(), max_bytes);
                return cache ? use(*cache, seed, rounds, kKeys) : 3;
            });
        };
        const pid_t victim = fill(random(), 1000000), survivor = fill(random(), 50);
        ::usleep(static_cast<useconds_t>(random() % 40000));
        ASSERT_EQ(::kill(victim, SIGKILL), 0);
        const int status = result_of(victim);
        ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << status;
        ASSERT_EQ(result_of(survivor), 0);

        const auto cache = opened(temp.path(), kMax);
        ASSERT_TRUE(cache);
        for (std::uint64_t n = 0; n < kKeys; ++n) {
            ASSERT_NE(look(*cache, n, length_of(n)), Found::kWrong) << "round " << round;
        }
        for (std::uint64_t n = 0; n < kKeys; n += 50) {  // it keeps what it is given
            put(*cache, n, length_of(n));
            ASSERT_EQ(look(*cache, n, length_of(n)), Found::kRight);
        }
    }
    // All that they left behind goes when it is old.
    std::size_t unfinished = 0;
    for (const auto& file : entry_files(temp.path())) {
        unfinished += file.extension() == ".range" || file.extension() == ".version" ? 0 : 1;
        make_old(file, std::chrono::hours(2));
    }
    RecordProperty("unfinished", static_cast<int>(unfinished));
    const auto cache = opened(temp.path(), 8 * kUnit);
    std::filesystem::remove(temp.path() / "total");
    put(*cache, 1, 10);
    EXPECT_EQ(look(*cache, 1, 10), Found::kRight);
    EXPECT_LE(entry_files(temp.path()).size(), 8U);
}

TEST(RangeCacheProcesses, WorksInAForkWhileItsParentIsAtIt) {
    const TempFolder temp;
    const auto cache = opened(temp.path(), 100 * kUnit);
    ASSERT_TRUE(cache);
    std::atomic<bool> done{false};
    std::atomic<int> wrong{0};
    std::jthread busy([&] {
        for (std::uint64_t seed = 0; !done; ++seed) {
            wrong += use(*cache, seed, 10, 50);
        }
    });
    for (std::uint64_t i = 0; i < 20; ++i) {
        EXPECT_EQ(result_of(start([&] { return use(*cache, 1000 + i, 20, 50); })), 0);
    }
    done = true;
    busy.join();
    EXPECT_EQ(wrong, 0);
}

TEST(RangeCacheProcesses, ALockThatNobodyGivesUpHoldsUpNobody) {
    const TempFolder temp;
    const auto cache = opened(temp.path(), 50 * kUnit);
    ASSERT_TRUE(cache);
    // A process that was stopped in the middle, as a debugger does it: both locks stay taken.
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t holder = start([&] {
        put(*cache, 0, 10);
        const auto take = [&](const char* name) {
            const std::string path = (temp.path() / name).string();
            const int file = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
            return ::flock(file, LOCK_EX) == 0;
        };
        const bool held = take("total") && take("lock");
        static_cast<void>(!::write(ready[1], held ? "+" : "-", 1));
        ::pause();
        return 0;
    });
    char held = 0;
    ASSERT_EQ(::read(ready[0], &held, 1), 1);
    EXPECT_EQ(held, '+');
    for (std::uint64_t n = 1; n < 10; ++n) {
        put(*cache, n, 10);
        EXPECT_EQ(look(*cache, n, 10), Found::kRight);
    }
    ::kill(holder, SIGKILL);
    result_of(holder);
    ::close(ready[0]);
    ::close(ready[1]);
    for (std::uint64_t n = 10; n < 200; ++n) {
        put(*cache, n, 10);
    }
    EXPECT_LE(bytes_of_entries(temp.path()), 50 * kUnit);
}

}  // namespace
}  // namespace vcube
