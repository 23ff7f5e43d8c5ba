#include "core/base/per_process.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mutex>
#include <thread>
#include <vector>

namespace vcube {
namespace {

struct Counted {
    std::mutex mutex;
    int value = 0;
};

TEST(PerProcess, IsOneForAllThreads) {
    const PerProcess<Counted> counted;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; ++i) {
                const std::lock_guard lock(counted.get().mutex);
                ++counted.get().value;
            }
        });
    }
    threads.clear();
    EXPECT_EQ(counted.get().value, 4000);
}

TEST(PerProcess, IsAnotherInAForkedChildWhateverTheParentHolds) {
    const PerProcess<Counted> counted;
    counted.get().value = 7;
    const std::lock_guard held(counted.get().mutex);  // for ever, as far as the child is concerned
    const pid_t child = ::fork();
    if (child == 0) {
        bool right = true;
        {
            const std::lock_guard lock(counted.get().mutex);
            right = counted.get().value == 0;
            counted.get().value = 1;
        }
        right = right && counted.get().value == 1;
        ::_exit(right ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(counted.get().value, 7);
}

}  // namespace
}  // namespace vcube
