// Lengths of time along an axis (forecast periods, steps) to ISO 8601 durations. Source: CF conventions 1.11, section
// 4.4 and standard name forecast_period; numpy timedelta64. Immutable values: thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vcube/dtype.h"
#include "vcube/result.h"

namespace vcube {

class DurationAxis {
public:
    /// Units of time as UDUNITS spells them: "hours", "6 hours". kUnsupported for all others and for months and years,
    /// whose length is not one.
    static Result<DurationAxis> parse(std::string_view units);
    /// For numpy timedelta64 values of this type.
    static Result<DurationAxis> of_timedelta64(const DType& type);

    /// Nanoseconds, to the nearest microsecond where the unit is longer; nothing for NaN, NaT and what 64 bits do not
    /// hold.
    [[nodiscard]] std::optional<std::int64_t> nanoseconds(double value) const;
    [[nodiscard]] std::optional<std::int64_t> nanoseconds(std::int64_t value) const;

    /// A length of time in the axis' units.
    [[nodiscard]] double value_of(std::int64_t nanoseconds) const;

private:
    std::int64_t unit_ns_ = 0;
    bool has_nat_ = false;
};

/// "PT6H", "PT36H", "PT1H30M", "PT0.5S", "-PT6H"; days only where all is whole days and `in_days` asks for them.
std::string iso_duration(std::int64_t nanoseconds, bool in_days = false);

/// The nanoseconds of an ISO 8601 duration of weeks, days, hours, minutes and seconds ("PT6H", "P1DT12H", "-PT0.5S");
/// nothing for other texts, for years and months, and for what 64 bits do not hold.
std::optional<std::int64_t> parse_iso_duration(std::string_view text);

}  // namespace vcube
