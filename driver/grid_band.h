// A band whose pixels are computed on request at their own centres, on a grid and on each of its overviews: what SMOS
// rasters and VCUBE:DGG are made of. As GDAL's bands: used by one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/patience.h"
#include "core/swath/render.h"
#include "driver/grid_pyramid.h"
#include "gdal_pam.h"
#include "gdal_rat.h"
#include "vcube/result.h"

namespace vcube::driver {

/// Writes the pixels of a window of a level of the pyramid, in the band's type. May block; called on GDAL's thread,
/// whose patience (core/base/patience.h) it keeps to.
using GridPainter = std::function<Status(std::size_t level, const dgg::Window& window, const swath::PixelBuffer& out)>;

/// A class of a flag variable: where (value & mask) == value, or all of the value where mask is 0.
struct BandClass {
    std::string name;
    std::uint64_t mask = 0;
    std::int64_t value = 0;
};

struct GridBandInfo {
    std::string description;
    GDALDataType type = GDT_Unknown;
    std::optional<double> nodata;
    std::optional<std::int64_t> nodata_int64;    // GDT_Int64
    std::optional<std::uint64_t> nodata_uint64;  // GDT_UInt64
    std::optional<double> scale, offset;
    std::string unit;
    std::vector<std::pair<std::string, std::string>> metadata;
    std::vector<BandClass> classes;
};

/// What a band is: how it is described and who draws it. A dataset of thousands of bands shares what is common.
struct GridBandPlan {
    std::shared_ptr<const GridBandInfo> info;
    GridPainter painter;
    std::string description;                                    // in place of the info's, where not ""
    std::vector<std::pair<std::string, std::string>> metadata;  // before the info's
};

/// A call's progress function as this thread's patience. Where GDAL does the reading, in several calls of ours, it is
/// given extra() in place of the caller's.
class ReadPatience {
public:
    explicit ReadPatience(const GDALRasterIOExtraArg* extra);
    /// Tells that all is done; kCancelled where the caller wants no more even so.
    Status finish();
    GDALRasterIOExtraArg* extra() { return &extra_; }
    /// Of what GDAL has read: the same. Where the caller wants no more, the last error tells that, whatever else GDAL
    /// says.
    CPLErr result(CPLErr of_gdal) const;

private:
    static int CPL_STDCALL forward(double done, const char* text, void* data);
    GDALRasterIOExtraArg extra_;
    Patience patience_;
    const GUInt32 errors_before_ = CPLGetErrorCounter();
};

class GridBand final : public GDALPamRasterBand {
public:
    /// Level 0 owns the bands of its overviews. `plan` belongs to the dataset and outlives the band.
    GridBand(GDALDataset* dataset, int band, const GridBandPlan& plan, std::shared_ptr<const GridPyramid> pyramid,
             std::size_t level = 0);

    /// Items are made when somebody asks: a dataset may have thousands of bands.
    char** GetMetadata(const char* domain) override;
    const char* GetMetadataItem(const char* name, const char* domain) override;

    double GetNoDataValue(int* has) override;
    std::int64_t GetNoDataValueAsInt64(int* has) override;
    std::uint64_t GetNoDataValueAsUInt64(int* has) override;
    double GetScale(int* has) override;
    double GetOffset(int* has) override;
    const char* GetUnitType() override { return info_.unit.c_str(); }
    /// Names by value, where the classes are values 0..255 of their own.
    char** GetCategoryNames() override;
    /// The classes as a table: Value (of bit flags: the mask) and Class.
    GDALRasterAttributeTable* GetDefaultRAT() override;
    int GetOverviewCount() override { return level_ == 0 ? static_cast<int>(pyramid_->overview_count()) : 0; }
    GDALRasterBand* GetOverview(int index) override;

protected:
    CPLErr IReadBlock(int block_x, int block_y, void* data) override;
    CPLErr IRasterIO(GDALRWFlag flag, int x, int y, int width, int height, void* data, int buffer_width,
                     int buffer_height, GDALDataType buffer_type, GSpacing pixel_space, GSpacing line_space,
                     GDALRasterIOExtraArg* extra) override;

private:
    Status read(const dgg::Window& window, void* data, GDALDataType type, GSpacing pixel_space,
                GSpacing line_space) const;

    void tell_metadata(const char* domain);

    const GridBandPlan& plan_;
    const GridBandInfo& info_;
    std::shared_ptr<const GridPyramid> pyramid_;
    std::size_t level_;
    bool told_ = false;
    std::vector<std::unique_ptr<GridBand>> overviews_;  // made when asked for
    CPLStringList categories_;
    std::unique_ptr<GDALDefaultRasterAttributeTable> table_;
};

}  // namespace vcube::driver
