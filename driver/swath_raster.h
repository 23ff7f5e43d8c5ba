// A variable of a SMOS product drawn on a pyramid: what the classic dataset and the multidimensional array share.
#pragma once

#include <memory>
#include <string>

#include "core/swath/product.h"
#include "driver/entry_points.h"
#include "driver/grid_band.h"
#include "driver/grid_pyramid.h"

namespace vcube::driver {

/// Draws `variable` (which lives as long as `context.source->product`) with OVERVIEW_RESAMPLING on overviews; AVERAGE
/// of flags is MODE, for bits have no mean.
GridPainter make_swath_painter(const OpenContext& context, const swath::Variable& variable,
                               std::shared_ptr<const GridPyramid> pyramid);

/// How the variable's band is described.
GridBandInfo swath_band_info(const swath::Product& product, const swath::Variable& variable);

/// For people: "Soil Moisture [m3 m-3], 7 x 16384 x 8064 Float32"; `steps` is "7 x " there, or "".
std::string describe_variable(const swath::Variable& variable, const dgg::Grid& grid, const std::string& steps = "");

/// A band's metadata as attributes of an array: without the items that only classic rasters have.
swath::MetadataItems md_attributes(const GridBandInfo& info, const std::string& long_name);

/// The product's metadata with TIME, as datasets show it.
swath::MetadataItems swath_metadata(const swath::Product& product);

/// A column's value type as GDAL's.
GDALDataType swath_type(const swath::Variable& variable);

}  // namespace vcube::driver
