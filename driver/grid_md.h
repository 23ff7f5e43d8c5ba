// Rasters on a grid as multidimensional arrays (y, x), or (time, y, x): what single products and collections share.
// Immutable, thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/swath/render.h"
#include "driver/entry_points.h"
#include "driver/grid_band.h"
#include "driver/grid_pyramid.h"
#include "gdal_priv.h"

namespace vcube::driver {

using TextAttributes = std::vector<std::pair<std::string, std::string>>;

std::vector<std::shared_ptr<GDALAttribute>> make_text_attributes(const std::string& parent,
                                                                 const TextAttributes& items);

/// Dimensions (y, x) of the gridded arrays with what lies behind them; shared by group and arrays.
struct GridFrame {
    std::shared_ptr<const GridPyramid> pyramid;
    std::shared_ptr<OGRSpatialReference> srs;  // axes mapped to the dimensions (y, x)
    std::shared_ptr<GDALDimension> y, x;
    std::shared_ptr<GDALMDArray> y_values, x_values;
};

/// The grid that the options ask for.
Result<std::shared_ptr<const GridFrame>> make_grid_frame(const OpenContext& context);

/// What a gridded array shows and who draws it.
struct GridArrayPlan {
    std::string name, filename;
    std::shared_ptr<const GridBandInfo> info;
    std::vector<std::byte> nodata;  // one element; empty: none
    TextAttributes attributes;
    std::shared_ptr<GDALDimension> time;  // null: the array is (y, x)
    /// Draws a window of the full grid for the steps first, first + step ... (one step where there is no time):
    /// out.data + k * stride for the k-th, in the info's type.
    std::function<Status(std::uint64_t first, std::size_t count, std::int64_t step, const dgg::Window& window,
                         const swath::PixelBuffer& out, std::ptrdiff_t stride)>
        paint;
};

std::shared_ptr<GDALMDArray> make_grid_array(std::shared_ptr<const GridFrame> frame, GridArrayPlan plan);

/// Numbers that are in memory, as an array of float64 over these dimensions, in C order.
std::shared_ptr<GDALMDArray> make_number_array(const std::string& name, const std::string& filename,
                                               std::vector<std::shared_ptr<GDALDimension>> dimensions,
                                               std::vector<double> values, const std::string& unit,
                                               const TextAttributes& attributes);

}  // namespace vcube::driver
