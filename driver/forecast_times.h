// Valid times of forecasts: a reference time and the period after it, each a dimension or a scalar coordinate.
// Source: CF conventions 1.11, standard names forecast_reference_time and forecast_period; cfgrib's time, step and
// valid_time. Immutable, thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/cube/array.h"
#include "core/cube/hierarchy.h"
#include "core/cube/time_axis.h"

namespace vcube::driver {

/// true where the coordinate is a length of time: timedelta64, or a forecast period, step or lead time with a unit of
/// time.
bool is_duration(const ArrayMeta& coordinate);

class ValidTimes {
public:
    /// Of the array's dimensions and scalar coordinates. Nothing where reference times or periods are missing, both are
    /// scalars, or one cannot be read.
    static std::optional<ValidTimes> find(const Group& root, const ArrayMeta& array, const ArraySource& source);

    /// ISO 8601 at an index of the array (its rank of numbers); "" where there is none.
    [[nodiscard]] std::string at(std::span<const std::uint64_t> index) const;
    /// The dimensions that valid times depend on.
    [[nodiscard]] std::optional<std::size_t> reference_dim() const { return reference_dim_; }
    [[nodiscard]] std::optional<std::size_t> period_dim() const { return period_dim_; }

private:
    std::optional<std::size_t> reference_dim_, period_dim_;  // none: a scalar
    std::optional<TimeAxis> axis_;
    std::vector<double> references_;
    std::vector<std::int64_t> whole_references_;        // instead, of integers
    std::vector<std::optional<std::int64_t>> periods_;  // nanoseconds
};

}  // namespace vcube::driver
