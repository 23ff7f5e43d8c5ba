// IEEE 754 binary16 as numpy's float16: a value type that converts to and from float and double, round half to even.
// Thread-safe: pure functions.
#pragma once

#include <bit>
#include <cstdint>

namespace vcube {

/// The bits of a binary16 number.
struct Half {
    std::uint16_t bits = 0;
};

inline float half_to_float(Half half) {
    const std::uint32_t sign = static_cast<std::uint32_t>(half.bits & 0x8000U) << 16;
    const std::uint32_t exponent = (half.bits >> 10) & 0x1fU;
    const std::uint32_t fraction = half.bits & 0x3ffU;
    if (exponent == 0x1f) {
        return std::bit_cast<float>(sign | 0x7f800000U | (fraction << 13));
    }
    if (exponent == 0) {
        const float magnitude = static_cast<float>(fraction) * 0x1p-24F;  // zero and subnormal numbers, exact
        return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
    }
    return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
}

/// Rounds once, from the double: going through float would round twice.
inline Half half_from_double(double value) {
    const std::uint64_t bits = std::bit_cast<std::uint64_t>(value);
    const std::uint32_t sign = static_cast<std::uint32_t>(bits >> 48) & 0x8000U;
    const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52) - 1);
    const int exponent = static_cast<int>((bits >> 52) & 0x7ff);
    std::uint32_t magnitude = 0;
    if (exponent == 0x7ff) {
        const std::uint32_t payload = static_cast<std::uint32_t>(fraction >> 42);
        magnitude = 0x7c00U | (fraction != 0 && payload == 0 ? 1U : payload);
    } else if (exponent >= 1023 + 16) {
        magnitude = 0x7c00U;  // beyond the largest half by more than rounding
    } else if (exponent >= 1023 - 25) {
        // The significand with its leading one, to be cut by `shift` bits; subnormal halves lose more bits.
        const std::uint64_t significand = fraction | (std::uint64_t{1} << 52);
        const int biased = exponent - 1023 + 15;
        const int shift = biased > 0 ? 42 : 43 - biased;
        const std::uint64_t kept = significand >> shift;
        const std::uint64_t rest = significand & ((std::uint64_t{1} << shift) - 1);
        const std::uint64_t middle = std::uint64_t{1} << (shift - 1);
        const bool up = rest > middle || (rest == middle && (kept & 1U) != 0);
        // A carry out of the significand moves into the exponent, up to infinity.
        const std::uint64_t base = biased > 0 ? (static_cast<std::uint64_t>(biased) - 1) << 10 : 0;
        magnitude = static_cast<std::uint32_t>(base + kept + (up ? 1 : 0));
    }
    return Half{static_cast<std::uint16_t>(sign | magnitude)};
}

}  // namespace vcube
