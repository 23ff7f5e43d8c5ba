// The keys "shape", "dtype" and "axis" of imagecodecs' array filters: which values are neighbours. A value type.
#pragma once

#include <cstdint>
#include <optional>

#include "core/codec/element.h"
#include "core/codec/registry.h"
#include "vcube/shape.h"

namespace vcube {

/// An array of outer x length x inner elements, the middle one along the axis.
struct AxisLayout {
    ElementType type;
    std::size_t outer = 1;
    std::size_t length = 1;
    std::size_t inner = 1;
    std::size_t axis = 0;
    std::size_t rank = 1;

    [[nodiscard]] std::size_t bytes() const { return outer * length * inner * type.size; }
};

/// From config["shape"], ["axis"] (-1 where absent) and ["dtype"], each named in errors.
inline Result<AxisLayout> axis_layout(const Json& config, const CodecPlace& place) {
    AxisLayout layout;
    VCUBE_ASSIGN(layout.type, config_element(config, "dtype", place));
    VCUBE_ASSIGN(const Shape shape, json_shape(config, "shape", place.what));
    const Json axis = config.value("axis", Json(-1));
    const auto rank = static_cast<std::int64_t>(shape.size());
    if (!axis.is_number_integer() || axis.get<std::int64_t>() < -rank || axis.get<std::int64_t>() >= rank) {
        return invalid(place.what + ": \"axis\": expected one of the shape's dimensions");
    }
    const auto bytes = checked_product(shape, layout.type.size);
    if (!bytes || *bytes == 0) {
        return invalid(place.what + ": \"shape\": expected a shape of some elements");
    }
    layout.rank = shape.size();
    layout.axis = static_cast<std::size_t>((axis.get<std::int64_t>() + rank) % rank);
    for (std::size_t d = 0; d < shape.size(); ++d) {
        std::size_t& part = d < layout.axis ? layout.outer : d == layout.axis ? layout.length : layout.inner;
        part *= static_cast<std::size_t>(shape[d]);
    }
    return layout;
}

/// kCorrupt or kLimit where a filter's chunk does not have `expected` bytes, or `out` has less room.
inline Status check_filtered(std::string_view id, std::size_t size, std::size_t expected, std::size_t room) {
    if (size != expected) {
        return corrupt(std::string(id) + " chunk of " + std::to_string(size) + " bytes, expected " +
                       std::to_string(expected));
    }
    if (size > room) {
        return over_limit(std::string(id) + " chunk of " + std::to_string(size) + " bytes, more than " +
                          std::to_string(room));
    }
    return {};
}

}  // namespace vcube
