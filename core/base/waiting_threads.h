// A loop whose bodies mostly wait for the network: each runs on a thread of its own for the length of the loop, so that
// many wait at a time and the pool's few threads stay free for work. See docs/decisions/0007-threads-that-wait.md.
#pragma once

#include <cstddef>
#include <functional>

#include "core/base/thread_pool.h"

namespace vcube {

/// So many bodies wait at a time, unless somebody has a reason for less.
inline constexpr std::size_t kWaitingThreads = 64;

/// Calls body(i) once for each i in [0, count), in order of i, on up to `max_threads` threads, the caller's included,
/// and returns when all have returned. Bodies must not throw; they may use the pool's loops. Threads take over from the
/// caller's what the pool's workers do (ThreadPool::inherited). Where no thread can be had, the caller does all.
/// `tick`: called on the caller's thread about ten times a second while it waits for bodies of other threads; the
/// caller looks at is_wanted() (patience.h) as often.
void wait_for_each(ThreadPool& pool, std::size_t count, const std::function<void(std::size_t)>& body,
                   std::size_t max_threads, const std::function<void()>& tick = nullptr);

}  // namespace vcube
