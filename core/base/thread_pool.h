// A fixed pool of worker threads with one operation: run a loop body in parallel.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "core/base/per_process.h"

namespace vcube {

/// Thread-safe. Loop bodies must not throw. They may run loops of their own: a thread only ever waits for bodies that
/// another thread is running, so nesting ends (what a body waits for besides must not need the threads of an outer
/// loop). Joins its threads on destruction, which must not happen in a static destructor or while a loop runs. Threads
/// start at the first parallel loop, not on construction. In a forked child the threads are started anew.
class ThreadPool {
public:
    /// Does what it is given, in the circumstances of another thread.
    using Around = std::function<void(const std::function<void()>& work)>;
    /// Asked by the thread that starts a loop: what its helpers need to take over from it (settings that belong to a
    /// thread); empty where there is nothing.
    using Inherit = std::function<Around()>;

    /// `workers` threads beside the calling ones.
    explicit ThreadPool(std::size_t workers, Inherit inherit = {});
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;
    ~ThreadPool();

    [[nodiscard]] std::size_t workers() const;
    /// What a helper of a loop that this thread starts takes over from it, its patience (patience.h) too; empty where
    /// there is nothing.
    [[nodiscard]] Around inherited() const;

    /// Calls body(i) once for each i in [0, count) and returns when all have returned. The caller takes part, so the
    /// loop ends even where no worker is free. At most `max_threads` threads (0: all) work on it, the caller included.
    /// While the caller waits for others' bodies it looks at is_wanted(); bodies are called in any case.
    void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body, std::size_t max_threads = 0);

private:
    struct Loop;
    struct State;
    std::size_t workers_;
    const Inherit inherit_;
    PerProcess<State, std::size_t> state_;  // in a forked child the threads do not exist
};

}  // namespace vcube
