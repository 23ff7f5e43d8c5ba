// Element types of stored arrays, as numpy and Zarr name them.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

namespace vcube {

enum class Kind : std::uint8_t {
    kBool,       // b1
    kInt,        // i1 i2 i4 i8
    kUInt,       // u1 u2 u4 u8
    kFloat,      // f2 f4 f8
    kComplex,    // c8 c16
    kBytes,      // S<n>: n bytes, NUL padded
    kUnicode,    // U<n>: n UCS-4 code points, NUL padded (size is 4 n)
    kRaw,        // V<n>: n opaque bytes
    kDatetime,   // M8[unit]: int64 since 1970-01-01
    kTimedelta,  // m8[unit]: int64
    kObject,     // O: variable-length, needs an object codec
    kStruct      // named fields
};

struct DTypeField;

/// One element: `size` bytes. `little` says the stored order; irrelevant where an item is one byte wide.
struct DType {
    Kind kind = Kind::kUInt;
    std::uint32_t size = 1;
    bool little = std::endian::native == std::endian::little;
    std::string unit;                // datetime and timedelta: "s", "ns", "25D" ...
    std::vector<DTypeField> fields;  // structured types only

    [[nodiscard]] bool native() const { return little == (std::endian::native == std::endian::little); }
    [[nodiscard]] bool is_numeric() const { return kind <= Kind::kComplex; }
    /// Width in bytes of what byte order swaps: half of a complex number, one code point of a U, 1 for byte strings.
    [[nodiscard]] std::uint32_t swap_width() const {
        switch (kind) {
            case Kind::kComplex:
                return size / 2;
            case Kind::kUnicode:
                return 4;
            case Kind::kBytes:
            case Kind::kRaw:
            case Kind::kObject:
            case Kind::kStruct:
                return 1;
            default:
                return size;
        }
    }
    friend bool operator==(const DType&, const DType&);
};

struct DTypeField {
    std::string name;
    DType type;
    std::uint32_t offset = 0;  // bytes from the start of the element
    friend bool operator==(const DTypeField&, const DTypeField&) = default;
};

inline bool operator==(const DType& a, const DType& b) {
    return a.kind == b.kind && a.size == b.size && a.little == b.little && a.unit == b.unit && a.fields == b.fields;
}

}  // namespace vcube
