// A raster dataset on a grid pyramid: geotransform, CRS, computed bands and overviews.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "driver/counting_dataset.h"
#include "driver/entry_points.h"
#include "driver/gdal_compat.h"
#include "driver/grid_band.h"
#include "driver/grid_options.h"
#include "driver/grid_pyramid.h"

namespace vcube::driver {

/// Draws a window of the full grid in many bands at once. Buffers follow each other: band bands[k] at
/// out.data + k * band_stride. In the type that all bands have.
using ManyBandsPainter = std::function<Status(std::span<const int> bands, const dgg::Window& window,
                                              const swath::PixelBuffer& out, std::ptrdiff_t band_stride)>;

/// What may come to be known while a dataset is read.
struct GridNews {
    std::function<swath::MetadataItems()> failures;  // items of the metadata domain FAILED_PRODUCTS
    std::function<void()> closing;                   // last words through log()
};

class GridDataset final : public PamDatasetOf<GridDataset, CountingDataset<GDALPamDataset>> {
public:
    /// `subdataset`: "" or what of the source this raster is; with the grid it keys what GDAL saves beside a local
    /// source (statistics). Nothing is saved for rasters without a source or of a remote one.
    /// `many`: draws several bands better than one after the other; may be empty.
    GridDataset(const OpenContext& context, const ChosenGrid& chosen, std::shared_ptr<const GridPyramid> pyramid,
                std::vector<GridBandPlan> bands, const swath::MetadataItems& metadata, const std::string& subdataset,
                ManyBandsPainter many = {}, GridNews news = {});
    ~GridDataset() override;

    char** GetMetadataDomainList() override;
    char** GetMetadata(const char* domain) override;
    CPLErr geotransform(double* out) const;
    const OGRSpatialReference* GetSpatialRef() const override { return &srs_; }

protected:
    CPLErr IRasterIO(GDALRWFlag flag, int x, int y, int width, int height, void* data, int buffer_width,
                     int buffer_height, GDALDataType buffer_type, int band_count, BandNumbers bands,
                     GSpacing pixel_space, GSpacing line_space, GSpacing band_space,
                     GDALRasterIOExtraArg* extra) override;

    /// Overviews are there already: a warning, nothing is written.
    CPLErr IBuildOverviews(const char* resampling, int count, const int* factors, int band_count, const int* bands,
                           GDALProgressFunc progress, void* progress_data, CSLConstList options) override;

private:
    struct BandsBuffer {
        std::byte* data;
        GDALDataType type;
        GSpacing pixel_space, line_space, band_space;
    };
    [[nodiscard]] Status read_many(std::span<const int> bands, const dgg::Window& window, const BandsBuffer& out) const;

    OGRSpatialReference srs_;
    std::shared_ptr<const GridPyramid> pyramid_;
    const std::vector<GridBandPlan> plans_;
    const ManyBandsPainter many_;
    const GridNews news_;
    CPLStringList failures_;
};

}  // namespace vcube::driver
