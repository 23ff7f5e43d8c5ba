// An array that can be read: metadata, planned codec chain, store, runtime. The way of one read is here (read_regions).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/codec/chain.h"
#include "core/cube/array_meta.h"
#include "core/cube/array_numbers.h"
#include "core/cube/runtime.h"
#include "vcube/chunk_location.h"
#include "vcube/fetch_session.h"
#include "vcube/result.h"
#include "vcube/shape.h"
#include "vcube/store.h"

namespace vcube {

/// Where a region goes: element (k0, k1, ...) of the region is written at data + sum(k_d * strides[d]).
struct Destination {
    std::byte* data = nullptr;
    std::vector<std::ptrdiff_t> strides;  // bytes
    DType type;  // native byte order; numeric conversion as GDAL's: rounded to nearest, clamped
};

/// A region, and where it goes.
struct RegionRead {
    Region region;
    Destination destination;
};

struct ReadOptions {
    std::size_t max_threads = 0;  // 0: all of the pool, plus the caller
    std::stop_token stop;
    bool missing_object_is_fill = false;              // MISSING_OBJECT=FILL: counted, told once a read through log()
    std::shared_ptr<FetchSession> session = nullptr;  // how remote chunks are fetched, and where that is counted
    /// Called on the caller's thread now and then, with the part of the read that is done, from 0 to 1, never less than
    /// before; false stops the read (kCancelled). Empty: never. Besides, a read ends when its thread's call is not
    /// wanted any more (core/base/patience.h).
    std::function<bool(double done)> progress = nullptr;
};

/// Whence arrays are read, and for whom.
struct ArraySource {
    std::shared_ptr<const Store> store;
    std::shared_ptr<Runtime> runtime;
    std::shared_ptr<FetchSession> session = nullptr;  // of reads whose options name none
    /// Of the store's arrays, so that those opened more than once share decoded chunks. Null: each array has its own
    /// chunks, and drops them when it is closed.
    std::shared_ptr<ArrayNumbers> numbers = nullptr;
};

/// Immutable, thread-safe, cheap to copy (shared state).
class Array {
public:
    /// Plans the codec chain. An unknown codec is no error here but at read(): the array's metadata stay readable.
    static Result<Array> open(ArraySource source, ArrayMeta meta);

    [[nodiscard]] const ArrayMeta& meta() const;
    /// Ids of the codecs, in encoding order; empty where the chain could not be planned.
    [[nodiscard]] std::vector<std::string> codec_ids() const;

    /// Reads a region. Chunks absent from the store are fill; a referenced object that is missing, short or damaged is
    /// an error that names array, chunk, URL (without query) and range. Every chunk is fetched and decoded at most once
    /// a call; chunks of requests larger than the cache do not go through it. Blocks the caller; other threads are the
    /// pool's.
    Status read(const Region& region, const Destination& destination, const ReadOptions& options = {}) const;

    /// The same for several regions in one batch, in as many round trips as one takes. All destinations have one type.
    Status read_many(std::span<const RegionRead> reads, const ReadOptions& options = {}) const;

    /// Brings the chunks of regions (destinations do not count) into the cache, as many as it holds; reads that want
    /// them meanwhile wait for them. Nothing for arrays whose chunks are read by parts.
    Status prefetch(std::span<const RegionRead> reads, const ReadOptions& options = {}) const;

    /// Reads everything into C order in the array's own type, native byte order. For coordinates and tables: refuses
    /// more than `max_bytes`.
    [[nodiscard]] Result<Buffer> read_all(std::uint64_t max_bytes = std::uint64_t{1} << 30,
                                          const ReadOptions& options = {}) const;

    /// Text of the elements of a region, in C order: of variable length (|O), fixed bytes (S, without trailing NULs) or
    /// UCS-4 (U, as UTF-8). Other types are an error. Refuses more than `max_bytes` of text.
    [[nodiscard]] Result<std::vector<std::string>> read_strings(const Region& region, const ReadOptions& options = {},
                                                                std::uint64_t max_bytes = std::uint64_t{1} << 30) const;

    /// Where one chunk's bytes are, at these indices of the chunk grid (rank of them, inside the grid). For structural
    /// information; reads a shard's index where there is one.
    [[nodiscard]] Result<ChunkLocation> locate_chunk(std::span<const std::uint64_t> index) const;

private:
    struct State;
    explicit Array(std::shared_ptr<const State> state) : state_(std::move(state)) {}
    std::shared_ptr<const State> state_;
};

}  // namespace vcube
