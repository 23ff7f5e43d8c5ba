// What an L2 product's global attributes and file name say of it. Both generations of files: attribute names that begin
// with FH: / VH:SPH: and, older, Fixed_Header: / Variable_Header:Specific_Product_Header:. Pure functions.
// Facts on real products: docs/formats.md.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"

namespace vcube::swath {

using MetadataItems = std::vector<std::pair<std::string, std::string>>;

/// `attributes`: of the root group. `location`: the store's name, whose last part may be a product's name. Items that
/// the product does not tell are absent: ACQUISITION_START, ACQUISITION_STOP (nominal, as in the file name),
/// PRECISE_START, PRECISE_STOP, ORBIT, PASS, PRODUCT_TYPE, PRODUCT_NAME, PROCESSOR_VERSION, PRODUCT_COUNTER.
MetadataItems product_metadata(const Json& attributes, std::string_view location);

/// The item's value, "" where it is absent.
const std::string& metadata_item(const MetadataItems& items, std::string_view key);

/// "UTC=2023-04-01T15:06:13" -> "2023-04-01T15:06:13Z"; "" where the text is no such time.
std::string smos_time(std::string_view text);

}  // namespace vcube::swath
