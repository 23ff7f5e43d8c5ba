#include "core/cube/convert.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "core/base/dtype_text.h"
#include "core/codec/half.h"
#include "vcube/shape.h"

namespace vcube {
namespace {

struct Bool {
    std::uint8_t value;
};

template <class T>
auto load(const std::byte* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    if constexpr (std::is_same_v<T, Half>) {
        return half_to_float(value);
    } else if constexpr (std::is_same_v<T, Bool>) {
        return static_cast<std::uint8_t>(value.value != 0 ? 1 : 0);
    } else {
        return value;
    }
}

float to_float(double value) {
    constexpr double kMax = std::numeric_limits<float>::max();
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    // Compared first: a double above float's range by less than half a step would else round down to the range's end.
    return value > kMax ? kInfinity : value < -kMax ? -kInfinity : static_cast<float>(value);
}

template <class To>
To real_to_integer(double value) {
    constexpr double kLow = static_cast<double>(std::numeric_limits<To>::min());
    // The double just below 1/2: adding 1/2 itself would carry 0.49999999999999994 up to 1.
    constexpr double kAlmostHalf = 0.49999999999999994;
    const double known = value == value ? value : 0.0;
    const double rounded = known + std::copysign(kAlmostHalf, known);
    if constexpr (sizeof(To) < 8) {
        constexpr double kHigh = static_cast<double>(std::numeric_limits<To>::max());
        return static_cast<To>(std::min(std::max(rounded, kLow), kHigh));
    } else {
        constexpr To kHalf = std::numeric_limits<To>::max() / 2 + 1;  // exact as a double
        constexpr double kBeyond = static_cast<double>(kHalf) * 2.0;
        return rounded >= kBeyond ? std::numeric_limits<To>::max()
               : rounded <= kLow  ? std::numeric_limits<To>::min()
                                  : static_cast<To>(rounded);
    }
}

template <class To, class From>
To integer_to_integer(From value) {
    if (std::cmp_greater(value, std::numeric_limits<To>::max())) {
        return std::numeric_limits<To>::max();
    }
    if (std::cmp_less(value, std::numeric_limits<To>::min())) {
        return std::numeric_limits<To>::min();
    }
    return static_cast<To>(value);
}

template <class To, class From>
void store(std::byte* at, From value) {
    To out;
    if constexpr (std::is_same_v<To, Half>) {
        out = half_from_double(static_cast<double>(value));
    } else if constexpr (std::is_same_v<To, Bool>) {
        out.value = value != From{} ? 1 : 0;
    } else if constexpr (std::is_same_v<To, float> && std::is_same_v<From, double>) {
        out = to_float(value);
    } else if constexpr (std::is_floating_point_v<To>) {
        out = static_cast<To>(value);
    } else if constexpr (std::is_floating_point_v<From>) {
        out = real_to_integer<To>(value);
    } else {
        out = integer_to_integer<To>(value);
    }
    std::memcpy(at, &out, sizeof out);
}

template <class From, class To>
void convert_row(const std::byte* from, std::ptrdiff_t from_stride, std::byte* to, std::ptrdiff_t to_stride,
                 std::size_t n) {
    if (from_stride == sizeof(From) && to_stride == sizeof(To)) {  // constant strides: the compiler vectorises
        for (std::size_t i = 0; i < n; ++i) {
            store<To>(to + i * sizeof(To), load<From>(from + i * sizeof(From)));
        }
        return;
    }
    for (std::size_t i = 0; i < n; ++i) {
        store<To>(to + static_cast<std::ptrdiff_t>(i) * to_stride,
                  load<From>(from + static_cast<std::ptrdiff_t>(i) * from_stride));
    }
}

template <std::size_t kSize>
void copy_row(const std::byte* from, std::ptrdiff_t from_stride, std::byte* to, std::ptrdiff_t to_stride,
              std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        std::memcpy(to + static_cast<std::ptrdiff_t>(i) * to_stride,
                    from + static_cast<std::ptrdiff_t>(i) * from_stride, kSize);
    }
}

using Row = void (*)(const std::byte*, std::ptrdiff_t, std::byte*, std::ptrdiff_t, std::size_t);

// Numbers that are not complex, in this order everywhere below.
enum Number { kBool, kI8, kU8, kI16, kU16, kI32, kU32, kI64, kU64, kF16, kF32, kF64, kNumbers, kNone };

template <class From>
constexpr std::array<Row, kNumbers> rows_from() {
    return {convert_row<From, Bool>,          convert_row<From, std::int8_t>,   convert_row<From, std::uint8_t>,
            convert_row<From, std::int16_t>,  convert_row<From, std::uint16_t>, convert_row<From, std::int32_t>,
            convert_row<From, std::uint32_t>, convert_row<From, std::int64_t>,  convert_row<From, std::uint64_t>,
            convert_row<From, Half>,          convert_row<From, float>,         convert_row<From, double>};
}

constexpr std::array<std::array<Row, kNumbers>, kNumbers> kRows = {
    rows_from<Bool>(),          rows_from<std::int8_t>(),  rows_from<std::uint8_t>(),  rows_from<std::int16_t>(),
    rows_from<std::uint16_t>(), rows_from<std::int32_t>(), rows_from<std::uint32_t>(), rows_from<std::int64_t>(),
    rows_from<std::uint64_t>(), rows_from<Half>(),         rows_from<float>(),         rows_from<double>()};

Number number_of(Kind kind, std::uint32_t size) {
    switch (kind) {
        case Kind::kBool:
            return kBool;
        case Kind::kInt:
            return size == 1 ? kI8 : size == 2 ? kI16 : size == 4 ? kI32 : kI64;
        case Kind::kUInt:
            return size == 1 ? kU8 : size == 2 ? kU16 : size == 4 ? kU32 : kU64;
        case Kind::kFloat:
            return size == 2 ? kF16 : size == 4 ? kF32 : kF64;
        case Kind::kComplex:
            return size == 8 ? kF32 : kF64;  // of one part
        case Kind::kDatetime:
        case Kind::kTimedelta:
            return kI64;
        default:
            return kNone;
    }
}

Row copy_row_of(std::uint32_t size) {
    switch (size) {
        case 1:
            return copy_row<1>;
        case 2:
            return copy_row<2>;
        case 4:
            return copy_row<4>;
        case 8:
            return copy_row<8>;
        case 16:
            return copy_row<16>;
        default:
            return nullptr;
    }
}

/// Whether elements of two types that are no numbers look alike, their byte order aside. A target that names no fields
/// takes a structured element as it is.
bool same_layout(const DType& from, const DType& to) {
    if (from.kind != to.kind || from.size != to.size) {
        return false;
    }
    const auto same_field = [](const DTypeField& a, const DTypeField& b) {
        return a.offset == b.offset && same_layout(a.type, b.type);
    };
    return to.fields.empty() ||
           std::equal(from.fields.begin(), from.fields.end(), to.fields.begin(), to.fields.end(), same_field);
}

constexpr std::uint64_t kAheadRows = 8;
constexpr std::ptrdiff_t kAheadBytes = 1024;

/// A block with as few dimensions as possible: single ones dropped, those that lie end to end on both sides merged, the
/// one that is densest in the destination last.
struct Loops {
    struct Axis {
        std::uint64_t count;
        std::ptrdiff_t from, to;
    };
    std::array<Axis, kMaxDimensions> axes;
    std::size_t size = 0;
};

Loops loops_of(std::span<const std::uint64_t> counts, std::span<const std::ptrdiff_t> from,
               std::span<const std::ptrdiff_t> to) {
    Loops loops;
    for (std::size_t d = 0; d < counts.size(); ++d) {
        if (counts[d] != 1) {
            loops.axes[loops.size++] = {counts[d], from[d], to[d]};
        }
    }
    const auto begin = loops.axes.begin();
    std::stable_sort(begin, begin + static_cast<std::ptrdiff_t>(loops.size),
                     [](const Loops::Axis& a, const Loops::Axis& b) { return std::abs(a.to) > std::abs(b.to); });
    std::size_t kept = 0;
    for (std::size_t d = 0; d < loops.size; ++d) {
        const Loops::Axis& axis = loops.axes[d];
        const auto count = static_cast<std::ptrdiff_t>(axis.count);
        if (kept > 0 && loops.axes[kept - 1].from == axis.from * count && loops.axes[kept - 1].to == axis.to * count) {
            loops.axes[kept - 1] = {loops.axes[kept - 1].count * axis.count, axis.from, axis.to};
        } else {
            loops.axes[kept++] = axis;
        }
    }
    loops.size = kept;
    return loops;
}

}  // namespace

Result<Converter> Converter::make(const DType& from, const DType& to) {
    Converter converter;
    converter.from_size_ = from.size;
    converter.to_size_ = to.size;
    const Number source = number_of(from.kind, from.size);
    const Number target = number_of(to.kind, to.size);
    const bool from_complex = from.kind == Kind::kComplex;
    const bool to_complex = to.kind == Kind::kComplex;
    converter.plain_ = from.size == to.size &&
                       (source == kNone ? same_layout(from, to) : source == target && from_complex == to_complex);
    if (converter.plain_) {
        converter.row_ = copy_row_of(from.size);
        return converter;
    }
    if (source == kNone || target == kNone) {
        return unsupported("values of type " + dtype_text(from) + " cannot be read as " + dtype_text(to));
    }
    converter.row_ = kRows[source][target];
    converter.imaginary_ = from_complex && to_complex;
    converter.zero_imaginary_ = to_complex && !from_complex;
    return converter;
}

void Converter::row(const std::byte* from, std::ptrdiff_t from_stride, std::byte* to, std::ptrdiff_t to_stride,
                    std::size_t n) const {
    if (plain_) {
        if (from_stride == to_stride && from_stride == static_cast<std::ptrdiff_t>(from_size_)) {
            std::memcpy(to, from, n * from_size_);
        } else if (row_ != nullptr) {
            row_(from, from_stride, to, to_stride, n);
        } else {
            for (std::size_t i = 0; i < n; ++i) {
                std::memcpy(to + static_cast<std::ptrdiff_t>(i) * to_stride,
                            from + static_cast<std::ptrdiff_t>(i) * from_stride, from_size_);
            }
        }
        return;
    }
    row_(from, from_stride, to, to_stride, n);
    if (imaginary_) {
        row_(from + from_size_ / 2, from_stride, to + to_size_ / 2, to_stride, n);
    } else if (zero_imaginary_) {
        for (std::size_t i = 0; i < n; ++i) {
            std::memset(to + static_cast<std::ptrdiff_t>(i) * to_stride + to_size_ / 2, 0, to_size_ / 2);
        }
    }
}

void copy_block(const Converter& converter, std::span<const std::uint64_t> counts, StridedBlock<const std::byte> from,
                StridedBlock<std::byte> to) {
    if (std::find(counts.begin(), counts.end(), 0U) != counts.end()) {
        return;
    }
    const Loops loops = loops_of(counts, from.strides, to.strides);
    if (loops.size == 0) {
        converter.row(from.data, 0, to.data, 0, 1);
        return;
    }
    const std::size_t outer = loops.size - 1;
    const Loops::Axis& inner = loops.axes[outer];
    std::array<std::uint64_t, kMaxDimensions> at{};
    std::ptrdiff_t from_offset = 0;
    std::ptrdiff_t to_offset = 0;
    // Rows of one chunk lie pages apart in a wide destination, where the processor does not prefetch by itself: asked
    // for some rows ahead, the lines come while earlier rows are written.
    const bool ahead = outer > 0 && inner.to == static_cast<std::ptrdiff_t>(converter.to_size());
    const std::ptrdiff_t row_bytes = std::min<std::ptrdiff_t>(
        kAheadBytes, static_cast<std::ptrdiff_t>(inner.count) * static_cast<std::ptrdiff_t>(converter.to_size()));
    while (true) {
        if (ahead && at[outer - 1] + kAheadRows < loops.axes[outer - 1].count) {
            const std::byte* next =
                to.data + to_offset + static_cast<std::ptrdiff_t>(kAheadRows) * loops.axes[outer - 1].to;
            for (std::ptrdiff_t i = 0; i < row_bytes; i += 64) {
                __builtin_prefetch(next + i, 1);
            }
        }
        converter.row(from.data + from_offset, inner.from, to.data + to_offset, inner.to, inner.count);
        std::size_t d = outer;
        while (true) {  // offsets, not pointers: no address outside the block is ever formed
            if (d == 0) {
                return;
            }
            --d;
            const Loops::Axis& axis = loops.axes[d];
            from_offset += axis.from;
            to_offset += axis.to;
            if (++at[d] < axis.count) {
                break;
            }
            from_offset -= axis.from * static_cast<std::ptrdiff_t>(axis.count);
            to_offset -= axis.to * static_cast<std::ptrdiff_t>(axis.count);
            at[d] = 0;
        }
    }
}

}  // namespace vcube
