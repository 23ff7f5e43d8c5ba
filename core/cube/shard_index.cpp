#include "core/cube/shard_index.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <unordered_map>
#include <utility>
#include <variant>

#include "core/base/concat.h"
#include "core/base/fetch_bytes.h"
#include "core/cube/chunk_cache.h"
#include "core/cube/region_plan.h"
#include "core/refs/url_policy.h"

namespace vcube {
namespace {

constexpr std::uint64_t kAbsent = std::numeric_limits<std::uint64_t>::max();

std::string range_text(const ByteRange& range) {
    if (range.suffix != 0) {
        return "the last " + std::to_string(range.suffix) + " bytes";
    }
    if (!range.bounded()) {
        return range.begin == 0 ? std::string("whole") : "from byte " + std::to_string(range.begin);
    }
    return "bytes " + std::to_string(range.begin) + " to " + std::to_string(range.end);
}

}  // namespace

/// One shard of a batch.
struct ShardIndex::Slot {
    std::string key;
    std::uint64_t number = 0;  // of the shard, C order
    ChunkLocation place;       // of the shard; Inline after its wrap was taken off
    ChunkCache::Claim claim;
    ChunkData index;  // decoded; none: every chunk is missing
    std::optional<Error> error;
    ByteRange wanted;  // to be fetched
    bool whole = false;

    void fail(Error cause) { error = with_context(label(), std::move(cause)); }
    [[nodiscard]] std::string label() const {
        std::string text = concat("index of shard ", key);
        if (const auto* const remote = std::get_if<Remote>(&place)) {
            text.append(" (").append(redacted(remote->url)).append(", ").append(range_text(wanted)).append(")");
        }
        return text;
    }
};

Result<ShardIndex> ShardIndex::plan(const ArrayMeta& meta, std::uint64_t number, const std::string& what) {
    const Sharding& sharding = *meta.sharding;
    const std::size_t rank = meta.chunks.size();
    Shape inside(rank);
    for (std::size_t d = 0; d < rank; ++d) {
        inside[d] = sharding.shard[d] / meta.chunks[d];
    }
    Shape shape = inside;
    shape.push_back(2);
    const std::optional<std::uint64_t> bytes = checked_product(shape, sizeof(std::uint64_t));
    if (!bytes || *bytes > kMaxIndexBytes) {
        return over_limit(what + ": the index of a shard holds " + (bytes ? std::to_string(*bytes) : "too many") +
                          " bytes, at most " + std::to_string(kMaxIndexBytes) + " are read");
    }
    DType type;
    type.size = sizeof(std::uint64_t);
    VCUBE_ASSIGN(CodecChain chain,
                 CodecChain::plan_v3(sharding.index_codecs, type, shape, what + ": \"index_codecs\""));
    const std::optional<std::size_t> encoded = chain.encoded_size();
    if (!encoded) {
        return invalid(what + ": \"index_codecs\" must give an encoded size that does not depend on the data");
    }
    ShardIndex index(std::move(chain), number);
    index.encoded_bytes_ = *encoded;
    index.strides_ = dense_strides(shape, index.chain_.order());
    index.inside_ = std::move(inside);
    index.at_end_ = sharding.index_at_end;
    return index;
}

/// Decides how the index of a shard is come by: from bytes at hand, from the cache, or by what range.
Status ShardIndex::prepare(Slot& slot, const ChunkLocation& place, Runtime& runtime) const {
    slot.place = place;
    if (const auto* const bytes = std::get_if<Inline>(&place)) {
        return take(slot, bytes->bytes);
    }
    const auto* const remote = std::get_if<Remote>(&place);
    if (remote == nullptr) {
        return {};
    }
    slot.whole = remote->wrap != Wrap::kNone;
    slot.wanted = remote->range;
    if (!slot.whole) {
        const ByteRange shard = remote->range;
        if (shard.suffix != 0) {
            return unsupported("a shard that is the end of an object of unknown size");
        }
        if (shard.bounded() && (shard.end < shard.begin || shard.size() < encoded_bytes_)) {
            return corrupt("the shard has " + std::to_string(shard.end < shard.begin ? 0 : shard.size()) +
                           " bytes, its index alone " + std::to_string(encoded_bytes_));
        }
        if (!at_end_) {
            slot.wanted = {shard.begin, shard.begin + encoded_bytes_};
        } else if (shard.bounded()) {
            slot.wanted = {shard.end - encoded_bytes_, shard.end};
        } else {
            slot.wanted = ByteRange::last(encoded_bytes_);
        }
    }
    slot.claim = runtime.cache.claim({number_, 2 * slot.number + (slot.whole ? 1 : 0)});
    if (const ChunkData data = slot.claim.hit()) {
        if (slot.whole) {
            slot.place = Inline{data->span(), data};
            return take(slot, data->span());
        }
        slot.index = data;
    }
    return {};
}

/// The index out of a whole shard.
Status ShardIndex::take(Slot& slot, ByteSpan bytes) const {
    if (bytes.size() < encoded_bytes_) {
        return corrupt("the shard has " + std::to_string(bytes.size()) + " bytes, its index alone " +
                       std::to_string(encoded_bytes_));
    }
    Buffer index(chain_.decoded_size());
    VCUBE_TRY(chain_.decode(at_end_ ? bytes.last(encoded_bytes_) : bytes.first(encoded_bytes_), index.span()));
    slot.index = std::make_shared<const Buffer>(std::move(index));
    return {};
}

void ShardIndex::fetch(Runtime& runtime, std::span<Slot*> slots, const FetchOptions& options) const {
    std::vector<FetchRequest> requests;
    for (const Slot* slot : slots) {
        requests.push_back({std::get<Remote>(slot->place).url, slot->wanted});
    }
    const auto land = [&](Slot& slot, const Result<ByteSpan>& bytes) -> Status {
        const Remote place = std::get<Remote>(slot.place);
        if (!bytes.ok()) {
            if (bytes.error().code == ErrorCode::kNotFound && place.may_be_absent) {
                slot.place = Missing{};
                return {};
            }
            return bytes.error();
        }
        if (slot.whole) {
            VCUBE_ASSIGN(Buffer shard, unwrap(place, bytes.value(), kMaxUnwrappedShard));
            const auto data = std::make_shared<const Buffer>(std::move(shard));
            VCUBE_TRY(take(slot, data->span()));
            slot.place = Inline{data->span(), data};
            slot.claim.complete(data);
            return {};
        }
        Buffer index(chain_.decoded_size());
        VCUBE_TRY(chain_.decode(bytes.value(), index.span()));
        slot.index = std::make_shared<const Buffer>(std::move(index));
        slot.claim.complete(slot.index);
        return {};
    };
    const FetchSink sink = [&](std::size_t i, const Result<ByteSpan>& bytes) {
        Slot& slot = *slots[i];
        try {
            if (Status landed = land(slot, bytes); !landed.ok()) {
                slot.fail(landed.error());
            }
        } catch (const std::bad_alloc&) {
            slot.fail(over_limit("no memory for it"));
        }
        slot.claim.complete(nullptr);  // nothing where it was completed: those who wait must not wait for a failure
    };
    if (!requests.empty()) {
        runtime.fetcher->fetch(requests, sink, options);
    }
}

Result<ChunkLocation> ShardIndex::entry(const Slot& slot, std::uint64_t at) const {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::memcpy(&offset, slot.index->data() + at * sizeof offset, sizeof offset);
    std::memcpy(&length, slot.index->data() + (at + strides_.back()) * sizeof length, sizeof length);
    if (offset == kAbsent && length == kAbsent) {
        return ChunkLocation(Missing{});
    }
    std::uint64_t end = 0;
    const bool counted = !__builtin_add_overflow(offset, length, &end);
    const auto outside = [&](std::uint64_t size) {
        return corrupt(slot.label() + ": a chunk of " + std::to_string(length) + " bytes at byte " +
                       std::to_string(offset) + " reaches outside of the shard's " + std::to_string(size) + " bytes");
    };
    if (const auto* const bytes = std::get_if<Inline>(&slot.place)) {
        if (!counted || end > bytes->bytes.size()) {
            return outside(bytes->bytes.size());
        }
        return ChunkLocation(Inline{bytes->bytes.subspan(offset, length), bytes->owner});
    }
    const auto& shard = std::get<Remote>(slot.place);
    const bool bounded = shard.range.bounded();
    std::uint64_t last = 0;
    if (!counted || (bounded && end > shard.range.size()) || __builtin_add_overflow(shard.range.begin, end, &last) ||
        last == ByteRange::kEnd) {
        return outside(bounded ? shard.range.size() : ByteRange::kEnd);
    }
    Remote chunk;
    chunk.url = shard.url;
    chunk.range = {shard.range.begin + offset, last};
    return ChunkLocation(std::move(chunk));
}

std::uint64_t ShardIndex::shard_of(const ArrayMeta& meta, const std::uint64_t* chunk) const {
    std::uint64_t number = 0;
    for (std::size_t d = 0; d < inside_.size(); ++d) {
        const std::uint64_t extent = meta.sharding->shard[d];
        number = number * (meta.shape[d] / extent + (meta.shape[d] % extent != 0 ? 1 : 0)) + chunk[d] / inside_[d];
    }
    return number;
}

std::string ShardIndex::key_of(const ArrayMeta& meta, const std::uint64_t* chunk) const {
    Shape shard(inside_.size());
    for (std::size_t d = 0; d < shard.size(); ++d) {
        shard[d] = chunk[d] / inside_[d];
    }
    return meta.chunk_key(shard.data());
}

Status ShardIndex::locate(const Store& store, Runtime& runtime, const ArrayMeta& meta,
                          std::span<const std::uint64_t> chunks, std::span<Result<ChunkLocation>> out,
                          const FetchOptions& options) const {
    const std::size_t rank = inside_.size();
    std::vector<Slot> slots;
    std::vector<std::size_t> slot_of(out.size());
    std::vector<std::uint64_t> at(out.size(), 0);
    std::unordered_map<std::uint64_t, std::size_t> known;
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::uint64_t* const chunk = chunks.data() + i * rank;
        for (std::size_t d = 0; d < rank; ++d) {
            at[i] += chunk[d] % inside_[d] * strides_[d];
        }
        const std::uint64_t number = shard_of(meta, chunk);
        const auto [slot, added] = known.try_emplace(number, slots.size());
        slot_of[i] = slot->second;
        if (added) {
            slots.emplace_back();
            slots.back().key = key_of(meta, chunk);
            slots.back().number = number;
        }
    }
    VCUBE_TRY(bring(store, runtime, slots, options));
    for (std::size_t i = 0; i < out.size(); ++i) {
        const Slot& slot = slots[slot_of[i]];
        out[i] = slot.error   ? Result<ChunkLocation>(*slot.error)
                 : slot.index ? entry(slot, at[i])
                              : Result<ChunkLocation>(ChunkLocation(Missing{}));
    }
    return {};
}

/// Finds the shards and gets their indexes; a fault of one shard stays in its slot.
Status ShardIndex::bring(const Store& store, Runtime& runtime, std::vector<Slot>& slots,
                         const FetchOptions& options) const {
    std::vector<std::string> keys;
    keys.reserve(slots.size());
    for (const Slot& slot : slots) {
        keys.push_back(slot.key);
    }
    std::vector<ChunkLocation> places(slots.size());
    VCUBE_TRY(store.locate(keys, places));
    std::vector<Slot*> wanted;
    std::vector<Slot*> joined;
    for (std::size_t k = 0; k < slots.size(); ++k) {
        Slot& slot = slots[k];
        if (const Status ready = prepare(slot, places[k], runtime); !ready.ok()) {
            slot.fail(ready.error());
        } else if (slot.claim.owned()) {
            wanted.push_back(&slot);
        } else if (slot.claim.joined()) {
            joined.push_back(&slot);
        }
    }
    fetch(runtime, wanted, options);
    // This call's own are done, so those whom it waits for never wait for it.
    std::vector<Slot*> left;
    for (Slot* slot : joined) {
        const ChunkData data = slot->claim.wait();
        if (!data) {
            left.push_back(slot);
        } else if (!slot->whole) {
            slot->index = data;
        } else {
            slot->place = Inline{data->span(), data};
            if (const Status taken = take(*slot, data->span()); !taken.ok()) {
                slot->fail(taken.error());
            }
        }
    }
    fetch(runtime, left, options);
    return {};
}

}  // namespace vcube
