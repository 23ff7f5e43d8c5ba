#include "driver/grid_dataset.h"

#include <algorithm>

#include "core/refs/url_policy.h"

namespace vcube::driver {

GridDataset::GridDataset(const OpenContext& context, const ChosenGrid& chosen,
                         std::shared_ptr<const GridPyramid> pyramid, const std::vector<GridBandPlan>& bands,
                         const swath::MetadataItems& metadata, const std::string& subdataset)
    : srs_(chosen.srs), pyramid_(std::move(pyramid)) {
    nRasterXSize = static_cast<int>(pyramid_->grid(0).width);
    nRasterYSize = static_cast<int>(pyramid_->grid(0).height);
    eAccess = GA_ReadOnly;
    for (std::size_t i = 0; i < bands.size(); ++i) {
        const int number = static_cast<int>(i) + 1;
        SetBand(number, new GridBand(this, number, bands[i].info, bands[i].painter, pyramid_));
    }
    for (const auto& [key, value] : metadata) {
        GDALDataset::SetMetadataItem(key.c_str(), value.c_str());
    }
    SetDescription(context.description.c_str());
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
}

CPLErr GridDataset::geotransform(double* out) const {
    const auto& geotransform = pyramid_->grid(0).geotransform;
    std::copy(geotransform.begin(), geotransform.end(), out);
    return CE_None;
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
