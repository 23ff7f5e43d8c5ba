// Zarr v3 array metadata. Pure, thread-safe.
// Source: Zarr v3 core specification, "Array metadata"; codec "sharding_indexed"; chunk key encodings "default", "v2";
// zarr-extensions, chunk-grids/rectilinear.
#pragma once

#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/cube/array_meta.h"
#include "vcube/result.h"

namespace vcube {

/// From "<path>/zarr.json" of an array. Errors name `store`, path and key. An unknown codec is no error here.
Result<ArrayMeta> parse_zarr_json(std::string_view path, std::string_view text, const std::string& store,
                                  const ArrayLimits& limits = {});

/// The same from the parsed document.
Result<ArrayMeta> parse_zarr_array(std::string_view path, const Json& document, const std::string& store,
                                   const ArrayLimits& limits = {});

}  // namespace vcube
