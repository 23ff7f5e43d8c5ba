// Text files that list products: one location a line, or the first column of comma-separated values.
// Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/refs/url_policy.h"
#include "core/swath/product_list.h"
#include "vcube/result.h"

namespace vcube::swath {

/// How a location's last part goes on behind the name of a product: what can be opened.
enum class ProductEnding {
    kNone,       // something else
    kFile,       // .nc
    kReferences  // .json and .nc.json, with .gz or .zst too
};

/// Of the last part of a path or URL; kNone where it is no product's name.
ProductEnding product_ending(std::string_view location);

/// Whether a file of these first bytes can be a list: plain text, named .txt, .csv or .lst, or with a product's name in
/// its first line.
bool looks_like_location_list(std::string_view name, std::string_view head);

/// The products that `text` lists, in its order; sizes and times are not set. Blank lines and those that begin with "#"
/// do not count, nor does the first line of a table whose first column is no product's name. Lines may end in CRLF, a
/// byte order mark may stand in front, values may stand in double quotes. Relative names are resolved by `policy`. A
/// line that names no product, or one that the policy forbids, is an error that tells `name` and the line.
Result<std::vector<ProductEntry>> parse_location_list(std::string_view text, const std::string& name,
                                                      const UrlPolicy& policy);

}  // namespace vcube::swath
