#include "core/cube/array.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <utility>

#include "core/cube/region_plan.h"
#include "core/cube/region_read.h"
#include "core/cube/shard_index.h"
#include "core/cube/string_read.h"

namespace vcube {
namespace {

std::uint64_t next_array_number() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

}  // namespace

struct Array::State {
    State(std::shared_ptr<const Store> store_in, ArrayMeta meta_in, std::shared_ptr<Runtime> runtime_in)
        : store(std::move(store_in)),
          meta(std::move(meta_in)),
          runtime(std::move(runtime_in)),
          number(next_array_number()) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        runtime->cache.forget(number);
        if (shards) {
            runtime->cache.forget(shards->number());
        }
    }

    Status plan();
    [[nodiscard]] ReadSource source() const {
        return {*store, meta, *chain, *runtime, number, shards ? &*shards : nullptr};
    }
    [[nodiscard]] std::string label() const { return std::string(store->name()) + ": array \"" + meta.path + "\""; }

    const std::shared_ptr<const Store> store;
    const ArrayMeta meta;
    const std::shared_ptr<Runtime> runtime;
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
        VCUBE_ASSIGN(shards, ShardIndex::plan(meta, next_array_number(), label()));
    }
    VCUBE_ASSIGN(chain, CodecChain::plan_v3(meta.codecs, meta.dtype, meta.chunks, label(), meta.fill));
    return {};
}

Result<Array> Array::open(std::shared_ptr<const Store> store, ArrayMeta meta, std::shared_ptr<Runtime> runtime) {
    auto state = std::make_shared<State>(std::move(store), std::move(meta), std::move(runtime));
    if (const Status planned = state->plan(); !planned.ok()) {
        state->chain_error = planned.error();
    }
    return Array(std::move(state));
}

const ArrayMeta& Array::meta() const {
    return state_->meta;
}

const std::shared_ptr<const Store>& Array::store() const {
    return state_->store;
}

std::vector<std::string> Array::codec_ids() const {
    return state_->chain ? state_->chain->ids() : std::vector<std::string>();
}

Status Array::read(const Region& region, const Destination& destination, const ReadOptions& options) const {
    const State& state = *state_;
    if (const Status checked = check_region(region, state.meta.shape); !checked.ok()) {
        return with_context(state.label(), checked.error());
    }
    if (destination.strides.size() != state.meta.shape.size()) {
        return invalid(state.label() + ": a destination of " + std::to_string(destination.strides.size()) +
                       " dimensions for an array of " + std::to_string(state.meta.shape.size()));
    }
    if (std::find(region.count.begin(), region.count.end(), 0U) != region.count.end()) {
        return {};
    }
    if (!state.chain) {
        return state.chain_error;
    }
    return read_region(state.source(), region, destination, options);
}

Result<std::vector<std::string>> Array::read_strings(const Region& region, const ReadOptions& options,
                                                     std::uint64_t max_bytes) const {
    const State& state = *state_;
    if (const Status checked = check_region(region, state.meta.shape); !checked.ok()) {
        return with_context(state.label(), checked.error());
    }
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
        const Status located = state.shards->locate(*state.store, *state.runtime, state.meta, index, {&place, 1}, {});
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
