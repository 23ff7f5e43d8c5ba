// HDF5 datatypes as numpy type strings, and values of them as Zarr v2 metadata writes them.
// Thread-safe as libhdf5 is. Source: HDF5 1.10 C API (H5T), Zarr v2 specification, "Data type encoding", "Fill value
// encoding".
#pragma once

#include <hdf5.h>

#include <string>

#include "core/base/json.h"
#include "vcube/bytes.h"
#include "vcube/dtype.h"
#include "vcube/result.h"

namespace vcube {

/// The type that reads the stored bytes as they are; kUnsupported with the reason where none does (variable length,
/// references, numbers with padding bits ...). Enumerations are their base type, apart from h5py's booleans.
Result<DType> dtype_of_hdf5(hid_t type);

/// The "dtype" member of .zarray.
Json dtype_json(const DType& type);

/// One stored element as a fill value: a number, "NaN", a pair for complex numbers, base64 for strings and the rest.
Json fill_json(const DType& type, ByteSpan element);

/// A number of 1 to 8 bytes as a JSON number; not finite ones as strings.
Json number_json(const DType& type, const std::byte* element);

}  // namespace vcube
