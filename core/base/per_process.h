// A state with locks that a forked child does not take over: the lock may be held by a thread that the child does not
// have. The child leaves the parent's state alone and has a new one. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/base/fork_generation.h"

namespace vcube {

template <class State>
class PerProcess {
public:
    PerProcess() : held_(new Held) {}
    PerProcess(const PerProcess&) = delete;
    PerProcess& operator=(const PerProcess&) = delete;
    ~PerProcess() {
        Held* const held = held_.load();
        if (held->generation == fork_generation()) {
            delete held;
        }
    }

    /// That of this process.
    [[nodiscard]] State& get() const {
        Held* current = held_.load(std::memory_order_acquire);
        if (current->generation != fork_generation()) {
            auto fresh = std::make_unique<Held>();
            if (held_.compare_exchange_strong(current, fresh.get(), std::memory_order_acq_rel)) {
                return fresh.release()->state;
            }
        }
        return current->state;
    }

private:
    struct Held {
        const std::uint64_t generation = fork_generation();
        State state;
    };
    mutable std::atomic<Held*> held_;
};

}  // namespace vcube
