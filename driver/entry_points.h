// What opening a dataset is given, and the openers that plugin.cpp chooses from. Openers run on the caller's thread,
// inside the guard: they return errors and never call CPLError.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/cube/hierarchy.h"
#include "core/cube/runtime.h"
#include "core/swath/composite.h"
#include "core/swath/product.h"
#include "driver/dataset_name.h"
#include "driver/open_options.h"
#include "gdal_priv.h"
#include "vcube/result.h"
#include "vcube/store.h"

namespace vcube::driver {

/// GDAL's own limit.
inline constexpr std::size_t kMaxBands = 65535;

/// A file as it was when it was read.
struct FileStamp {
    static constexpr std::int64_t kAbsent = -1;
    std::string vsi_path;
    std::uint64_t size = 0;
    std::int64_t modified = 0;
    friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// A store that was opened and read; shared by all handles on it, immutable.
struct OpenedStore {
    std::string location;  // as the user wrote it
    std::string vsi_path;  // the same as a path that VSI*L functions read
    std::shared_ptr<const Store> store;
    std::shared_ptr<const Group> hierarchy;
    std::shared_ptr<const swath::Product> product;  // set where the root is a SMOS product
    std::vector<FileStamp> watched;                 // of a folder: the files whose change makes this store stale
    std::shared_ptr<FetchSession> session;          // of what the store reads itself; its versions are all handles'
    OpenArrayNumbers numbers;                       // so that all handles share decoded chunks
};

/// Many products as one cube in time; shared by all handles that opened the same with the same options, so that what
/// one has read or composed serves the others.
struct OpenedCollection {
    std::string location;  // as the user wrote it
    std::string vsi_path;  // of the folder, list or archive; "" for a pattern
    std::shared_ptr<const swath::Collection> collection;
    std::shared_ptr<swath::Composer> composer;
    std::vector<swath::Period> periods;     // what COMPOSITE makes: one band each
    std::shared_ptr<FetchSession> session;  // of all that is read of the products
};

/// Everything an opener needs. Cheap to copy; datasets keep a copy.
struct OpenContext {
    DatasetName name;
    std::string description;  // the name as GDAL got it
    OpenOptions options;
    std::shared_ptr<Runtime> runtime;
    std::shared_ptr<FetchSession> session;      // of this dataset; versions are those of what it is opened from
    std::shared_ptr<const OpenedStore> source;  // null for VCUBE:DGG and collections
    std::shared_ptr<const OpenedCollection> collection;  // set for collections of products
    bool is_part = false;                                // of another dataset, which tells what both have read

    /// What arrays of the source are opened with.
    [[nodiscard]] ArraySource arrays() const { return {source->store, runtime, session, source->numbers.get(runtime)}; }

    /// How datasets of this context read arrays.
    [[nodiscard]] ReadOptions read_options() const {
        ReadOptions read;
        read.session = session;
        read.max_threads = options.max_threads;
        read.missing_object_is_fill = options.missing_object_is_fill;
        return read;
    }
};

/// One array of a store as a classic raster, or the list of its arrays as subdatasets (cube_dataset.cpp).
Result<std::unique_ptr<GDALDataset>> open_cube_dataset(const OpenContext& context);

/// A SMOS product (context.source->product is set): the variable context.name.path as a raster on the grid that the
/// options ask for, or, without a path, the list of variables as subdatasets (container_dataset.h).
Result<std::unique_ptr<GDALDataset>> open_swath_dataset(const OpenContext& context);

/// A collection of SMOS products (context.collection is set): the variable context.name.path as a raster with a band
/// for each step in time, or, without a path, the list of variables as subdatasets.
Result<std::unique_ptr<GDALDataset>> open_collection_dataset(const OpenContext& context);

/// VCUBE:DGG on the grid that the options ask for: bands seqnum and Grid_Point_ID.
Result<std::unique_ptr<GDALDataset>> open_dgg_dataset(const OpenContext& context);

/// The multidimensional view of any store (md_dataset.cpp).
Result<std::unique_ptr<GDALDataset>> open_multidim_dataset(const OpenContext& context);

/// Root group of a collection: variables (time, y, x), time with its bounds, y and x.
Result<std::shared_ptr<GDALGroup>> make_collection_group(const OpenContext& context);

/// Root group of a SMOS product: the gridded variables (y, x), and `raw` as its group "swath".
Result<std::shared_ptr<GDALGroup>> make_swath_group(const OpenContext& context, std::shared_ptr<GDALGroup> raw);

}  // namespace vcube::driver
