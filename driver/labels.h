// What people call positions along a dimension: dates, levels, coordinates. Reads coordinate arrays, which are small.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/cube/array.h"
#include "core/cube/hierarchy.h"
#include "vcube/result.h"

namespace vcube::driver {

/// The 1-D array that names positions along `dimension`: of the same name and size, in the group at `group_path` or
/// the nearest one above. nullptr where there is none.
const ArrayMeta* find_coordinate(const Group& root, std::string_view group_path, std::string_view dimension,
                                 std::uint64_t size);

/// Path of the group that holds the array at `array_path` ("" for the root).
std::string parent_path(std::string_view array_path);

/// true where the coordinate counts time ("hours since ...", datetime64).
bool is_time(const ArrayMeta& coordinate);

/// Nanoseconds of each element of a scalar or 1-D coordinate that is a length of time (forecast_times.h); nothing for
/// NaN and NaT.
Result<std::vector<std::optional<std::int64_t>>> duration_values(const ArrayMeta& coordinate,
                                                                 const ArraySource& source);

/// One text for each element: ISO 8601 for times ("2023-04-01T00:00:00Z") and lengths of time ("PT6H"), else the
/// shortest number that reads back, or the string. Empty where the coordinate has more than `max_labels` elements or
/// cannot be read (one warning through log()).
std::vector<std::string> coordinate_labels(const ArrayMeta& coordinate, const ArraySource& source,
                                           std::uint64_t max_labels = 1'000'000);

}  // namespace vcube::driver
