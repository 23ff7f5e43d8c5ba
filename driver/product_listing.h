// Which SMOS products a location names: a folder tree, a pattern, a text list, a zip, with or without the index of an
// archive (nckc-index.json) in it. Runs on the caller's thread; lists folders and reads lists, never products.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/refs/url_policy.h"
#include "core/swath/product_list.h"
#include "driver/open_options.h"
#include "vcube/fetcher.h"
#include "vcube/result.h"

namespace vcube::driver {

/// What relative names in references are relative to, where that is not the reference file's own folder.
struct ReferenceBase {
    std::string below;          // holds for locations that begin so
    std::string base;           // folder, with trailing slash, or "s3://"
    bool keeps_folders = true;  // the folders behind `below` follow the base
};

struct ProductListing {
    std::string vsi_path;                       // of the folder, list or zip; "" for a pattern
    std::string name;                           // for messages, such as "folder /data"
    std::vector<swath::ProductEntry> products;  // in any order, with all versions
    std::size_t ignored = 0;                    // files seen that are no products
    std::vector<ReferenceBase> bases;
};

/// Nothing where the location is no collection: a file of another kind, a product, a folder or zip that is a Zarr store
/// or holds no products. `sure`: nothing but a collection can stand there, so a folder on a web server is listed as
/// well. Errors: a pattern, list or index without products, lines of a list, limits, folders that cannot be listed.
Result<std::optional<ProductListing>> list_products(const std::string& location, const OpenOptions& options,
                                                    Fetcher& fetcher, bool sure = false);

/// What references at `location` may name.
UrlPolicy reference_policy(const ProductListing& listing, const std::string& location, bool allow_local);

}  // namespace vcube::driver
