// Polynomials over a rectangle of pixels: fitted through Chebyshev-Lobatto nodes, with a measured error. Internal to
// core/dgg; value types and pure functions, thread-safe.
//
// A rectangle's pixel centres span s, t in [-1, 1] (s along a row). The nodes lie on its corners and borders too, so a
// convex domain that holds all nodes holds every pixel centre.
#pragma once

#include <array>
#include <cstddef>

namespace vcube::dgg {

inline constexpr std::size_t kNodes = 6;      // along each axis: degree 5
inline constexpr std::size_t kNodeWidth = 8;  // padded for vector instructions
using NodeRow = std::array<double, kNodeWidth>;
/// [t][s]: values at nodes, or coefficients of t^row s^column. Padding is zero.
using NodeMatrix = std::array<NodeRow, kNodes>;

/// The nodes in [-1, 1].
const std::array<double, kNodes>& nodes();

/// A function over a rectangle as a polynomial.
struct Surface {
    NodeMatrix coefficients{};

    /// Through the values at all nodes; with one row, through values[0] only (constant along t).
    static Surface fit(const NodeMatrix& values, std::size_t rows);

    /// Values at the nodes of a part of the rectangle: s = s_middle + s_half * node, and t likewise.
    [[nodiscard]] NodeMatrix values_in(double s_middle, double s_half, double t_middle, double t_half,
                                       std::size_t rows) const;

    /// Coefficients of s^k along the row at t.
    [[nodiscard]] NodeRow at_row(double t) const;

    /// Largest deviation from the middle's value, as a bound.
    [[nodiscard]] double spread() const;

    /// The share of the two highest degrees. Where coefficients decay this is far above the error of the fit: two
    /// degrees, as a symmetric function has every other coefficient zero.
    [[nodiscard]] double tail() const;

    /// Share of the degrees above `degree` along rows, as a bound.
    [[nodiscard]] double share_above(std::size_t degree) const;

    /// true where the function is positive all over, with values wrong by up to `error`.
    [[nodiscard]] bool is_positive(double error) const { return middle() > error && middle() - spread() > error; }

    [[nodiscard]] double middle() const { return coefficients[0][0]; }
};

}  // namespace vcube::dgg
