// Which array a name opens, or the list of them.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "driver/container_dataset.h"
#include "driver/cube_dataset.h"
#include "driver/cube_metadata.h"

namespace vcube::driver {
namespace {

/// Why there is no array of this name: its own problem where it has one, else what there is.
Error no_such_array(const OpenedStore& source, const std::string& path) {
    std::string names;
    std::size_t count = 0;
    constexpr std::size_t kMaxNamed = 20;
    for_each_array(*source.hierarchy, [&](const Group&, const ArrayMeta& array) {
        if (count++ < kMaxNamed) {
            names += (names.empty() ? "" : ", ") + array.path;
        }
    });
    std::optional<Error> own;
    const auto look = [&](const auto& self, const Group& group) -> void {
        for (const Error& problem : group.problems) {
            if (!own && problem.message.find(path) != std::string::npos) {
                own = problem;
            }
        }
        for (const Group& child : group.groups) {
            self(self, child);
        }
    };
    look(look, *source.hierarchy);
    if (own) {
        return *own;
    }
    return not_found(std::string(source.store->name()) + ": no array or group /" + path +
                     "; there are: " + (names.empty() ? "none" : names) + (count > kMaxNamed ? ", ..." : ""));
}

Result<std::unique_ptr<GDALDataset>> open_array(const OpenContext& context, const ArrayMeta& meta) {
    VCUBE_ASSIGN(std::unique_ptr<CubeDataset> dataset, CubeDataset::open(context, meta));
    return std::unique_ptr<GDALDataset>(std::move(dataset));
}

}  // namespace

Result<std::unique_ptr<GDALDataset>> open_cube_dataset(const OpenContext& context) {
    const OpenedStore& source = *context.source;
    const std::string& path = context.name.path;
    if (!path.empty()) {
        if (const ArrayMeta* const meta = source.hierarchy->find_array(path)) {
            return open_array(context, *meta);
        }
        if (source.hierarchy->find_group(path) == nullptr) {
            return no_such_array(source, path);
        }
    }
    const std::vector<const ArrayMeta*> arrays = listed_arrays(*source.hierarchy, path);
    if (arrays.size() == 1) {
        return open_array(context, *arrays.front());
    }
    if (arrays.empty()) {
        return not_found(std::string(source.store->name()) + ": holds no array that is a raster");
    }
    if (!context.name.selections.empty()) {
        return invalid(std::string(source.store->name()) +
                       ": dimensions are selected but no array is named; expected VCUBE:\"...\":/array:" +
                       context.name.selections.front().dimension + "=[...]");
    }
    std::vector<SubdatasetEntry> entries;
    entries.reserve(arrays.size());
    TimeSpans spans;
    for (const ArrayMeta* const array : arrays) {
        entries.push_back({subdataset_name(source.location, array->path), describe_array(context, *array, spans)});
    }
    MetadataItems metadata;
    for (const auto& [key, value] : source.hierarchy->attributes.items()) {
        metadata.emplace_back("NC_GLOBAL#" + key, attribute_value_text(value));
    }
    return make_container_dataset(context, entries, metadata);
}

}  // namespace vcube::driver
