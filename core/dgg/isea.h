// The SMOS Discrete Global Grid: ISEA4H resolution 9 (Snyder 1992; Sahr, White and Kimerling 2003), analytic.
// Latitudes are used as spherical latitudes directly, as the products do. All functions are pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace vcube::dgg {

inline constexpr std::uint32_t kCells = 2621442;  // seqnum runs from 1 to kCells; 0 means "no cell"
inline constexpr std::uint32_t kQuadSize = 512;   // cells along a quad's side

inline constexpr std::uint32_t kIdStep = 1000000;      // Grid_Point_IDs of a quad start at a multiple of this
inline constexpr std::uint32_t kLastId = 9262145;      // of the southern single cell
inline constexpr std::uint32_t kLastPlainId = 262145;  // up to here, the northern single cell and quad 1, id = seqnum

struct LonLat {
    double lon = 0;  // degrees, -180..180
    double lat = 0;  // degrees, -90..90
};

/// The cell that holds a point; 0 where a coordinate is not finite or |lat| > 90. Any finite longitude is taken modulo
/// 360.
std::uint32_t seqnum_of(double lon, double lat);

/// The centre of a cell; seqnum must be 1..kCells.
LonLat centre_of(std::uint32_t seqnum);

/// Grid_Point_ID of a seqnum in 1..kCells.
std::uint32_t grid_point_id(std::uint32_t seqnum);

/// seqnum of a Grid_Point_ID, or nothing where no cell has that id.
constexpr std::optional<std::uint32_t> seqnum_of_id(std::uint32_t grid_point_id) {
    if (grid_point_id - 1 < kLastPlainId) {
        return grid_point_id;
    }
    if (grid_point_id == kLastId) {
        return kCells;
    }
    const std::uint32_t quad = grid_point_id / kIdStep;  // from 0
    const std::uint32_t cell = grid_point_id % kIdStep;
    if (quad < 1 || quad > 9 || cell < 1 || cell > kQuadSize * kQuadSize) {
        return std::nullopt;
    }
    return quad * kQuadSize * kQuadSize + cell + 1;
}

}  // namespace vcube::dgg
