#include "core/cube/chunk_runs.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "core/base/concat.h"

namespace vcube {
namespace {

constexpr std::uint64_t kMaxExtent = std::numeric_limits<std::int64_t>::max();

std::optional<std::uint64_t> positive(const Json& value) {
    if (!value.is_number_unsigned()) {
        return std::nullopt;
    }
    const auto number = value.get<std::uint64_t>();
    return number > 0 && number <= kMaxExtent ? std::optional(number) : std::nullopt;
}

/// Adds what of `times` chunks begins before `length`; `end`: where the chunks so far end, at most `length` before.
void append(ChunkRuns& runs, std::uint64_t extent, std::uint64_t times, std::uint64_t length, std::uint64_t& end) {
    if (end >= length) {
        return;
    }
    const std::uint64_t needed = (length - end) / extent + ((length - end) % extent != 0 ? 1 : 0);
    const std::uint64_t count = std::min(times, needed);
    if (!runs.empty() && runs.back().extent == extent) {
        runs.back().count += count;
    } else {
        runs.push_back({end, runs.empty() ? 0 : runs.back().chunk + runs.back().count, extent, count});
    }
    end += extent * count;  // at most length + extent: both count in an int64
}

}  // namespace

Result<ChunkRuns> parse_chunk_runs(const Json& edges, std::uint64_t length, const std::string& what) {
    if (length > kMaxExtent) {
        return over_limit(what + ": a dimension of " + std::to_string(length) + " elements");
    }
    ChunkRuns runs;
    std::uint64_t end = 0;
    if (const auto extent = positive(edges)) {
        append(runs, *extent, kMaxExtent, length, end);
        return runs;
    }
    if (!edges.is_array()) {
        return invalid(concat(what, ": expected an extent of at least 1 or a list, found ", json_type_name(edges)));
    }
    for (const Json& edge : edges) {
        const bool pair = edge.is_array() && edge.size() == 2;
        const auto extent = positive(pair ? edge[0] : edge);
        const auto times = pair ? positive(edge[1]) : std::optional<std::uint64_t>(1);
        if (!extent || !times) {
            return invalid(concat(what, ": expected extents and pairs [extent, times] of numbers of at least 1, found ",
                                  edge.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 60)));
        }
        append(runs, *extent, *times, length, end);
    }
    if (end < length) {
        return invalid(concat(what, ": the chunks hold ", std::to_string(end), " elements, the dimension ",
                              std::to_string(length)));
    }
    return runs;
}

const ChunkRun& run_of_element(const ChunkRuns& runs, std::uint64_t element) {
    return *std::prev(std::upper_bound(runs.begin(), runs.end(), element,
                                       [](std::uint64_t at, const ChunkRun& run) { return at < run.begin; }));
}

const ChunkRun& run_of_chunk(const ChunkRuns& runs, std::uint64_t chunk) {
    return *std::prev(std::upper_bound(runs.begin(), runs.end(), chunk,
                                       [](std::uint64_t at, const ChunkRun& run) { return at < run.chunk; }));
}

}  // namespace vcube
