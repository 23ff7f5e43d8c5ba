// Shapes and regions of N-dimensional arrays, with products that cannot overflow unnoticed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace vcube {

/// Elements along each dimension, slowest first. Empty for a scalar.
using Shape = std::vector<std::uint64_t>;

/// More dimensions than numpy allows are refused.
inline constexpr std::size_t kMaxDimensions = 32;

/// a * b, or nothing where it overflows 64 bits.
[[nodiscard]] inline std::optional<std::uint64_t> checked_product(std::uint64_t a, std::uint64_t b) {
    std::uint64_t out = 0;
    if (__builtin_mul_overflow(a, b, &out)) {
        return std::nullopt;
    }
    return out;
}

/// Product of all extents times `factor` (1 for an empty shape), or nothing where it overflows 64 bits.
[[nodiscard]] inline std::optional<std::uint64_t> checked_product(std::span<const std::uint64_t> shape,
                                                                  std::uint64_t factor = 1) {
    std::optional<std::uint64_t> product = factor;
    for (const std::uint64_t extent : shape) {
        product = checked_product(*product, extent);
        if (!product) {
            return std::nullopt;
        }
    }
    return product;
}

/// A strided selection: along dimension d the elements start[d] + k * step[d], k = 0 .. count[d]-1.
/// step may be negative or 0 only where count is 1; every selected index must lie inside the array.
struct Region {
    std::vector<std::uint64_t> start;
    std::vector<std::uint64_t> count;
    std::vector<std::int64_t> step;
};

}  // namespace vcube
