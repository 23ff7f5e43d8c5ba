#include "core/dgg/hex_row.h"

#include <cstring>

namespace vcube::dgg {
namespace {

namespace plain {
#define VCUBE_ROW_TARGET
#define VCUBE_ROW_LANES 4
#include "core/dgg/hex_row_lanes.h"
#undef VCUBE_ROW_TARGET
#undef VCUBE_ROW_LANES
}  // namespace plain

#if defined(__x86_64__)
namespace avx2 {
#define VCUBE_ROW_TARGET [[gnu::target("avx2")]]
#define VCUBE_ROW_LANES 8
#include "core/dgg/hex_row_lanes.h"
#undef VCUBE_ROW_TARGET
#undef VCUBE_ROW_LANES
}  // namespace avx2
namespace avx512 {
#define VCUBE_ROW_TARGET [[gnu::target("avx512f,avx512dq")]]
#define VCUBE_ROW_LANES 16
#include "core/dgg/hex_row_lanes.h"
#undef VCUBE_ROW_TARGET
#undef VCUBE_ROW_LANES
}  // namespace avx512
#endif

struct Functions {
    decltype(&plain::cells_of_degree) cells = plain::cells_of_degree;
    decltype(&plain::values) values = plain::values;
};

Functions choose() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512dq") != 0) {
        return {avx512::cells_of_degree, avx512::values};
    }
    if (__builtin_cpu_supports("avx2") != 0) {
        return {avx2::cells_of_degree, avx2::values};
    }
#endif
    return {};
}

const Functions& functions() {
    static const Functions chosen = choose();
    return chosen;
}

}  // namespace

bool hex_row(const HexRow& row, const RowSteps& steps, std::size_t begin, std::size_t end, std::uint32_t* out) {
    return functions().cells(row, steps, begin, end, out);
}

void polynomial_row(const RowPolynomial& polynomial, const RowSteps& steps, std::size_t count, float* out) {
    functions().values(polynomial, steps, count, out);
}

}  // namespace vcube::dgg
