// Numeric elements in memory of either byte order: loading, storing and numpy's astype between them.
// Pure functions. Nothing needs to be aligned.
// Source: numpy's casting of arrays (ndarray.astype, casting="unsafe").
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>

#include "core/base/json.h"
#include "core/codec/half.h"
#include "core/codec/place.h"
#include "vcube/bytes.h"
#include "vcube/dtype.h"
#include "vcube/result.h"

namespace vcube {

/// An integer or float type; `swap` where its stored byte order is not the machine's.
struct ElementType {
    Kind kind = Kind::kUInt;
    std::uint32_t size = 1;
    bool swap = false;
    friend bool operator==(const ElementType&, const ElementType&) = default;
};

/// The numeric type that config[key] names, or `fallback` where the key is absent or null and a fallback is given.
/// Booleans, complex numbers and other kinds are kUnsupported. Names as numpy's "float32" are understood too.
Result<ElementType> config_element(const Json& config, const char* key, const CodecPlace& place,
                                   std::optional<ElementType> fallback = std::nullopt);

/// The same type as an element, where it is an integer or float type; and back.
std::optional<ElementType> element_of(const DType& type);
DType dtype_of(const ElementType& type);

template <class T>
[[nodiscard]] inline T byte_swapped(T value) {
    if constexpr (sizeof(T) == 2) {
        return std::bit_cast<T>(__builtin_bswap16(std::bit_cast<std::uint16_t>(value)));
    } else if constexpr (sizeof(T) == 4) {
        return std::bit_cast<T>(__builtin_bswap32(std::bit_cast<std::uint32_t>(value)));
    } else if constexpr (sizeof(T) == 8) {
        return std::bit_cast<T>(__builtin_bswap64(std::bit_cast<std::uint64_t>(value)));
    } else {
        return value;
    }
}

template <class T, bool kSwap>
[[nodiscard]] inline T load_element(const std::byte* p) {
    T value;
    std::memcpy(&value, p, sizeof(T));
    return kSwap ? byte_swapped(value) : value;
}

template <class T, bool kSwap>
inline void store_element(std::byte* p, T value) {
    value = kSwap ? byte_swapped(value) : value;
    std::memcpy(p, &value, sizeof(T));
}

/// Calls body.template operator()<T>() with the C++ type of `type`.
template <class Body>
void with_element(const ElementType& type, Body&& body) {
    if (type.kind == Kind::kFloat) {
        type.size == 2   ? body.template operator()<Half>()
        : type.size == 4 ? body.template operator()<float>()
                         : body.template operator()<double>();
    } else if (type.kind == Kind::kInt) {
        type.size == 1   ? body.template operator()<std::int8_t>()
        : type.size == 2 ? body.template operator()<std::int16_t>()
        : type.size == 4 ? body.template operator()<std::int32_t>()
                         : body.template operator()<std::int64_t>();
    } else {
        type.size == 1   ? body.template operator()<std::uint8_t>()
        : type.size == 2 ? body.template operator()<std::uint16_t>()
        : type.size == 4 ? body.template operator()<std::uint32_t>()
                         : body.template operator()<std::uint64_t>();
    }
}

/// A float as an integer of type T as x86-64 converts it, which is what numpy shows there: towards zero; what does not
/// fit the conversion instruction becomes its lowest integer, cut to T.
template <class T>
[[nodiscard]] inline T integer_from_double(double value) {
    if constexpr (std::is_same_v<T, std::uint64_t>) {
        constexpr double kHalfRange = 0x1p63;
        if (value >= kHalfRange) {
            const double above = value - kHalfRange;
            const auto low = above < kHalfRange ? static_cast<std::uint64_t>(static_cast<std::int64_t>(above))
                                                : std::uint64_t{1} << 63;
            return low ^ (std::uint64_t{1} << 63);
        }
    }
    constexpr bool kNarrow = sizeof(T) < 4 || std::is_same_v<T, std::int32_t>;
    using Wide = std::conditional_t<kNarrow, std::int32_t, std::int64_t>;
    constexpr double kLimit = kNarrow ? 0x1p31 : 0x1p63;
    const bool fits = value < kLimit && value > (kNarrow ? -kLimit - 1 : -kLimit);
    return static_cast<T>(fits ? static_cast<Wide>(value) : std::numeric_limits<Wide>::min());
}

/// numpy's astype of one value.
template <class To, class From>
[[nodiscard]] inline To convert_element(From value) {
    if constexpr (std::is_same_v<To, From>) {
        return value;
    } else if constexpr (std::is_same_v<From, Half>) {
        return convert_element<To>(half_to_float(value));
    } else if constexpr (std::is_same_v<To, Half>) {
        return half_from_double(static_cast<double>(value));
    } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
        return integer_from_double<To>(static_cast<double>(value));
    } else {
        return static_cast<To>(value);
    }
}

/// Converts `count` elements; the memory must not overlap.
void convert_elements(const std::byte* in, const ElementType& from, std::byte* out, const ElementType& to,
                      std::size_t count);

}  // namespace vcube
