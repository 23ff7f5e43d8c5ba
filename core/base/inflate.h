// Bounded decompression of whole buffers, used by the codecs and by compressed reference files.
// Thread-safe; decompressor states are kept per thread.
#pragma once

#include <cstddef>

#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube {

/// Into a buffer of known capacity; returns the number of bytes written. kLimit where `out` is too small, kCorrupt
/// where `in` is damaged. zlib: RFC 1950; gzip: RFC 1952, all members; raw: RFC 1951, one stream; zstd: RFC 8878, all
/// frames.
Result<std::size_t> inflate_zlib(ByteSpan in, MutableByteSpan out);
Result<std::size_t> inflate_gzip(ByteSpan in, MutableByteSpan out);
Result<std::size_t> inflate_raw(ByteSpan in, MutableByteSpan out);
Result<std::size_t> decompress_zstd(ByteSpan in, MutableByteSpan out);

/// Into a buffer that grows to at most `max_bytes` (kLimit beyond it).
Result<Buffer> inflate_gzip_all(ByteSpan in, std::size_t max_bytes);
Result<Buffer> decompress_zstd_all(ByteSpan in, std::size_t max_bytes);

}  // namespace vcube
