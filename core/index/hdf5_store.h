// A NetCDF-4 / HDF5 file as references made on the fly: metadata and chunk locations are read with libhdf5, chunk bytes
// are not. Source: HDF5 1.10 C API (H5Dget_chunk_info), Zarr v2 specification, netCDF-4's use of HDF5 dimension scales.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "vcube/bytes.h"
#include "vcube/result.h"
#include "vcube/store.h"

namespace vcube {

struct Hdf5Options {
    std::size_t inline_below = 0;  // chunks smaller than this become inline bytes
};

/// Walks a local file. Datasets that no reference can describe (unknown filter, compound with variable-length members
/// ...) are left out, each with one warning through log(). The file is closed before return. Thread-safe (libhdf5's
/// global lock).
Result<std::shared_ptr<const Store>> open_hdf5(const std::string& path, const Hdf5Options& options = {});

/// The same for a file whose bytes are in memory; chunks refer to `location`.
Result<std::shared_ptr<const Store>> open_hdf5_image(ByteSpan image, const std::string& location,
                                                     const Hdf5Options& options = {});

}  // namespace vcube
