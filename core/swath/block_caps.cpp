#include "core/swath/block_caps.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace vcube::swath {

namespace {

constexpr double kRadians = std::numbers::pi / 180;
// From a cell's centre to its farthest corner (0.11 degrees), and what a block's sides bulge beyond the cells that are
// looked at. A test holds it against every cell.
constexpr double kReach = 0.3 * kRadians;

UnitVector centre_of_cell(std::uint32_t seqnum) {
    const dgg::LonLat place = dgg::centre_of(seqnum);
    return unit_vector(place.lon, place.lat);
}

double distance(const UnitVector& a, const UnitVector& b) {
    return std::hypot(a.x - b.x, a.y - b.y, a.z - b.z);
}

Cap cap_of(std::uint32_t block) {
    // Along a side: the first cell, the last and one in the middle.
    constexpr std::array<std::uint32_t, 3> kAlong{0, dgg::kBlockSide / 2, dgg::kBlockSide - 1};
    constexpr std::uint32_t kMiddle = dgg::kBlockSide / 2 * dgg::kBlockSide + dgg::kBlockSide / 2;
    if (block == 0 || block == dgg::kBlockCount - 1) {
        return {centre_of_cell(dgg::seqnum_of_block_cell({block, 0})), kReach};
    }
    Cap cap{centre_of_cell(dgg::seqnum_of_block_cell({block, kMiddle})), 0};
    for (const std::uint32_t i : kAlong) {
        for (const std::uint32_t j : kAlong) {
            const std::uint32_t seqnum = dgg::seqnum_of_block_cell({block, i * dgg::kBlockSide + j});
            cap.radius = std::max(cap.radius, 2 * std::asin(distance(cap.middle, centre_of_cell(seqnum)) / 2));
        }
    }
    cap.radius += kReach;
    return cap;
}

}  // namespace

UnitVector unit_vector(double lon, double lat) {
    const double across = std::cos(lat * kRadians);
    return {across * std::cos(lon * kRadians), across * std::sin(lon * kRadians), std::sin(lat * kRadians)};
}

std::span<const Cap> block_caps() {
    static const std::vector<Cap> made = [] {
        std::vector<Cap> caps(dgg::kBlockCount);
        for (std::uint32_t block = 0; block < dgg::kBlockCount; ++block) {
            caps[block] = cap_of(block);
        }
        return caps;
    }();
    return made;
}

}  // namespace vcube::swath
