// The numbers of one chunk of a pco stream (its page, in the standalone format). Pure.
// Source: pco's docs/format.md, "Page" and "Processing Formulas".
#pragma once

#include "core/codec/pcodec_meta.h"
#include "vcube/bytes.h"

namespace vcube::pcodec {

/// Reads the page behind the chunk's metadata. `out`: chunk.count numbers of chunk.type, native, at any address.
Status read_page(BitReader& reader, const Chunk& chunk, MutableByteSpan out);

}  // namespace vcube::pcodec
