// What SMOS L2 products mean by their attributes where CF alone would read them wrong. Pure functions.
// Facts on real products: docs/formats.md.
#pragma once

#include "core/cube/array_meta.h"
#include "core/cube/encoding.h"

namespace vcube::swath {

/// The encoding of a product's column, as decode_encoding() with these differences:
/// - integers that are no flags have 0 as nodata where the file declares nothing else;
/// - flags never have 0 as nodata: their nodata is all bits set, where the flags leave a bit unused (the value stands
/// in
///   no product: it only marks pixels outside the swath), else none;
/// - one-byte signed and boolean and half-precision columns are read as the next wider type that every GDAL knows.
Encoding smos_encoding(const ArrayMeta& array);

/// true where values are combinations of bits (not one of several values).
bool has_bit_flags(const Encoding& encoding);

}  // namespace vcube::swath
