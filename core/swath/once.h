// A value that is made on first use and kept: single flight, no lock held while it is made. A failure is told to the
// caller that met it and not kept; the next one tries again. Who waits for another one's making ends with kCancelled
// when nobody wants it any more (patience.h). Thread-safe.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "core/base/patience.h"
#include "vcube/result.h"

namespace vcube::swath {

template <class T>
class Once {
public:
    using Value = std::shared_ptr<const T>;

    /// `make()` returns Result<Value>; it may throw.
    template <class Make>
    Result<Value> get(const Make& make) {
        {
            std::unique_lock lock(mutex_);
            const bool idle = wait_while_wanted(changed_, lock, [this] { return !busy_; });
            if (value_) {
                return value_;
            }
            if (!idle) {
                return Error{ErrorCode::kCancelled, "reading was cancelled"};
            }
            busy_ = true;
        }
        Flight flight{*this, {}};
        Result<Value> made = make();
        if (made.ok()) {
            flight.value = made.value();
        }
        return made;
    }

    /// The value, or null where it is not made yet; does not wait.
    [[nodiscard]] Value peek() const {
        const std::scoped_lock lock(mutex_);
        return value_;
    }

private:
    // Ends the flight whatever way the maker returns.
    struct Flight {
        Once& once;
        Value value;
        ~Flight() {
            {
                const std::scoped_lock lock(once.mutex_);
                once.busy_ = false;
                once.value_ = std::move(value);
            }
            once.changed_.notify_all();
        }
    };

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Value value_;
    bool busy_ = false;
};

}  // namespace vcube::swath
