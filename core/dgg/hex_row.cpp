#include "core/dgg/hex_row.h"

#include <cstring>

namespace vcube::dgg {
namespace {

using Floats = float __attribute__((vector_size(4 * kRowBlock)));
using Ints = std::int32_t __attribute__((vector_size(4 * kRowBlock)));

constexpr Floats kRamp{0, 1, 2, 3, 4, 5, 6, 7};

template <std::size_t Degree>
[[gnu::always_inline]] inline void evaluate(const RowPolynomial& c, const Floats& s, Floats& value) {
    value = s * c[Degree] + c[Degree - 1];
    for (std::size_t i = Degree - 1; i > 0; --i) {
        value = value * s + c[i - 1];
    }
}

template <std::size_t Degree>
[[gnu::always_inline]] inline bool hex_row_body(const HexRow& row, const RowSteps& steps, std::size_t begin,
                                                std::size_t end, std::uint32_t* out) {
    const Ints stride = Ints{} + static_cast<std::int32_t>(row.stride);
    const Ints base = Ints{} + static_cast<std::int32_t>(row.base);
    Ints any{};
    for (std::size_t k = begin; k < end; k += kRowBlock) {
        const Floats s = (kRamp + static_cast<float>(k)) * steps.step + steps.first;
        Floats u;
        Floats v;
        evaluate<Degree>(row.u, s, u);
        evaluate<Degree>(row.v, s, v);
        const Ints iu = __builtin_convertvector(u, Ints);
        const Ints iv = __builtin_convertvector(v, Ints);
        const Floats ru = u - __builtin_convertvector(iu, Floats);
        const Floats rv = v - __builtin_convertvector(iv, Floats);
        // Weights of the triangle's corners (they sum to 1): near (0, 0), far (1, 1), and the third.
        const Ints u_leads = ru >= rv;
        const Floats high = u_leads ? ru : rv;
        const Floats low = u_leads ? rv : ru;
        const Floats near = 1.0F - high;
        const Floats third = high - low;
        const Floats other = near > low ? near : low;
        const Floats largest = other > third ? other : third;
        const Floats rest = near < low ? near : low;
        const Floats smallest = rest < third ? rest : third;
        const Ints unsure = 2.0F * largest + smallest - 1.0F < row.margin;
        // Comparisons give -1 where true: subtracting them adds 1.
        const Ints to_far = (low > near) & (low >= third);
        const Ints to_third = (third > near) & (third > low);
        const Ints i = iu - (to_far | (to_third & u_leads));
        const Ints j = iv - (to_far | (to_third & ~u_leads));
        const Ints cell = (base + i * stride + j) | unsure;
        any |= unsure;
        std::memcpy(out + k, &cell, sizeof cell);
    }
    std::array<std::int32_t, kRowBlock> lanes;
    std::memcpy(lanes.data(), &any, sizeof any);
    std::int32_t found = 0;
    for (const std::int32_t lane : lanes) {
        found |= lane;
    }
    return found != 0;
}

[[gnu::always_inline]] inline bool hex_row_any(const HexRow& row, const RowSteps& steps, std::size_t begin,
                                               std::size_t end, std::uint32_t* out) {
    switch (row.degree) {
        case 0:
        case 1:
        case 2:
            return hex_row_body<2>(row, steps, begin, end, out);
        case 3:
            return hex_row_body<3>(row, steps, begin, end, out);
        case 4:
            return hex_row_body<4>(row, steps, begin, end, out);
        default:
            return hex_row_body<5>(row, steps, begin, end, out);
    }
}

bool hex_row_plain(const HexRow& row, const RowSteps& steps, std::size_t begin, std::size_t end, std::uint32_t* out) {
    return hex_row_any(row, steps, begin, end, out);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] bool hex_row_avx2(const HexRow& row, const RowSteps& steps, std::size_t begin, std::size_t end,
                                          std::uint32_t* out) {
    return hex_row_any(row, steps, begin, end, out);
}
#endif

using HexRowFunction = bool (*)(const HexRow&, const RowSteps&, std::size_t, std::size_t, std::uint32_t*);

HexRowFunction choose() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") != 0) {
        return hex_row_avx2;
    }
#endif
    return hex_row_plain;
}

}  // namespace

bool hex_row(const HexRow& row, const RowSteps& steps, std::size_t begin, std::size_t end, std::uint32_t* out) {
    static const HexRowFunction function = choose();
    return function(row, steps, begin, end, out);
}

void polynomial_row(const RowPolynomial& polynomial, const RowSteps& steps, std::size_t count, float* out) {
    for (std::size_t k = 0; k < count; k += kRowBlock) {
        const Floats s = (kRamp + static_cast<float>(k)) * steps.step + steps.first;
        Floats value;
        evaluate<kMaxDegree>(polynomial, s, value);
        std::memcpy(out + k, &value, sizeof value);
    }
}

}  // namespace vcube::dgg
