// Executes one read: regions -> chunks -> cache claims -> locate -> one batched fetch -> decode and copy on the threads
// that bring the bytes. See docs/decisions/0002-workers-copy.md. One call, one thread; the callee uses the pool.
#pragma once

#include <span>

#include "core/cube/array.h"
#include "core/cube/piece_load.h"
#include "vcube/result.h"
#include "vcube/shape.h"

namespace vcube {

/// Regions have been checked against the shape, no count is 0, all destinations are of one type. Elements of variable
/// length are an error.
Status read_regions(const ReadSource& source, std::span<const RegionRead> reads, const ReadOptions& options);

/// Array::prefetch(); regions as above, destinations do not count.
Status prefetch_regions(const ReadSource& source, std::span<const RegionRead> reads, const ReadOptions& options);

}  // namespace vcube
