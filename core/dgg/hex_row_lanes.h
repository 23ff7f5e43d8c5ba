// The body of hex_row.cpp, included there once for each instruction set: without include guard, inside a namespace of
// the including file. VCUBE_ROW_TARGET is the functions' target attribute, VCUBE_ROW_LANES the pixels an instruction
// takes. (The compiler splits vectors by a function's own target before it inlines, so one template would not do.)

using Floats = float __attribute__((vector_size(4 * VCUBE_ROW_LANES)));
using Ints = std::int32_t __attribute__((vector_size(4 * VCUBE_ROW_LANES)));

VCUBE_ROW_TARGET inline Floats positions(std::size_t k, const RowSteps& steps) {
    Floats s;
    for (std::size_t lane = 0; lane < VCUBE_ROW_LANES; ++lane) {
        s[lane] = static_cast<float>(lane);
    }
    return (s + static_cast<float>(k)) * steps.step + steps.first;
}

template <std::size_t Degree>
VCUBE_ROW_TARGET inline Floats evaluate(const RowPolynomial& c, Floats s) {
    Floats value = s * c[Degree] + c[Degree - 1];
    for (std::size_t i = Degree - 1; i > 0; --i) {
        value = value * s + c[i - 1];
    }
    return value;
}

template <std::size_t Degree>
VCUBE_ROW_TARGET bool cells(const HexRow& row, const RowSteps& steps, std::size_t begin, std::size_t end,
                            std::uint32_t* out) {
    const Ints base = Ints{} + static_cast<std::int32_t>(row.base);
    Ints any{};
    for (std::size_t k = begin; k < end; k += VCUBE_ROW_LANES) {
        const Floats s = positions(k, steps);
        const Floats u = evaluate<Degree>(row.u, s);
        const Floats v = evaluate<Degree>(row.v, s);
        const Ints iu = __builtin_convertvector(u, Ints);
        const Ints iv = __builtin_convertvector(v, Ints);
        const Floats ru = u - __builtin_convertvector(iu, Floats);
        const Floats rv = v - __builtin_convertvector(iv, Floats);
        // Weights of the triangle's corners (they sum to 1): near (0, 0), far (1, 1), and the third.
        const Ints u_leads = ru > rv;
        const Floats high = u_leads ? ru : rv;
        const Floats low = u_leads ? rv : ru;
        const Floats near = 1.0F - high;
        const Floats third = high - low;
        const Floats other = near > low ? near : low;
        const Floats rest = near > low ? low : near;
        const Floats largest = other > third ? other : third;
        const Floats smallest = rest > third ? third : rest;
        const Ints unsure = 2.0F * largest + smallest < 1.0F + row.margin;
        // Comparisons give -1 where true: subtracting them adds 1.
        const Ints to_third = third > other;
        const Ints to_far = (low > near) & ~to_third;
        const Ints i = iu - (to_far | (to_third & u_leads));
        const Ints j = iv - (to_far | (to_third & ~u_leads));
        const Ints cell = (base + (i << row.shift) + j) | unsure;
        any |= unsure;
        std::memcpy(out + k, &cell, sizeof cell);
    }
    std::int32_t found = 0;
    for (std::size_t lane = 0; lane < VCUBE_ROW_LANES; ++lane) {
        found |= any[lane];
    }
    return found != 0;
}

VCUBE_ROW_TARGET bool cells_of_degree(const HexRow& row, const RowSteps& steps, std::size_t begin, std::size_t end,
                                      std::uint32_t* out) {
    switch (row.degree) {
        case 2:
            return cells<2>(row, steps, begin, end, out);
        case 3:
            return cells<3>(row, steps, begin, end, out);
        case 4:
            return cells<4>(row, steps, begin, end, out);
        default:
            return cells<5>(row, steps, begin, end, out);
    }
}

VCUBE_ROW_TARGET void values(const RowPolynomial& polynomial, const RowSteps& steps, std::size_t count, float* out) {
    for (std::size_t k = 0; k < count; k += VCUBE_ROW_LANES) {
        const Floats value = evaluate<kMaxDegree>(polynomial, positions(k, steps));
        std::memcpy(out + k, &value, sizeof value);
    }
}
