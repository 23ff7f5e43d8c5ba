#include "core/codec/pcodec_page.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <optional>
#include <string>

#include "core/codec/pcodec_delta.h"
#include "core/codec/pcodec_latents.h"
#include "core/codec/pcodec_modes.h"

namespace vcube::pcodec {
namespace {

constexpr DeltaEncoding kNoDelta;

Error cut_short() {
    return corrupt("it is cut short");
}

// One variable of the page, with the batch it stands at.
template <class L>
class Variable {
public:
    Variable(const LatentVariable& variable, const DeltaEncoding& delta, std::size_t count)
        : stream_(variable), delta_(delta, count), given_(count - std::min(count, delta.state_size)) {}

    Status read_start(BitReader& reader) {
        if (std::uint64_t{delta_.state_size()} * (8 * sizeof(L)) > reader.bits_left()) {
            return cut_short();
        }
        delta_.read_state(reader);
        stream_.read_states(reader);
        return stream_.empty() && given_ > 0 ? Status(corrupt("it has latents and no bins for them")) : Status();
    }

    // The next `count` latents.
    Status next(BitReader& reader, std::size_t count, std::span<const std::uint32_t> lookbacks = {}) {
        const std::size_t given = std::min(count, given_);
        given_ -= given;
        if (given > 0) {
            stream_.next(reader, std::span(batch_).first(given));
        }
        if (reader.overrun()) {
            return cut_short();
        }
        return delta_.decode(std::span(batch_).first(count), given, lookbacks)
                   ? Status()
                   : Status(corrupt("a lookback leads out of its window"));
    }

    std::span<L> batch(std::size_t count) { return std::span(batch_).first(count); }

private:
    LatentStream<L> stream_;
    DeltaDecoder<L> delta_;
    std::size_t given_;  // latents that still come out of the stream; behind them the state's come out
    std::array<L, kBatch> batch_{};
};

// `P`: primary latents; `L`: the numbers' latents. They differ only where the former are indices.
template <class P, class L>
Status join(const Chunk& chunk, std::span<P> primary, std::span<const L> secondary, std::byte* out) {
    std::array<L, kBatch> looked_up;
    std::span<L> values;
    if (chunk.mode == Mode::kDict) {
        values = std::span(looked_up).first(primary.size());
        if constexpr (std::is_same_v<P, std::uint32_t>) {
            if (!look_up<L>(primary, chunk.dictionary, values)) {
                return corrupt("an index lies outside its dictionary");
            }
        }
    } else if constexpr (std::is_same_v<P, L>) {
        values = primary;
        if (chunk.mode == Mode::kIntMult) {
            join_int_mult(values, secondary, static_cast<L>(chunk.base));
        } else if (chunk.mode == Mode::kFloatMult) {
            join_float_mult(values, secondary, static_cast<L>(chunk.base));
        } else if (chunk.mode == Mode::kFloatQuant) {
            join_float_quant(values, secondary, chunk.quant_bits);
        }
    }
    order_to_bits(values, chunk.type.kind);
    std::memcpy(out, values.data(), values.size_bytes());
    return {};
}

// In the order of the stream: what each variable starts with, then batches of all of them.
template <class P, class L>
Status read_numbers(BitReader& reader, const Chunk& chunk, std::byte* out) {
    const std::size_t count = chunk.count;
    std::optional<Variable<std::uint32_t>> lookbacks;
    if (chunk.lookbacks) {
        // There are as many as differences.
        const std::size_t differences = count - std::min(count, chunk.delta.state_size);
        lookbacks.emplace(*chunk.lookbacks, kNoDelta, differences);
        VCUBE_TRY(lookbacks->read_start(reader));
    }
    Variable<P> primary(chunk.primary, chunk.delta, count);
    VCUBE_TRY(primary.read_start(reader));
    std::optional<Variable<L>> secondary;
    if (chunk.secondary) {
        secondary.emplace(*chunk.secondary, chunk.delta.secondary ? chunk.delta : kNoDelta, count);
        VCUBE_TRY(secondary->read_start(reader));
    }
    if (!reader.finish_byte()) {
        return corrupt("bits between two fields are not zero");
    }
    for (std::size_t at = 0; at < count; at += kBatch) {
        const std::size_t size = std::min(kBatch, count - at);
        std::span<const std::uint32_t> back;
        if (lookbacks) {
            VCUBE_TRY(lookbacks->next(reader, size));
            back = lookbacks->batch(size);
        }
        VCUBE_TRY(primary.next(reader, size, back));
        std::span<const L> adjustments;
        if (secondary) {
            VCUBE_TRY(secondary->next(reader, size, back));
            adjustments = secondary->batch(size);
        }
        VCUBE_TRY((join<P, L>(chunk, primary.batch(size), adjustments, out + at * sizeof(L))));
    }
    if (!reader.finish_byte()) {
        return corrupt("bits behind its numbers are not zero");
    }
    return reader.overrun() ? Status(cut_short()) : Status();
}

template <class L>
Status read_numbers_of(BitReader& reader, const Chunk& chunk, std::byte* out) {
    return chunk.mode == Mode::kDict ? read_numbers<std::uint32_t, L>(reader, chunk, out)
                                     : read_numbers<L, L>(reader, chunk, out);
}

}  // namespace

Status read_page(BitReader& reader, const Chunk& chunk, MutableByteSpan out) {
    try {
        switch (chunk.type.bits) {
            case 8:
                return read_numbers_of<std::uint8_t>(reader, chunk, out.data());
            case 16:
                return read_numbers_of<std::uint16_t>(reader, chunk, out.data());
            case 32:
                return read_numbers_of<std::uint32_t>(reader, chunk, out.data());
            default:
                return read_numbers_of<std::uint64_t>(reader, chunk, out.data());
        }
    } catch (const std::bad_alloc&) {
        return over_limit("no memory for its tables");
    }
}

}  // namespace vcube::pcodec
