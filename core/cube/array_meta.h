// What metadata say of one array. The only place that knows Zarr versions is array_meta.cpp.
// Source: Zarr v2 specification, "Metadata"; xarray's _ARRAY_DIMENSIONS convention.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "vcube/dtype.h"
#include "vcube/result.h"
#include "vcube/shape.h"

namespace vcube {

/// Chunks that stand together in one object, found through an index in it (Zarr v3 codec sharding_indexed).
struct Sharding {
    Shape shard;        // elements along each dimension; multiples of the chunks' extents
    Json index_codecs;  // list
    bool index_at_end = true;
};

struct ArrayMeta {
    std::string path;  // "group/array", no leading slash; store keys start with it
    std::string name;  // last part of the path
    Shape shape;
    Shape chunks;  // same rank; every extent at least 1; of a sharded array the chunks inside the shards
    DType dtype;
    std::vector<std::byte> fill;  // one element in native byte order, or empty: none is defined (reads as zero)
    bool fortran = false;         // chunks are stored in column-major order
    char separator = '.';
    bool prefixed_keys = false;           // v3 default chunk keys: "c/0/1"
    Json filters;                         // v2: null or list, encoding order
    Json compressor;                      // v2: null or object
    Json codecs;                          // v3: list, of the chunks inside the shards; null for v2
    std::optional<Sharding> sharding;     // v3
    Json attributes;                      // object, without _ARRAY_DIMENSIONS
    std::vector<std::string> dimensions;  // one name a dimension; "" where it has none

    /// true where chunks hold the bare elements: no filter, no compressor. A byte range of such a chunk is a range of
    /// elements, so it is read by parts and may be of any size.
    [[nodiscard]] bool uncompressed() const;
    /// Elements in one chunk; known not to overflow and within the limits below.
    [[nodiscard]] std::size_t chunk_elements() const;
    /// Chunks along each dimension.
    [[nodiscard]] Shape chunk_grid() const;
    /// Store key of the object that holds the chunk (or shard) at these grid indices.
    [[nodiscard]] std::string chunk_key(const std::uint64_t* index) const;
};

struct ArrayLimits {
    std::uint64_t max_chunk_bytes = std::uint64_t{2} << 30;  // one decoded chunk, where it is not uncompressed
};

/// From the text of "<path>/.zarray" and "<path>/.zattrs" ("" where there is none). Errors name `store`, path and key.
Result<ArrayMeta> parse_zarray(std::string_view path, std::string_view zarray, std::string_view zattrs,
                               const std::string& store, const ArrayLimits& limits = {});

}  // namespace vcube
