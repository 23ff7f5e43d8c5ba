// Several variables of one grid as one dataset: the bands of the first, then those of the second, each with its own
// type, nodata, scale, unit, statistics and overviews, which are those of the variable opened alone. As thread-safe as
// GDAL asks: one handle, one thread at a time.
#pragma once

#include <functional>
#include <memory>

#include "driver/entry_points.h"
#include "vcube/result.h"

namespace vcube::driver {

using OpenOne = std::function<Result<std::unique_ptr<GDALDataset>>(const OpenContext&)>;

/// Opens every array of context.name with `open`. Errors: one that is no single raster; two whose size, extent or
/// coordinate reference system differ, both named.
Result<std::unique_ptr<GDALDataset>> open_stack(const OpenContext& context, const OpenOne& open);

}  // namespace vcube::driver
