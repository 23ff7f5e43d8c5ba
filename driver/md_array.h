// An array of a store in GDAL's multidimensional API, and the dimensions that its arrays share. Immutable, thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/cube/array.h"
#include "core/cube/encoding.h"
#include "driver/entry_points.h"
#include "gdal_priv.h"

namespace vcube::driver {

/// What all objects of one multidimensional dataset share. `prefix` stands before every full name: "" or "/swath".
struct MdShared {
    OpenContext context;
    std::string prefix;

    [[nodiscard]] const Group& root() const { return *context.source->hierarchy; }
    /// Full name of the group or array at a path of the store.
    [[nodiscard]] std::string full_name(const std::string& path) const;
};

/// true where GDAL has a type for the array's elements: numbers, dates as integers, fixed-size strings.
bool is_md_type(const DType& type);

/// nullptr after one CPLError where the array cannot be opened.
std::shared_ptr<GDALMDArray> open_md_array(const std::shared_ptr<const MdShared>& shared, const ArrayMeta& meta);

/// Dimensions of an array; the same names and sizes in one group give dimensions of the same full name.
std::vector<std::shared_ptr<GDALDimension>> make_dimensions(const std::shared_ptr<const MdShared>& shared,
                                                            const ArrayMeta& meta);

}  // namespace vcube::driver
