// Executes one read: region -> chunks -> cache claims -> locate -> one batched fetch -> decode and copy on the threads
// that bring the bytes. See docs/decisions/0002-workers-copy.md. One call, one thread; the callee uses the pool.
#pragma once

#include <cstdint>
#include <memory>

#include "core/codec/chain.h"
#include "core/cube/array.h"
#include "core/cube/array_meta.h"
#include "core/cube/runtime.h"
#include "vcube/shape.h"
#include "vcube/store.h"

namespace vcube {

/// What a read needs to know of its array. All of it outlives the call.
struct ReadSource {
    const Store& store;
    const ArrayMeta& meta;
    const CodecChain& chain;
    Runtime& runtime;
    std::uint64_t array_number = 0;  // of the process, for the cache's keys
};

/// The region has been checked against the shape, and no count is 0.
Status read_region(const ReadSource& source, const Region& region, const Destination& destination,
                   const ReadOptions& options);

}  // namespace vcube
