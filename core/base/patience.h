// How long somebody waits for a call: what a call does in the end (loops, waits, fetches) asks is_wanted() now and
// then, which asks the caller's progress function. A circumstance of a thread, as settings are: threads that help the
// caller's take it over (ThreadPool::inherited), so nothing in between needs to pass it on.
//
// The progress function is called on the thread that made the Patience only, about ten times a second, with values
// that never fall. After it said no, is_wanted() is false on all threads that work for the call; results that are cut
// short by that are kCancelled and kept by nobody.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "vcube/result.h"

namespace vcube {

/// While it lives, this thread works for a caller with this progress function. One inside another replaces it for its
/// time. Not to be shared among threads; destroyed on the thread that made it.
class Patience {
public:
    struct State;
    /// The share of the call that is done, 0 to 1; false: no more is wanted.
    using Progress = std::function<bool(double done)>;

    /// `progress` may be empty: the call is wanted to its end then, whatever an outer one says. It must not throw.
    explicit Patience(Progress progress);
    Patience(const Patience&) = delete;
    Patience& operator=(const Patience&) = delete;
    ~Patience();

    /// Tells a share at once, as GDAL does of what it reads by itself; whether the call is wanted still.
    bool tell(double done);

private:
    std::shared_ptr<State> own_, before_;
};

/// Whether the call that this thread works for is wanted still; true where there is none.
bool is_wanted();

/// kCancelled where it is not.
Status check_wanted();

/// What is done of the innermost Share: from 0 to 1; never less than before. Any thread of the call; nothing is told
/// before the next is_wanted().
void report_done(double share);

/// While it lives, report_done() tells of a part of what it told of before: from `from` to `to`. On threads other than
/// the one that made the Patience it changes nothing.
class Share {
public:
    Share(double from, double to);
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share();

private:
    std::shared_ptr<Patience::State> state_;
    double from_ = 0, size_ = 1;  // those before
    double end_ = 0;
};

/// Waits until `ready()`, or the call is not wanted any more: false then, unless it is ready after all. `lock` is held
/// when it returns and whenever `ready` is called, and at no other time.
template <class Ready>
bool wait_while_wanted(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, const Ready& ready);

/// For ThreadPool: the patience of this thread, for another thread to take over; null where there is none.
std::shared_ptr<Patience::State> current_patience();

/// While it lives, this thread works for that call.
class Helping {
public:
    explicit Helping(std::shared_ptr<Patience::State> patience);
    Helping(const Helping&) = delete;
    Helping& operator=(const Helping&) = delete;
    ~Helping();

private:
    std::shared_ptr<Patience::State> before_;
};

/// Between two looks at is_wanted(), a little less than between two calls of a progress function.
inline constexpr std::chrono::milliseconds kBetweenLooks{90};

template <class Ready>
bool wait_while_wanted(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, const Ready& ready) {
    while (!changed.wait_for(lock, kBetweenLooks, ready)) {
        lock.unlock();
        const bool wanted = is_wanted();
        lock.lock();
        if (!wanted) {
            return ready();
        }
    }
    return true;
}

}  // namespace vcube
