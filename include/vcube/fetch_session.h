// Whose read it is: how its dataset wants objects fetched, which versions of them it has seen, and what it has cost.
// Shared by a dataset and everything that reads for it. The counters are atomic; the rest does not change after it is
// made, so all of it is thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vcube {

class ObjectVersions;  // core/fetch/object_versions.h

/// Locations that begin with `from` are read from `to` + the rest instead.
struct UrlRewrite {
    std::string from;
    std::string to;
};

struct FetchTuning {
    std::size_t max_concurrency = 0;            // requests under way at one host; 0: by the kind of host
    std::optional<std::uint64_t> coalesce_gap;  // bytes read and dropped to join two ranges; unset: as the link is
    unsigned retries = 5;                       // further attempts after the first
    std::chrono::milliseconds timeout{30'000};  // without a byte, or until a connection stands
    std::vector<UrlRewrite> rewrites;           // the first that fits counts
};

struct FetchCounters {
    std::atomic<std::uint64_t> ranges{0};        // byte ranges asked of the fetcher, local ones not counted
    std::atomic<std::uint64_t> requests{0};      // sent to servers, with retries and redirects
    std::atomic<std::uint64_t> bytes{0};         // of bodies received
    std::atomic<std::uint64_t> retries{0};       // requests that were sent again
    std::atomic<std::uint64_t> failures{0};      // ranges that could not be brought in the end
    std::atomic<std::uint64_t> disk_hits{0};     // ranges that the disk cache had
    std::atomic<std::uint64_t> disk_bytes{0};    // of those
    std::atomic<std::uint64_t> chunk_hits{0};    // chunks that were decoded already, or being decoded
    std::atomic<std::uint64_t> chunk_misses{0};  // chunks that were not
    std::atomic<std::uint64_t> waited_us{0};     // microseconds in which callers had nothing to do but wait for bytes
};

struct FetchSession {
    FetchTuning tuning;
    std::shared_ptr<ObjectVersions> versions;  // null: changed objects are not noticed
    FetchCounters counters;
};

}  // namespace vcube
