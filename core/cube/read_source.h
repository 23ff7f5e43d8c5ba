// The array that a read is of, as the parts of the read see it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/codec/chain.h"
#include "core/cube/array_meta.h"
#include "core/cube/chunk_form.h"
#include "core/cube/region_plan.h"
#include "core/cube/runtime.h"
#include "core/cube/shard_index.h"
#include "vcube/fetch_session.h"
#include "vcube/result.h"
#include "vcube/store.h"

namespace vcube {

/// What a read needs to know of its array. All of it outlives the call.
struct ReadSource {
    const Store& store;
    const ArrayMeta& meta;
    const CodecChain& chain;
    Runtime& runtime;
    std::uint64_t array_number = 0;                   // of the process, for the cache's keys
    const ShardIndex* shards = nullptr;               // where chunks stand in shards
    std::shared_ptr<FetchSession> session = nullptr;  // of reads whose options name none
};

/// "<store>: array "<path>"", for messages.
std::string array_label(const ReadSource& source);

/// Of the chunk that these segments lie in.
Result<const ChunkForm*> form_of(const ReadSource& source, ChunkForms& forms, const std::vector<Segment>& segments);

}  // namespace vcube
