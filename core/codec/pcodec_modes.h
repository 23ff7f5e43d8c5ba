// From latents to the bits of numbers: the modes of pco, and its order-preserving map from unsigned integers to
// integers and floats. Pure functions on a batch; arithmetic wraps.
// Source: pco's docs/format.md, "Modes".
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <type_traits>

#include "core/codec/half.h"
#include "core/codec/pcodec_bits.h"
#include "core/codec/pcodec_meta.h"

namespace vcube::pcodec {

/// The bits of the float that stands at `ordered`: negative ones have all their bits flipped, others the first.
template <class L>
L float_bits(L ordered) {
    const auto flipped = static_cast<L>(ordered >> (kBits<L> - 1)) - 1;  // all ones: negative
    return static_cast<L>(ordered ^ (static_cast<L>(flipped) | kMiddle<L>));
}
template <class L>
L ordered_float(L bits) {
    const auto negative = static_cast<L>(0 - (bits >> (kBits<L> - 1)));
    return static_cast<L>(bits ^ (negative | kMiddle<L>));
}

/// Floats of each width: how many bits their fraction has, and products as their own arithmetic rounds them.
template <class L>
struct FloatOf;
template <>
struct FloatOf<std::uint16_t> {
    static constexpr unsigned kFraction = 10;
    static std::uint16_t from_integer(std::uint16_t value) { return half_from_double(value).bits; }
    static std::uint16_t product(std::uint16_t a, std::uint16_t b) {
        // Exact in double, so rounded once.
        return half_from_double(static_cast<double>(half_to_float(Half{a})) * half_to_float(Half{b})).bits;
    }
};
template <>
struct FloatOf<std::uint32_t> {
    static constexpr unsigned kFraction = 23;
    static std::uint32_t from_integer(std::uint32_t value) {
        return std::bit_cast<std::uint32_t>(static_cast<float>(value));
    }
    static std::uint32_t product(std::uint32_t a, std::uint32_t b) {
        return std::bit_cast<std::uint32_t>(std::bit_cast<float>(a) * std::bit_cast<float>(b));
    }
};
template <>
struct FloatOf<std::uint64_t> {
    static constexpr unsigned kFraction = 52;
    static std::uint64_t from_integer(std::uint64_t value) {
        return std::bit_cast<std::uint64_t>(static_cast<double>(value));
    }
    static std::uint64_t product(std::uint64_t a, std::uint64_t b) {
        return std::bit_cast<std::uint64_t>(std::bit_cast<double>(a) * std::bit_cast<double>(b));
    }
};

/// The bits of the integer among floats that a latent counts: 0, 1, 2, ... from the middle up, -0, -1, ... below it.
/// From where floats are whole anyway they are counted one by one, to infinity and NaN.
template <class L>
L whole_float_bits(L latent) {
    const bool negative = latent < kMiddle<L>;
    const auto magnitude = static_cast<L>(negative ? kMiddle<L> - 1 - latent : static_cast<L>(latent - kMiddle<L>));
    constexpr auto kAllWhole = static_cast<L>(L{1} << (FloatOf<L>::kFraction + 1));
    const L bits = magnitude < kAllWhole
                       ? FloatOf<L>::from_integer(magnitude)
                       : static_cast<L>(FloatOf<L>::from_integer(kAllWhole) + (magnitude - kAllWhole));
    return static_cast<L>(negative ? bits ^ kMiddle<L> : bits);
}

template <class L>
void join_int_mult(std::span<L> primary, std::span<const L> secondary, L base) {
    for (std::size_t i = 0; i < primary.size(); ++i) {
        // Of 16 bits: as unsigned int, for products that do not fit an int.
        primary[i] = static_cast<L>(static_cast<std::common_type_t<L, unsigned>>(primary[i]) * base + secondary[i]);
    }
}

template <class L>
void join_float_mult(std::span<L> primary, std::span<const L> secondary, L base) {
    if constexpr (sizeof(L) > 1) {
        const L factor = float_bits(base);
        for (std::size_t i = 0; i < primary.size(); ++i) {
            const L product = FloatOf<L>::product(whole_float_bits(primary[i]), factor);
            primary[i] = static_cast<L>(ordered_float(product) + secondary[i] + kMiddle<L>);
        }
    }
}

template <class L>
void join_float_quant(std::span<L> primary, std::span<const L> secondary, unsigned bits) {
    const auto all = static_cast<L>((L{1} << bits) - 1);
    const auto first_positive = static_cast<L>(kMiddle<L> >> bits);
    for (std::size_t i = 0; i < primary.size(); ++i) {
        const L low = primary[i] >= first_positive ? secondary[i] : static_cast<L>(all - secondary[i]);
        primary[i] = static_cast<L>(static_cast<L>(primary[i] << bits) + low);
    }
}

/// False where an index is not one of the dictionary.
template <class L>
bool look_up(std::span<const std::uint32_t> indices, ByteSpan dictionary, std::span<L> out) {
    const std::size_t count = dictionary.size() / sizeof(L);
    for (std::size_t i = 0; i < indices.size(); ++i) {
        if (indices[i] >= count) {
            return false;
        }
        // Byte by byte in the stream's order.
        L value = 0;
        for (std::size_t k = 0; k < sizeof(L); ++k) {
            value = static_cast<L>(value | static_cast<L>(std::to_integer<L>(dictionary[indices[i] * sizeof(L) + k]))
                                               << (8 * k));
        }
        out[i] = value;
    }
    return true;
}

/// From ordered latents to the numbers' bits.
template <class L>
void order_to_bits(std::span<L> values, NumberKind kind) {
    if (kind == NumberKind::kSigned) {
        for (L& value : values) {
            value ^= kMiddle<L>;
        }
    } else if (kind == NumberKind::kFloat) {
        for (L& value : values) {
            value = float_bits(value);
        }
    }
}

}  // namespace vcube::pcodec
