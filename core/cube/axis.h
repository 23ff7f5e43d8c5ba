// One coordinate axis: what it runs along, and whether its values are regular. Thread-safe: pure functions.
// Source: CF conventions 1.11, chapter 4 (coordinate types) and section 5.6.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/base/json.h"
#include "vcube/dtype.h"

namespace vcube {

enum class AxisRole : std::uint8_t { kUnknown, kX, kY, kZ, kT };

struct AxisKind {
    AxisRole role = AxisRole::kUnknown;
    bool geographic = false;  // true longitude or latitude in degrees, not one of a rotated pole
    bool by_name = false;     // only the name says so
};

/// From a coordinate variable's name and attributes: axis, standard_name, units, positive, and last its name.
AxisKind classify_axis(const std::string& name, const Json& attributes);

/// Values first + i * step.
struct AxisFit {
    double first = 0;
    double step = 0;
};

/// Fits a line through the first and last value; nothing where a value is off it by more than a thousandth of the step
/// (or four units of the last place of the stored type, where that is more, and never more than a tenth of the step),
/// where there are fewer than two values, or where they do not change. The ends of single-precision axes are taken for
/// the decimal number that they print as: -179.95 and not -179.949996948.
std::optional<AxisFit> fit_axis(std::span<const double> values, const DType& stored);

/// How a longitude axis is shown: the fit of the first shown column and the number of columns rotated to the end.
struct LongitudeShift {
    AxisFit fit;
    std::uint64_t roll = 0;
};

/// Brings `count` longitudes into -180..180. An axis round the globe that passes 180 is split where centres reach 180:
/// the columns from there on come first. Any other axis that lies wholly at or beyond 180 (or below -180) is moved by
/// 360.
LongitudeShift shift_longitudes(AxisFit fit, std::uint64_t count);

}  // namespace vcube
