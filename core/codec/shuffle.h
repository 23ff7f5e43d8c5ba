// The byte shuffle and its inverse on plain memory. Pure functions.
// Source: HDF5 shuffle filter; numcodecs "shuffle". Encoded form: byte 0 of all elements, then byte 1 of all, ...;
// bytes after the last whole element follow as they are.
#pragma once

#include <cstddef>

#include "vcube/bytes.h"

namespace vcube {

/// Both spans have the same size and do not overlap; element_size is at least 1.
void unshuffle(ByteSpan in, MutableByteSpan out, std::size_t element_size);

}  // namespace vcube
