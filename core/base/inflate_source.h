// Decompression of files that are too large to hold: a byte source in, a byte source out.
// Not thread-safe: one user at a time.
#pragma once

#include "core/base/byte_source.h"

namespace vcube {

/// The bytes behind gzip (RFC 1952, all members) or zstd (RFC 8878, all frames, windows up to 128 MB), which the first
/// bytes tell; any other source as it is. A damaged or cut stream is kCorrupt when its place is read.
ByteSource inflated_source(ByteSource source);

}  // namespace vcube
