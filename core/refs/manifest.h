// A compact in-memory manifest of references: what JSON references, HDF5 files and later others are read into. Chunk
// entries cost about 20 bytes plus 4 a dimension; URLs are interned, inline bytes stand in one arena. Immutable once
// built.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/refs/url_policy.h"
#include "vcube/byte_range.h"
#include "vcube/bytes.h"
#include "vcube/result.h"
#include "vcube/store.h"

namespace vcube {

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
    void add_range(std::string_view key, std::uint32_t url, ByteRange range);

    /// `name`: for messages. URLs are resolved with `policy` when a chunk is located, once each.
    std::shared_ptr<const Store> build(std::string name, UrlPolicy policy) &&;

private:
    struct Data;
    std::unique_ptr<Data> data_;
};

}  // namespace vcube
