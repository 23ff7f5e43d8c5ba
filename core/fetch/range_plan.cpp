#include "core/fetch/range_plan.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace vcube {
namespace {

constexpr std::uint64_t kKilobyte = std::uint64_t{1} << 10U, kMegabyte = std::uint64_t{1} << 20U;

bool joins(const PlannedSpan& span, const RangeWish& wish, const PlanRule& rule) {
    if (wish.object != span.object) {
        return false;
    }
    if (wish.end <= span.end && wish.begin <= span.end) {
        return true;  // whatever its length, nothing is added
    }
    // No byte is read to reach an empty range, or from one.
    const bool empty = wish.begin == wish.end || span.begin == span.end;
    const bool near = wish.begin <= span.end || (!empty && wish.begin - span.end <= rule.gap);
    return near && wish.end - span.begin <= rule.join_bytes;
}

/// Of the spans from `first` on, which are those of one object in order, makes one, where the object is small, half of
/// it is wanted and that saves a request. `first`, `count` of the spans are those of the sweep.
void read_whole(std::vector<PlannedSpan>& spans, std::size_t first, std::uint64_t wanted,
                std::span<const std::optional<std::uint64_t>> sizes, const PlanRule& rule) {
    if (rule.gap == 0 || spans.size() < first + 2) {
        return;
    }
    PlannedSpan& whole = spans[first];
    const std::optional<std::uint64_t> size = whole.object < sizes.size() ? sizes[whole.object] : std::nullopt;
    const bool inside = size && std::all_of(spans.begin() + static_cast<std::ptrdiff_t>(first), spans.end(),
                                            [&](const PlannedSpan& span) { return span.end <= *size; });
    if (!inside || *size > rule.join_bytes || wanted < *size - *size / 2) {
        return;
    }
    whole.begin = 0;
    whole.end = *size;
    for (std::size_t i = first + 1; i < spans.size(); ++i) {
        whole.count += spans[i].count;
    }
    spans.resize(first + 1);
}

/// Spans by object and offset; `order` is by those too, and each span's wishes are neighbours in it.
std::vector<PlannedSpan> sweep(std::span<const RangeWish> wishes, const std::vector<std::size_t>& order,
                               std::span<const std::optional<std::uint64_t>> sizes, const PlanRule& rule) {
    std::vector<PlannedSpan> spans;
    std::size_t first_of_object = 0;
    std::uint64_t wanted = 0, wanted_to = 0;  // bytes of the object that are wanted, overlaps once; where they end
    for (std::size_t i = 0; i < order.size(); ++i) {
        const RangeWish& wish = wishes[order[i]];
        if (spans.empty() || spans.back().object != wish.object) {
            read_whole(spans, first_of_object, wanted, sizes, rule);
            first_of_object = spans.size();
            wanted = wanted_to = 0;
        }
        const std::uint64_t fresh = std::max(wish.begin, wanted_to);
        wanted += std::max(wish.end, fresh) - fresh;
        wanted_to = std::max(wanted_to, wish.end);
        if (spans.size() > first_of_object && joins(spans.back(), wish, rule)) {
            spans.back().end = std::max(spans.back().end, wish.end);
            ++spans.back().count;
        } else {
            spans.push_back({wish.object, wish.begin, wish.end, i, 1, 1});
        }
    }
    read_whole(spans, first_of_object, wanted, sizes, rule);
    return spans;
}

/// `bytes` as a number between the two; 0 and what is no number are the lower.
std::uint64_t within(double bytes, std::uint64_t lower, std::uint64_t upper) {
    return bytes > static_cast<double>(lower)
               ? (bytes < static_cast<double>(upper) ? static_cast<std::uint64_t>(bytes) : upper)
               : lower;
}

}  // namespace

RangePlan plan_ranges(std::span<const RangeWish> wishes, std::span<const std::optional<std::uint64_t>> sizes,
                      const PlanRule& rule) {
    RangePlan plan;
    plan.order.resize(wishes.size());
    std::iota(plan.order.begin(), plan.order.end(), std::size_t{0});
    std::sort(plan.order.begin(), plan.order.end(), [&](std::size_t a, std::size_t b) {
        const RangeWish &x = wishes[a], &y = wishes[b];
        return std::tie(x.object, x.begin, y.end) < std::tie(y.object, y.begin, x.end);  // the longer first
    });
    plan.spans = sweep(wishes, plan.order, sizes, rule);
    for (PlannedSpan& span : plan.spans) {
        const auto members = plan.order.begin() + static_cast<std::ptrdiff_t>(span.first);
        std::sort(members, members + static_cast<std::ptrdiff_t>(span.count));
        const std::uint64_t length = span.end - span.begin;
        span.parts = rule.part_bytes == 0 ? 1 : std::max<std::size_t>(length / rule.part_bytes, 1);
    }
    const std::vector<std::size_t> by_place = plan.order;
    std::sort(plan.spans.begin(), plan.spans.end(),
              [&](const PlannedSpan& a, const PlannedSpan& b) { return by_place[a.first] < by_place[b.first]; });
    std::size_t next = 0;
    for (PlannedSpan& span : plan.spans) {
        std::copy_n(by_place.begin() + static_cast<std::ptrdiff_t>(span.first), span.count,
                    plan.order.begin() + static_cast<std::ptrdiff_t>(next));
        span.first = next;
        next += span.count;
    }
    return plan;
}

RangePlan plan_rounds(std::span<const RangeWish> wishes, std::span<const std::optional<std::uint64_t>> sizes,
                      const PlanRule& rule, std::size_t connections) {
    RangePlan plan = plan_ranges(wishes, sizes, rule);
    if (plan.spans.size() <= connections || rule.join_bytes > ByteRange::kEnd / 4) {
        return plan;
    }
    for (const std::uint64_t times : {2U, 4U}) {
        PlanRule longer = rule;
        longer.join_bytes *= times;
        longer.part_bytes = rule.part_bytes == 0 ? 0 : std::max(rule.part_bytes, longer.join_bytes);
        RangePlan fewer = plan_ranges(wishes, sizes, longer);
        if (fewer.spans.size() <= connections) {
            return fewer;
        }
    }
    return plan;
}

ByteRange part_of(const PlannedSpan& span, std::size_t part) {
    const std::uint64_t length = span.end - span.begin;
    const std::uint64_t each = length / span.parts, longer = length % span.parts;  // the first parts are a byte longer
    const std::uint64_t begin = span.begin + each * part + std::min<std::uint64_t>(part, longer);
    return {begin, begin + each + (part < longer ? 1 : 0)};
}

PlanRule plan_rule(const LinkEstimate& link, std::size_t concurrency, std::size_t requests, std::uint64_t bytes,
                   std::optional<std::uint64_t> gap) {
    constexpr std::uint64_t kLeastGap = 4 * kKilobyte, kMostGap = kMegabyte;
    constexpr std::uint64_t kLeastJoin = 256 * kKilobyte, kLongSpan = 2 * kMegabyte, kMostJoin = 8 * kMegabyte;
    constexpr std::uint64_t kLeastPart = 4 * kMegabyte, kMostPart = 16 * kMegabyte;
    const std::uint64_t connections = std::max<std::size_t>(concurrency, 1);
    const std::uint64_t used = std::clamp<std::uint64_t>(requests, 1, connections);
    const double seconds = std::chrono::duration<double>(link.latency).count();
    const double in_flight = seconds * link.bytes_per_second;  // what comes in the time of a round trip
    const std::uint64_t share = bytes / connections;

    PlanRule rule;
    rule.gap = gap.value_or(within(in_flight / static_cast<double>(used), kLeastGap, kMostGap));
    rule.join_bytes = std::clamp(share, kLeastJoin, within(4 * in_flight, kLongSpan, kMostJoin));
    rule.part_bytes = std::max(std::clamp(share, kLeastPart, kMostPart), rule.join_bytes);
    return rule;
}

}  // namespace vcube
