// Element types of the core as GDAL's, and back. Pure functions.
#pragma once

#include <optional>

#include "gdal.h"
#include "vcube/dtype.h"

namespace vcube::driver {

/// The type under which GDAL shows numbers of `type`, wide enough for every value; nothing for strings, raw bytes,
/// objects and structures. Dates and durations are their stored 64-bit integers.
std::optional<GDALDataType> gdal_type(const DType& type);

/// The native numeric type of a GDAL buffer; nothing for complex integers, which no stored array has.
std::optional<DType> buffer_dtype(GDALDataType type);

}  // namespace vcube::driver
