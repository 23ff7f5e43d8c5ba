// Executes one read: region -> chunks -> cache claims -> locate -> one batched fetch -> decode and copy on the threads
// that bring the bytes. See docs/decisions/0002-workers-copy.md. One call, one thread; the callee uses the pool.
#pragma once

#include "core/cube/array.h"
#include "core/cube/piece_load.h"
#include "vcube/result.h"
#include "vcube/shape.h"

namespace vcube {

/// The region has been checked against the shape, and no count is 0. Elements of variable length are an error.
Status read_region(const ReadSource& source, const Region& region, const Destination& destination,
                   const ReadOptions& options);

}  // namespace vcube
