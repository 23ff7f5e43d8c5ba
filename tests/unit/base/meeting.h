// Counts how many threads are inside at a time, for tests of what runs side by side.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace vcube::test {

/// Holds those who enter until so many have been inside at one time, or until it is clear that they never will.
class Meeting {
public:
    explicit Meeting(std::size_t expected) : expected_(expected) {}
    void enter() {
        std::unique_lock lock(mutex_);
        most_ = std::max(most_, ++inside_);
        changed_.notify_all();
        changed_.wait_for(lock, std::chrono::seconds(20), [&] { return most_ >= expected_; });
        --inside_;
    }
    std::size_t most() const {
        const std::lock_guard lock(mutex_);
        return most_;
    }

private:
    const std::size_t expected_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t inside_ = 0, most_ = 0;
};

}  // namespace vcube::test
