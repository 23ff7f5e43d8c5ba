// Small parts of one read: memory to decode into, the first error of many threads, byte order of parts of chunks.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube {

/// Memory of this thread to decode into, reused from chunk to chunk. Not nested.
class Scratch {
public:
    /// A thread keeps a buffer of at most this size.
    static constexpr std::size_t kKept = std::size_t{16} << 20;

    explicit Scratch(std::size_t size) {
        thread_local Buffer kept;
        if (size > kKept) {
            large_ = Buffer(size);
            span_ = large_.span();
            return;
        }
        if (kept.size() < size) {
            kept = Buffer(size);
        }
        span_ = kept.span().first(size);
    }
    [[nodiscard]] MutableByteSpan span() const { return span_; }

private:
    Buffer large_;
    MutableByteSpan span_;
};

/// Copies items of `width` bytes with their bytes reversed.
inline void swap_bytes(ByteSpan in, MutableByteSpan out, std::size_t width) {
    for (std::size_t i = 0; i + width <= in.size(); i += width) {
        std::reverse_copy(in.begin() + static_cast<std::ptrdiff_t>(i),
                          in.begin() + static_cast<std::ptrdiff_t>(i + width),
                          out.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

/// The error of the first piece in reading order, whichever thread met one first. Thread-safe.
class FirstError {
public:
    void set(std::size_t piece, Error error) {
        const std::lock_guard lock(mutex_);
        if (piece < piece_.load(std::memory_order_relaxed)) {
            piece_.store(piece, std::memory_order_relaxed);
            error_ = std::move(error);
        }
    }
    /// A piece after the first error need not be decoded any more.
    [[nodiscard]] bool moot(std::size_t piece) const { return piece > piece_.load(std::memory_order_relaxed); }
    [[nodiscard]] Status status() const {
        const std::lock_guard lock(mutex_);
        return error_ ? Status(*error_) : Status();
    }

private:
    mutable std::mutex mutex_;
    std::atomic<std::size_t> piece_{std::numeric_limits<std::size_t>::max()};
    std::optional<Error> error_;
};

}  // namespace vcube
