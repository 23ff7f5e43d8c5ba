#include "core/base/patience.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <thread>
#include <vector>

#include "core/base/thread_pool.h"
#include "core/base/waiting_threads.h"

namespace vcube {
namespace {

using testing::ElementsAre;

constexpr std::chrono::seconds kTooLong{20};

/// Whether the call stops being wanted before long.
bool ends() {
    const auto end = std::chrono::steady_clock::now() + kTooLong;
    while (is_wanted()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

/// Notes what it is told and on which threads; says no from the given call on.
struct Listener {
    std::size_t no_at = SIZE_MAX;
    std::vector<double> told;
    std::set<std::thread::id> threads;

    Patience::Progress progress() {
        return [this](double done) {
            told.push_back(done);
            threads.insert(std::this_thread::get_id());
            return told.size() < no_at;
        };
    }
};

/// Waits until the next look asks the progress function.
void let_time_pass() {
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
}

TEST(Patience, WithoutOneEverythingIsWanted) {
    EXPECT_TRUE(is_wanted());
    EXPECT_TRUE(check_wanted().ok());
    report_done(0.5);
    const Share share(0, 0.5);
    EXPECT_EQ(current_patience(), nullptr);
}

TEST(Patience, AsksAtOnceAndThenNowAndThen) {
    Listener listener;
    const Patience patience(listener.progress());
    for (int n = 0; n < 1000; ++n) {
        EXPECT_TRUE(is_wanted());
    }
    EXPECT_LT(listener.told.size(), 100U);
    EXPECT_EQ(listener.told.front(), 0.0);
}

TEST(Patience, OnceNoIsNo) {
    Listener listener{1, {}, {}};
    {
        Patience patience(listener.progress());
        EXPECT_FALSE(is_wanted());
        EXPECT_FALSE(patience.tell(1.0));
        EXPECT_EQ(check_wanted().error().code, ErrorCode::kCancelled);
        let_time_pass();
        EXPECT_FALSE(is_wanted());
    }
    EXPECT_EQ(listener.told.size(), 1U);
    EXPECT_TRUE(is_wanted());
}

TEST(Patience, SharesArePartsOfOneAnother) {
    Listener listener;
    Patience patience(listener.progress());
    const auto told_now = [&] {
        let_time_pass();
        EXPECT_TRUE(is_wanted());
        return listener.told.back();
    };
    {
        const Share first(0, 0.5);
        report_done(0.5);
        EXPECT_DOUBLE_EQ(told_now(), 0.25);
        {
            const Share inner(0.5, 1);
            report_done(0.5);
            report_done(0.25);  // less than is known
            EXPECT_DOUBLE_EQ(told_now(), 0.375);
        }
        EXPECT_DOUBLE_EQ(told_now(), 0.5);
    }
    EXPECT_DOUBLE_EQ(told_now(), 0.5);
    {
        const Share again(0, 0.5);
        EXPECT_DOUBLE_EQ(told_now(), 0.5);  // never falls
    }
    EXPECT_TRUE(patience.tell(1.0));
    EXPECT_TRUE(patience.tell(1.0));
    EXPECT_EQ(std::count(listener.told.begin(), listener.told.end(), 1.0), 1);
}

TEST(Patience, AnInnerCallHasItsOwn) {
    Listener outer{1, {}, {}};
    const Patience patience(outer.progress());
    EXPECT_FALSE(is_wanted());
    {
        const Patience without(nullptr);
        EXPECT_TRUE(is_wanted());
    }
    EXPECT_FALSE(is_wanted());
}

TEST(Patience, MayUseTheLibraryInside) {
    int calls = 0;
    const Patience patience([&](double) {
        ++calls;
        let_time_pass();
        return is_wanted();
    });
    EXPECT_TRUE(is_wanted());
    EXPECT_EQ(calls, 1);
}

TEST(Patience, ThreadsThatWaitEndAndOnlyTheCallerAsks) {
    ThreadPool pool(1);
    Listener listener{3, {}, {}};
    const Patience patience(listener.progress());
    std::atomic<int> ended{0};
    wait_for_each(
        pool, 8, [&](std::size_t) { ended += ends() ? 1 : 0; }, 8);
    EXPECT_EQ(ended, 8);
    EXPECT_EQ(listener.told.size(), 3U);
    EXPECT_THAT(listener.threads, ElementsAre(std::this_thread::get_id()));
}

TEST(Patience, CallersOfLoopsAskWhileTheyWait) {
    ThreadPool pool(1);
    Listener listener{3, {}, {}};
    const Patience patience(listener.progress());
    const std::thread::id caller = std::this_thread::get_id();
    std::atomic<bool> helped{false};
    std::atomic<int> ended{0};
    pool.parallel_for(2, [&](std::size_t) {
        if (std::this_thread::get_id() != caller) {
            helped = true;
            ended += ends() ? 1 : 0;
        } else {
            while (!helped) {  // the caller takes one body; it waits for the other's then
                std::this_thread::yield();
            }
        }
    });
    EXPECT_EQ(ended, 1);
    EXPECT_THAT(listener.threads, ElementsAre(caller));
}

TEST(Patience, ThreadsOfAnEarlierCallDoNotAskItAnyMore) {
    ThreadPool pool(1);
    ThreadPool::Around around;
    Listener listener;
    {
        const Patience patience(listener.progress());
        around = pool.inherited();
    }
    ASSERT_TRUE(around);
    around([] { EXPECT_TRUE(is_wanted()); });
    EXPECT_TRUE(listener.told.empty());
}

}  // namespace
}  // namespace vcube
