#include "core/base/patience.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

namespace vcube {

struct Patience::State {
    explicit State(Progress progress_in) : progress(std::move(progress_in)) {}

    void tell(double done) {
        last = std::chrono::steady_clock::now();
        told = std::max(told, std::min(done, 1.0));
        telling = true;
        if (!progress(told)) {
            over = true;
        }
        telling = false;
    }

    const std::thread::id caller = std::this_thread::get_id();
    std::atomic<bool> over{false};
    std::atomic<double> share{0};  // of [from, from + size]
    // Used by the caller's thread only.
    Progress progress;     // empty once the call has ended
    bool telling = false;  // inside progress, which may use the library
    double from = 0, size = 1;
    double told = 0;
    std::chrono::steady_clock::time_point last{};  // the first look asks at once
};

namespace {

constexpr std::chrono::milliseconds kBetweenCalls{100};

std::shared_ptr<Patience::State>& current() {
    thread_local std::shared_ptr<Patience::State> state;
    return state;
}

}  // namespace

Patience::Patience(Progress progress)
    : own_(std::make_shared<State>(std::move(progress))), before_(std::exchange(current(), own_)) {}

Patience::~Patience() {
    own_->progress = nullptr;
    current() = std::move(before_);
}

bool Patience::tell(double done) {
    if (own_->progress && !own_->over && !own_->telling && !(done >= 1 && own_->told >= 1)) {
        own_->tell(done);
    }
    return !own_->over;
}

bool is_wanted() {
    Patience::State* const state = current().get();
    if (state == nullptr) {
        return true;
    }
    if (state->over.load(std::memory_order_relaxed)) {
        return false;
    }
    if (state->caller == std::this_thread::get_id() && state->progress && !state->telling &&
        std::chrono::steady_clock::now() - state->last >= kBetweenCalls) {
        state->tell(state->from + state->size * state->share.load(std::memory_order_relaxed));
    }
    return !state->over.load(std::memory_order_relaxed);
}

Status check_wanted() {
    return is_wanted() ? Status() : Status(Error{ErrorCode::kCancelled, "reading was cancelled"});
}

void report_done(double share) {
    if (Patience::State* const state = current().get()) {
        double known = state->share.load(std::memory_order_relaxed);
        while (known < share && !state->share.compare_exchange_weak(known, share, std::memory_order_relaxed)) {
        }
    }
}

Share::Share(double from, double to) {
    Patience::State* const state = current().get();
    if (state == nullptr || state->caller != std::this_thread::get_id()) {
        return;
    }
    state_ = current();
    from_ = std::exchange(state->from, state->from + from * state->size);
    size_ = std::exchange(state->size, (to - from) * state->size);
    end_ = to;
    state->share = 0;
}

Share::~Share() {
    if (state_) {
        state_->from = from_;
        state_->size = size_;
        state_->share = end_;
    }
}

std::shared_ptr<Patience::State> current_patience() {
    return current();
}

Helping::Helping(std::shared_ptr<Patience::State> patience) : before_(std::exchange(current(), std::move(patience))) {}

Helping::~Helping() {
    current() = std::move(before_);
}

}  // namespace vcube
