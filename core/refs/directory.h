// A folder of files as a store: "<base>/<key>" holds the bytes of a key, where such a file exists.
// Metadata are found by walking the groups from the root, never into an array's folder, which may hold millions of
// chunks. Where folders cannot be listed (http), only what is asked for by name is found.
// Source: Zarr v2 and v3 specifications, "Storage".
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/refs/metadata_texts.h"
#include "vcube/fetcher.h"
#include "vcube/result.h"
#include "vcube/store.h"

namespace vcube {

struct DirectoryEntry {
    std::string name;
    bool folder = false;
    std::uint64_t size = 0;     // of a file; 0 where the listing does not tell
    std::int64_t modified = 0;  // likewise, in seconds
};

/// The names in one folder ("<base>/group", no trailing slash). Empty function: this place cannot be listed.
using DirectoryLister = std::function<Result<std::vector<DirectoryEntry>>(const std::string& folder)>;

struct DirectoryLimits {
    TextLimits texts;
    std::size_t max_folders = 200'000;  // visited by a walk
    int max_depth = 64;
};

/// `base`: path, /vsi path or URL of the folder; a query string stays behind the file's name. `wanted`: arrays or
/// groups that are opened, by path; in a place without listing their metadata, those of the groups above them and those
/// of the arrays that their attributes name as coordinates are looked for. Reads nothing. The store is thread-safe.
/// metadata_keys() blocks while the folders are walked, once; metadata() may block; locate() does not: every location
/// may be absent.
Result<std::shared_ptr<const Store>> open_directory(std::string base, DirectoryLister list,
                                                    std::shared_ptr<Fetcher> fetcher, std::string name,
                                                    std::vector<std::string> wanted = {},
                                                    const DirectoryLimits& limits = {});

}  // namespace vcube
