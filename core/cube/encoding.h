// How CF, netCDF and SMOS attributes say to understand stored numbers: scale, offset, nodata, units, flags, signedness.
// Values themselves are never changed here. Source: CF conventions 1.11, sections 2.5, 3.1, 3.5, 8.1; facts of SMOS
// products.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/cube/array_meta.h"

namespace vcube {

/// One flag: set where (value & mask) == value_wanted. Flags of one-value enumerations have mask 0 (compare whole
/// values).
struct Flag {
    std::string name;
    std::uint64_t mask = 0;
    std::int64_t value = 0;
};

struct Encoding {
    // as to be read, native byte order: `_Unsigned` applied. It has the stored item size; where it differs from the
    // stored kind the bits are the same and the numbers are not, so open the Array with this kind in ArrayMeta::dtype
    // instead of converting.
    DType type;
    std::optional<double> scale;   // scale_factor
    std::optional<double> offset;  // add_offset, or scale_offset of SMOS products
    // _FillValue or missing_value attribute where the type can hold it; else the Zarr fill value, unless that is 0:
    // writers of references put the default of HDF5 there, and 0 is then an ordinary value (land, no flag, 0 mm of
    // rain). 0 is never nodata of a flag variable, even where an attribute says so (SMOS: "no flag is set").
    std::optional<double> nodata;
    std::optional<std::int64_t> nodata_int64;    // set in place of nodata for 64-bit integers
    std::optional<std::uint64_t> nodata_uint64;  // likewise
    std::string units;
    std::string long_name;
    std::string standard_name;
    std::vector<Flag> flags;
    std::optional<double> valid_min, valid_max;
};

/// From an array's type, fill value and attributes. Pure; unusable attributes are ignored one by one.
Encoding decode_encoding(const ArrayMeta& array);

}  // namespace vcube
