// CF time coordinates to ISO 8601. Source: CF conventions 1.11, section 4.4. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vcube/dtype.h"
#include "vcube/result.h"

namespace vcube {

/// "days since 2000-01-01 00:00:00" with a calendar, ready to decode values.
class TimeAxis {
public:
    /// `calendar` "" means standard. kUnsupported for calendars and units that are not known.
    static Result<TimeAxis> parse(std::string_view units, std::string_view calendar);
    /// For numpy datetime64 values of this type.
    static Result<TimeAxis> of_datetime64(const DType& type);

    /// ISO 8601 in UTC ("2023-04-01T15:06:13Z"; fractions only where not zero). NaN gives "".
    [[nodiscard]] std::string iso(double value) const;
    [[nodiscard]] std::string iso(std::int64_t value) const;
    /// The value of an ISO 8601 date or time in this axis' units; missing parts are zero.
    [[nodiscard]] Result<double> value_of(std::string_view iso) const;

private:
    std::int64_t unit_ns_ = 0;     // length of one unit in nanoseconds; 0 for months and years
    int unit_months_ = 0;          // length of one unit in months, where it is one
    std::int64_t epoch_days_ = 0;  // in the calendar, from its own day 0
    std::int64_t epoch_ns_ = 0;    // within the day
    int calendar_ = 0;
};

}  // namespace vcube
