// The Zarr convention "spatial:" and the GeoTransform attribute of GDAL and rioxarray: an affine transform in
// attributes. Source: github.com/zarr-conventions/spatial, and multiscales for the transforms of levels. Pure, so
// thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/cube/hierarchy.h"

namespace vcube {

/// Names of the dimensions of rows and columns that spatial:dimensions says, of the array or of a group around it
/// (nearest first in `groups`). Nothing where there is none or the array has no such dimensions.
std::optional<std::pair<std::string, std::string>> spatial_dimensions(const ArrayMeta& array,
                                                                      const std::vector<const Group*>& groups);

/// GDAL's six numbers of the array as it is stored: spatial:transform of the array, of its group, or of the level of a
/// multiscales layout that the array belongs to; else spatial:bbox. Node registration is brought to pixel edges.
std::optional<std::array<double, 6>> spatial_geotransform(const ArrayMeta& array,
                                                          const std::vector<const Group*>& groups, std::uint64_t rows,
                                                          std::uint64_t columns);

/// From GeoTransform (in GDAL's order) or transform (in the order of affine) of these attributes.
std::optional<std::array<double, 6>> attribute_geotransform(const Json& attributes);

}  // namespace vcube
