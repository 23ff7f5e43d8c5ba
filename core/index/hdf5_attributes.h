// Attributes of an HDF5 object as Zarr attributes, and what netCDF-4 hides in attributes of its own.
// Thread-safe as libhdf5 is. Source: HDF5 1.10 C API (H5A), netCDF-4 file format, HDF5 dimension scales.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/json.h"

namespace vcube {

struct Hdf5Attributes {
    Json shown = Json::object();               // for users; arrays of one element are scalars
    std::vector<hobj_ref_t> dimension_scales;  // first scale of each dimension, 0 where there is none
    bool is_scale = false;                     // CLASS is DIMENSION_SCALE
    bool is_bare_dimension = false;            // a netCDF dimension without a variable
    bool is_netcdf = false;                    // has attributes that only the netCDF library writes
};

/// Reads every attribute of a group or dataset. Those whose type has no JSON form (references, compounds) are left out.
Hdf5Attributes read_hdf5_attributes(hid_t object);

}  // namespace vcube
