#include "core/dgg/isea.h"

#include <cmath>

#include "core/dgg/pieces.h"

namespace vcube::dgg {
namespace {

constexpr std::uint32_t kQuadCells = kQuadSize * kQuadSize;

}  // namespace

std::uint32_t seqnum_of(double lon, double lat) {
    if (!std::isfinite(lon) || !(std::abs(lat) <= 90)) {
        return 0;
    }
    const Vec3 p = unit_vector(lon, lat);
    const auto& all = pieces();
    const Piece& piece = all[piece_of(all, p)];
    return cell_at(piece.quad, project(piece, snyder_constants(), p));
}

LonLat centre_of(std::uint32_t seqnum) {
    if (seqnum == 1) {
        return lon_lat(unproject(1, 0, kQuadSize));
    }
    if (seqnum == kCells) {
        return lon_lat(unproject(10, kQuadSize, 0));
    }
    const std::uint32_t index = seqnum - 2;
    const std::uint32_t cell = index % kQuadCells;
    const std::uint32_t quad = index / kQuadCells + 1;
    const std::uint32_t row = cell / kQuadSize;
    return lon_lat(unproject(quad, row, cell % kQuadSize));
}

std::uint32_t grid_point_id(std::uint32_t seqnum) {
    if (seqnum <= kLastPlainId) {
        return seqnum;
    }
    if (seqnum == kCells) {
        return kLastId;
    }
    const std::uint32_t index = seqnum - 2;
    return index / kQuadCells * kIdStep + index % kQuadCells + 1;
}

}  // namespace vcube::dgg
