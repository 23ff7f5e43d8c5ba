// Chunks of different extents along one dimension (Zarr v3 chunk grid "rectilinear"), as runs of equal ones: what a
// list of a million equal extents costs is one entry. Value types and pure functions; thread-safe.
// Source: zarr-extensions, chunk-grids/rectilinear (kind "inline").
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "vcube/result.h"

namespace vcube {

/// Neighbouring chunks of the same extent.
struct ChunkRun {
    std::uint64_t begin = 0;   // first element
    std::uint64_t chunk = 0;   // grid index of the first chunk
    std::uint64_t extent = 1;  // elements in each
    std::uint64_t count = 0;   // chunks
};

/// Along one dimension, in order, without gaps; the last chunk may reach beyond the dimension's end, as it is stored
/// whole. Empty where the dimension has no elements.
using ChunkRuns = std::vector<ChunkRun>;

/// From one member of "chunk_shapes": an extent, or a list of extents and of pairs [extent, times]. Chunks behind the
/// dimension's `length` are passed over. kInvalid where they end before it.
Result<ChunkRuns> parse_chunk_runs(const Json& edges, std::uint64_t length, const std::string& what);

/// The run that holds an element, or a chunk; it has to be inside the dimension.
const ChunkRun& run_of_element(const ChunkRuns& runs, std::uint64_t element);
const ChunkRun& run_of_chunk(const ChunkRuns& runs, std::uint64_t chunk);

}  // namespace vcube
