// Where a chunk's bytes are: missing (fill value), inline in the store, or a byte range of an object.
#pragma once

#include <cstdint>
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

/// What stands around a chunk's bytes in the object that holds them, to be taken off before the codec chain.
enum class Wrap : std::uint8_t {
    kNone,
    kDeflate  // a raw deflate stream (RFC 1951), as members of zip files are compressed
};

/// A byte range of an object. `url` is resolved and permitted by the URL policy already.
struct Remote {
    std::string url;
    ByteRange range;
    Wrap wrap = Wrap::kNone;
    std::uint64_t unwrapped_size = 0;  // bytes behind the wrap; only where there is one
    /// The store does not know whether the object exists (a directory that was not listed): where it does not, the key
    /// is absent, which is no error but Missing.
    bool may_be_absent = false;
};

using ChunkLocation = std::variant<Missing, Inline, Remote>;

}  // namespace vcube
