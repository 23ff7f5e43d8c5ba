#include "driver/open_store.h"

#include <utility>

#include "core/index/hdf5_store.h"
#include "core/refs/kerchunk_json.h"
#include "core/refs/sniff.h"
#include "core/refs/url_policy.h"
#include "driver/vsi_files.h"

namespace vcube::driver {
namespace {

constexpr std::size_t kHeaderBytes = 1024;  // what GDAL gives a driver to recognise a file by
constexpr std::uint64_t kMaxReferenceBytes = std::uint64_t{16} << 30;
constexpr std::uint64_t kMaxHdf5Image = std::uint64_t{512} << 20;

Result<std::shared_ptr<const Store>> open_hdf5_at(const std::string& vsi_path, const std::string& name) {
    if (is_plain_path(vsi_path)) {
        return open_hdf5(vsi_path);
    }
    VCUBE_ASSIGN(const Buffer image, read_file(vsi_path, name, kMaxHdf5Image));
    return open_hdf5_image(image.span(), vsi_path);
}

/// A store by kind. `policy_location` is the location with a local path made absolute.
Result<std::shared_ptr<const Store>> open_by_kind(SourceKind kind, const std::string& vsi_path,
                                                  const std::string& policy_location, bool allow_local) {
    const std::string name = redacted(policy_location);
    switch (kind) {
        case SourceKind::kKerchunkJson: {
            VCUBE_ASSIGN(const Buffer document, read_file(vsi_path, name, kMaxReferenceBytes));
            return open_kerchunk_json(document.span(), name, policy_for(policy_location, allow_local));
        }
        case SourceKind::kSmosProduct:
        case SourceKind::kHdf5:
            return open_hdf5_at(vsi_path, name);
        case SourceKind::kKerchunkParquet:
            return unsupported(name + ": Kerchunk Parquet references are not read by this version");
        case SourceKind::kZarrDirectory:
            return unsupported(name + ": Zarr directories are not read by this version");
        case SourceKind::kZip:
            return unsupported(name + ": references in zip files are not read by this version");
        case SourceKind::kUnknown:
            break;
    }
    return invalid(name + ": neither Kerchunk references nor a NetCDF-4 / HDF5 file");
}

}  // namespace

Result<std::shared_ptr<const OpenedStore>> open_store(const std::string& location, bool prefixed,
                                                      const OpenOptions& options, const Process& process) {
    const std::string vsi_path = vsi_path_of(location);
    const std::string policy_location = is_plain_path(vsi_path) ? vsi_path : location;
    const std::string name = redacted(policy_location);
    VCUBE_ASSIGN(const FileInfo info, stat_file(vsi_path, name));
    const StoreKey key{policy_location, info.size, info.modified, options.allow_local_references};
    if (auto known = process.stores->find(key)) {
        return known;
    }
    Buffer header;
    if (!info.directory) {
        VCUBE_ASSIGN(header, read_head(vsi_path, name, kHeaderBytes));
    }
    const SourceKind kind = sniff(policy_location, std::as_const(header).span(), prefixed);
    auto opened = std::make_shared<OpenedStore>();
    opened->location = location;
    opened->vsi_path = vsi_path;
    VCUBE_ASSIGN(opened->store, open_by_kind(kind, vsi_path, policy_location, options.allow_local_references));
    VCUBE_ASSIGN(Group hierarchy, read_hierarchy(*opened->store));
    opened->hierarchy = std::make_shared<const Group>(std::move(hierarchy));
    if (kind == SourceKind::kSmosProduct || swath::Product::recognise(*opened->hierarchy)) {
        VCUBE_ASSIGN(opened->product, swath::Product::open(*opened->hierarchy, opened->store, process.runtime));
    }
    std::shared_ptr<const OpenedStore> result = std::move(opened);
    process.stores->put(key, result);
    return result;
}

}  // namespace vcube::driver
