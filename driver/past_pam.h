// What a file tells by itself, set on bands and datasets of GDAL's PAM classes. Their own functions would note it as
// the user's and save it beside the data, so these go past them. Functions run on the thread that owns the object.
#pragma once

#include "gdal_priv.h"

namespace vcube::driver {

inline void set_own_description(GDALRasterBand& band, const char* text) {
    band.GDALMajorObject::SetDescription(text);
}

inline void set_own_item(GDALRasterBand& band, const char* key, const char* value) {
    band.GDALMajorObject::SetMetadataItem(key, value);
}

inline void set_own_item(GDALDataset& dataset, const char* key, const char* value) {
    dataset.GDALDataset::SetMetadataItem(key, value);
}

inline void set_own_items(GDALDataset& dataset, char** items, const char* domain = "") {
    dataset.GDALDataset::SetMetadata(items, domain);
}

}  // namespace vcube::driver
