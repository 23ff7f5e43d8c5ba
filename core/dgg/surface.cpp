#include "core/dgg/surface.h"

#include <cmath>
#include <numbers>

namespace vcube::dgg {
namespace {

struct NodeTables {
    std::array<double, kNodes> at{};
    NodeMatrix inverse{};             // coefficients from values: row = power, column = node
    NodeMatrix inverse_transposed{};  // row = node, column = power
};

NodeTables make_tables() {
    NodeTables tables;
    for (std::size_t k = 0; k < kNodes; ++k) {
        tables.at[k] = -std::cos(std::numbers::pi * static_cast<double>(k) / (kNodes - 1));
    }
    // Column k: the coefficients of the Lagrange polynomial of node k.
    for (std::size_t k = 0; k < kNodes; ++k) {
        std::array<double, kNodes> product{1};
        std::size_t degree = 0;
        for (std::size_t other = 0; other < kNodes; ++other) {
            if (other == k) {
                continue;
            }
            const double scale = 1 / (tables.at[k] - tables.at[other]);
            for (std::size_t i = ++degree; i > 0; --i) {
                product[i] = scale * (product[i - 1] - tables.at[other] * product[i]);
            }
            product[0] *= -scale * tables.at[other];
        }
        for (std::size_t power = 0; power < kNodes; ++power) {
            tables.inverse[power][k] = product[power];
            tables.inverse_transposed[k][power] = product[power];
        }
    }
    return tables;
}

const NodeTables& tables() {
    static const NodeTables made = make_tables();
    return made;
}

/// left * middle * right, all kNodes square; of middle the first `rows` rows count.
[[gnu::always_inline]] inline NodeMatrix product_body(const NodeMatrix& left, const NodeMatrix& middle,
                                                      const NodeMatrix& right, std::size_t rows) {
    NodeMatrix half{};
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t k = 0; k < kNodes; ++k) {
            for (std::size_t column = 0; column < kNodeWidth; ++column) {
                half[row][column] += middle[row][k] * right[k][column];
            }
        }
    }
    NodeMatrix result{};
    for (std::size_t row = 0; row < kNodes; ++row) {
        for (std::size_t k = 0; k < rows; ++k) {
            for (std::size_t column = 0; column < kNodeWidth; ++column) {
                result[row][column] += left[row][k] * half[k][column];
            }
        }
    }
    return result;
}

/// Coefficients of a row at t.
[[gnu::always_inline]] inline NodeRow collapse_body(const NodeMatrix& coefficients, double t) {
    NodeRow sum = coefficients[kNodes - 1];
    for (std::size_t power = kNodes - 1; power > 0; --power) {
        for (std::size_t k = 0; k < kNodeWidth; ++k) {
            sum[k] = sum[k] * t + coefficients[power - 1][k];
        }
    }
    return sum;
}

// The same source for each instruction set: the compiler vectorises the loops after inlining.
NodeMatrix product_plain(const NodeMatrix& left, const NodeMatrix& middle, const NodeMatrix& right, std::size_t rows) {
    return product_body(left, middle, right, rows);
}
NodeRow collapse_plain(const NodeMatrix& coefficients, double t) {
    return collapse_body(coefficients, t);
}
#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] NodeMatrix product_avx2(const NodeMatrix& left, const NodeMatrix& middle,
                                                    const NodeMatrix& right, std::size_t rows) {
    return product_body(left, middle, right, rows);
}
[[gnu::target("avx2,fma")]] NodeRow collapse_avx2(const NodeMatrix& coefficients, double t) {
    return collapse_body(coefficients, t);
}
#endif

struct Functions {
    decltype(&product_plain) product = product_plain;
    decltype(&collapse_plain) collapse = collapse_plain;
};

const Functions& functions() {
    static const Functions chosen = [] {
#if defined(__x86_64__)
        if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) {
            return Functions{product_avx2, collapse_avx2};
        }
#endif
        return Functions{};
    }();
    return chosen;
}

}  // namespace

const std::array<double, kNodes>& nodes() {
    return tables().at;
}

Surface Surface::fit(const NodeMatrix& values, std::size_t rows) {
    static constexpr NodeMatrix kConstant{{{1}}};
    return {functions().product(rows == 1 ? kConstant : tables().inverse, values, tables().inverse_transposed, rows)};
}

NodeMatrix Surface::values_in(double s_middle, double s_half, double t_middle, double t_half, std::size_t rows) const {
    const auto& at = nodes();
    NodeMatrix s_powers{};  // row = power, column = node
    NodeMatrix t_powers{};  // row = node, column = power
    for (std::size_t k = 0; k < kNodes; ++k) {
        double s_power = 1;
        double t_power = 1;
        for (std::size_t power = 0; power < kNodes; ++power) {
            s_powers[power][k] = s_power;
            s_power *= s_middle + s_half * at[k];
            t_powers[k][power] = k < rows ? t_power : 0;
            t_power *= t_middle + (rows == 1 ? 0 : t_half * at[k]);
        }
    }
    return functions().product(t_powers, coefficients, s_powers, kNodes);
}

NodeRow Surface::at_row(double t) const {
    return functions().collapse(coefficients, t);
}

double Surface::spread() const {
    double sum = 0;
    for (const auto& row : coefficients) {
        for (const double value : row) {
            sum += std::abs(value);
        }
    }
    return sum - std::abs(middle());
}

double Surface::tail() const {
    // What the leading coefficients of the Chebyshev polynomials T4 and T5 divide by.
    static constexpr std::array<double, kNodeWidth> kWeight{1, 1, 1, 1, 1.0 / 8, 1.0 / 16, 0, 0};
    double sum = 0;
    for (std::size_t row = 0; row < kNodes; ++row) {
        for (std::size_t column = row < 4 ? 4 : 0; column < kNodes; ++column) {
            sum += kWeight[row] * kWeight[column] * std::abs(coefficients[row][column]);
        }
    }
    return sum;
}

double Surface::share_above(std::size_t degree) const {
    double sum = 0;
    for (const auto& row : coefficients) {
        for (std::size_t k = degree + 1; k < kNodes; ++k) {
            sum += std::abs(row[k]);
        }
    }
    return sum;
}

}  // namespace vcube::dgg
