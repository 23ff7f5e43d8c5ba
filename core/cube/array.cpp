#include "core/cube/array.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>

#include "core/base/dtype_text.h"
#include "core/cube/region_plan.h"
#include "core/cube/region_read.h"
#include "core/cube/shard_index.h"
#include "core/cube/string_read.h"

namespace vcube {
namespace {

std::vector<RegionRead> without_empty(std::span<const RegionRead> reads) {
    std::vector<RegionRead> out;
    std::copy_if(reads.begin(), reads.end(), std::back_inserter(out), [](const RegionRead& read) {
        const std::vector<std::uint64_t>& count = read.region.count;
        return std::find(count.begin(), count.end(), 0U) == count.end();
    });
    return out;
}

}  // namespace

struct Array::State {
    State(ArraySource source, ArrayMeta meta_in)
        : store(std::move(source.store)),
          runtime(std::move(source.runtime)),
          session(std::move(source.session)),
          numbers(source.numbers ? std::move(source.numbers) : std::make_shared<ArrayNumbers>(runtime)),
          meta(std::move(meta_in)),
          number(numbers->of(cache_name())) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    Status plan();
    [[nodiscard]] ReadSource source() const {
        return {*store, meta, *chain, *runtime, number, shards ? &*shards : nullptr, session};
    }
    [[nodiscard]] Status check(const Region& region) const {
        const Status checked = check_region(region, meta.shape);
        return checked.ok() ? checked : Status(with_context(label(), checked.error()));
    }
    /// Equal where decoded chunks are: the same array, its elements taken as the same type.
    [[nodiscard]] std::string cache_name() const { return meta.path + "\n" + dtype_text(meta.dtype); }
    [[nodiscard]] std::string label() const { return std::string(store->name()) + ": array \"" + meta.path + "\""; }

    const std::shared_ptr<const Store> store;
    const std::shared_ptr<Runtime> runtime;
    const std::shared_ptr<FetchSession> session;
    const std::shared_ptr<ArrayNumbers> numbers;
    const ArrayMeta meta;
    const std::uint64_t number;
    std::optional<CodecChain> chain;
    std::optional<ShardIndex> shards;
    Error chain_error;  // where there is no chain
};

Status Array::State::plan() {
    if (meta.codecs.is_null()) {
        VCUBE_ASSIGN(chain,
                     CodecChain::plan_v2(meta.filters, meta.compressor, meta.dtype, meta.chunk_elements(), label()));
        return {};
    }
    if (meta.sharding) {
        VCUBE_ASSIGN(shards, ShardIndex::plan(meta, numbers->of(meta.path + "\nshards"), label()));
    }
    VCUBE_ASSIGN(chain, CodecChain::plan_v3(meta.codecs, meta.dtype, meta.chunks, label(), meta.fill));
    return {};
}

Result<Array> Array::open(ArraySource source, ArrayMeta meta) {
    auto state = std::make_shared<State>(std::move(source), std::move(meta));
    if (const Status planned = state->plan(); !planned.ok()) {
        state->chain_error = planned.error();
    }
    return Array(std::move(state));
}

const ArrayMeta& Array::meta() const {
    return state_->meta;
}

std::vector<std::string> Array::codec_ids() const {
    return state_->chain ? state_->chain->ids() : std::vector<std::string>();
}

Status Array::read(const Region& region, const Destination& destination, const ReadOptions& options) const {
    const RegionRead one{region, destination};
    return read_many({&one, 1}, options);
}

Status Array::read_many(std::span<const RegionRead> reads, const ReadOptions& options) const {
    const State& state = *state_;
    for (const RegionRead& read : reads) {
        VCUBE_TRY(state.check(read.region));
        if (read.destination.strides.size() != state.meta.shape.size()) {
            return invalid(state.label() + ": a destination of " + std::to_string(read.destination.strides.size()) +
                           " dimensions for an array of " + std::to_string(state.meta.shape.size()));
        }
        if (read.destination.type != reads.front().destination.type) {
            return invalid(state.label() + ": regions read together go to elements of one type");
        }
    }
    const std::vector<RegionRead> some = without_empty(reads);
    if (some.empty()) {
        return {};
    }
    return state.chain ? read_regions(state.source(), some, options) : Status(state.chain_error);
}

Status Array::prefetch(std::span<const RegionRead> reads, const ReadOptions& options) const {
    const State& state = *state_;
    for (const RegionRead& read : reads) {
        VCUBE_TRY(state.check(read.region));
    }
    return state.chain ? prefetch_regions(state.source(), without_empty(reads), options) : Status(state.chain_error);
}

Result<std::vector<std::string>> Array::read_strings(const Region& region, const ReadOptions& options,
                                                     std::uint64_t max_bytes) const {
    const State& state = *state_;
    VCUBE_TRY(state.check(region));
    if (!state.chain) {
        return state.chain_error;
    }
    return read_text(state.source(), region, options, max_bytes);
}

Result<ChunkLocation> Array::locate_chunk(std::span<const std::uint64_t> index) const {
    const State& state = *state_;
    const Shape grid = state.meta.chunk_grid();
    if (!std::equal(index.begin(), index.end(), grid.begin(), grid.end(), std::less<>())) {
        return invalid(state.label() + ": no chunk has these indices in its grid of " + std::to_string(grid.size()) +
                       " dimensions");
    }
    if (state.meta.sharding) {
        if (!state.shards) {
            return state.chain_error;
        }
        Result<ChunkLocation> place = ChunkLocation(Missing{});
        FetchOptions fetch;
        fetch.session = state.session;
        const Status located =
            state.shards->locate(*state.store, *state.runtime, state.meta, index, {&place, 1}, fetch);
        if (!located.ok()) {
            return with_context(state.label(), located.error());
        }
        return place.ok() ? std::move(place) : with_context(state.label(), place.error());
    }
    const std::string key = state.meta.chunk_key(index.data());
    ChunkLocation place;
    if (const Status located = state.store->locate({&key, 1}, {&place, 1}); !located.ok()) {
        return with_context(state.label(), located.error());
    }
    return place;
}

Result<Buffer> Array::read_all(std::uint64_t max_bytes, const ReadOptions& options) const {
    const ArrayMeta& array = state_->meta;
    const std::optional<std::uint64_t> bytes = checked_product(array.shape, array.dtype.size);
    if (!bytes || *bytes > max_bytes) {
        return over_limit(state_->label() + ": holds " + (bytes ? std::to_string(*bytes) : "too many") +
                          " bytes, at most " + std::to_string(max_bytes) + " are read at once");
    }
    Buffer out(*bytes);
    const std::size_t rank = array.shape.size();
    const Region region{Shape(rank, 0), array.shape, std::vector<std::int64_t>(rank, 1)};
    Destination destination{out.data(), std::vector<std::ptrdiff_t>(rank), array.dtype};
    destination.type.little = std::endian::native == std::endian::little;
    std::ptrdiff_t stride = array.dtype.size;
    for (std::size_t d = rank; d-- > 0;) {
        destination.strides[d] = stride;
        stride *= static_cast<std::ptrdiff_t>(array.shape[d]);
    }
    VCUBE_TRY(read(region, destination, options));
    return out;
}

}  // namespace vcube
