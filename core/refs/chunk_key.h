// Zarr chunk keys taken apart: "sst/0.12.3" and "sst/0/12/3" are an array's prefix and a chunk's coordinates.
// Pure. Source: Zarr v2 specification, "Storage"; dimension_separator.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vcube/shape.h"

namespace vcube {

struct ChunkKey {
    std::string_view prefix;  // with the trailing slash, "" for an array at the root
    char separator = '.';     // '.' too where there is one coordinate only
    std::size_t rank = 0;
    std::array<std::uint32_t, kMaxDimensions> at{};
};

/// false where the key does not end in coordinates, or they are not written as Zarr writes them (leading zeros, more
/// than 32 bits, too many): such a key is no chunk key.
bool split_chunk_key(std::string_view key, ChunkKey& out);

}  // namespace vcube
