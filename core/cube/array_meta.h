// What metadata say of one array. The only places that know Zarr versions are array_meta.cpp (v2) and zarr_v3.cpp.
// Source: Zarr v2 specification, "Metadata"; xarray's _ARRAY_DIMENSIONS convention; netCDF-C's NCZarr metadata.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/cube/chunk_runs.h"
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
    Shape chunks;  // same rank; every extent at least 1; of a sharded array the chunks inside the shards; where chunks
                   // differ, the largest extent along each dimension
    std::vector<ChunkRuns> runs;  // of each dimension, where chunks differ; empty for a regular grid
    DType dtype;
    // One element in native byte order, or empty: none is defined (reads as zero). Of kObject: the text's bytes.
    std::vector<std::byte> fill;
    bool fortran = false;  // v2: chunks are stored in column-major order
    char separator = '.';
    bool prefixed_keys = false;           // v3 default chunk keys: "c/0/1"
    Json filters;                         // v2: null or list, encoding order
    Json compressor;                      // v2: null or object
    Json codecs;                          // v3: list, of the chunks inside the shards; null for v2
    std::optional<Sharding> sharding;     // v3
    Json attributes;                      // object, without _ARRAY_DIMENSIONS and those of NCZarr
    std::vector<std::string> dimensions;  // one name a dimension; "" where it has none

    /// true where chunks hold the bare elements, of any byte order: no filter, no compressor. A byte range of such a
    /// chunk is a range of elements, so it is read by parts and may be of any size.
    [[nodiscard]] bool uncompressed() const;
    /// Elements in the largest chunk; known not to overflow and within the limits below.
    [[nodiscard]] std::size_t chunk_elements() const;
    /// Chunks along each dimension.
    [[nodiscard]] Shape chunk_grid() const;
    /// Extent along a dimension of the chunks at this grid index of it.
    [[nodiscard]] std::uint64_t chunk_extent(std::size_t dimension, std::uint64_t chunk) const {
        return runs.empty() ? chunks[dimension] : run_of_chunk(runs[dimension], chunk).extent;
    }
    /// Store key of the chunk at these grid indices; of a sharded array: of the shard at these indices of its grid.
    [[nodiscard]] std::string chunk_key(const std::uint64_t* index) const;
};

struct ArrayLimits {
    std::uint64_t max_chunk_bytes = std::uint64_t{2} << 30;  // one decoded chunk, where it is not uncompressed
};

/// From the text of "<path>/.zarray" and "<path>/.zattrs" ("" where there is none). Errors name `store`, path and key.
Result<ArrayMeta> parse_zarray(std::string_view path, std::string_view zarray, std::string_view zattrs,
                               const std::string& store, const ArrayLimits& limits = {});

/// For parsers: whether shape and chunks make sense together and can be counted, and chunks are within the limits.
/// Extents of 0 of chunks without elements become 1. `chunks_key` names the chunks in errors.
Status check_layout(ArrayMeta& meta, const ArrayLimits& limits, const std::string& what, const char* chunks_key);

/// For parsers: takes _ARRAY_DIMENSIONS out of the attributes, as the dimensions' names where there are none yet.
void take_array_dimensions(ArrayMeta& meta);

}  // namespace vcube
