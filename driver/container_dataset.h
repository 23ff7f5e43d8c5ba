// A dataset without bands that lists subdatasets: what a location with several arrays opens as.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "driver/entry_points.h"
#include "gdal_priv.h"

namespace vcube::driver {

struct SubdatasetEntry {
    std::string name;         // opens it: VCUBE:"refs.json":/sst
    std::string description;  // for people: variable, units, size, time span
};

/// `metadata`: items of the default domain, in order.
std::unique_ptr<GDALDataset> make_container_dataset(const OpenContext& context,
                                                    const std::vector<SubdatasetEntry>& entries,
                                                    const std::vector<std::pair<std::string, std::string>>& metadata);

}  // namespace vcube::driver
