// Kerchunk Parquet references: a folder (or zip) with `.zmetadata` and `<array>/refs.<k>.parq`, where row r of file k
// tells where the chunk with C-order number k * record_size + r is. Opening reads .zmetadata only; locating a chunk
// loads the one file that holds it, unless it is among the files that are kept.
// As fsspec: of `raw` and `path` the first that is not null counts, both null is a missing chunk, size 0 with a path is
// the whole object, an absent file means that none of its chunks exist, `raw` may hold "base64:...".
// Source: Kerchunk reference specification (fsspec.github.io/kerchunk/spec.html), "Parquet references".
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/refs/url_policy.h"
#include "vcube/fetcher.h"
#include "vcube/result.h"
#include "vcube/store.h"

namespace vcube {

struct KerchunkParquetLimits {
    std::size_t max_metadata_bytes = std::size_t{256} << 20;  // .zmetadata
    std::size_t max_file_bytes = std::size_t{1} << 30;        // one refs file as stored
    std::size_t max_decoded_bytes = std::size_t{1} << 30;     // the same in memory
    std::size_t cache_bytes = std::size_t{128} << 20;         // decoded files kept for the next call
};

/// `files`: keys are file names relative to the reference folder (".zmetadata", "sst/refs.0.parq"); `fetcher` brings
/// what it locates. Blocks while .zmetadata is read. The store is thread-safe; its locate() blocks on the network where
/// a refs file has to be loaded, without a lock held. Inline locations own their bytes. Errors name `name` and the file
/// or key.
Result<std::shared_ptr<const Store>> open_kerchunk_parquet(std::shared_ptr<const Store> files,
                                                           std::shared_ptr<Fetcher> fetcher, std::string name,
                                                           UrlPolicy policy, const KerchunkParquetLimits& limits = {});

}  // namespace vcube
