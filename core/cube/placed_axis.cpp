#include "core/cube/placed_axis.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "core/cube/attribute.h"
#include "core/cube/encoding.h"

namespace vcube {

namespace {

constexpr std::uint64_t kMaxAxis = std::uint64_t{1} << 24;  // values of one coordinate axis

/// Outer edges of the first and the last cell.
std::optional<std::pair<double, double>> edges_of(const GeorefScope& scope, const CoordinateReader& reader,
                                                  const ArrayMeta& coordinate, bool descending) {
    const ArrayMeta* const bounds = scope.find(attribute_text(coordinate.attributes, "bounds"));
    if (bounds == nullptr || bounds->shape != Shape{coordinate.shape[0], 2}) {
        return std::nullopt;
    }
    std::vector<double> all = reader.all(*bounds, 2 * kMaxAxis);
    if (all.size() < 2) {
        return std::nullopt;
    }
    if (!decode_encoding(*bounds).scale) {
        for (double& edge : all) {
            edge = as_printed(edge, bounds->dtype);
        }
    }
    const auto [a, b] = std::pair(all[0], all[1]);
    const auto [c, d] = std::pair(all[all.size() - 2], all.back());
    if (coordinate.shape[0] == 1) {
        return std::pair(a, b);
    }
    return descending ? std::pair(std::max(a, b), std::min(c, d)) : std::pair(std::min(a, b), std::max(c, d));
}

void take_unit(const ArrayMeta& coordinate, double height, PlacedAxis& axis) {
    const AxisUnit unit = axis_unit(attribute_text(coordinate.attributes, "units"));
    if (height > 0 && !unit.is_length()) {
        const bool angular = attribute_text(coordinate.attributes, "standard_name").ends_with("_angular_coordinate");
        const bool tiny = std::fabs(axis.values.front()) < 1 && std::fabs(axis.values.back()) < 1;
        if (unit.is_angle() || angular || tiny) {  // scanning angles, in radians where no unit is said
            axis.in_metres = true;
            axis.factor = (unit.is_angle() ? unit.factor * std::numbers::pi / 180 : 1) * height;
            return;
        }
    }
    axis.in_metres = unit.is_length();
    axis.factor = unit.factor;
}

}  // namespace

bool PlacedAxis::monotonic() const {
    if (values.size() < 2) {
        return false;
    }
    const bool up = values.back() > values.front();
    for (std::size_t i = 1; i < values.size(); ++i) {
        if (!(up ? values[i] > values[i - 1] : values[i] < values[i - 1])) {
            return false;
        }
    }
    return true;
}

PlacedAxis place_axis(const GeorefScope& scope, const CoordinateReader& reader, const ArrayMeta& coordinate,
                      double height) {
    PlacedAxis out;
    const Encoding encoding = decode_encoding(coordinate);
    const bool packed = encoding.scale || encoding.offset;
    out.values = reader.all(coordinate, kMaxAxis);
    if (out.values.empty()) {
        return out;
    }
    if (out.values.size() > 1) {
        out.fit = fit_axis(out.values, packed ? DType{Kind::kFloat, 8, true, {}, {}} : coordinate.dtype);
        const auto outer = out.fit ? edges_of(scope, reader, coordinate, out.fit->step < 0) : std::nullopt;
        if (outer) {
            out.fit = centre_in_bounds(*out.fit, out.values.size(), outer->first, outer->second);
        }
    } else if (const auto outer = edges_of(scope, reader, coordinate, false)) {
        const double size = outer->second - outer->first;
        if (std::isfinite(size) && size != 0) {
            out.fit = AxisFit{(outer->first + outer->second) / 2, size};
        }
    }
    take_unit(coordinate, height, out);
    for (double& value : out.values) {
        value *= out.factor;
    }
    if (out.fit) {
        out.fit->first *= out.factor;
        out.fit->step *= out.factor;
    }
    return out;
}

}  // namespace vcube
