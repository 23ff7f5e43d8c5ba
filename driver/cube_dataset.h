// The classic GDAL dataset of one array: rows and columns, leading dimensions as bands. Requests at full resolution or
// decimated by nearest neighbour go straight to region reads. Overviews are external ones (cube_companion.h) and the
// coarser arrays of the same variable that multiscales metadata tell of; a decimated read takes the best of them.
// As thread-safe as GDAL asks: one handle, one thread at a time.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/cube/encoding.h"
#include "driver/counting_dataset.h"
#include "driver/cube_companion.h"
#include "driver/cube_metadata.h"
#include "driver/entry_points.h"
#include "driver/gdal_compat.h"
#include "driver/prefetch.h"
#include "driver/raster_array.h"
#include "gdal_pam.h"

namespace vcube::driver {

class CubeDataset final : public PamDatasetOf<CubeDataset, CountingDataset<GDALPamDataset>> {
public:
    /// `meta` and the selections of context.name say what is shown.
    static Result<std::unique_ptr<CubeDataset>> open(const OpenContext& context, const ArrayMeta& meta);

    CPLErr geotransform(double* out) const;
    const OGRSpatialReference* GetSpatialRef() const override;
    char** GetFileList() override;
    CPLErr IBuildOverviews(const char* resampling, int overview_count, const int* overviews, int band_count,
                           const int* bands, GDALProgressFunc progress, void* progress_data,
                           CSLConstList options) override;
    CPLErr IRasterIO(GDALRWFlag direction, int x, int y, int width, int height, void* data, int out_width,
                     int out_height, GDALDataType type, int band_count, int* bands, GSpacing pixel, GSpacing line,
                     GSpacing band, GDALRasterIOExtraArg* extra) override;

    /// Brings what is advised into the chunk cache, in the background; of remote arrays only.
    CPLErr AdviseRead(int x, int y, int width, int height, int out_width, int out_height, GDALDataType type,
                      int band_count, BandNumbers bands, AdviceOptions options) override;

private:
    friend class CubeBand;
    CubeDataset(const OpenContext& context, RasterArray raster, const Georef& georef);
    static Result<std::unique_ptr<CubeDataset>> open_chosen(const OpenContext& context, const ArrayMeta& meta,
                                                            std::span<const DimensionChoice> choices);
    void set_up_bands();
    void set_up_companions();
    /// Opens the coarser arrays when they are asked for first.
    const std::vector<std::unique_ptr<CubeDataset>>& levels();
    [[nodiscard]] bool fits_as_level(const CubeDataset& level) const;
    /// Reads from the array that is the best overview for a request; false where none of ours is.
    bool read_from_level(int band_count, int* bands, int x, int y, int width, int height, void* data, int out_width,
                         int out_height, GDALDataType type, GSpacing pixel, GSpacing line, GSpacing band,
                         GDALRasterIOExtraArg* extra, CPLErr& result);

    /// A read request as GDAL states it.
    struct Request {
        int x, y, width, height;
        void* data;
        int out_width, out_height;
        GDALDataType type;
        GSpacing pixel, line, band;
        const GDALRasterIOExtraArg* extra;
    };
    /// Rows and columns that a request shows.
    struct Positions {
        std::vector<std::uint64_t> columns, rows;
        bool operator==(const Positions&) const = default;
    };
    [[nodiscard]] Positions positions_of(const Request& request) const;
    /// What is to be read ahead; bands of one window are advised one by one, and read together.
    struct Advice {
        Positions shown;
        std::mutex mutex;
        std::vector<std::uint64_t> bands;
        bool taken = false;
    };
    CPLErr advise(const Request& request, std::vector<std::uint64_t> bands);
    Status read_ahead(Advice& advice, const std::stop_token& stop) const;
    /// true where region reads answer the request: full resolution, or nearest neighbour.
    [[nodiscard]] static bool is_direct(const Request& request);
    [[nodiscard]] Status read(const Request& request, const std::vector<std::uint64_t>& bands) const;

    OpenContext context_;
    RasterArray raster_;
    Encoding encoding_;
    GDALDataType type_ = GDT_Unknown;
    std::optional<std::array<double, 6>> geotransform_;
    std::optional<OGRSpatialReference> srs_;
    CPLStringList categories_;
    std::vector<DimensionChoice> choices_;
    CompanionPlace companion_;
    bool is_level_ = false;  // of another dataset: has neither companions nor levels
    std::optional<std::vector<std::unique_ptr<CubeDataset>>> levels_;
    std::optional<bool> waits_;  // whether it is read from the network
    std::shared_ptr<Advice> last_advice_;
    Prefetch prefetch_;  // ends before what it reads goes
};

class CubeBand final : public GDALPamRasterBand {
public:
    CubeBand(CubeDataset* dataset, int number, const BandLabel& label);

    double GetNoDataValue(int* has) override;
    int64_t GetNoDataValueAsInt64(int* has) override;
    uint64_t GetNoDataValueAsUInt64(int* has) override;
    double GetScale(int* has) override;
    double GetOffset(int* has) override;
    const char* GetUnitType() override;
    char** GetCategoryNames() override;
    int GetOverviewCount() override;
    GDALRasterBand* GetOverview(int index) override;
    CPLErr AdviseRead(int x, int y, int width, int height, int out_width, int out_height, GDALDataType type,
                      AdviceOptions options) override;

protected:
    CPLErr IReadBlock(int block_x, int block_y, void* data) override;
    CPLErr IRasterIO(GDALRWFlag direction, int x, int y, int width, int height, void* data, int out_width,
                     int out_height, GDALDataType type, GSpacing pixel, GSpacing line,
                     GDALRasterIOExtraArg* extra) override;

private:
    [[nodiscard]] CubeDataset& cube() const { return *static_cast<CubeDataset*>(poDS); }
};

}  // namespace vcube::driver
