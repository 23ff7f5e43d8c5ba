// A state with locks or threads that a forked child does not take over: the lock may be held by a thread that the child
// does not have. The child leaves the parent's state alone and has a new one. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <tuple>
#include <utility>

#include "core/base/fork_generation.h"

namespace vcube {

/// `Settings` are what a State is made of, in every process.
template <class State, class... Settings>
class PerProcess {
public:
    explicit PerProcess(Settings... settings) : settings_(std::move(settings)...), held_(make()) {}
    PerProcess(const PerProcess&) = delete;
    PerProcess& operator=(const PerProcess&) = delete;
    /// In a child that never used it, the parent's is left alone.
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
            std::unique_ptr<Held> fresh(make());
            if (held_.compare_exchange_strong(current, fresh.get(), std::memory_order_acq_rel)) {
                return fresh.release()->state;
            }
        }
        return current->state;
    }

private:
    struct Held {
        explicit Held(const Settings&... settings) : state(settings...) {}
        const std::uint64_t generation = fork_generation();
        State state;
    };
    Held* make() const {
        return std::apply([](const Settings&... settings) { return new Held(settings...); }, settings_);
    }

    const std::tuple<Settings...> settings_;
    mutable std::atomic<Held*> held_;
};

}  // namespace vcube
