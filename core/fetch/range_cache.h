// Byte ranges of remote objects kept on disk, for many processes at a time. An entry is written beside its place and
// renamed into it, so a process that dies leaves whole entries only; each has a checksum, and one that does not fit its
// checksum is dropped and counts as absent. Thread-safe, safe among processes, safe after fork.
//
// Entries are named by hashes of the object's location; no location, query or credential is written.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/fetch/object_versions.h"
#include "vcube/byte_range.h"
#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube {

/// A range of one version of an object. Only bounded ranges without a suffix are kept.
struct RangeKey {
    std::string location;  // as references name the object
    ObjectVersion version;
    ByteRange range;
};

class RangeCache {
public:
    /// Makes the folder (mode 0700) where there is none. `max_bytes`: what all processes together keep, about; beyond
    /// it entries that were used longest ago are dropped. kIo where the folder cannot be made or written.
    static Result<std::shared_ptr<RangeCache>> open(const std::string& folder, std::uint64_t max_bytes);
    ~RangeCache();
    RangeCache(const RangeCache&) = delete;
    RangeCache& operator=(const RangeCache&) = delete;

    /// Whether ranges of this version can be kept: it must have an ETag or Last-Modified, and a size.
    static bool can_keep(const ObjectVersion& version);

    /// The bytes of the range, exactly; nothing where they are not there or damaged.
    [[nodiscard]] std::optional<Buffer> get(const RangeKey& key);
    /// Whether get() is likely to find them: they are there, but nothing is read.
    [[nodiscard]] bool has(const RangeKey& key) const;
    /// Keeps them. A disk that is full or a folder that is gone is told once through log() and ends the keeping.
    void put(const RangeKey& key, ByteSpan bytes);

    /// The version of an object as it was when a server was asked last, where that was at most `max_age` ago.
    [[nodiscard]] std::optional<ObjectVersion> version(const std::string& location, std::chrono::seconds max_age);
    void put_version(const std::string& location, const ObjectVersion& version);

private:
    struct State;
    explicit RangeCache(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace vcube
