// Which requests bring a set of byte ranges: near ranges of one object are joined, long ones are cut into parts that
// come side by side. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace vcube {

/// A bounded range [begin, end) of object number `object`.
struct RangeWish {
    std::size_t object = 0;
    std::uint64_t begin = 0, end = 0;
};

struct PlanRule {
    std::uint64_t gap = 0;         // at most this much between two ranges is read and dropped to join them
    std::uint64_t join_bytes = 0;  // a joined range grows no longer than this (single wishes may be longer)
    std::uint64_t part_bytes = 0;  // a longer range is asked for in parts of about this size
};

/// One span of bytes that is brought together, and the wishes inside it.
struct PlannedSpan {
    std::size_t object = 0;
    std::uint64_t begin = 0, end = 0;
    std::size_t first = 0, count = 0;  // of RangePlan::order
    std::size_t parts = 1;             // requests of about equal length that it is asked for in
};

struct RangePlan {
    std::vector<std::size_t> order;  // numbers of the wishes, by span
    std::vector<PlannedSpan>
        spans;  // by the earliest wish that each holds, so that what is wanted first is asked first
};

/// Every wish lies inside exactly one span; wishes may overlap and repeat. O(n log n).
/// `sizes`: of each object, where it is known: one of at most join_bytes of which half is wanted is read whole.
RangePlan plan_ranges(std::span<const RangeWish> wishes, std::span<const std::optional<std::uint64_t>> sizes,
                      const PlanRule& rule);

/// What is known of the way to a host.
struct LinkEstimate {
    std::chrono::microseconds latency{50'000};  // from request to first byte
    double bytes_per_second = 20e6;             // of one connection, once bytes flow
};

/// The rule for a batch of `requests` ranges with `bytes` in all, of which `concurrency` may be under way. A gap is
/// worth reading where that takes less time than a request's share of a round trip; spans are so long that all
/// connections have work, and at least so long that a round trip does not dominate. `gap`: the user's own.
PlanRule plan_rule(const LinkEstimate& link, std::size_t concurrency, std::size_t requests, std::uint64_t bytes,
                   std::optional<std::uint64_t> gap);

}  // namespace vcube
