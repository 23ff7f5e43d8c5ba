// The bands of a CubeDataset.
#include <algorithm>
#include <cstring>

#include "driver/cube_dataset.h"
#include "driver/guard.h"
#include "driver/past_pam.h"

namespace vcube::driver {
namespace {

constexpr std::uint64_t kSmallBlock = 128;   // smaller chunks are taken together
constexpr std::uint64_t kLargeBlock = 1024;  // larger ones are cut

/// Extent of a GDAL block along one axis: the chunk's, kept within what GDAL's block cache deals with well.
int block_extent(std::uint64_t chunk, std::uint64_t raster) {
    std::uint64_t extent = std::max<std::uint64_t>(chunk, 1);
    if (extent < kSmallBlock) {
        extent *= (kSmallBlock + extent - 1) / extent;
    } else if (extent > kLargeBlock) {
        const std::uint64_t parts = (extent + kLargeBlock - 1) / kLargeBlock;
        extent = (extent + parts - 1) / parts;
    }
    return static_cast<int>(std::min(extent, raster));
}

}  // namespace

CubeBand::CubeBand(CubeDataset* dataset, int number, const BandLabel& label) {
    poDS = dataset;
    nBand = number;
    eDataType = dataset->type_;
    nBlockXSize = block_extent(dataset->raster_.chunk_width(), dataset->raster_.width());
    nBlockYSize = block_extent(dataset->raster_.chunk_height(), dataset->raster_.height());
    const ArrayMeta& meta = dataset->raster_.array().meta();
    set_own_description(*this, label.description.empty() ? meta.name.c_str() : label.description.c_str());
    for (const auto& [key, value] : label.items) {
        set_own_item(*this, key.c_str(), value.c_str());
    }
    const Encoding& encoding = dataset->encoding_;
    if (!encoding.long_name.empty()) {
        set_own_item(*this, "long_name", encoding.long_name.c_str());
    }
    if (!encoding.standard_name.empty()) {
        set_own_item(*this, "standard_name", encoding.standard_name.c_str());
    }
}

namespace {

/// A value of PAM where the user set one, else the array's own.
template <class T, class Own>
T value_or_own(T pam, int pam_has, const std::optional<Own>& own, T fallback, int* has) {
    if (has != nullptr) {
        *has = pam_has != 0 || own.has_value();
    }
    return pam_has != 0 ? pam : own ? static_cast<T>(*own) : fallback;
}

}  // namespace

double CubeBand::GetNoDataValue(int* has) {
    int pam_has = FALSE;
    const double pam = GDALPamRasterBand::GetNoDataValue(&pam_has);
    return value_or_own(pam, pam_has, cube().encoding_.nodata, GDAL_PAM_DEFAULT_NODATA_VALUE, has);
}

int64_t CubeBand::GetNoDataValueAsInt64(int* has) {
    int pam_has = FALSE;
    const int64_t pam = GDALPamRasterBand::GetNoDataValueAsInt64(&pam_has);
    return value_or_own(pam, pam_has, cube().encoding_.nodata_int64, GDAL_PAM_DEFAULT_NODATA_VALUE_INT64, has);
}

uint64_t CubeBand::GetNoDataValueAsUInt64(int* has) {
    int pam_has = FALSE;
    const uint64_t pam = GDALPamRasterBand::GetNoDataValueAsUInt64(&pam_has);
    return value_or_own(pam, pam_has, cube().encoding_.nodata_uint64, GDAL_PAM_DEFAULT_NODATA_VALUE_UINT64, has);
}

double CubeBand::GetScale(int* has) {
    int pam_has = FALSE;
    const double pam = GDALPamRasterBand::GetScale(&pam_has);
    return value_or_own(pam, pam_has, cube().encoding_.scale, 1.0, has);
}

double CubeBand::GetOffset(int* has) {
    int pam_has = FALSE;
    const double pam = GDALPamRasterBand::GetOffset(&pam_has);
    return value_or_own(pam, pam_has, cube().encoding_.offset, 0.0, has);
}

const char* CubeBand::GetUnitType() {
    const char* const pam = GDALPamRasterBand::GetUnitType();
    return pam != nullptr && *pam != '\0' ? pam : cube().encoding_.units.c_str();
}

char** CubeBand::GetCategoryNames() {
    char** const pam = GDALPamRasterBand::GetCategoryNames();
    return pam != nullptr ? pam : cube().categories_.List();
}

int CubeBand::GetOverviewCount() {
    const int external = GDALPamRasterBand::GetOverviewCount();
    return external + guarded<int>(0, [&]() -> Result<int> { return static_cast<int>(cube().levels().size()); });
}

GDALRasterBand* CubeBand::GetOverview(int index) {
    const int external = GDALPamRasterBand::GetOverviewCount();
    if (index < external) {
        return GDALPamRasterBand::GetOverview(index);
    }
    return guarded<GDALRasterBand*>(nullptr, [&]() -> Result<GDALRasterBand*> {
        const auto& levels = cube().levels();
        const auto at = static_cast<std::size_t>(index - external);
        return at < levels.size() ? levels[at]->GetRasterBand(nBand) : nullptr;
    });
}

CPLErr CubeBand::AdviseRead(int x, int y, int width, int height, int out_width, int out_height, GDALDataType type,
                            AdviceOptions /*options*/) {
    return cube().advise({x, y, width, height, nullptr, out_width, out_height, type, 0, 0, 0, nullptr},
                         {static_cast<std::uint64_t>(nBand - 1)});
}

CPLErr CubeBand::IReadBlock(int block_x, int block_y, void* data) {
    return guarded_status([&]() -> Status {
        const int item = GDALGetDataTypeSizeBytes(eDataType);
        const int x = block_x * nBlockXSize;
        const int y = block_y * nBlockYSize;
        const int width = std::min(nBlockXSize, nRasterXSize - x);
        const int height = std::min(nBlockYSize, nRasterYSize - y);
        const GSpacing line = static_cast<GSpacing>(item) * nBlockXSize;
        if (width < nBlockXSize || height < nBlockYSize) {
            std::memset(data, 0, static_cast<std::size_t>(line) * static_cast<std::size_t>(nBlockYSize));
        }
        const CubeDataset::Request request{x, y, width, height, data, width, height, eDataType, item, line, 0, nullptr};
        return cube().read(request, {static_cast<std::uint64_t>(nBand - 1)});
    });
}

CPLErr CubeBand::IRasterIO(GDALRWFlag direction, int x, int y, int width, int height, void* data, int out_width,
                           int out_height, GDALDataType type, GSpacing pixel, GSpacing line,
                           GDALRasterIOExtraArg* extra) {
    const CubeDataset::Request request{x, y, width, height, data, out_width, out_height, type, pixel, line, 0, extra};
    const bool smaller = out_width < width || out_height < height;
    const bool has_overviews = smaller && GetOverviewCount() > 0;
    if (direction != GF_Read || !CubeDataset::is_direct(request) || has_overviews) {
        return GDALPamRasterBand::IRasterIO(direction, x, y, width, height, data, out_width, out_height, type, pixel,
                                            line, extra);
    }
    return guarded_status([&]() -> Status { return cube().read(request, {static_cast<std::uint64_t>(nBand - 1)}); });
}

}  // namespace vcube::driver
