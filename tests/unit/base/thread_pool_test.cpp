#include "core/base/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace vcube {
namespace {

std::size_t threads_of_process() {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
        count += entry.is_directory() ? 1 : 0;
    }
    return count;
}

TEST(ThreadPool, CallsEveryIndexOnce) {
    ThreadPool pool(3);
    std::vector<std::atomic<int>> calls(10000);
    pool.parallel_for(calls.size(), [&](std::size_t i) { ++calls[i]; });
    for (const auto& n : calls) {
        ASSERT_EQ(n.load(), 1);
    }
    pool.parallel_for(0, [](std::size_t) { FAIL(); });
}

TEST(ThreadPool, EndsOnTheCallerAloneWithoutWorkers) {
    ThreadPool pool(0);
    std::set<std::thread::id> seen;
    pool.parallel_for(100, [&](std::size_t) { seen.insert(std::this_thread::get_id()); });
    EXPECT_EQ(seen, std::set{std::this_thread::get_id()});
}

TEST(ThreadPool, WorkersTakePart) {
    ThreadPool pool(1);
    // Each body waits for the other: only two threads at once can end this.
    std::atomic<int> arrived{0};
    pool.parallel_for(2, [&](std::size_t) {
        ++arrived;
        while (arrived.load() < 2) {
            std::this_thread::yield();
        }
    });
    EXPECT_EQ(arrived.load(), 2);
}

TEST(ThreadPool, KeepsToMaxThreads) {
    ThreadPool pool(4);
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    const auto body = [&](std::size_t) {
        const int now = ++inside;
        int seen = most.load();
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        --inside;
    };
    pool.parallel_for(40, body, 2);
    EXPECT_EQ(most.load(), 2);
    most = 0;
    pool.parallel_for(10, body, 1);
    EXPECT_EQ(most.load(), 1);
}

TEST(ThreadPool, StartsThreadsAtTheFirstLoop) {
    std::thread([] {}).join();  // a thread sanitizer starts one of its own with the first
    const std::size_t before = threads_of_process();
    ThreadPool pool(2);
    EXPECT_EQ(threads_of_process(), before);
    pool.parallel_for(1, [](std::size_t) {});  // one body needs no helper
    EXPECT_EQ(threads_of_process(), before);
    pool.parallel_for(8, [](std::size_t) {});
    EXPECT_EQ(threads_of_process(), before + 2);
}

TEST(ThreadPool, ServesSeveralCallersAtOnce) {
    ThreadPool pool(2);
    std::atomic<std::size_t> sum{0};
    std::vector<std::thread> callers;
    for (int c = 0; c < 4; ++c) {
        callers.emplace_back([&] {
            for (int round = 0; round < 300; ++round) {
                std::atomic<std::size_t> mine{0};  // on this frame: a late worker must not touch it
                pool.parallel_for(7, [&](std::size_t i) { mine += i; });
                ASSERT_EQ(mine.load(), 21U);
                sum += mine;
            }
        });
    }
    for (std::thread& caller : callers) {
        caller.join();
    }
    EXPECT_EQ(sum.load(), 4U * 300U * 21U);
}

TEST(ThreadPool, LoopsMayRunLoops) {
    for (const std::size_t workers : {0U, 1U, 3U}) {
        ThreadPool pool(workers);
        std::atomic<int> bodies{0};
        std::vector<std::thread> callers;
        for (int c = 0; c < 4; ++c) {
            callers.emplace_back([&] {
                for (int round = 0; round < 20; ++round) {
                    std::array<std::array<std::array<int, 3>, 5>, 7> calls{};  // of this frame
                    pool.parallel_for(calls.size(), [&](std::size_t i) {
                        pool.parallel_for(calls[i].size(), [&](std::size_t j) {
                            pool.parallel_for(calls[i][j].size(), [&](std::size_t k) {
                                ++calls[i][j][k];
                                ++bodies;
                            });
                            EXPECT_EQ(calls[i][j], (std::array<int, 3>{1, 1, 1}));
                        });
                    });
                }
            });
        }
        for (std::thread& caller : callers) {
            caller.join();
        }
        EXPECT_EQ(bodies.load(), 4 * 20 * 7 * 5 * 3);
    }
}

thread_local int setting = 0;

TEST(ThreadPool, HelpersTakeOverWhatTheStartingThreadHas) {
    ThreadPool pool(3, [] {
        return [wanted = setting](const std::function<void()>& work) {
            const int own = std::exchange(setting, wanted);
            work();
            setting = own;
        };
    });
    std::atomic<int> seen{0};
    const auto start = [&](int value) {
        setting = value;
        pool.parallel_for(4, [&](std::size_t) {
            // All four threads take part: each waits for the others.
            const int before = seen.load() / 4 * 4 + 4;
            ++seen;
            while (seen.load() < before) {
                std::this_thread::yield();
            }
            EXPECT_EQ(setting, value);
            pool.parallel_for(3, [&](std::size_t) { EXPECT_EQ(setting, value); });
        });
    };
    start(7);
    start(8);
    EXPECT_EQ(seen.load(), 8);
    setting = 0;
}

#if !defined(__SANITIZE_THREAD__)
TEST(ThreadPool, WorksInAForkedChild) {
    ThreadPool pool(2);
    pool.parallel_for(8, [](std::size_t) {});
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        std::atomic<int> arrived{0};
        pool.parallel_for(2, [&](std::size_t) {  // needs a thread of the child's own
            ++arrived;
            while (arrived.load() < 2) {
                std::this_thread::yield();
            }
        });
        ::_exit(arrived.load() == 2 ? 7 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 7);
}
#endif

}  // namespace
}  // namespace vcube
