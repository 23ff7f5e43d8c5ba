// The fill value of an array's metadata as the bytes of one element. Pure.
// Source: Zarr v2 specification, "Fill value encoding"; Zarr v3 core specification, "Fill value"; zarr-extensions,
// data-types/struct.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "vcube/dtype.h"
#include "vcube/result.h"

namespace vcube {

/// One element in native byte order; empty where `value` is null. Of elements of variable length: the bytes of the
/// text. `what` names the array in errors. A number that the type cannot hold is an error.
Result<std::vector<std::byte>> decode_fill_value(const Json& value, const DType& type, const std::string& what);

}  // namespace vcube
