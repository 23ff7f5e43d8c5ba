// Where the chunks of an HDF5 dataset are. Thread-safe as libhdf5 is.
// Source: HDF5 1.10 C API (H5Dget_chunk_info), HDF5 File Format Specification 3.0 (object headers, version 1 B-trees).
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "vcube/bytes.h"
#include "vcube/result.h"
#include "vcube/shape.h"

namespace vcube {

/// The bytes of an HDF5 file beside the library: a local file, or an image in memory that outlives this object.
class Hdf5Bytes {
public:
    explicit Hdf5Bytes(const std::string& path);
    explicit Hdf5Bytes(ByteSpan image) : image_(image) {}
    Hdf5Bytes(const Hdf5Bytes&) = delete;
    Hdf5Bytes& operator=(const Hdf5Bytes&) = delete;
    ~Hdf5Bytes();

    /// Fills `out` from `offset` on; false where the file is shorter or cannot be read.
    [[nodiscard]] bool read(std::uint64_t offset, MutableByteSpan out) const;

private:
    int descriptor_ = -1;
    ByteSpan image_;
};

/// What all datasets of one file share.
struct Hdf5FileLayout {
    std::uint64_t base = 0;  // size of the user block: addresses count from behind it
    std::size_t address_size = 8;
    std::size_t length_size = 8;
};

struct Hdf5Chunk {
    std::uint64_t offset = 0;  // in the file, user block included
    std::uint64_t size = 0;
    std::uint32_t filter_mask = 0;
};

struct Hdf5ChunkList {
    std::vector<Hdf5Chunk> chunks;
    std::vector<std::uint64_t> index;  // rank numbers a chunk: its place in the grid of chunks
};

/// All chunks stored for a chunked dataset. The library's own listing costs quadratic time, so the index of datasets
/// with many chunks is read here; what that does not understand, or disagrees about, goes through the library.
Result<Hdf5ChunkList> list_hdf5_chunks(hid_t dataset, const Shape& chunk_shape, const Hdf5FileLayout& layout,
                                       const Hdf5Bytes& bytes);

}  // namespace vcube
