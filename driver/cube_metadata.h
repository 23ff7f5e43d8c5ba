// Attributes and coordinates of an array as GDAL metadata, and what subdataset lists say of it.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "driver/entry_points.h"
#include "driver/raster_array.h"

namespace vcube::driver {

using MetadataItems = std::vector<std::pair<std::string, std::string>>;

/// Attributes of an array ("sst#units") and of the groups around it ("NC_GLOBAL#title"), as the netCDF driver names
/// them.
MetadataItems array_metadata(const Group& root, const ArrayMeta& array);

/// What one band is: DIM_<name> for every leading dimension and every one that the name fixes, TIME where one of them
/// is time; `description` joins the leading ones.
struct BandLabel {
    std::string description;
    MetadataItems items;
};
std::vector<BandLabel> band_labels(const OpenContext& context, const RasterArray& raster);

/// Arrays that people open: at least two dimensions, neither coordinates nor bounds of others; where there is none of
/// them, those with fewer. Levels of a pyramid are listed once, the finest. `under`: only those in this group and
/// below.
std::vector<const ArrayMeta*> listed_arrays(const Group& root, const std::string& under);

/// Time spans by path of the coordinate: arrays of one store share their time axes.
using TimeSpans = std::map<std::string, std::string>;

/// "[12x720x1440] sea surface temperature (sst), K, int16, 2023-04-01 to 2023-04-12".
std::string describe_array(const OpenContext& context, const ArrayMeta& array, TimeSpans& spans);

/// numpy-like name of a type for people ("int16", "float32", "datetime64[ns]").
std::string type_name(const DType& type);

/// An attribute as text: strings as they are, other values as JSON.
std::string attribute_value_text(const Json& value);

}  // namespace vcube::driver
