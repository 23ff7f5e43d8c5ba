// IEEE 754 binary16 to and from binary32. Pure functions; exact, or rounded to nearest even on the way down.
#pragma once

#include <bit>
#include <cstdint>

namespace vcube {

inline float half_to_float(std::uint16_t half) {
    const std::uint32_t sign = std::uint32_t{half & 0x8000U} << 16U;
    const std::uint32_t magnitude = half & 0x7FFFU;
    if (magnitude >= 0x7C00U) {  // infinity, NaN with its payload
        return std::bit_cast<float>(sign | 0x7F800000U | ((magnitude & 0x3FFU) << 13U));
    }
    if (magnitude >= 0x0400U) {
        return std::bit_cast<float>(sign | ((magnitude << 13U) + (std::uint32_t{112} << 23U)));
    }
    const float value = static_cast<float>(magnitude) * 0x1p-24F;  // subnormal or zero: exact
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | sign);
}

inline std::uint16_t float_to_half(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = (bits >> 16U) & 0x8000U;
    const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
    std::uint32_t half = 0;
    if (magnitude > 0x7F800000U) {
        half = 0x7E00U | ((magnitude >> 13U) & 0x3FFU);
    } else if (magnitude >= 0x477FF000U) {  // 65520 and more round to infinity
        half = 0x7C00U;
    } else if (magnitude < 0x38800000U) {  // subnormal: the sum's rounding does the work
        const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
        half = std::bit_cast<std::uint32_t>(shifted) - 0x3F000000U;
    } else {
        const std::uint32_t odd = (magnitude >> 13U) & 1U;
        half = (magnitude - (std::uint32_t{112} << 23U) + 0xFFFU + odd) >> 13U;
    }
    return static_cast<std::uint16_t>(sign | half);
}

}  // namespace vcube
