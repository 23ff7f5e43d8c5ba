// What the multidimensional API tells of an array's chunks: how they are stored, where they lie, which of them a read
// will need. Pure but for describe_chunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/cube/array.h"
#include "cpl_string.h"
#include "driver/gdal_compat.h"
#include "gdal.h"

namespace vcube::driver {

/// FORMAT, CODECS (in encoding order), CHUNK_GRID and CHUNK_COUNT, ORDER, SHARD_SHAPE, and the configurations
/// themselves: COMPRESSOR and FILTERS (Zarr v2) or CODEC_CHAIN (v3) as JSON.
CPLStringList structural_info(const Array& array);

/// Where a chunk's bytes lie; may ask the store and the file system. kInvalid outside the chunk grid.
Status describe_chunk(const Array& array, const std::uint64_t* index, RawBlock& out);

/// A region with one element of every chunk that [start, start + count) touches, as many chunks as `max_bytes` hold
/// decoded: those first in reading order. Nothing where chunks would not be kept: they are larger, or read by parts;
/// nor where chunks differ in extent.
std::optional<Region> one_element_a_chunk(const ArrayMeta& meta, const GUInt64* start, const std::size_t* count,
                                          std::size_t max_bytes);

}  // namespace vcube::driver
