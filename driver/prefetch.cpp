#include "driver/prefetch.h"

#include <cstdint>
#include <deque>
#include <system_error>
#include <thread>
#include <utility>

#include "core/base/fork_generation.h"

namespace vcube::driver {

struct Prefetch::State {
    const std::uint64_t generation = fork_generation();
    std::mutex mutex;
    std::deque<Work> waiting;
    bool running = false;
    std::jthread thread;  // stopped and joined first

    void run(const std::stop_token& stop) {
        while (true) {
            Work work;
            {
                const std::lock_guard lock(mutex);
                if (waiting.empty() || stop.stop_requested()) {
                    running = false;
                    return;
                }
                work = std::move(waiting.front());
                waiting.pop_front();
            }
            work(stop);
        }
    }
};

Prefetch::Prefetch() = default;

Prefetch::~Prefetch() {
    forget_parents();
}

/// The thread of a parent process is not here: joining it would wait for ever.
void Prefetch::forget_parents() {
    if (state_ && state_->generation != fork_generation()) {
        static_cast<void>(state_.release());
    }
}

void Prefetch::add(const ThreadPool& pool, Work work) {
    Work in_own_circumstances = [around = pool.inherited(), work = std::move(work)](const std::stop_token& stop) {
        const std::function<void()> body = [&] { work(stop); };
        around ? around(body) : body();
    };
    const std::lock_guard lock(mutex_);
    forget_parents();
    if (!state_) {
        state_ = std::make_unique<State>();
    }
    State& state = *state_;
    {
        const std::lock_guard state_lock(state.mutex);
        state.waiting.push_back(std::move(in_own_circumstances));
        if (state.waiting.size() > kMost) {
            state.waiting.pop_front();
        }
        if (std::exchange(state.running, true)) {
            return;
        }
    }
    try {
        // The thread before has done its last work: it is joined at once.
        state.thread = std::jthread([&state](const std::stop_token& stop) { state.run(stop); });
    } catch (const std::system_error&) {
        const std::lock_guard state_lock(state.mutex);
        state.running = false;
        state.waiting.clear();
    }
}

}  // namespace vcube::driver
