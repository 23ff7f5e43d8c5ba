#include "core/base/waiting_threads.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "core/base/patience.h"

namespace vcube {

void wait_for_each(ThreadPool& pool, std::size_t count, const std::function<void(std::size_t)>& body,
                   std::size_t max_threads, const std::function<void()>& tick) {
    constexpr std::chrono::milliseconds kBetweenTicks{100};
    std::atomic<std::size_t> next{0};
    const std::function<void()> work = [&] {
        for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
            body(i);
        }
    };
    const ThreadPool::Around around = pool.inherited();
    std::mutex mutex;
    std::condition_variable ended;
    std::size_t running = 0;
    std::vector<std::jthread> threads;  // joined when they leave scope, before what they use does
    const auto start = [&] {
        around ? around(work) : work();
        const std::lock_guard lock(mutex);
        --running;
        ended.notify_one();
    };
    const std::size_t wanted = std::min(count, std::max<std::size_t>(max_threads, 1));
    while (threads.size() + 1 < wanted) {
        try {
            {
                const std::lock_guard lock(mutex);
                ++running;
            }
            threads.emplace_back(start);
        } catch (const std::system_error&) {
            const std::lock_guard lock(mutex);
            --running;
            break;  // the caller takes part, so fewer threads still finish the loop
        }
    }
    work();
    std::unique_lock lock(mutex);
    while (!ended.wait_for(lock, kBetweenTicks, [&] { return running == 0; })) {
        lock.unlock();
        is_wanted();
        if (tick) {
            tick();
        }
        lock.lock();
    }
}

}  // namespace vcube
