#include "driver/grid_band.h"

#include <algorithm>
#include <vector>

#include "driver/guard.h"
#include "driver/past_pam.h"
#include "driver/progress.h"

namespace vcube::driver {

namespace {

constexpr int kBlockSide = 256;

template <class T>
T told(const std::optional<T>& value, T otherwise, int* has) {
    if (has != nullptr) {
        *has = value.has_value() ? TRUE : FALSE;
    }
    return value.value_or(otherwise);
}

std::unique_ptr<GDALDefaultRasterAttributeTable> make_table(const std::vector<BandClass>& classes) {
    auto table = std::make_unique<GDALDefaultRasterAttributeTable>();
    table->CreateColumn("Value", GFT_Integer, GFU_MinMax);
    table->CreateColumn("Class", GFT_String, GFU_Name);
    table->SetTableType(GRTT_THEMATIC);
    int row = 0;
    for (const BandClass& entry : classes) {
        // The column is a signed 32-bit integer: the topmost bit of a 32-bit flag shows as the negative number it is.
        table->SetValue(row, 0, static_cast<int>(static_cast<std::uint32_t>(entry.value)));
        table->SetValue(row, 1, entry.name.c_str());
        ++row;
    }
    return table;
}

// By value, "" for values without a class; nothing where the classes are bits or values beyond a byte.
CPLStringList category_names(const std::vector<BandClass>& classes) {
    CPLStringList names;
    std::int64_t largest = -1;
    for (const BandClass& entry : classes) {
        if (entry.mask != 0 || entry.value < 0 || entry.value > 255) {
            return names;
        }
        largest = std::max(largest, entry.value);
    }
    for (std::int64_t value = 0; value <= largest; ++value) {
        const auto found = std::find_if(classes.begin(), classes.end(),
                                        [value](const BandClass& entry) { return entry.value == value; });
        names.AddString(found == classes.end() ? "" : found->name.c_str());
    }
    return names;
}

}  // namespace

GridBand::GridBand(GDALDataset* dataset, int band, const GridBandPlan& plan, std::shared_ptr<const GridPyramid> pyramid,
                   std::size_t level)
    : plan_(plan), info_(*plan.info), pyramid_(std::move(pyramid)), level_(level) {
    poDS = dataset;
    nBand = band;
    eDataType = info_.type;
    eAccess = GA_ReadOnly;
    nRasterXSize = static_cast<int>(pyramid_->grid(level).width);
    nRasterYSize = static_cast<int>(pyramid_->grid(level).height);
    nBlockXSize = std::min(kBlockSide, nRasterXSize);
    nBlockYSize = std::min(kBlockSide, nRasterYSize);
    set_own_description(*this, (plan.description.empty() ? info_.description : plan.description).c_str());
}

void GridBand::tell_metadata(const char* domain) {
    if (told_ || (domain != nullptr && *domain != '\0')) {
        return;
    }
    told_ = true;
    for (const auto* items : {&plan_.metadata, &info_.metadata}) {
        for (const auto& [key, value] : *items) {
            set_own_item(*this, key.c_str(), value.c_str());
        }
    }
}

char** GridBand::GetMetadata(const char* domain) {
    tell_metadata(domain);
    return GDALPamRasterBand::GetMetadata(domain);
}

const char* GridBand::GetMetadataItem(const char* name, const char* domain) {
    tell_metadata(domain);
    return GDALPamRasterBand::GetMetadataItem(name, domain);
}

double GridBand::GetNoDataValue(int* has) {
    return told(info_.nodata, 0.0, has);
}

std::int64_t GridBand::GetNoDataValueAsInt64(int* has) {
    return told(info_.nodata_int64, std::int64_t{0}, has);
}

std::uint64_t GridBand::GetNoDataValueAsUInt64(int* has) {
    return told(info_.nodata_uint64, std::uint64_t{0}, has);
}

double GridBand::GetScale(int* has) {
    return told(info_.scale, 1.0, has);
}

double GridBand::GetOffset(int* has) {
    return told(info_.offset, 0.0, has);
}

char** GridBand::GetCategoryNames() {
    if (categories_.empty()) {
        categories_ = category_names(info_.classes);
    }
    return categories_.List();
}

GDALRasterAttributeTable* GridBand::GetDefaultRAT() {
    if (!table_ && !info_.classes.empty()) {
        table_ = make_table(info_.classes);
    }
    return table_.get();
}

GDALRasterBand* GridBand::GetOverview(int index) {
    if (index < 0 || index >= GetOverviewCount()) {
        return nullptr;
    }
    const auto place = static_cast<std::size_t>(index);
    overviews_.resize(pyramid_->overview_count());
    if (!overviews_[place]) {
        overviews_[place] = std::make_unique<GridBand>(poDS, nBand, plan_, pyramid_, place + 1);
    }
    return overviews_[place].get();
}

// Straight into the caller's buffer where it takes the band's type; else through a strip of lines.
Status GridBand::read(const dgg::Window& window, void* data, GDALDataType type, GSpacing pixel_space,
                      GSpacing line_space) const {
    auto* out = static_cast<std::byte*>(data);
    if (type == info_.type) {
        return plan_.painter(level_, window,
                             {out, static_cast<std::ptrdiff_t>(pixel_space), static_cast<std::ptrdiff_t>(line_space)});
    }
    const int item = GDALGetDataTypeSizeBytes(info_.type);
    const std::size_t line_bytes = std::size_t{window.width} * static_cast<std::size_t>(item);
    constexpr std::size_t kStripBytes = std::size_t{8} << 20U;
    const auto strip_lines = static_cast<std::uint32_t>(
        std::clamp<std::size_t>(kStripBytes / std::max<std::size_t>(line_bytes, 1), 1, window.height));
    Buffer strip(line_bytes * strip_lines);
    for (std::uint32_t line = 0; line < window.height; line += strip_lines) {
        const std::uint32_t count = std::min(strip_lines, window.height - line);
        const Share share(static_cast<double>(line) / window.height, static_cast<double>(line + count) / window.height);
        VCUBE_TRY(plan_.painter(level_, {window.x, window.y + line, window.width, count},
                                {strip.data(), item, static_cast<std::ptrdiff_t>(line_bytes)}));
        for (std::uint32_t k = 0; k < count; ++k) {
            GDALCopyWords64(strip.data() + k * line_bytes, info_.type, item,
                            out + static_cast<std::ptrdiff_t>(line + k) * line_space, type,
                            static_cast<int>(pixel_space), window.width);
        }
    }
    return {};
}

CPLErr GridBand::IReadBlock(int block_x, int block_y, void* data) {
    return guarded_status([&]() -> Status {
        const int x = block_x * nBlockXSize;
        const int y = block_y * nBlockYSize;
        const dgg::Window window{static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y),
                                 static_cast<std::uint32_t>(std::min(nBlockXSize, nRasterXSize - x)),
                                 static_cast<std::uint32_t>(std::min(nBlockYSize, nRasterYSize - y))};
        const int item = GDALGetDataTypeSizeBytes(info_.type);
        return read(window, data, info_.type, item, static_cast<GSpacing>(item) * nBlockXSize);
    });
}

CPLErr GridBand::IRasterIO(GDALRWFlag flag, int x, int y, int width, int height, void* data, int buffer_width,
                           int buffer_height, GDALDataType buffer_type, GSpacing pixel_space, GSpacing line_space,
                           GDALRasterIOExtraArg* extra) {
    ReadPatience patience(extra);
    if (flag != GF_Read || width != buffer_width || height != buffer_height || GDALDataTypeIsComplex(buffer_type)) {
        return patience.result(GDALPamRasterBand::IRasterIO(flag, x, y, width, height, data, buffer_width,
                                                            buffer_height, buffer_type, pixel_space, line_space,
                                                            patience.extra()));
    }
    return guarded_status([&]() -> Status {
        const dgg::Window window{static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y),
                                 static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height)};
        VCUBE_TRY(read(window, data, buffer_type, pixel_space, line_space));
        return patience.finish();
    });
}

namespace {

Patience::Progress progress_of(const GDALRasterIOExtraArg* extra) {
    if (extra == nullptr || extra->pfnProgress == nullptr) {
        return nullptr;
    }
    return ProgressCall(extra->pfnProgress, extra->pProgressData);
}

}  // namespace

ReadPatience::ReadPatience(const GDALRasterIOExtraArg* extra) : patience_(progress_of(extra)) {
    if (extra != nullptr) {
        extra_ = *extra;
    } else {
        INIT_RASTERIO_EXTRA_ARG(extra_);
    }
    if (extra_.pfnProgress != nullptr) {
        extra_.pfnProgress = forward;
        extra_.pProgressData = &patience_;
    }
}

Status ReadPatience::finish() {
    patience_.tell(1.0);
    return check_wanted();
}

CPLErr ReadPatience::result(CPLErr of_gdal) const {
    const Status wanted = check_wanted();
    if (of_gdal != CE_None && !wanted.ok() &&
        (CPLGetErrorCounter() == errors_before_ || CPLGetLastErrorNo() != CPLE_UserInterrupt)) {
        raise_error(wanted.error());
    }
    return of_gdal;
}

int ReadPatience::forward(double done, const char* /*text*/, void* data) {
    return static_cast<Patience*>(data)->tell(done) ? TRUE : FALSE;
}

}  // namespace vcube::driver
