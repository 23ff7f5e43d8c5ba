// numpy type strings to DType and back ("<f4", "|u1", ">M8[ns]", structured lists). Pure functions.
// Source: Zarr v2 specification, "Data type encoding"; numpy.dtype.str.
#pragma once

#include <string>
#include <string_view>

#include "core/base/json.h"
#include "vcube/dtype.h"
#include "vcube/result.h"

namespace vcube {

/// "<f4". Sizes are at most 1 MiB an item.
Result<DType> parse_dtype(std::string_view text);
/// A string as above, or a list of [name, type] and [name, type, shape] for structured types.
Result<DType> parse_dtype(const Json& value, const std::string& what);
/// The numpy string of a type ("|V12" for structured types).
std::string dtype_text(const DType& type);

}  // namespace vcube
