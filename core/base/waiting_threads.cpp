#include "core/base/waiting_threads.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

namespace vcube {

void wait_for_each(ThreadPool& pool, std::size_t count, const std::function<void(std::size_t)>& body,
                   std::size_t max_threads) {
    std::atomic<std::size_t> next{0};
    const std::function<void()> work = [&] {
        for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
            body(i);
        }
    };
    const ThreadPool::Around around = pool.inherited();
    std::vector<std::jthread> threads;  // joined when they leave scope, before what they use does
    const std::size_t wanted = std::min(count, std::max<std::size_t>(max_threads, 1));
    while (threads.size() + 1 < wanted) {
        try {
            threads.emplace_back([&] { around ? around(work) : work(); });
        } catch (const std::system_error&) {
            break;  // the caller takes part, so fewer threads still finish the loop
        }
    }
    work();
}

}  // namespace vcube
