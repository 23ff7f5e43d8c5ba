// One row of pixels: polynomials in, hexagons out, several pixels an instruction. Internal to core/dgg; pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vcube::dgg {

inline constexpr std::size_t kRowBlock = 16;           // pixels at once; output arrays have room for whole blocks
inline constexpr std::uint32_t kUnsure = 0xFFFFFFFFU;  // too close to a hexagon's edge to tell
inline constexpr std::size_t kMaxDegree = 5;

/// A polynomial in a pixel's position along the row, -1 at the first pixel's centre and 1 at the last's.
using RowPolynomial = std::array<float, kMaxDegree + 1>;

/// Pixel k stands at s = first + k * step.
struct RowSteps {
    float first = -1, step = 0;
};

struct HexRow {
    RowPolynomial u{}, v{};  // quad coordinates from (base_u, base_v); not negative along the row
    std::size_t degree = 5;  // 2..5; higher coefficients are ignored
    float margin = 0;        // smallest difference between the two largest weights that is believed
    int shift = 0;           // result = base + (i << shift) + j, with (i, j) from (base_u, base_v)
    std::uint32_t base = 0;
};

/// Cells at pixels [begin, end) into out[begin..]; begin is a multiple of kRowBlock; whole blocks are written. Returns
/// true where a pixel is kUnsure (one in the padding may count too).
bool hex_row(const HexRow& row, const RowSteps& steps, std::size_t begin, std::size_t end, std::uint32_t* out);

/// Values of a polynomial at pixels [0, count), whole blocks.
void polynomial_row(const RowPolynomial& polynomial, const RowSteps& steps, std::size_t count, float* out);

}  // namespace vcube::dgg
