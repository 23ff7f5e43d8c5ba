// Attributes of the multidimensional API: JSON values as numbers, strings, or lists of either. Immutable.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "gdal_priv.h"

namespace vcube::driver {

/// A number, boolean, string or homogeneous list as such; anything else as a string of JSON.
std::shared_ptr<GDALAttribute> make_attribute(const std::string& parent, const std::string& name, const Json& value);

/// All members of a JSON object but those in `hidden`.
std::vector<std::shared_ptr<GDALAttribute>> make_attributes(const std::string& parent, const Json& object,
                                                            const std::vector<std::string>& hidden = {});

}  // namespace vcube::driver
