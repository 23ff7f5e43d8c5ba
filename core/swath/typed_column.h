// The elements of a column as C++ values. Pure; thread-safe.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>

#include "core/swath/product.h"
#include "vcube/bytes.h"
#include "vcube/dtype.h"

namespace vcube::swath {

/// The type of times and means.
inline DType float64() {
    DType type;
    type.kind = Kind::kFloat;
    type.size = sizeof(double);
    return type;
}

/// Calls visit(T{}) with the type of a column's elements: integers of 1, 2, 4 and 8 bytes, float or double.
template <class Visit>
auto visit_type(const DType& type, const Visit& visit) {
    if (type.kind == Kind::kFloat) {
        return type.size == 4 ? visit(float{}) : visit(double{});
    }
    const bool is_signed = type.kind == Kind::kInt;
    switch (type.size) {
        case 1:
            return is_signed ? visit(std::int8_t{}) : visit(std::uint8_t{});
        case 2:
            return is_signed ? visit(std::int16_t{}) : visit(std::uint16_t{});
        case 4:
            return is_signed ? visit(std::int32_t{}) : visit(std::uint32_t{});
        default:
            return is_signed ? visit(std::int64_t{}) : visit(std::uint64_t{});
    }
}

/// Calls visit(T{}) with an unsigned integer of `size` bytes (1, 2, 4 or 8), which carries any element of that size.
template <class Visit>
auto visit_size(std::size_t size, const Visit& visit) {
    switch (size) {
        case 1:
            return visit(std::uint8_t{});
        case 2:
            return visit(std::uint16_t{});
        case 4:
            return visit(std::uint32_t{});
        default:
            return visit(std::uint64_t{});
    }
}

/// Whether a value of the variable stands for "no value" (Variable::nodata_bytes() otherwise gives one that does not).
inline bool has_nodata(const Variable& variable) {
    const Encoding& encoding = variable.encoding;
    return encoding.nodata || encoding.nodata_int64 || encoding.nodata_uint64;
}

/// That value; T is the element type.
template <class T>
std::optional<T> nodata_of(const Variable& variable) {
    if (!has_nodata(variable)) {
        return std::nullopt;
    }
    T value{};
    std::memcpy(&value, variable.nodata_bytes().data(), sizeof(T));
    return value;
}

/// The same for comparisons: 0 is what products fill integers with, and also a number that users ask for (no strong
/// interference, no error), so it counts as one.
template <class T>
std::optional<T> nodata_to_compare(const Variable& variable) {
    const std::optional<T> nodata = nodata_of<T>(variable);
    return std::is_integral_v<T> && nodata == T{0} ? std::nullopt : nodata;
}

/// Flags are combinations of bits or names of values: every value of theirs is one.
inline bool is_flags(const Variable& variable) {
    return !variable.encoding.flags.empty() && variable.encoding.type.kind != Kind::kFloat;
}

template <class T>
bool is_nan(T value) {
    if constexpr (std::is_floating_point_v<T>) {
        return std::isnan(value);
    } else {
        return false;
    }
}

}  // namespace vcube::swath
