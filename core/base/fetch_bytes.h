// Small objects brought whole: what stores read of their own (page of a reference table, zip directory, shard index).
// Thread-safe; blocks until the bytes are here.
#pragma once

#include <cstdint>
#include <string>

#include "vcube/bytes.h"
#include "vcube/chunk_location.h"
#include "vcube/fetcher.h"
#include "vcube/result.h"

namespace vcube {

/// Bytes of one object, which no cache keeps on disk; `range` may be unbounded. kNotFound where the object does not
/// exist, kLimit above `max_bytes`.
Result<Buffer> fetch_bytes(Fetcher& fetcher, const std::string& url, ByteRange range, std::uint64_t max_bytes);

/// Bytes at a location, unwrapped. kNotFound for Missing, and for an object that may be absent and is.
Result<Buffer> fetch_location(Fetcher& fetcher, const ChunkLocation& location, std::uint64_t max_bytes);

/// Takes the wrap off the bytes of `place`. kCorrupt where they do not give place.unwrapped_size bytes, kLimit where
/// that is above `max_bytes`.
Result<Buffer> unwrap(const Remote& place, ByteSpan bytes, std::uint64_t max_bytes);

}  // namespace vcube
