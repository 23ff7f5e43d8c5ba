// Which parts of which chunks a region needs. Pure: decides, reads nothing. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/cube/array_meta.h"
#include "core/cube/chunk_form.h"
#include "vcube/byte_range.h"
#include "vcube/result.h"
#include "vcube/shape.h"

namespace vcube {

/// Along one dimension, the selected indices that lie in one chunk.
struct Segment {
    std::uint64_t chunk = 0;   // grid index
    std::uint64_t first = 0;   // index inside the chunk of the first one
    std::uint64_t count = 0;   // how many
    std::uint64_t target = 0;  // number of the first one in the region
};

/// The segments of start + k * step, k = 0 .. count-1, in order of k. Chunks that no index falls into do not occur.
std::vector<Segment> split_axis(std::uint64_t start, std::uint64_t count, std::int64_t step, std::uint64_t chunk);

/// The same where chunks differ. The last index has to be inside the dimension that `runs` are of.
std::vector<Segment> split_axis(std::uint64_t start, std::uint64_t count, std::int64_t step, const ChunkRuns& runs);

/// The segments of a region, by dimension; none of its counts is 0, and it lies inside the array.
std::vector<std::vector<Segment>> split_region(const Region& region, const ArrayMeta& meta);

/// Checks a region against a shape; the error names the dimension.
Status check_region(const Region& region, const Shape& shape);

/// What one request brings: one segment a dimension, all in one chunk.
struct Piece {
    std::vector<Segment> segments;
    ByteRange bytes;  // bytes of the decoded chunk that it needs; all of it unless the plan reads by parts
    const ChunkForm* form = nullptr;  // of its chunk
    std::size_t part = 0;             // number of the region that it is of, where several are read together

    /// Selected elements.
    [[nodiscard]] std::uint64_t elements() const {
        std::uint64_t out = 1;
        for (const Segment& segment : segments) {
            out *= segment.count;
        }
        return out;
    }
};

struct PartLimits {
    std::uint64_t max_bytes = std::uint64_t{4} << 20;  // of a part that can still be split
    std::uint64_t max_gap = std::uint64_t{64} << 10;   // unused bytes between two rows of one part
};

/// Calls visit(segments) -> Status for each chunk that a region touches, the last dimension fastest. `axes`: what
/// split_axis gave for each dimension, none of them empty.
template <class Visitor>
Status for_each_chunk(const std::vector<std::vector<Segment>>& axes, const Visitor& visit) {
    const std::size_t rank = axes.size();
    std::vector<std::size_t> at(rank, 0);
    std::vector<Segment> segments(rank);
    while (true) {
        for (std::size_t d = 0; d < rank; ++d) {
            segments[d] = axes[d][at[d]];
        }
        VCUBE_TRY(visit(segments));
        std::size_t d = rank;
        while (d > 0 && ++at[d - 1] == axes[d - 1].size()) {
            at[--d] = 0;
        }
        if (d == 0) {
            return {};
        }
    }
}

/// Splits the selection of one chunk of bare elements into byte ranges, so that a small window of a large chunk costs
/// what it shows. `steps`: of the region. Parts come in the order of their bytes for positive steps.
std::vector<Piece> split_chunk(const std::vector<Segment>& segments, const std::vector<std::int64_t>& steps,
                               const ChunkForm& form, std::uint32_t item, const PartLimits& limits = {});

}  // namespace vcube
