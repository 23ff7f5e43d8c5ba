// Text of the elements of a region: of variable length (|O with an object codec, Zarr v3 string and bytes), S and U.
// One call, one thread; the callee uses the pool.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/cube/array.h"
#include "core/cube/piece_load.h"
#include "vcube/result.h"
#include "vcube/shape.h"

namespace vcube {

/// In C order. S without its trailing NULs; U as UTF-8, without trailing NULs, what is no code point as U+FFFD. Other
/// types are an error. The region has been checked against the shape. Refuses more than `max_bytes` of text, in one
/// chunk too; an element counts for at least kElementCost bytes.
inline constexpr std::uint64_t kElementCost = 16;
Result<std::vector<std::string>> read_text(const ReadSource& source, const Region& region, const ReadOptions& options,
                                           std::uint64_t max_bytes);

}  // namespace vcube
