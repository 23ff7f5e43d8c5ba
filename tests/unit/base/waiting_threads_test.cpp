#include "core/base/waiting_threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "tests/unit/base/meeting.h"

namespace vcube {
namespace {

using test::Meeting;

TEST(WaitForEach, RunsAllBodiesOnceOnAsManyThreadsAsAskedFor) {
    ThreadPool pool(1);
    Meeting meeting(8);
    std::vector<std::atomic<int>> calls(20);
    wait_for_each(
        pool, calls.size(),
        [&](std::size_t i) {
            ++calls[i];
            meeting.enter();
        },
        8);
    EXPECT_EQ(meeting.most(), 8U);
    EXPECT_TRUE(std::all_of(calls.begin(), calls.end(), [](const auto& count) { return count == 1; }));
}

TEST(WaitForEach, OneThreadIsTheCallers) {
    ThreadPool pool(1);
    std::vector<std::size_t> order;
    std::set<std::thread::id> threads;
    wait_for_each(
        pool, 5,
        [&](std::size_t i) {
            order.push_back(i);
            threads.insert(std::this_thread::get_id());
        },
        1);
    EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
    EXPECT_EQ(threads, std::set<std::thread::id>{std::this_thread::get_id()});
}

TEST(WaitForEach, BodiesUseThePoolsLoops) {
    ThreadPool pool(2);
    std::atomic<int> sum{0};
    wait_for_each(
        pool, 16, [&](std::size_t) { pool.parallel_for(10, [&](std::size_t) { ++sum; }); }, 16);
    EXPECT_EQ(sum, 160);
}

TEST(WaitForEach, TicksOnTheCallersThreadUntilTheOthersAreDone) {
    ThreadPool pool(1);
    const std::thread::id caller = std::this_thread::get_id();
    Meeting meeting(2);  // so each thread has one body
    std::atomic<int> ticks{0};
    std::atomic<bool> elsewhere{false};
    wait_for_each(
        pool, 2,
        [&](std::size_t) {
            meeting.enter();
            while (std::this_thread::get_id() != caller && ticks < 2) {
                std::this_thread::yield();
            }
        },
        2,
        [&] {
            ++ticks;
            elsewhere = elsewhere || std::this_thread::get_id() != caller;
        });
    EXPECT_FALSE(elsewhere);
    EXPECT_GE(ticks, 2);
}

TEST(WaitForEach, NoBodies) {
    ThreadPool pool(1);
    wait_for_each(
        pool, 0, [](std::size_t) { FAIL(); }, 4);
}

}  // namespace
}  // namespace vcube
