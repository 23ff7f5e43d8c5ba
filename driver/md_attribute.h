// Attributes of the multidimensional API: JSON values as numbers, strings, or arrays of either. Immutable.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "gdal_priv.h"
#include "vcube/dtype.h"

namespace vcube::driver {

/// A number, boolean (0 or 1) or string as such; a list of those, or lists of equal length of those, as an array of the
/// type that holds all values: 32-bit integers, wider ones, doubles, strings. Numbers of a list may be written as "NaN"
/// and "Infinity". Anything else (objects, null, ragged lists) is its JSON text, marked as JSON.
std::shared_ptr<GDALAttribute> make_attribute(const std::string& parent, const std::string& name, const Json& value);

/// All members of a JSON object but those in `hidden`.
std::vector<std::shared_ptr<GDALAttribute>> make_attributes(const std::string& parent, const Json& object,
                                                            const std::vector<std::string>& hidden = {});

/// Attributes of an array whose `_Unsigned` attribute changes what its stored numbers mean: bounds, flags and missing
/// values as numbers of `type` too, and no `_Unsigned`.
Json with_signedness(const Json& attributes, const DType& type);

}  // namespace vcube::driver
