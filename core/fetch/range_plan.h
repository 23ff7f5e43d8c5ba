// Which requests bring a set of byte ranges: near ranges of one object are joined, long ones are cut into parts that
// come side by side. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "vcube/byte_range.h"

namespace vcube {

/// A bounded range [begin, end) of object number `object`; it may be empty, but does not end before it begins.
struct RangeWish {
    std::size_t object = 0;
    std::uint64_t begin = 0, end = 0;
};

struct PlanRule {
    std::uint64_t gap = 0;         // at most this much between two ranges is read and dropped to join them
    std::uint64_t join_bytes = 0;  // a joined range grows no longer than this (single wishes may be longer)
    std::uint64_t part_bytes = 0;  // a longer range is asked for in parts of this size to twice it; 0: in one
};

/// One span of bytes that is brought together, and the wishes inside it.
struct PlannedSpan {
    std::size_t object = 0;
    std::uint64_t begin = 0, end = 0;
    std::size_t first = 0, count = 0;  // of RangePlan::order
    std::size_t parts = 1;             // requests of about equal length that it is asked for in
};

/// Number `part` of a span's parts.
ByteRange part_of(const PlannedSpan& span, std::size_t part);

struct RangePlan {
    std::vector<std::size_t> order;  // numbers of the wishes, by span; ascending in each
    std::vector<PlannedSpan>
        spans;  // by the earliest wish that each holds, so that what is wanted first is asked first
};

/// Every wish lies inside exactly one span; wishes may overlap and repeat. A wish that lies inside a span's range is
/// taken into it whatever the lengths. Nothing is read for an empty wish. O(n log n).
/// `sizes`: of each object, where it is known: one of at most join_bytes of which half is wanted is read whole where
/// that saves a request. A gap of 0 means that no byte is read that is not wanted, so then none is.
RangePlan plan_ranges(std::span<const RangeWish> wishes, std::span<const std::optional<std::uint64_t>> sizes,
                      const PlanRule& rule);

/// The same with spans up to twice or four times as long, where those can all be under way at once over `connections`
/// and the shorter ones cannot: one round trip instead of several.
RangePlan plan_rounds(std::span<const RangeWish> wishes, std::span<const std::optional<std::uint64_t>> sizes,
                      const PlanRule& rule, std::size_t connections);

/// What is known of the way to a host.
struct LinkEstimate {
    std::chrono::microseconds latency{50'000};  // from request to first byte
    double bytes_per_second = 20e6;             // of all connections together, while bytes flow
};

/// The rule for a batch of `requests` ranges with `bytes` in all, of which `concurrency` may be under way.
///
/// With D = latency x bytes_per_second, what comes in the time of a round trip:
/// - gap = D / min(concurrency, requests), within [4 KB, 1 MB]: so much comes in a request's share of a round trip; a
///   longer gap costs more than the request that it saves. Without latency a request still costs its headers and the
///   work on it. `gap`: the user's own.
/// - join_bytes = bytes / concurrency, within [256 KB, 4 D], where 4 D counts as at least 2 MB and at most 8 MB: there
///   are as many spans as connections where the bytes suffice for that; shorter spans would not be quicker, as a round
///   trip outweighs 256 KB; a span of 4 D spends at least four fifths of its time on bytes, and longer ones only hold
///   back what could be decoded already.
/// - part_bytes = bytes / concurrency, within [4 MB, 16 MB] and at least join_bytes: one long range comes over as many
///   connections as make it quicker.
PlanRule plan_rule(const LinkEstimate& link, std::size_t concurrency, std::size_t requests, std::uint64_t bytes,
                   std::optional<std::uint64_t> gap);

}  // namespace vcube
