// When each grid point of a product was observed. Facts on real products: docs/formats.md.
#pragma once

#include <vector>

#include "core/swath/product.h"
#include "vcube/result.h"

namespace vcube::swath {

/// Seconds since 2000-01-01T00:00:00Z of each row, NaN where the product does not tell: from Days, Seconds and
/// Microseconds (soil moisture) or Mean_acq_time in days (ocean salinity). kNotFound where it has neither. Thread-safe.
Result<std::vector<double>> observation_times(const Product& product);

/// Whether a product has the variables that tell it.
bool has_observation_times(const Product& product);

inline constexpr const char* kObservationTimeUnits = "seconds since 2000-01-01 00:00:00";

}  // namespace vcube::swath
