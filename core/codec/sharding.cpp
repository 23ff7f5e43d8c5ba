#include "core/codec/sharding.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "core/codec/chain.h"
#include "core/codec/scratch.h"

namespace vcube {
namespace {

constexpr std::uint64_t kAbsent = ~std::uint64_t{0};

// Where the elements of an inner chunk lie: the position of element k of the chunk's memory in the shard's.
class Grid {
public:
    Grid(Shape shard, Shape chunk) : shard_(std::move(shard)), chunk_(std::move(chunk)), counts_(chunk_.size()) {
        for (std::size_t d = 0; d < counts_.size(); ++d) {
            counts_[d] = shard_[d] / chunk_[d];
        }
        strides_ = strides_of(shard_, {});
    }
    [[nodiscard]] const Shape& chunk() const { return chunk_; }
    [[nodiscard]] const Shape& counts() const { return counts_; }
    [[nodiscard]] std::size_t chunks() const { return product(counts_); }
    [[nodiscard]] std::size_t elements() const { return product(shard_); }

    // Calls body(shard element, chunk element, count, step in the chunk) for each run along the last dimension; the
    // chunk's dimensions lie in memory as `order` says.
    template <class Body>
    void for_each_run(std::size_t number, const std::vector<std::size_t>& order, Body&& body) const {
        const std::size_t rank = shard_.size();
        const Shape inner = strides_of(chunk_, order);
        std::uint64_t base = 0;
        for (std::size_t d = rank; d-- > 0;) {
            base += number % counts_[d] * chunk_[d] * strides_[d];
            number /= static_cast<std::size_t>(counts_[d]);
        }
        const std::uint64_t run = rank == 0 ? 1 : chunk_[rank - 1];
        const std::uint64_t step = rank == 0 ? 1 : inner[rank - 1];
        Shape index(rank, 0);
        while (true) {
            std::uint64_t in_shard = base;
            std::uint64_t in_chunk = 0;
            for (std::size_t d = 0; d + 1 < rank; ++d) {
                in_shard += index[d] * strides_[d];
                in_chunk += index[d] * inner[d];
            }
            body(static_cast<std::size_t>(in_shard), static_cast<std::size_t>(in_chunk), static_cast<std::size_t>(run),
                 static_cast<std::size_t>(step));
            std::size_t d = rank == 0 ? 0 : rank - 1;
            while (d > 0 && ++index[d - 1] == chunk_[d - 1]) {
                index[d - 1] = 0;
                --d;
            }
            if (d == 0) {
                return;
            }
        }
    }

private:
    static std::size_t product(const Shape& shape) {
        return static_cast<std::size_t>(checked_product(shape).value_or(0));
    }
    // Elements from one index to the next along each dimension.
    static Shape strides_of(const Shape& shape, const std::vector<std::size_t>& order) {
        Shape strides(shape.size());
        std::uint64_t stride = 1;
        for (std::size_t k = shape.size(); k-- > 0;) {
            const std::size_t d = order.empty() ? k : order[k];
            strides[d] = stride;
            stride *= shape[d];
        }
        return strides;
    }

    Shape shard_;
    Shape chunk_;
    Shape counts_;
    Shape strides_;
};

struct Shards {
    Grid grid;
    CodecChain inner;
    CodecChain index;
    std::size_t index_size = 0;
    bool index_at_end = true;

    static Result<Shards> plan(const Json& config, const CodecPlace& place, const Shape& shard, ByteSpan fill);

    // Calls body(number, bytes) for each inner chunk; bytes is nothing for an absent one.
    template <class Body>
    Status for_each(ByteSpan in, Body&& body) const {
        if (in.size() < index_size) {
            return corrupt("shard of " + std::to_string(in.size()) + " bytes is too short for its index of " +
                           std::to_string(index_size));
        }
        const std::size_t count = grid.chunks();
        std::vector<std::uint64_t> entries(2 * count);
        const ByteSpan encoded = index_at_end ? in.last(index_size) : in.first(index_size);
        if (const Status status = index.decode(encoded, std::as_writable_bytes(std::span(entries))); !status.ok()) {
            return with_context("shard index", status.error());
        }
        // Chunks that share bytes would let a small shard cost any amount of work.
        std::uint64_t budget = 4 * static_cast<std::uint64_t>(in.size()) + (1U << 20);
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint64_t offset = entries[2 * i];
            const std::uint64_t size = entries[2 * i + 1];
            if (offset == kAbsent && size == kAbsent) {
                VCUBE_TRY(body(i, std::nullopt));
                continue;
            }
            if (offset > in.size() || size > in.size() - offset || size > budget) {
                return corrupt("shard of " + std::to_string(in.size()) + " bytes: inner chunk " + std::to_string(i) +
                               " at " + std::to_string(offset) + " with " + std::to_string(size) +
                               " bytes lies beyond it or overlaps others");
            }
            budget -= size;
            const auto begin = static_cast<std::size_t>(offset);
            const std::optional<ByteSpan> bytes = in.subspan(begin, static_cast<std::size_t>(size));
            if (const Status status = body(i, bytes); !status.ok()) {
                return with_context("inner chunk " + std::to_string(i), status.error());
            }
        }
        return {};
    }
};

// Recursive for shards in shards; the depth of a JSON document is bounded.
Result<Shards> Shards::plan(const Json& config, const CodecPlace& place, const Shape& shard, ByteSpan fill) {
    VCUBE_ASSIGN(const Shape chunk, json_shape(config, "chunk_shape", place.what));
    if (chunk.size() != shard.size()) {
        return invalid(place.what + ": \"chunk_shape\" has " + std::to_string(chunk.size()) +
                       " dimensions, the shard has " + std::to_string(shard.size()));
    }
    for (std::size_t d = 0; d < chunk.size(); ++d) {
        if (chunk[d] == 0 || shard[d] % chunk[d] != 0) {
            return invalid(place.what + ": \"chunk_shape\": " + std::to_string(chunk[d]) + " along dimension " +
                           std::to_string(d) + " does not divide the shard's " + std::to_string(shard[d]));
        }
    }
    for (const char* const key : {"codecs", "index_codecs"}) {
        if (!config.contains(key)) {
            return invalid(place.what + ": \"" + key + "\" is missing");
        }
    }
    bool at_end = true;
    if (const auto found = config.find("index_location"); found != config.end() && !found->is_null()) {
        if (*found != "start" && *found != "end") {
            return invalid(place.what + ": \"index_location\": expected \"start\" or \"end\"");
        }
        at_end = *found == "end";
    }
    Grid grid(shard, chunk);
    VCUBE_ASSIGN(CodecChain inner, CodecChain::plan_v3(config["codecs"], place.type, chunk, place.what, fill));
    DType offset;
    offset.size = 8;
    Shape entries = grid.counts();
    entries.push_back(2);
    VCUBE_ASSIGN(CodecChain index,
                 CodecChain::plan_v3(config["index_codecs"], offset, entries, place.what + ": index_codecs"));
    const std::optional<std::size_t> size = index.encoded_size();
    if (!size || !index.order().empty()) {
        return unsupported(place.what + ": \"index_codecs\": only codecs that give the index a fixed size are read");
    }
    return Shards{std::move(grid), std::move(inner), std::move(index), *size, at_end};
}

class ShardingCodec final : public Codec {
public:
    ShardingCodec(Shards shards, std::size_t element_size, std::optional<std::vector<std::byte>> fill)
        : shards_(std::move(shards)), element_size_(element_size), fill_(std::move(fill)) {}
    [[nodiscard]] std::string_view id() const override { return "sharding_indexed"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t) const override { return std::nullopt; }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        const std::size_t size = shards_.grid.elements() * element_size_;
        if (size > out.size()) {
            return over_limit("shard decodes to " + std::to_string(size) + " bytes, more than " +
                              std::to_string(out.size()));
        }
        const ScratchLease scratch;
        VCUBE_ASSIGN(const MutableByteSpan chunk, scratch->get(0, shards_.inner.decoded_size()));
        const Status status = shards_.for_each(in, [&](std::size_t number, std::optional<ByteSpan> bytes) -> Status {
            if (!bytes) {
                return fill(number, out);
            }
            if (shards_.inner.is_identity() && bytes->size() == chunk.size()) {
                copy(number, *bytes, out);
                return {};
            }
            VCUBE_TRY(shards_.inner.decode(*bytes, chunk));
            copy(number, chunk, out);
            return {};
        });
        return status.ok() ? Result<std::size_t>(size) : status.error();
    }

private:
    void copy(std::size_t number, ByteSpan chunk, MutableByteSpan out) const {
        const std::size_t width = element_size_;
        shards_.grid.for_each_run(number, shards_.inner.order(),
                                  [&](std::size_t to, std::size_t from, std::size_t count, std::size_t step) {
                                      std::byte* target = out.data() + to * width;
                                      const std::byte* source = chunk.data() + from * width;
                                      if (step == 1) {
                                          std::memcpy(target, source, count * width);
                                          return;
                                      }
                                      for (std::size_t i = 0; i < count; ++i) {
                                          std::memcpy(target + i * width, source + i * step * width, width);
                                      }
                                  });
    }
    Status fill(std::size_t number, MutableByteSpan out) const {
        if (!fill_) {
            return unsupported("an absent inner chunk of a shard behind codecs that change the elements is not read");
        }
        const std::size_t width = element_size_;
        shards_.grid.for_each_run(number, {}, [&](std::size_t to, std::size_t, std::size_t count, std::size_t) {
            std::byte* const target = out.data() + to * width;
            if (fill_->size() != width) {
                std::memset(target, 0, count * width);
                return;
            }
            for (std::size_t i = 0; i < count; ++i) {
                std::memcpy(target + i * width, fill_->data(), width);
            }
        });
        return {};
    }

    Shards shards_;
    std::size_t element_size_;
    std::optional<std::vector<std::byte>> fill_;
};

Result<Buffer> decode_shard_strings(const Shards& shards, std::string_view fill, ByteSpan in, std::size_t elements,
                                    std::uint64_t max_bytes) {
    const std::size_t inner_elements = static_cast<std::size_t>(checked_product(shards.grid.chunk()).value_or(0));
    std::vector<Buffer> decoded(shards.grid.chunks());
    std::vector<std::string_view> found(elements, fill);
    std::uint64_t left = max_bytes;
    VCUBE_TRY(shards.for_each(in, [&](std::size_t number, std::optional<ByteSpan> bytes) -> Status {
        if (!bytes) {
            return {};
        }
        VCUBE_ASSIGN(decoded[number], shards.inner.decode_strings(*bytes, left));
        const ByteSpan strings = decoded[number].span();
        left -= std::min<std::uint64_t>(left, strings.size());
        shards.grid.for_each_run(number, shards.inner.order(),
                                 [&](std::size_t to, std::size_t from, std::size_t count, std::size_t step) {
                                     for (std::size_t i = 0; i < count; ++i) {
                                         found[to + i] = string_at(strings, inner_elements, from + i * step);
                                     }
                                 });
        return {};
    }));
    StringBuilder builder("sharding_indexed", elements, max_bytes);
    for (const std::string_view text : found) {
        VCUBE_TRY(builder.add(text));
    }
    return builder.finish();
}

}  // namespace

// Recursive for shards in shards; the depth of a JSON document is bounded.
Result<std::unique_ptr<const Codec>> make_sharding(const Json& config, const CodecPlace& place, const Shape& shard,
                                                   std::optional<ByteSpan> fill) {
    VCUBE_ASSIGN(Shards shards, Shards::plan(config, place, shard, fill.value_or(ByteSpan())));
    std::optional<std::vector<std::byte>> element;
    if (fill) {
        element.emplace(fill->begin(), fill->end());
    }
    return std::unique_ptr<const Codec>(
        std::make_unique<ShardingCodec>(std::move(shards), place.type.size, std::move(element)));
}

// Recursive for shards in shards; the depth of a JSON document is bounded.
Result<StringDecoder> make_sharding_strings(const Json& config, const CodecPlace& place, const Shape& shard,
                                            ByteSpan fill) {
    VCUBE_ASSIGN(Shards planned, Shards::plan(config, place, shard, fill));
    auto shards = std::make_shared<const Shards>(std::move(planned));
    return StringDecoder(
        [shards, text = std::string(as_text(fill))](ByteSpan in, std::size_t elements, std::uint64_t max_bytes) {
            return decode_shard_strings(*shards, text, in, elements, max_bytes);
        });
}

}  // namespace vcube
