// Zarr v3 data types. Pure, thread-safe.
// Source: Zarr v3 core specification, "Data types"; zarr-extensions, data-types/{bfloat16, bytes, complex_float32,
// fixed-length-utf32, numpy.datetime64, numpy.timedelta64, string, struct, structured}; zarr-python 3 ("raw_bytes",
// "null_terminated_bytes", "variable_length_bytes").
#pragma once

#include <string>

#include "core/base/json.h"
#include "vcube/dtype.h"
#include "vcube/result.h"

namespace vcube {

/// The name of an extension point's value (data type, codec, chunk grid ...): a string, or the member "name" of an
/// object; "" where there is none.
std::string v3_name(const Json& value);

/// Its member "configuration"; an empty object where there is none.
const Json& v3_configuration(const Json& value);

/// In native byte order: the codec "bytes" tells the stored one. A type of variable length is Kind::kObject.
/// kUnsupported names a type that is not known. Sizes are at most 1 MiB an item.
Result<DType> parse_data_type(const Json& value, const std::string& what);

}  // namespace vcube
