// Groups of a store in GDAL's multidimensional API, and the dataset that holds the root. Immutable, thread-safe.
#pragma once

#include <memory>
#include <string>

#include "driver/md_array.h"
#include "gdal_priv.h"

namespace vcube::driver {

/// The group `base` of the store ("" for its root) under the name `name`: "/" for a dataset's root, "swath" for the raw
/// side of a SMOS product.
std::shared_ptr<GDALGroup> make_root_group(const OpenContext& context, const std::string& name,
                                           const std::string& base = "");

/// A dataset that shows `root`, and what reading has cost as metadata of its own.
std::unique_ptr<GDALDataset> make_multidim_dataset(const OpenContext& context, std::shared_ptr<GDALGroup> root);

}  // namespace vcube::driver
