#include "driver/grid_dataset.h"

#include <algorithm>

#include "core/refs/url_policy.h"
#include "driver/guard.h"
#include "driver/past_pam.h"

namespace vcube::driver {

namespace {
constexpr const char* kFailures = "FAILED_PRODUCTS";
}

GridDataset::GridDataset(const OpenContext& context, const ChosenGrid& chosen,
                         std::shared_ptr<const GridPyramid> pyramid, std::vector<GridBandPlan> bands,
                         const swath::MetadataItems& metadata, const std::string& subdataset, ManyBandsPainter many,
                         GridNews news)
    : srs_(chosen.srs),
      pyramid_(std::move(pyramid)),
      plans_(std::move(bands)),
      many_(std::move(many)),
      news_(std::move(news)) {
    nRasterXSize = static_cast<int>(pyramid_->grid(0).width);
    nRasterYSize = static_cast<int>(pyramid_->grid(0).height);
    eAccess = GA_ReadOnly;
    for (std::size_t i = 0; i < plans_.size(); ++i) {
        const int number = static_cast<int>(i) + 1;
        SetBand(number, new GridBand(this, number, plans_[i], pyramid_));
    }
    for (const auto& [key, value] : metadata) {
        set_own_item(*this, key.c_str(), value.c_str());
    }
    SetDescription(context.description.c_str());
    tell_statistics(context);
    if (!context.source || is_remote(context.source->vsi_path)) {
        nPamFlags |= GPF_DISABLED | GPF_NOSAVE;
        return;
    }
    SetPhysicalFilename(context.source->vsi_path.c_str());
    SetSubdatasetName((subdataset + (chosen.tag.empty() ? "" : ";" + chosen.tag)).c_str());
    TryLoadXML();
}

GridDataset::~GridDataset() {
    FlushCache(true);
    if (news_.closing) {
        guarded_status([this]() -> Status {
            news_.closing();
            return {};
        });
    }
}

char** GridDataset::GetMetadataDomainList() {
    char** domains = PamDatasetOf::GetMetadataDomainList();
    return news_.failures && !news_.failures().empty() ? CSLAddString(domains, kFailures) : domains;
}

// Items have numbers, for locations hold any character.
char** GridDataset::GetMetadata(const char* domain) {
    if (!news_.failures || domain == nullptr || !EQUAL(domain, kFailures)) {
        return PamDatasetOf::GetMetadata(domain);
    }
    failures_.Clear();
    int number = 0;
    for (const auto& [location, why] : news_.failures()) {
        const std::string prefix = "PRODUCT_" + std::to_string(++number);
        failures_.SetNameValue((prefix + "_NAME").c_str(), location.c_str());
        failures_.SetNameValue((prefix + "_ERROR").c_str(), why.c_str());
    }
    return failures_.List();
}

CPLErr GridDataset::geotransform(double* out) const {
    const auto& geotransform = pyramid_->grid(0).geotransform;
    std::copy(geotransform.begin(), geotransform.end(), out);
    return CE_None;
}

CPLErr GridDataset::IRasterIO(GDALRWFlag flag, int x, int y, int width, int height, void* data, int buffer_width,
                              int buffer_height, GDALDataType buffer_type, int band_count, BandNumbers bands,
                              GSpacing pixel_space, GSpacing line_space, GSpacing band_space,
                              GDALRasterIOExtraArg* extra) {
    ReadPatience patience(extra);
    if (!many_ || flag != GF_Read || band_count < 2 || width != buffer_width || height != buffer_height ||
        GDALDataTypeIsComplex(buffer_type)) {
        return patience.result(PamDatasetOf::IRasterIO(flag, x, y, width, height, data, buffer_width, buffer_height,
                                                       buffer_type, band_count, bands, pixel_space, line_space,
                                                       band_space, patience.extra()));
    }
    return guarded_status([&]() -> Status {
        const dgg::Window window{static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y),
                                 static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height)};
        VCUBE_TRY(read_many({bands, static_cast<std::size_t>(band_count)}, window,
                            {static_cast<std::byte*>(data), buffer_type, pixel_space, line_space, band_space}));
        return patience.finish();
    });
}

// Straight into the caller's buffer where it takes the bands' type; else through a buffer of some bands.
Status GridDataset::read_many(std::span<const int> bands, const dgg::Window& window, const BandsBuffer& out) const {
    const GDALDataType type = plans_.front().info->type;
    if (out.type == type) {
        return many_(
            bands, window,
            {out.data, static_cast<std::ptrdiff_t>(out.pixel_space), static_cast<std::ptrdiff_t>(out.line_space)},
            static_cast<std::ptrdiff_t>(out.band_space));
    }
    const auto item = static_cast<std::size_t>(GDALGetDataTypeSizeBytes(type));
    const std::size_t line_bytes = item * window.width;
    const std::size_t band_bytes = line_bytes * window.height;
    constexpr std::size_t kGroupBytes = std::size_t{32} << 20U;
    const std::size_t group =
        std::clamp<std::size_t>(kGroupBytes / std::max<std::size_t>(band_bytes, 1), 1, bands.size());
    Buffer part(band_bytes * group);
    for (std::size_t first = 0; first < bands.size(); first += group) {
        const std::size_t count = std::min(group, bands.size() - first);
        const auto part_of_all = [&](std::size_t band) {
            return static_cast<double>(band) / static_cast<double>(bands.size());
        };
        const Share share(part_of_all(first), part_of_all(first + count));
        VCUBE_TRY(many_(bands.subspan(first, count), window,
                        {part.data(), static_cast<std::ptrdiff_t>(item), static_cast<std::ptrdiff_t>(line_bytes)},
                        static_cast<std::ptrdiff_t>(band_bytes)));
        for (std::size_t band = 0; band < count; ++band) {
            for (std::uint32_t line = 0; line < window.height; ++line) {
                GDALCopyWords64(part.data() + band * band_bytes + line * line_bytes, type, static_cast<int>(item),
                                out.data + static_cast<std::ptrdiff_t>(first + band) * out.band_space +
                                    static_cast<std::ptrdiff_t>(line) * out.line_space,
                                out.type, static_cast<int>(out.pixel_space), window.width);
            }
        }
    }
    return {};
}

CPLErr GridDataset::IBuildOverviews(const char* /*resampling*/, int count, const int* /*factors*/, int /*band_count*/,
                                    const int* /*bands*/, GDALProgressFunc /*progress*/, void* /*progress_data*/,
                                    CSLConstList /*options*/) {
    if (count > 0) {
        CPLError(CE_Warning, CPLE_AppDefined,
                 "%s: its overviews are computed when they are read; there is nothing to build", GetDescription());
    }
    return CE_None;
}

}  // namespace vcube::driver
