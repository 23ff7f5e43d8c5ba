// Chunks in chunks with an index: {"name": "sharding_indexed", "configuration": {"chunk_shape": [..], "codecs": [..],
// "index_codecs": [..], "index_location": "end"}}. Decodes whole shards; readers that can bring inner chunks alone do
// so by the index themselves.
// Source: Zarr v3, codec "sharding_indexed" version 1.0.
#pragma once

#include <memory>
#include <optional>

#include "core/base/json.h"
#include "core/codec/place.h"
#include "core/codec/strings.h"
#include "vcube/bytes.h"
#include "vcube/codec.h"
#include "vcube/result.h"
#include "vcube/shape.h"

namespace vcube {

/// `shard`: shape of the array that the codec takes. `fill`: one element for inner chunks that are absent, empty:
/// zeros; nothing: an absent inner chunk is an error.
Result<std::unique_ptr<const Codec>> make_sharding(const Json& config, const CodecPlace& place, const Shape& shard,
                                                   std::optional<ByteSpan> fill);

/// The same for elements of variable length.
Result<StringDecoder> make_sharding_strings(const Json& config, const CodecPlace& place, const Shape& shard,
                                            ByteSpan fill);

}  // namespace vcube
