#include "core/cube/region_plan.h"

#include <algorithm>
#include <string>
#include <utility>

namespace vcube {
namespace {

std::uint64_t magnitude(std::int64_t step) {
    return step < 0 ? ~static_cast<std::uint64_t>(step) + 1 : static_cast<std::uint64_t>(step);
}

std::uint64_t advanced(std::uint64_t start, std::int64_t step, std::uint64_t times) {
    return start + static_cast<std::uint64_t>(step) * times;  // modulo 2^64: right for negative steps too
}

/// How many of the indices first, first + step, ... lie inside [0, extent); at most `count`.
std::uint64_t run_length(std::uint64_t first, std::int64_t step, std::uint64_t extent, std::uint64_t count) {
    if (step == 0) {
        return count;
    }
    const std::uint64_t room = step > 0 ? extent - 1 - first : first;
    return std::min(count, room / magnitude(step) + 1);
}

/// Bytes of the chunk from the lowest selected element to the highest.
ByteRange span_of(const std::vector<Segment>& segments, const std::vector<std::int64_t>& steps,
                  const std::vector<std::uint64_t>& strides, std::uint32_t item) {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    for (std::size_t d = 0; d < segments.size(); ++d) {
        const std::uint64_t first = segments[d].first;
        const std::uint64_t last = advanced(first, steps[d], segments[d].count - 1);
        low += std::min(first, last) * strides[d];
        high += std::max(first, last) * strides[d];
    }
    return {low * item, (high + 1) * item};
}

struct Splitter {
    const std::vector<std::int64_t>& steps;
    const ChunkForm& form;
    std::uint32_t item;
    const PartLimits& limits;
    std::vector<std::size_t> order;  // dimensions, slowest in the chunk first
    std::vector<Piece> out;

    void emit(std::vector<Segment> segments) {
        const ByteRange bytes = span_of(segments, steps, form.strides, item);
        out.push_back({std::move(segments), bytes, &form});
    }

    /// Splits along the slowest dimension that is left where the parts would waste or exceed too much.
    void split(std::vector<Segment> segments, std::size_t level) {
        while (level < order.size() && segments[order[level]].count == 1) {
            ++level;
        }
        if (level == order.size()) {
            return emit(std::move(segments));
        }
        const std::size_t d = order[level];
        std::vector<Segment> one = segments;
        one[d].count = 1;
        const ByteRange row = span_of(one, steps, form.strides, item);
        const std::uint64_t pitch = magnitude(steps[d]) * form.strides[d] * item;  // from one row's start to the next
        const std::uint64_t gap = pitch > row.size() ? pitch - row.size() : 0;
        std::uint64_t rows = segments[d].count;
        if (gap > limits.max_gap || row.size() > limits.max_bytes) {
            rows = 1;
        } else if (pitch > 0) {
            rows = std::min(rows, std::max<std::uint64_t>(1, limits.max_bytes / pitch));
        }
        for (std::uint64_t k = 0; k < segments[d].count; k += rows) {
            std::vector<Segment> part = segments;
            part[d].first = advanced(segments[d].first, steps[d], k);
            part[d].target = segments[d].target + k;
            part[d].count = std::min(rows, segments[d].count - k);
            if (rows == 1) {
                split(std::move(part), level + 1);
            } else {
                emit(std::move(part));
            }
        }
    }
};

}  // namespace

std::vector<Segment> split_axis(std::uint64_t start, std::uint64_t count, std::int64_t step, std::uint64_t chunk) {
    std::vector<Segment> out;
    for (std::uint64_t k = 0; k < count;) {
        const std::uint64_t index = advanced(start, step, k);
        Segment segment;
        segment.chunk = index / chunk;
        segment.first = index % chunk;
        segment.target = k;
        segment.count = run_length(segment.first, step, chunk, count - k);
        k += segment.count;
        out.push_back(segment);
    }
    return out;
}

std::vector<Segment> split_axis(std::uint64_t start, std::uint64_t count, std::int64_t step, const ChunkRuns& runs) {
    std::vector<Segment> out;
    for (std::uint64_t k = 0; k < count;) {
        const std::uint64_t index = advanced(start, step, k);
        const ChunkRun& run = run_of_element(runs, index);
        Segment segment;
        segment.chunk = run.chunk + (index - run.begin) / run.extent;
        segment.first = (index - run.begin) % run.extent;
        segment.target = k;
        segment.count = run_length(segment.first, step, run.extent, count - k);
        k += segment.count;
        out.push_back(segment);
    }
    return out;
}

std::vector<std::vector<Segment>> split_region(const Region& region, const ArrayMeta& meta) {
    std::vector<std::vector<Segment>> axes;
    for (std::size_t d = 0; d < region.count.size(); ++d) {
        axes.push_back(meta.runs.empty() ? split_axis(region.start[d], region.count[d], region.step[d], meta.chunks[d])
                                         : split_axis(region.start[d], region.count[d], region.step[d], meta.runs[d]));
    }
    return axes;
}

Status check_region(const Region& region, const Shape& shape) {
    const std::size_t rank = shape.size();
    if (region.start.size() != rank || region.count.size() != rank || region.step.size() != rank) {
        return invalid("a region of " + std::to_string(region.start.size()) + " dimensions for an array of " +
                       std::to_string(rank));
    }
    for (std::size_t d = 0; d < rank; ++d) {
        if (region.count[d] == 0) {
            continue;
        }
        const bool inside = region.start[d] < shape[d] &&
                            run_length(region.start[d], region.step[d], shape[d], region.count[d]) == region.count[d];
        if (!inside) {
            return invalid("dimension " + std::to_string(d) + ": start " + std::to_string(region.start[d]) +
                           ", count " + std::to_string(region.count[d]) + ", step " + std::to_string(region.step[d]) +
                           " reaches outside of 0 .. " + std::to_string(shape[d]));
        }
    }
    return {};
}

std::vector<Piece> split_chunk(const std::vector<Segment>& segments, const std::vector<std::int64_t>& steps,
                               const ChunkForm& form, std::uint32_t item, const PartLimits& limits) {
    Splitter splitter{steps, form, item, limits, {}, {}};
    for (std::size_t d = 0; d < segments.size(); ++d) {
        splitter.order.push_back(d);
    }
    std::stable_sort(splitter.order.begin(), splitter.order.end(),
                     [&](std::size_t a, std::size_t b) { return form.strides[a] > form.strides[b]; });
    splitter.split(segments, 0);
    return std::move(splitter.out);
}

}  // namespace vcube
