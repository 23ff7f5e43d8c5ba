// Reading ahead in the background: one thread of an owner at most, which lives as long as it has work. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>

#include "core/base/thread_pool.h"

namespace vcube::driver {

class Prefetch {
public:
    using Work = std::function<void(const std::stop_token&)>;

    Prefetch();
    Prefetch(const Prefetch&) = delete;
    Prefetch& operator=(const Prefetch&) = delete;
    /// Stops what runs, and waits until it has ended. In a forked child nothing runs.
    ~Prefetch();

    /// Does `work` in the circumstances of this thread, after what was added before; of more than kMost that wait the
    /// oldest is left out. Where no thread can be had nothing is read ahead. `work` must not throw, and must end soon
    /// once its token says stop.
    void add(const ThreadPool& pool, Work work);

    static constexpr std::size_t kMost = 16;

private:
    struct State;
    void forget_parents();
    std::mutex mutex_;  // of the pointer
    std::unique_ptr<State> state_;
};

}  // namespace vcube::driver
