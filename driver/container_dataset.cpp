#include "driver/container_dataset.h"

#include "driver/counting_dataset.h"

namespace vcube::driver {
namespace {

class ContainerDataset final : public CountingDataset<GDALDataset> {
public:
    ContainerDataset(const OpenContext& context, const std::vector<SubdatasetEntry>& entries,
                     const std::vector<std::pair<std::string, std::string>>& metadata) {
        tell_statistics(context);
        nRasterXSize = 512;  // what GDAL's drivers give a dataset that has subdatasets only
        nRasterYSize = 512;
        CPLStringList list;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const std::string prefix = "SUBDATASET_" + std::to_string(i + 1);
            list.AddNameValue((prefix + "_NAME").c_str(), entries[i].name.c_str());
            list.AddNameValue((prefix + "_DESC").c_str(), entries[i].description.c_str());
        }
        GDALDataset::SetMetadata(list.List(), "SUBDATASETS");
        for (const auto& [key, value] : metadata) {
            GDALDataset::SetMetadataItem(key.c_str(), value.c_str());
        }
    }
};

}  // namespace

std::unique_ptr<GDALDataset> make_container_dataset(const OpenContext& context,
                                                    const std::vector<SubdatasetEntry>& entries,
                                                    const std::vector<std::pair<std::string, std::string>>& metadata) {
    return std::make_unique<ContainerDataset>(context, entries, metadata);
}

}  // namespace vcube::driver
