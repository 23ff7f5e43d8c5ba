// Where a chunk's bytes are: missing (fill value), inline in the store, or a byte range of an object.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "vcube/byte_range.h"
#include "vcube/bytes.h"

namespace vcube {

/// The store has no such key: the chunk holds the fill value.
struct Missing {};

/// The bytes stand in the store; the view is valid as long as the store (or `owner`, where set) lives.
struct Inline {
    ByteSpan bytes;
    std::shared_ptr<const void> owner;
};

/// A byte range of an object. `url` is resolved and permitted by the URL policy already.
struct Remote {
    std::string url;
    ByteRange range;
};

using ChunkLocation = std::variant<Missing, Inline, Remote>;

}  // namespace vcube
