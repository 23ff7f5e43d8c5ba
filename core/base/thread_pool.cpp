#include "core/base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/patience.h"

namespace vcube {

/// One parallel_for. Kept by shared_ptr, so that a worker that wakes late finds the counter exhausted and touches
/// nothing of the caller's frame; `body` is followed only after an index below `count` was drawn, and the caller waits
/// for those.
struct ThreadPool::Loop {
    Loop(std::size_t count_in, const std::function<void(std::size_t)>* body_in, std::size_t helpers_in,
         Around around_in)
        : count(count_in), body(body_in), around(std::move(around_in)), helpers(helpers_in) {}

    void help() {
        if (around) {
            around([this] { work(); });
        } else {
            work();
        }
    }

    void work() {
        std::size_t finished = 0;
        for (std::size_t i = next.fetch_add(1, std::memory_order_relaxed); i < count;
             i = next.fetch_add(1, std::memory_order_relaxed)) {
            (*body)(i);
            ++finished;
        }
        if (finished > 0 && done.fetch_add(finished, std::memory_order_acq_rel) + finished == count) {
            const std::lock_guard lock(mutex);
            all_done.notify_all();
        }
    }

    void wait() {
        std::unique_lock lock(mutex);
        const auto ended = [this] { return done.load(std::memory_order_acquire) == count; };
        if (wait_while_wanted(all_done, lock, ended)) {
            return;
        }
        all_done.wait(lock, ended);
    }

    const std::size_t count;
    const std::function<void(std::size_t)>* const body;
    const Around around;
    std::size_t helpers;  // workers that may still join; guarded by the pool's mutex
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> done{0};
    std::mutex mutex;
    std::condition_variable all_done;
};

struct ThreadPool::State {
    explicit State(std::size_t workers) : size(workers) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        {
            const std::lock_guard lock(mutex);
            stopping = true;
        }
        wake.notify_all();
        for (std::thread& thread : threads) {
            thread.join();
        }
    }

    void start_threads() {
        while (threads.size() < size) {
            try {
                threads.emplace_back([this] { serve(); });
            } catch (const std::system_error&) {
                return;  // the caller takes part, so fewer threads still finish every loop
            }
        }
    }

    void serve() {
        std::unique_lock lock(mutex);
        while (true) {
            wake.wait(lock, [this] { return stopping || !loops.empty(); });
            if (stopping) {
                return;
            }
            const std::shared_ptr<Loop> loop = loops.front();
            if (--loop->helpers == 0) {
                loops.pop_front();
            }
            lock.unlock();
            loop->help();
            lock.lock();
            // Its indices are all drawn: no further worker need look at it.
            std::erase(loops, loop);
        }
    }

    const std::size_t size;
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::shared_ptr<Loop>> loops;  // those that may take more helpers
    std::vector<std::thread> threads;
    bool stopping = false;
};

ThreadPool::ThreadPool(std::size_t workers, Inherit inherit)
    : workers_(workers), inherit_(std::move(inherit)), state_(workers) {}

ThreadPool::~ThreadPool() = default;

std::size_t ThreadPool::workers() const {
    return workers_;
}

ThreadPool::Around ThreadPool::inherited() const {
    Around settings = inherit_ ? inherit_() : Around();
    std::shared_ptr<Patience::State> patience = current_patience();
    if (!patience) {
        return settings;
    }
    return [settings = std::move(settings), patience = std::move(patience)](const std::function<void()>& work) {
        const Helping helping(patience);
        settings ? settings(work) : work();
    };
}

void ThreadPool::parallel_for(std::size_t count, const std::function<void(std::size_t)>& body,
                              std::size_t max_threads) {
    std::size_t helpers = std::min(workers_, count > 0 ? count - 1 : 0);
    if (max_threads > 0) {
        helpers = std::min(helpers, max_threads - 1);
    }
    if (helpers == 0) {
        for (std::size_t i = 0; i < count; ++i) {
            body(i);
        }
        return;
    }
    State& shared = state_.get();
    const auto loop = std::make_shared<Loop>(count, &body, helpers, inherited());
    {
        const std::lock_guard lock(shared.mutex);
        shared.start_threads();
        shared.loops.push_back(loop);
    }
    if (helpers == 1) {
        shared.wake.notify_one();
    } else {
        shared.wake.notify_all();
    }
    loop->work();
    {
        const std::lock_guard lock(shared.mutex);
        std::erase(shared.loops, loop);
    }
    loop->wait();
}

}  // namespace vcube
