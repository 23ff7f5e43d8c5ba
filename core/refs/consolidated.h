// Consolidated metadata: one document that holds all metadata of a store, so that nothing has to be listed or read
// piece by piece. The store that comes out is thread-safe; chunks are located by the store underneath.
// Sources: zarr-python's consolidate_metadata (".zmetadata", zarr_consolidated_format 1); zarr-python 3's
// "consolidated_metadata" of kind "inline" in the root's zarr.json.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/refs/metadata_texts.h"
#include "vcube/fetcher.h"
#include "vcube/result.h"
#include "vcube/store.h"

namespace vcube {

/// The texts that a `.zmetadata` document holds, as it has them. `what` names it in errors. A Kerchunk Parquet folder's
/// ("record_size" beside "metadata") is accepted too.
Result<MetadataTable> parse_zmetadata(std::string_view document, const std::string& what);

/// The texts that a group's zarr.json holds inline, its own included; nothing where it holds none.
Result<std::optional<MetadataTable>> parse_inline_metadata(std::string_view document, const std::string& what);

/// `files` with the metadata of its .zmetadata, or of its root zarr.json; nothing where there is neither. Blocks on the
/// network for at most these two objects. Metadata keys that the document does not hold do not exist.
Result<std::shared_ptr<const Store>> open_consolidated(std::shared_ptr<const Store> files, Fetcher& fetcher,
                                                       const TextLimits& limits = {});

/// The same where the caller has asked for the .zmetadata: its text, nothing where there is none.
Result<std::shared_ptr<const Store>> open_consolidated(std::shared_ptr<const Store> files, Fetcher& fetcher,
                                                       const std::optional<std::string>& zmetadata,
                                                       const TextLimits& limits = {});

/// `store` with all its metadata as texts where some of its metadata keys refer to objects, as Kerchunk JSON may have
/// them (".zattrs": ["attributes.json"]); `store` itself where none does. Blocks on the network for those objects, one
/// batch.
Result<std::shared_ptr<const Store>> bring_metadata(std::shared_ptr<const Store> store, Fetcher& fetcher,
                                                    const TextLimits& limits = {});

/// Whether this .zmetadata is that of a Kerchunk Parquet folder.
bool is_parquet_zmetadata(std::string_view document);

}  // namespace vcube
