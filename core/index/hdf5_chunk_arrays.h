// The chunk indexes that HDF5 files of the "latest" format have: fixed arrays, extensible arrays, version 2 B-trees.
// Internal to core/index; pure but for reading the file. Source: HDF5 File Format Specification 3.0, sections III.A.2,
// IV.A.2.i (layout message version 4), VII.B-D (chunk indexes).
#pragma once

#include <cstdint>
#include <vector>

#include "core/index/hdf5_chunks.h"
#include "core/index/hdf5_cursor.h"

namespace vcube {

/// The dataset whose chunks are listed.
struct Hdf5ChunkGrid {
    Shape chunk_shape;         // elements
    Shape chunks;              // along each dimension, at the dataset's largest extent; 0 where that is unlimited
    std::uint64_t bytes = 0;   // of a chunk before filters
    std::uint64_t stored = 0;  // how many chunks the library says there are
};

/// Appends the chunks that a version 4 layout message tells of; `message` starts behind its version. false where this
/// does not understand the index, or it disagrees with `grid.stored`.
bool read_hdf5_chunk_arrays(Hdf5Cursor message, const Hdf5ChunkGrid& grid, const Hdf5FileLayout& layout,
                            const Hdf5Bytes& bytes, Hdf5ChunkList& out);

}  // namespace vcube
