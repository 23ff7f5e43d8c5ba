// Store: says where metadata and chunk bytes are. Knows keys, nothing of shapes, codecs or projections.
//
// Contract: immutable after open; every function may be called from several threads at once; no call blocks on the
// network unless its comment says so. Keys are Zarr store keys without a leading slash ("group/array/.zarray",
// "array/0.1.2").
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vcube/chunk_location.h"
#include "vcube/result.h"

namespace vcube {

class Store {
public:
    Store() = default;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    virtual ~Store() = default;

    /// What messages call this store: the location it was opened from, without credentials or query string.
    [[nodiscard]] virtual std::string_view name() const = 0;

    /// All metadata keys (.zgroup, .zarray, .zattrs, zarr.json; not .zmetadata), sorted.
    [[nodiscard]] virtual Result<std::vector<std::string>> metadata_keys() const = 0;

    /// The text of a metadata key, or nothing where the key does not exist.
    [[nodiscard]] virtual Result<std::optional<std::string>> metadata(std::string_view key) const = 0;

    /// Where the chunks of `keys` are: out[i] for keys[i]; both spans have the same size. A key the store does not hold
    /// gives Missing; a key that policy forbids or that cannot be resolved is an error that names it.
    virtual Status locate(std::span<const std::string> keys, std::span<ChunkLocation> out) const = 0;

    /// Number of chunk keys held, where the store knows it without a listing.
    [[nodiscard]] virtual std::optional<std::uint64_t> chunk_count() const { return std::nullopt; }
};

}  // namespace vcube
