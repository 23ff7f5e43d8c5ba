// Decoded chunks, shared by all arrays of a process, bounded in bytes, least recently used first out. Single flight: a
// chunk that one thread is loading is waited for by the others, not loaded twice. Thread-safe; no lock is held while a
// chunk is loaded.
// In a forked child the cache starts empty: what threads of the parent were loading would never come.
//
// A read claims all its chunks, loads those it owns, and only then waits for those that others load. So two reads that
// each own what the other waits for both end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "core/base/per_process.h"
#include "vcube/bytes.h"

namespace vcube {

/// Names a chunk in the process: the array's unique number (never reused) and the chunk's C-order number.
struct ChunkKey {
    std::uint64_t array = 0;
    std::uint64_t chunk = 0;
    friend bool operator==(const ChunkKey&, const ChunkKey&) = default;
};

using ChunkData = std::shared_ptr<const Buffer>;

class ChunkCache {
    struct Flight;
    struct State;

public:
    explicit ChunkCache(std::size_t max_bytes);
    ChunkCache(const ChunkCache&) = delete;
    ChunkCache& operator=(const ChunkCache&) = delete;
    ~ChunkCache();

    struct Statistics {
        std::uint64_t hits = 0, misses = 0, joined = 0, evicted = 0;
        std::size_t bytes = 0;
    };

    /// The answer to claim(). Movable; must not outlive the cache. An owned claim that is destroyed before complete()
    /// gives the chunk up: those who wait for it load it themselves.
    class Claim {
    public:
        Claim() = default;
        Claim(Claim&& other) noexcept { *this = std::move(other); }
        Claim& operator=(Claim&& other) noexcept;
        ~Claim();

        /// The chunk was there; the other two are false then.
        [[nodiscard]] const ChunkData& hit() const { return hit_; }
        /// The holder loads this chunk and calls complete().
        [[nodiscard]] bool owned() const { return state_ != nullptr; }
        /// Somebody else loads it: wait() once one's own chunks are done.
        [[nodiscard]] bool joined() const { return state_ == nullptr && flight_ != nullptr; }

        /// Of an owned claim: keeps the chunk and wakes those who wait. nullptr: there is none (missing or failed).
        void complete(ChunkData chunk);
        /// Of a joined claim: blocks until its owner is done; nullptr where the owner had none to give. `tick` is
        /// called about ten times a second meanwhile; false ends the waiting (nullptr).
        [[nodiscard]] ChunkData wait(const std::function<bool()>& tick = nullptr) const;

    private:
        friend class ChunkCache;
        ChunkKey key_;
        ChunkData hit_;
        std::shared_ptr<Flight> flight_;
        State* state_ = nullptr;  // set while owned
    };

    /// The chunk, or the duty to load it, or the chance to wait for it.
    Claim claim(const ChunkKey& key);

    /// The chunk, or nothing.
    ChunkData get(const ChunkKey& key);
    /// As get(), for reads that go past the cache: the statistics and the order of use stay as they are.
    ChunkData peek(const ChunkKey& key) const;
    void put(const ChunkKey& key, ChunkData chunk);
    /// Drops every chunk of one array.
    void forget(std::uint64_t array);
    [[nodiscard]] std::size_t max_bytes() const;
    [[nodiscard]] Statistics statistics() const;

private:
    PerProcess<State, std::size_t> state_;
};

}  // namespace vcube
