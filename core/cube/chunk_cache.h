// Decoded chunks, shared by all arrays of a process, bounded in bytes, least recently used first out. Single flight: a
// chunk that one thread is loading is waited for by the others, not loaded twice. Thread-safe; no lock is held while a
// chunk is loaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube {

/// Names a chunk in the process: the array's unique number (never reused) and the chunk's C-order number.
struct ChunkKey {
    std::uint64_t array = 0;
    std::uint64_t chunk = 0;
    friend bool operator==(const ChunkKey&, const ChunkKey&) = default;
};

using ChunkData = std::shared_ptr<const Buffer>;

class ChunkCache {
public:
    explicit ChunkCache(std::size_t max_bytes);
    ChunkCache(const ChunkCache&) = delete;
    ChunkCache& operator=(const ChunkCache&) = delete;
    ~ChunkCache();

    struct Statistics {
        std::uint64_t hits = 0, misses = 0, joined = 0, evicted = 0;
        std::size_t bytes = 0;
    };

    /// The chunk, or nothing.
    ChunkData get(const ChunkKey& key);
    void put(const ChunkKey& key, ChunkData chunk);
    /// Drops every chunk of one array.
    void forget(std::uint64_t array);
    [[nodiscard]] std::size_t max_bytes() const;
    [[nodiscard]] Statistics statistics() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vcube
