// A raster dataset on a grid pyramid: geotransform, CRS, computed bands and overviews.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "driver/entry_points.h"
#include "driver/gdal_compat.h"
#include "driver/grid_band.h"
#include "driver/grid_options.h"
#include "driver/grid_pyramid.h"

namespace vcube::driver {

/// What the bands of a dataset are: how each is described and who draws it.
struct GridBandPlan {
    std::shared_ptr<const GridBandInfo> info;
    GridPainter painter;
};

class GridDataset final : public PamDatasetOf<GridDataset> {
public:
    /// `subdataset`: "" or what of the source this raster is; with the grid it keys what GDAL saves beside a local
    /// source (statistics). Nothing is saved for rasters without a source or of a remote one.
    GridDataset(const OpenContext& context, const ChosenGrid& chosen, std::shared_ptr<const GridPyramid> pyramid,
                const std::vector<GridBandPlan>& bands, const swath::MetadataItems& metadata,
                const std::string& subdataset);
    ~GridDataset() override;

    CPLErr geotransform(double* out) const;
    const OGRSpatialReference* GetSpatialRef() const override { return &srs_; }

protected:
    /// Overviews are there already: a warning, nothing is written.
    CPLErr IBuildOverviews(const char* resampling, int count, const int* factors, int band_count, const int* bands,
                           GDALProgressFunc progress, void* progress_data, CSLConstList options) override;

private:
    OGRSpatialReference srs_;
    std::shared_ptr<const GridPyramid> pyramid_;
};

}  // namespace vcube::driver
