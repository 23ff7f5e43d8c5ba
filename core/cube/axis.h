// One coordinate axis: what it runs along, and whether its values are regular. Thread-safe: pure functions.
// Source: CF conventions 1.11, chapter 4 (coordinate types) and section 5.6.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "vcube/dtype.h"

namespace vcube {

enum class AxisRole : std::uint8_t { kUnknown, kX, kY, kZ, kT, kOther };

struct AxisKind {
    AxisRole role = AxisRole::kUnknown;
    bool geographic = false;  // true longitude or latitude in degrees, not one of a rotated pole
    bool by_name = false;     // only the name says so
};

/// From a coordinate variable's name and attributes: axis, standard_name, units, positive, and last its name.
AxisKind classify_axis(const std::string& name, const Json& attributes);

/// What the units of an axis measure.
struct AxisUnit {
    enum class Measure : std::uint8_t { kUnknown, kLength, kAngle };
    Measure measure = Measure::kUnknown;
    double factor = 1;  // one unit in metres or degrees

    [[nodiscard]] bool is_length() const { return measure == Measure::kLength; }
    [[nodiscard]] bool is_angle() const { return measure == Measure::kAngle; }
};

/// From a units attribute as UDUNITS spells it: "km", "1000 m", "US_survey_foot", "degrees_north", "microradian" ...
AxisUnit axis_unit(std::string_view units);

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

/// The same axis where its cells' outer edges say that the values are not the middles of the cells: the centres that
/// the edges give. Edges that do not fit cells of this size change nothing.
AxisFit centre_in_bounds(AxisFit fit, std::uint64_t count, double first_edge, double last_edge);

/// The decimal number that a single-precision value prints as, where `stored` is of single precision; else the value.
double as_printed(double value, const DType& stored);

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
