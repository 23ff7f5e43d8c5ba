// CF time coordinates to ISO 8601. Source: CF conventions 1.11, section 4.4; lengths of units from UDUNITS.
//
// Calendars: standard and gregorian (Julian dates before 1582-10-15), proleptic_gregorian, julian, noleap and 365_day,
// all_leap and 366_day, 360_day. The standard and Julian calendars have no year 0, as CF says: -1 precedes 1; a
// reference year 0, which climatologies use, is read as the year before 1. A year is 365.242198781 days and a month a
// twelfth of that, as UDUNITS has it, except in the 360_day calendar, where a month is 30 days and a year 360; months
// and years of numpy datetime64 are calendar months. Pure functions, immutable values: thread-safe.
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

    /// ISO 8601 in UTC ("2023-04-01T15:06:13Z"; fractions only where not zero), to the nearest microsecond. NaN and
    /// years beyond a million give "".
    /// `later_ns`: that many nanoseconds after the value.
    [[nodiscard]] std::string iso(double value, std::int64_t later_ns = 0) const;
    /// Exact. NaT of datetime64 gives "".
    [[nodiscard]] std::string iso(std::int64_t value, std::int64_t later_ns = 0) const;
    /// The value of an ISO 8601 date or time in this axis' units; missing parts are zero.
    [[nodiscard]] Result<double> value_of(std::string_view iso) const;

private:
    std::int64_t unit_ns_ = 0;     // length of one unit in nanoseconds; 0 for calendar months
    int unit_months_ = 0;          // length of one unit in calendar months (datetime64 only)
    std::int64_t epoch_days_ = 0;  // in the calendar, from its own day 0
    std::int64_t epoch_ns_ = 0;    // within the day; a time zone may move it out of the day
    int calendar_ = 0;
    bool has_nat_ = false;  // the least int64 is "not a time"
};

/// Nanoseconds of a UDUNITS time unit ("hours", "d"); 0 where it is not known.
std::int64_t time_unit_ns(std::string_view unit);

}  // namespace vcube
