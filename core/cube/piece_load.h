// Brings the chunks of one read: cache claims -> locate (through shard indexes) -> one batched fetch -> the read's own
// decoding and copying, on the threads that bring the bytes. What a read does with a chunk is told by PieceUse, so
// reads of numbers and of text share the way. See docs/decisions/0002-workers-copy.md and 0004-inline-text.md. One
// loader, one thread; the callee uses the pool.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "core/codec/chain.h"
#include "core/cube/array.h"
#include "core/cube/array_meta.h"
#include "core/cube/chunk_cache.h"
#include "core/cube/read_helpers.h"
#include "core/cube/read_source.h"
#include "core/cube/region_plan.h"
#include "core/cube/runtime.h"
#include "core/cube/shard_index.h"
#include "vcube/store.h"

namespace vcube {

/// What a read does with its pieces. Called from several threads at once, for each piece until it has landed.
struct PieceUse {
    std::function<Result<Buffer>(const Piece&, ByteSpan encoded)> decode;  // its chunk, into what the cache keeps
    std::function<void(const Piece&, const Buffer& chunk)> copy;           // what the piece needs of that form
    std::function<Status(const Piece&, ByteSpan encoded)> convert;  // both at once; by parts: `encoded` is the part
    std::function<void(const Piece&)> fill;
    /// On the caller's thread, as in FetchOptions.
    std::function<bool()> meanwhile = nullptr;
};

struct LoadPlan {
    std::uint64_t chunk_bytes = 0;  // of the largest decoded chunk; an estimate where elements are of variable length
    bool cached = false;            // decoded chunks go through the cache
    bool by_parts = false;          // pieces are byte ranges of chunks of bare elements
    std::uint64_t elements = 0;     // of all pieces, for the progress
};

class PieceLoader {
public:
    PieceLoader(const ReadSource& source, const ReadOptions& options, const LoadPlan& plan, PieceUse use);

    /// Notes a piece; brings those noted before where they are a full batch.
    Status add(Piece piece);
    /// Brings what is left. Every piece has landed then, or the first error in reading order is returned. After an
    /// error what comes later in reading order is not waited for.
    Status finish();

private:
    struct Job;
    struct Request;
    Status flush();
    Status wait_for(const std::vector<std::size_t>& joined);
    Status copy_present(const std::vector<std::size_t>& pieces);
    Status load(const std::vector<std::size_t>& wanted);
    [[nodiscard]] std::vector<Job> jobs_of(const std::vector<std::size_t>& wanted) const;
    Status locate(std::vector<Job>& jobs, FirstError& errors);
    void land_at_hand(const std::vector<const Job*>& jobs, std::size_t pieces, FirstError& errors);
    void fetch(const std::vector<Request>& wanted, FirstError& errors);
    Status add_requests(const Job& job, std::vector<Request>& out) const;
    Status land_fetched(const Request& request, const Result<ByteSpan>& bytes);
    Status land_chunk(const std::size_t* pieces, std::size_t count, ByteSpan encoded);
    Status land_inline(const Job& job, ByteSpan encoded);
    Status land(std::size_t i, ByteSpan encoded);
    void land_fill(std::size_t i);
    void run_parallel(std::size_t count, std::uint64_t bytes, const std::function<void(std::size_t)>& body);
    bool tick();
    void landed(const Piece& piece) { landed_.fetch_add(piece.elements(), std::memory_order_relaxed); }
    [[nodiscard]] Error cancelled() const;
    [[nodiscard]] FetchOptions fetch_options();
    [[nodiscard]] bool absent(const Error& error, bool may_be_absent);
    [[nodiscard]] std::uint64_t copy_bytes(const std::vector<std::size_t>& pieces) const;
    [[nodiscard]] ChunkKey key_of(std::size_t i) const;
    [[nodiscard]] std::string chunk_label(const Job& job, const Remote* place) const;

    const ReadSource& source_;
    const ArrayMeta& meta_;
    const ReadOptions& options_;
    const LoadPlan plan_;
    const PieceUse use_;
    const Shape grid_;
    std::vector<Piece> pieces_;  // of the current batch
    std::vector<ChunkCache::Claim> claims_;
    std::vector<ChunkData> data_;
    std::unordered_set<std::uint64_t> batch_shards_;
    std::uint64_t index_bytes_ = 0;  // of the batch's shards
    std::atomic<std::uint64_t> missing_objects_{0};
    std::atomic<std::uint64_t> landed_{0};  // elements
    std::atomic<bool> stopped_{false};      // the caller wants no more
    const std::shared_ptr<FetchSession> session_;
    const std::thread::id caller_ = std::this_thread::get_id();
    std::chrono::steady_clock::time_point last_tick_ = std::chrono::steady_clock::now();
};

}  // namespace vcube
