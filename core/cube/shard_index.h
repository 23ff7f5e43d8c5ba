// Where the chunks of a shard are: the index at a shard's end or start, read by a range of its own, decoded, kept in
// the runtime's cache. Immutable after plan(); thread-safe. Source: Zarr v3 codec "sharding_indexed", version 1.0,
// "Binary shard format".
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/codec/chain.h"
#include "core/cube/array_meta.h"
#include "core/cube/runtime.h"
#include "vcube/chunk_location.h"
#include "vcube/fetcher.h"
#include "vcube/result.h"
#include "vcube/shape.h"
#include "vcube/store.h"

namespace vcube {

class ShardIndex {
public:
    /// Of an array with `sharding`. `number`: the owner of the cache's keys, used by nothing else. kLimit where an
    /// index would be larger than kMaxIndexBytes.
    static Result<ShardIndex> plan(const ArrayMeta& meta, std::uint64_t number, const std::string& what);

    static constexpr std::uint64_t kMaxIndexBytes = std::uint64_t{256} << 20;
    static constexpr std::uint64_t kMaxUnwrappedShard = std::uint64_t{1} << 30;

    /// Where chunks are: out[i] for the chunk at grid indices chunks[i * rank] ... An absent shard or one without the
    /// chunk gives Missing. Every index that the cache does not hold is fetched once, all of them in one call. The
    /// returned status tells faults of the store; a shard whose index cannot be read is an error of its chunks only,
    /// kNotFound where the object does not exist.
    Status locate(const Store& store, Runtime& runtime, const ArrayMeta& meta, std::span<const std::uint64_t> chunks,
                  std::span<Result<ChunkLocation>> out, const FetchOptions& options) const;

    [[nodiscard]] std::uint64_t number() const { return number_; }
    /// C-order number of the shard that holds the chunk at these grid indices.
    [[nodiscard]] std::uint64_t shard_of(const ArrayMeta& meta, const std::uint64_t* chunk) const;
    /// Store key of that shard.
    [[nodiscard]] std::string key_of(const ArrayMeta& meta, const std::uint64_t* chunk) const;
    /// Memory that one decoded index takes.
    [[nodiscard]] std::uint64_t index_bytes() const { return chain_.decoded_size(); }

private:
    struct Slot;
    ShardIndex(CodecChain chain, std::uint64_t number) : chain_(std::move(chain)), number_(number) {}
    [[nodiscard]] Status bring(const Store& store, Runtime& runtime, std::vector<Slot>& slots,
                               const FetchOptions& options) const;
    [[nodiscard]] Status prepare(Slot& slot, const ChunkLocation& place, Runtime& runtime) const;
    [[nodiscard]] Status take(Slot& slot, ByteSpan bytes) const;
    void fetch(Runtime& runtime, std::span<Slot*> slots, const FetchOptions& options) const;
    [[nodiscard]] Result<ChunkLocation> entry(const Slot& slot, std::uint64_t at) const;

    CodecChain chain_;  // of the index
    std::uint64_t number_;
    std::uint64_t encoded_bytes_ = 0;     // of the index
    Shape inside_;                        // chunks along each dimension of a shard
    std::vector<std::uint64_t> strides_;  // of the decoded index, in numbers; the last leads from offset to length
    bool at_end_ = true;
};

}  // namespace vcube
