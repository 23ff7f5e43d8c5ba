// Element types of the core as GDAL's, and back. Pure functions.
#pragma once

#include <optional>

#include "gdal_priv.h"
#include "vcube/dtype.h"

namespace vcube::driver {

/// The type under which GDAL shows numbers of `type`, wide enough for every value; nothing for strings, raw bytes,
/// objects and structures. Dates and durations are their stored 64-bit integers.
std::optional<GDALDataType> gdal_type(const DType& type);

/// The native numeric type of a GDAL buffer; nothing for complex integers, which no stored array has.
std::optional<DType> buffer_dtype(GDALDataType type);

/// The type under which the multidimensional API shows elements of `type`: numbers as above, text as strings,
/// structures as compounds whose components are aligned as a C compiler would, opaque bytes as a compound b0, b1 ... of
/// at most kMaxShownBytes. Fields that cannot be shown are left out of a compound. Nothing where there is nothing to
/// show.
std::optional<GDALExtendedDataType> extended_type(const DType& type);

inline constexpr std::uint32_t kMaxShownBytes = 64;

/// `type` with its fields in this machine's byte order.
DType native(DType type);

}  // namespace vcube::driver
