// An array of a store in GDAL's multidimensional API. Immutable, thread-safe.
#pragma once

#include <memory>

#include "driver/md_shared.h"
#include "gdal_priv.h"

namespace vcube::driver {

/// true where GDAL has a type for the array's elements: numbers, dates as integers, text, structures, a few opaque
/// bytes.
bool is_md_type(const DType& type);

/// nullptr after one CPLError where the array cannot be opened.
std::shared_ptr<GDALMDArray> open_md_array(const std::shared_ptr<const MdShared>& shared, const ArrayMeta& meta);

}  // namespace vcube::driver
