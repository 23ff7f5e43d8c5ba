// Memory between two codecs: two buffers a thread and nesting level (a shard's inner chunks are decoded while the outer
// chain's buffers are in use). They only grow, and are released when they are large. Use on one thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube {

class Scratch {
public:
    /// `which`: 0 or 1. What the buffer held before is lost.
    Result<MutableByteSpan> get(std::size_t which, std::size_t size) {
        Buffer& buffer = buffers_[which];
        if (buffer.size() < size) {
            try {
                buffer = Buffer();
                buffer = Buffer(std::max<std::size_t>(size, 4096));
            } catch (const std::bad_alloc&) {
                return over_limit("no memory for " + std::to_string(size) + " bytes between two codecs");
            }
        }
        return buffer.span().first(size);
    }
    void trim() {
        constexpr std::size_t kKept = 64U << 20;
        for (Buffer& buffer : buffers_) {
            if (buffer.size() > kKept) {
                buffer = Buffer();
            }
        }
    }

private:
    std::array<Buffer, 2> buffers_;
};

/// Holds this thread's next free Scratch for its own lifetime.
class ScratchLease {
public:
    ScratchLease() {
        if (state().levels.size() == state().depth) {
            state().levels.push_back(std::make_unique<Scratch>());
        }
        scratch_ = state().levels[state().depth++].get();
    }
    ScratchLease(const ScratchLease&) = delete;
    ScratchLease& operator=(const ScratchLease&) = delete;
    ~ScratchLease() {
        scratch_->trim();
        --state().depth;
    }
    Scratch& operator*() const { return *scratch_; }
    Scratch* operator->() const { return scratch_; }

private:
    struct State {
        std::vector<std::unique_ptr<Scratch>> levels;
        std::size_t depth = 0;
    };
    static State& state() {
        thread_local State state;
        return state;
    }
    Scratch* scratch_;
};

}  // namespace vcube
