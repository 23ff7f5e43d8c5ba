#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>
#include <numbers>

#include "core/dgg/mapper.h"
#include "core/dgg/pieces.h"

namespace vcube::dgg {
namespace {

// The outline is a bitmap of half-degree boxes of longitude and latitude. Cells enter it by blocks: the boxes that the
// spherical cap around a block meets.
constexpr std::int64_t kRows = 360;
constexpr std::int64_t kColumns = 720;
constexpr std::int64_t kWords = (kColumns + 63) / 64;  // of a row
constexpr double kBoxesPerDegree = 2;
constexpr double kRadians = std::numbers::pi / 180;
constexpr double kSlack = 1e-9;  // degrees, for rounding

constexpr std::uint32_t kBlock = 16;  // cells along a block's side
constexpr std::uint32_t kBlocksAcross = kQuadSize / kBlock;
constexpr std::uint32_t kQuadCells = kQuadSize * kQuadSize;
// Around a block's middle: the farthest centre of any block stands 1.996 degrees away, and a cell reaches 0.11 degrees
// beyond its centre.
constexpr double kBlockRadius = 2.15 * kRadians;

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

void mark_cap(std::vector<std::uint64_t>& bits, const LonLat& centre, double radius) {
    const double lat = centre.lat * kRadians;
    const double reach = radius / kRadians + kSlack;
    for (std::int64_t row = row_at(centre.lat - reach); row <= row_at(centre.lat + reach); ++row) {
        const double south = static_cast<double>(row) / kBoxesPerDegree - 90;
        const double width = half_width(lat, radius, south * kRadians, (south + 1 / kBoxesPerDegree) * kRadians);
        any_word_between(row, centre.lon - width, centre.lon + width, [&](std::size_t word, std::uint64_t mask) {
            bits[word] |= mask;
            return false;
        });
    }
}

}  // namespace

CellSet::CellSet(std::span<const std::uint32_t> seqnums) : bits_(kRows * kWords) {
    std::bitset<10 * kBlocksAcross * kBlocksAcross> blocks;
    bool first = false;
    bool last = false;
    for (const std::uint32_t seqnum : seqnums) {
        const std::uint32_t index = seqnum - 2;  // wraps for 0 and 1
        if (index < 10 * kQuadCells) {
            const std::uint32_t row = index / (kQuadSize * kBlock);  // of blocks, over all quads
            blocks.set(row * kBlocksAcross + index % kQuadSize / kBlock);
        } else {
            first |= seqnum == 1;
            last |= seqnum == kCells;
        }
    }
    for (std::uint32_t block = 0; block < blocks.size(); ++block) {
        if (blocks[block]) {
            const std::uint32_t row = block / kBlocksAcross;
            const double i = row % kBlocksAcross * kBlock + 0.5 * (kBlock - 1);
            const double j = block % kBlocksAcross * kBlock + 0.5 * (kBlock - 1);
            mark_cap(bits_, lon_lat(unproject(row / kBlocksAcross + 1, i, j)), kBlockRadius);
        }
    }
    if (first) {
        mark_cap(bits_, centre_of(1), kBlockRadius);
    }
    if (last) {
        mark_cap(bits_, centre_of(kCells), kBlockRadius);
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

}  // namespace vcube::dgg
