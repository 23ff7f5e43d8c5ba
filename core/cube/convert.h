// Strided copy of N-dimensional blocks with conversion between element types.
//
// Conversion follows GDAL's GDALCopyWords: real to integer rounds to nearest, halves away from zero, and clamps; NaN
// becomes 0; integers clamp; a double beyond float's range becomes infinite; of a complex number a real type takes the
// real part. Where GDAL 3.6's own arithmetic slips (0.49999997F to 1, 64-bit overflow to 0) the value that the rule
// asks for is given. Thread-safe: immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vcube/dtype.h"
#include "vcube/result.h"

namespace vcube {

/// Turns elements of one type (native byte order) into another; chosen once a read. Numbers, times and durations (as
/// int64) convert among each other; every other type is copied into its own kind and size only.
class Converter {
public:
    static Result<Converter> make(const DType& from, const DType& to);

    [[nodiscard]] bool same() const { return plain_; }
    [[nodiscard]] std::uint32_t to_size() const { return to_size_; }

    /// n elements at `from`, `from` + from_stride ... to `to`, `to` + to_stride ...; bytes, of any sign, 0 too. Nothing
    /// need be aligned; the two sides do not overlap.
    void row(const std::byte* from, std::ptrdiff_t from_stride, std::byte* to, std::ptrdiff_t to_stride,
             std::size_t n) const;

private:
    using Row = void (*)(const std::byte*, std::ptrdiff_t, std::byte*, std::ptrdiff_t, std::size_t);
    Row row_ = nullptr;  // of the elements, or of their real and imaginary parts
    bool plain_ = false;
    bool imaginary_ = false;  // a second pass writes the imaginary parts, or zeros where the source has none
    bool zero_imaginary_ = false;
    std::uint32_t from_size_ = 0;
    std::uint32_t to_size_ = 0;
};

/// One side of a block copy: element (k0, k1, ...) lies at data + sum(k_d * strides[d]).
template <class Byte>
struct StridedBlock {
    Byte* data = nullptr;
    std::span<const std::ptrdiff_t> strides;
};

/// Copies a block of `counts` elements (at most kMaxDimensions dimensions, strides of the same number).
void copy_block(const Converter& converter, std::span<const std::uint64_t> counts, StridedBlock<const std::byte> from,
                StridedBlock<std::byte> to);

}  // namespace vcube
