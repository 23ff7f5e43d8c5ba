// Dimensions of a store's arrays in GDAL's multidimensional API. Immutable, thread-safe.
#pragma once

#include <memory>
#include <vector>

#include "driver/md_shared.h"
#include "gdal_priv.h"

namespace vcube::driver {

/// Dimensions of an array; the same names and sizes in one group give dimensions of the same full name. A dimension
/// belongs to the group of its coordinate variable, which is its indexing variable; without one to that of the array.
std::vector<std::shared_ptr<GDALDimension>> make_dimensions(const std::shared_ptr<const MdShared>& shared,
                                                            const ArrayMeta& meta);

}  // namespace vcube::driver
