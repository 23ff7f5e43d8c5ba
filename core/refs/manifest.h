// A compact in-memory manifest of references: what JSON references, HDF5 files and later others are read into. Chunk
// entries cost about 20 bytes plus 4 a dimension; URLs are interned, inline bytes stand in one arena. Immutable once
// built.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/refs/url_policy.h"
#include "vcube/byte_range.h"
#include "vcube/bytes.h"
#include "vcube/result.h"
#include "vcube/store.h"

namespace vcube {

struct ManifestData;

/// Collects entries in any order, then becomes a Store. A key that is added twice keeps its last value, as in JSON.
/// Not thread-safe.
class ManifestBuilder {
public:
    ManifestBuilder();
    ManifestBuilder(const ManifestBuilder&) = delete;
    ManifestBuilder& operator=(const ManifestBuilder&) = delete;
    ~ManifestBuilder();

    /// Index of an interned URL, as the references write it.
    std::uint32_t intern_url(std::string_view url);
    void add_inline(std::string_view key, ByteSpan bytes);
    /// `range` counts from the object's begin: no suffix.
    void add_range(std::string_view key, std::uint32_t url, ByteRange range);
    /// The key is known to have no bytes; an earlier value is dropped.
    void add_missing(std::string_view key);

    /// URLs interned so far are turned by `render` when a chunk is located (templates, which a document may define
    /// after their use); later ones are final. The first `checked` are tried now, and an error of theirs is returned.
    /// `render` must be thread-safe.
    Status render_urls(std::function<Result<std::string>(std::string_view)> render, std::size_t checked);
    /// Whether a metadata key was added, or consolidated metadata (.zmetadata).
    [[nodiscard]] bool has_metadata() const;

    /// `name`: for messages. URLs are resolved with `policy` when a chunk is located.
    std::shared_ptr<const Store> build(std::string name, UrlPolicy policy) &&;

private:
    std::unique_ptr<ManifestData> data_;
};

/// Whether a key's last part is a metadata name (.zgroup, .zarray, .zattrs, zarr.json).
bool is_metadata_key(std::string_view key);

}  // namespace vcube
