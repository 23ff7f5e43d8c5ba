// Values of 1-D coordinates (and scalars), as one C++ type.
#pragma once

#include <cstdint>
#include <vector>

#include "core/cube/array.h"
#include "core/cube/time_axis.h"
#include "vcube/result.h"

namespace vcube::driver {

/// All elements of a scalar or 1-D array, converted to T (which is of `kind`).
template <class T>
Result<std::vector<T>> read_as(const Array& array, Kind kind) {
    const Shape& shape = array.meta().shape;
    const std::uint64_t count = shape.empty() ? 1 : shape[0];
    std::vector<T> values(count);
    Destination destination;
    destination.data = reinterpret_cast<std::byte*>(values.data());
    destination.type.kind = kind;
    destination.type.size = sizeof(T);
    Region region;
    if (!shape.empty()) {
        destination.strides = {sizeof(T)};
        region = {{0}, {count}, {1}};
    }
    VCUBE_TRY(array.read(region, destination));
    return values;
}

/// "hours since ..." with its calendar, or datetime64.
Result<TimeAxis> time_axis_of(const ArrayMeta& coordinate);

}  // namespace vcube::driver
