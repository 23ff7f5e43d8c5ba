// CRC-32C (Castagnoli), with the processor's instruction where it has one. Pure function.
// Source: RFC 3720, appendix B.4 (polynomial and test vectors).
#pragma once

#include <cstdint>

#include "vcube/bytes.h"

namespace vcube {

std::uint32_t crc32c(ByteSpan data);

/// Without the instruction, for processors that lack it and for the test that compares both.
std::uint32_t crc32c_portable(ByteSpan data);

}  // namespace vcube
