// What all objects of one multidimensional dataset share: the store, names, arrays that were opened, georeferencing
// that was derived. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "core/base/redacted.h"
#include "core/cube/array.h"
#include "driver/entry_points.h"
#include "driver/prefetch.h"
#include "gdal_priv.h"

namespace vcube::driver {

/// Where an array lies: CRS with axes mapped to the array's dimensions (1 for the first), null where unknown.
using SharedSrs = std::shared_ptr<OGRSpatialReference>;

class MdShared {
public:
    /// `prefix` stands before every full name: "" or "/swath". `base`: the group of the store that is shown as root, ""
    /// for all of it; it exists.
    MdShared(OpenContext context, std::string prefix, std::string base)
        : context_(std::move(context)),
          filename_(redacted(context_.source->vsi_path)),
          prefix_(std::move(prefix)),
          base_(std::move(base)) {}

    [[nodiscard]] const OpenContext& context() const { return context_; }
    /// What arrays tell as their file: GDAL makes names and messages of it, so no query and no user is in it.
    [[nodiscard]] const std::string& filename() const { return filename_; }
    [[nodiscard]] const Group& root() const { return *context_.source->hierarchy; }
    /// The group that is shown as root.
    [[nodiscard]] const Group& base() const;

    /// Full name of the group or array at a path of the store; what lies outside the root is named as if in it.
    [[nodiscard]] std::string full_name(const std::string& path) const;
    [[nodiscard]] std::string parent_full_name(const std::string& path) const;

    /// Opens an array once, so that its decoded chunks serve all who read it through this dataset. Elements are those
    /// of `kind`, of the stored size.
    [[nodiscard]] Result<Array> open(const ArrayMeta& meta, Kind kind) const;

    /// Derived once for all arrays that lie alike; coordinates are read for it.
    [[nodiscard]] SharedSrs srs_of(const ArrayMeta& meta) const;

    /// Brings the chunks of a region into the cache: in the background where they are remote, one array at a time.
    Status prefetch(const Array& array, Region region) const;

private:
    const OpenContext context_;
    const std::string filename_;
    const std::string prefix_;
    const std::string base_;
    mutable std::mutex mutex_;  // not held while anything is opened or read
    mutable std::unordered_map<const ArrayMeta*, Array> arrays_;
    mutable std::unordered_map<std::string, SharedSrs> srs_;
    mutable Prefetch prefetch_;
};

}  // namespace vcube::driver
