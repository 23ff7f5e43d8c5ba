#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/dgg/mapper.h"
#include "core/dgg/pieces.h"

namespace vcube::dgg {
namespace {

// The outline is a bitmap of quarter-degree boxes of longitude and latitude. Cells enter it by blocks of 8 x 8: the
// boxes that a frame around the block meets. The frames of all blocks are made once, from the corners of the blocks.
constexpr std::int64_t kRows = 720;
constexpr std::int64_t kColumns = 1440;
constexpr std::int64_t kWords = (kColumns + 63) / 64;  // of a row
constexpr double kBoxesPerDegree = 4;
constexpr double kRadians = std::numbers::pi / 180;
constexpr double kSlack = 1e-9;  // degrees, for rounding

constexpr std::uint32_t kBlock = 8;  // cells along a block's side
constexpr std::uint32_t kBlocksAcross = kQuadSize / kBlock;
constexpr std::uint32_t kBlocks = 10 * kBlocksAcross * kBlocksAcross;
constexpr std::uint32_t kQuadCells = kQuadSize * kQuadSize;
// Degrees on the sphere that a block's cells reach beyond the box of its corners: 0.145 to the farthest centre (edges
// bend where the projection does), 0.11 from there to the cell's corners.
constexpr double kReach = 0.26;
constexpr double kPolar = 88;  // beyond this latitude frames go round the Earth

/// Visits the words and masks that boxes [first, last] of a row lie in; both 0..kColumns - 1.
template <class Visit>
bool any_word(std::int64_t row, std::int64_t first, std::int64_t last, Visit visit) {
    for (std::int64_t word = first / 64; word <= last / 64; ++word) {
        const std::int64_t low = std::max(first - word * 64, std::int64_t{0});
        const std::int64_t high = std::min(last - word * 64, std::int64_t{63});
        const std::uint64_t mask = (~std::uint64_t{0} >> (63 - (high - low))) << low;
        if (visit(static_cast<std::size_t>(row * kWords + word), mask)) {
            return true;
        }
    }
    return false;
}

/// The same for a range of longitudes, wherever it lies.
template <class Visit>
bool any_word_between(std::int64_t row, double west, double east, Visit visit) {
    const double first = std::floor((west - kSlack + 180) * kBoxesPerDegree);
    const double last = std::floor((east + kSlack + 180) * kBoxesPerDegree);
    if (!(last - first < kColumns - 1)) {
        return any_word(row, 0, kColumns - 1, visit);
    }
    const double turns = std::floor(first / kColumns) * kColumns;
    const auto begin = static_cast<std::int64_t>(first - turns);
    const auto end = static_cast<std::int64_t>(last - turns);
    if (end < kColumns) {
        return any_word(row, begin, end, visit);
    }
    return any_word(row, begin, kColumns - 1, visit) || any_word(row, 0, end - kColumns, visit);
}

std::int64_t row_at(double lat) {
    return std::clamp(static_cast<std::int64_t>(std::floor((lat + 90) * kBoxesPerDegree)), std::int64_t{0}, kRows - 1);
}

/// Half the range of longitudes, in degrees, of the points of a cap between two latitudes (radians).
double half_width(double lat, double radius, double south, double north) {
    if (std::abs(lat) + radius >= std::numbers::pi / 2) {
        return 180;
    }
    // Widest where sin(at) = sin(lat) / cos(radius), or at the nearest latitude to it.
    const double widest = std::asin(std::sin(lat) / std::cos(radius));
    const double at = std::clamp(std::clamp(widest, south, north), lat - radius, lat + radius);
    const double cosine = (std::cos(radius) - std::sin(lat) * std::sin(at)) / (std::cos(lat) * std::cos(at));
    return std::acos(std::clamp(cosine, -1.0, 1.0)) / kRadians;
}

/// Boxes that a block may reach: rows [south, north], columns [west, east], where east may be kColumns and more.
struct Frame {
    std::uint16_t south = 0, north = 0, west = 0, east = 0;
};

Frame frame_of(const std::array<LonLat, 4>& corners) {
    double south = corners[0].lat;
    double north = south;
    double west = corners[0].lon;
    double east = west;
    for (const LonLat& corner : corners) {
        south = std::min(south, corner.lat);
        north = std::max(north, corner.lat);
        const double lon = corners[0].lon + std::remainder(corner.lon - corners[0].lon, 360);
        west = std::min(west, lon);
        east = std::max(east, lon);
    }
    south -= kReach;
    north += kReach;
    Frame frame;
    frame.south = static_cast<std::uint16_t>(row_at(south));
    frame.north = static_cast<std::uint16_t>(row_at(north));
    const double farthest = std::max(std::abs(south), std::abs(north));
    if (farthest > kPolar) {
        frame.east = kColumns - 1;
        return frame;
    }
    const double reach = kReach / std::cos(farthest * kRadians);
    const double first = std::floor((west - reach + 180) * kBoxesPerDegree);
    const double last = std::floor((east + reach + 180) * kBoxesPerDegree);
    const double turns = std::floor(first / kColumns) * kColumns;
    frame.west = static_cast<std::uint16_t>(first - turns);
    frame.east = static_cast<std::uint16_t>(last - turns);
    return frame;
}

/// By quad, row and column of blocks; some 7 ms to make.
const std::vector<Frame>& frames() {
    static const std::vector<Frame> made = [] {
        constexpr std::uint32_t kNodes = kBlocksAcross + 1;
        std::vector<Frame> all;
        all.reserve(kBlocks);
        std::vector<LonLat> nodes(std::size_t{kNodes} * kNodes);
        for (std::uint32_t quad = 1; quad <= 10; ++quad) {
            for (std::uint32_t n = 0; n < nodes.size(); ++n) {
                const std::uint32_t row = n / kNodes * kBlock;
                nodes[n] = lon_lat(unproject(quad, row, n % kNodes * kBlock));
            }
            for (std::uint32_t block = 0; block < kBlocksAcross * kBlocksAcross; ++block) {
                const std::uint32_t n = block / kBlocksAcross * kNodes + block % kBlocksAcross;
                all.push_back(frame_of({nodes[n], nodes[n + 1], nodes[n + kNodes], nodes[n + kNodes + 1]}));
            }
        }
        return all;
    }();
    return made;
}

void mark(std::vector<std::uint64_t>& bits, const Frame& frame) {
    const auto set = [&bits](std::size_t word, std::uint64_t mask) {
        bits[word] |= mask;
        return false;
    };
    for (std::int64_t row = frame.south; row <= frame.north; ++row) {
        any_word(row, frame.west, std::min<std::int64_t>(frame.east, kColumns - 1), set);
        if (frame.east >= kColumns) {
            any_word(row, 0, frame.east - kColumns, set);
        }
    }
}

Frame frame_of_cell(std::uint32_t seqnum) {
    const LonLat centre = centre_of(seqnum);
    return frame_of({centre, centre, centre, centre});
}

}  // namespace

CellSet::CellSet(std::span<const std::uint32_t> seqnums) : bits_(kRows * kWords) {
    std::vector<std::uint8_t> blocks(kBlocks);
    bool first = false;
    bool last = false;
    for (const std::uint32_t seqnum : seqnums) {
        const std::uint32_t index = seqnum - 2;  // wraps for 0 and 1
        if (index < 10 * kQuadCells) {
            const std::uint32_t row = index / (kQuadSize * kBlock);  // of blocks, over all quads
            blocks[row * kBlocksAcross + index % kQuadSize / kBlock] = 1;
        } else {
            first |= seqnum == 1;
            last |= seqnum == kCells;
        }
    }
    const std::vector<Frame>& all = frames();
    for (std::uint32_t block = 0; block < kBlocks; ++block) {
        if (blocks[block] != 0) {
            mark(bits_, all[block]);
        }
    }
    if (first) {
        mark(bits_, frame_of_cell(1));
    }
    if (last) {
        mark(bits_, frame_of_cell(kCells));
    }
}

bool CellSet::may_touch(double lon, double lat, double radius) const {
    if (!(radius < std::numbers::pi / 2) || !std::isfinite(lon) || !std::isfinite(lat)) {
        return true;
    }
    const double reach = radius / kRadians;
    const double width = half_width(lat * kRadians, radius, -std::numbers::pi / 2, std::numbers::pi / 2);
    return may_touch_box(lon - width, lat - reach, lon + width, lat + reach);
}

bool CellSet::may_touch_box(double west, double south, double east, double north) const {
    if (south > 90 || north < -90) {
        return false;
    }
    if (!std::isfinite(west) || !std::isfinite(east) || !std::isfinite(south) || !std::isfinite(north)) {
        return true;
    }
    const auto occupied = [&](std::size_t word, std::uint64_t mask) { return (bits_[word] & mask) != 0; };
    for (std::int64_t row = row_at(south - kSlack); row <= row_at(north + kSlack); ++row) {
        if (any_word_between(row, west, east, occupied)) {
            return true;
        }
    }
    return false;
}

std::int64_t CellSet::parallel_of(double lat) {
    return std::abs(lat) <= 90 ? row_at(lat) : -1;
}

LonSpan CellSet::touched_part(double lat, double west, double east) const {
    if (!(std::abs(lat) <= 90) || !std::isfinite(west) || !std::isfinite(east) || !(east - west <= 360)) {
        return {west, east};
    }
    const std::uint64_t* const row = bits_.data() + row_at(lat) * kWords;
    const auto first = static_cast<std::int64_t>(std::floor((west - kSlack + 180) * kBoxesPerDegree));
    const auto last = static_cast<std::int64_t>(std::floor((east + kSlack + 180) * kBoxesPerDegree));
    const auto is_free = [row](std::int64_t box) {
        const auto column = static_cast<std::size_t>((box % kColumns + kColumns) % kColumns);
        return ((row[column / 64] >> (column % 64)) & 1U) == 0;
    };
    std::int64_t from = first;
    std::int64_t to = last;
    while (from <= to && is_free(from)) {
        ++from;
    }
    while (to > from && is_free(to)) {
        --to;
    }
    const auto border = [](std::int64_t box) { return static_cast<double>(box) / kBoxesPerDegree - 180; };
    return {from == first ? west : border(from) - kSlack, to == last ? east : border(to + 1) + kSlack};
}

}  // namespace vcube::dgg
