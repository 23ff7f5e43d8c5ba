#include "core/dgg/pieces.h"

#include <algorithm>
#include <numbers>

namespace vcube::dgg {
namespace {

constexpr double kRadians = std::numbers::pi / 180;
constexpr double kSqrt3 = std::numbers::sqrt3;
constexpr double kSize = kQuadSize;

Vec3 combine(double a, const Vec3& x, double b, const Vec3& y) {
    return {a * x.x + b * y.x, a * x.y + b * y.y, a * x.z + b * y.z};
}
Vec3 unit(const Vec3& v) {
    const double n = std::sqrt(dot(v, v));
    return {v.x / n, v.y / n, v.z / n};
}
Vec3 cross(const Vec3& a, const Vec3& b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

std::array<Vec3, 12> make_vertices() {
    std::array<Vec3, 12> v;
    const double lon = 11.25 * kRadians;
    const double lat = 58.2825255885390 * kRadians;
    v[0] = {std::cos(lat) * std::cos(lon), std::cos(lat) * std::sin(lon), std::sin(lat)};
    const Vec3 north{-std::sin(lat) * std::cos(lon), -std::sin(lat) * std::sin(lon), std::cos(lat)};
    const Vec3 east{-std::sin(lon), std::cos(lon), 0};
    const double sin_d = 2 / std::sqrt(5.0);  // angular distance atan(2)
    const double cos_d = 1 / std::sqrt(5.0);
    const auto at = [&](double cos_distance, double azimuth) {
        const Vec3 tangent = combine(std::cos(azimuth), north, std::sin(azimuth), east);
        return unit(combine(cos_distance, v[0], sin_d, tangent));
    };
    for (std::size_t k = 1; k <= 5; ++k) {
        const double azimuth = -72.0 * static_cast<double>(k - 1) * kRadians;
        v[k] = at(cos_d, azimuth);
        v[k + 5] = at(-cos_d, azimuth - 36 * kRadians);
    }
    v[11] = {-v[0].x, -v[0].y, -v[0].z};
    return v;
}

/// Vertices of each face: top, lower left, lower right.
std::array<std::array<std::size_t, 3>, 20> make_faces() {
    std::array<std::array<std::size_t, 3>, 20> f{};
    for (std::size_t q = 1; q <= 5; ++q) {
        const std::size_t n = q % 5 + 1;
        f[q - 1] = {0, q, n};
        f[q + 4] = {q + 5, n, q};
        f[q + 9] = {n, q + 5, n + 5};
        f[q + 14] = {11, n + 5, q + 5};
    }
    return f;
}

/// Fills u0..v2: quad coordinates are linear in the face's plane.
void set_quad_coordinates(Piece& piece, std::uint32_t sector) {
    const double edge = snyder_constants().edge;
    const std::uint32_t row = piece.face / 5;
    piece.quad = (row < 2 ? 1 : 6) + piece.face % 5;
    const bool upright = row == 0 || row == 2;
    const auto quad_point = [&](double x, double y) -> QuadPoint {
        const double tx = x / edge + 0.5;
        const double d = 2 * (y / edge + 1 / (2 * kSqrt3)) / kSqrt3;
        return upright ? QuadPoint{kSize * (tx - d / 2), kSize * (tx + d / 2)}
                       : QuadPoint{kSize * (1 - tx + d / 2), kSize * (1 - tx - d / 2)};
    };
    const QuadPoint origin = quad_point(0, 0);
    const double theta = (60 + 120.0 * sector) * kRadians;
    const QuadPoint along = quad_point(std::sin(theta), std::cos(theta));
    const QuadPoint across = quad_point(std::cos(theta), -std::sin(theta));
    piece.u0 = origin.u;
    piece.v0 = origin.v;
    piece.u1 = along.u - origin.u;
    piece.v1 = along.v - origin.v;
    piece.u2 = across.u - origin.u;
    piece.v2 = across.v - origin.v;
}

/// Fills planes and neighbours, once every piece has its centre and axes.
void set_neighbours(std::array<Piece, kPieces>& all) {
    for (std::uint32_t id = 0; id < kPieces; ++id) {
        Piece& piece = all[id];
        const std::uint32_t sector = id % 3;
        const std::uint32_t first = id - sector;
        piece.planes[1] = combine(kSqrt3 / 2, piece.axis, -0.5, piece.side);
        piece.planes[2] = combine(kSqrt3 / 2, piece.axis, 0.5, piece.side);
        piece.neighbours[1] = first + (sector + 1) % 3;
        piece.neighbours[2] = first + (sector + 2) % 3;
        // Beyond the edge: of the adjacent faces (cosine between centres 0.745) the one that the axis points to.
        const auto beyond = std::find_if(all.begin(), all.end(), [&](const Piece& other) {
            return dot(other.centre, piece.centre) > 0.7 && dot(other.centre, piece.axis) > 0.5;
        });
        piece.planes[0] = unit(combine(1, piece.centre, -1, beyond->centre));
        const std::uint32_t other_first = beyond->face * 3;
        std::uint32_t best = other_first;
        for (std::uint32_t k = other_first + 1; k < other_first + 3; ++k) {
            if (dot(all[k].axis, piece.centre) > dot(all[best].axis, piece.centre)) {
                best = k;
            }
        }
        piece.neighbours[0] = best;
    }
}

std::array<Piece, kPieces> make_pieces() {
    const auto vertices = make_vertices();
    const auto faces = make_faces();
    std::array<Piece, kPieces> all;
    for (std::uint32_t face = 0; face < 20; ++face) {
        const Vec3& top = vertices[faces[face][0]];
        const Vec3 two = combine(1, vertices[faces[face][1]], 1, vertices[faces[face][2]]);
        const Vec3 centre = unit(combine(1, top, 1, two));
        const Vec3 up = unit(combine(1, top, -dot(top, centre), centre));
        const Vec3 right = cross(up, centre);
        for (std::uint32_t sector = 0; sector < 3; ++sector) {
            Piece& piece = all[3 * face + sector];
            const double theta = (60 + 120.0 * sector) * kRadians;
            piece.face = face;
            piece.centre = centre;
            piece.axis = combine(std::cos(theta), up, std::sin(theta), right);
            piece.side = combine(-std::sin(theta), up, std::cos(theta), right);
            set_quad_coordinates(piece, sector);
        }
    }
    set_neighbours(all);
    return all;
}

SnyderConstants make_constants() {
    SnyderConstants k{};
    const double angle = 36 * kRadians;
    k.sin_angle = std::sin(angle);
    k.cos_angle = std::cos(angle);
    k.cos_g = std::sqrt((5 + 2 * std::sqrt(5.0)) / 15);
    k.sin_g = std::sqrt(1 - k.cos_g * k.cos_g);
    k.tan_g = k.sin_g / k.cos_g;
    k.tan_half_g = k.sin_g / (1 + k.cos_g);
    k.rho_squared = 4 * std::numbers::pi / (15 * kSqrt3);
    k.axis_scale = std::sqrt(k.rho_squared) / 4;  // R' tan g = rho
    k.edge = kSqrt3 * std::sqrt(k.rho_squared);
    return k;
}

}  // namespace

const SnyderConstants& snyder_constants() {
    static const SnyderConstants k = make_constants();
    return k;
}

const std::array<Piece, kPieces>& pieces() {
    static const std::array<Piece, kPieces> all = make_pieces();
    return all;
}

std::uint32_t piece_of(const std::array<Piece, kPieces>& all, const Vec3& p) {
    std::uint32_t face = 0;
    double largest = -2;
    for (std::uint32_t f = 0; f < 20; ++f) {
        const double c = dot(p, all[std::size_t{3} * f].centre);
        face = c > largest ? f : face;
        largest = std::max(c, largest);
    }
    std::uint32_t id = 3 * face;
    largest = dot(p, all[id].axis);
    for (std::uint32_t k = id + 1; k < 3 * face + 3; ++k) {
        const double c = dot(p, all[k].axis);
        id = c > largest ? k : id;
        largest = std::max(c, largest);
    }
    return id;
}

Vec3 unproject(std::uint32_t quad, double u, double v) {
    const SnyderConstants& k = snyder_constants();
    const std::uint32_t upper = quad <= 5 ? quad - 1 : quad + 4;
    const std::uint32_t face = u <= v ? upper : upper + 5;
    const double a = u / kSize;
    const double b = v / kSize;
    const double tx = u <= v ? (a + b) / 2 : 1 - (a + b) / 2;
    const double ty = kSqrt3 / 2 * std::abs(b - a);
    const double x = (tx - 0.5) * k.edge;
    const double y = (ty - 1 / (2 * kSqrt3)) * k.edge;
    // Along and across the axis of the sector that (x, y) lies in; the axes stand at azimuth 60, 180 and 300 degrees.
    constexpr std::array<double, 3> kSin{kSqrt3 / 2, 0, -kSqrt3 / 2};
    constexpr std::array<double, 3> kCos{0.5, -1, 0.5};
    std::size_t sector = 0;
    double along = x * kSin[0] + y * kCos[0];
    for (std::size_t n = 1; n < 3; ++n) {
        const double other = x * kSin[n] + y * kCos[n];
        sector = other > along ? n : sector;
        along = std::max(other, along);
    }
    const double across = x * kCos[sector] - y * kSin[sector];
    const Piece& piece = pieces()[std::size_t{3} * face + sector];
    if (along < 1e-15) {
        return piece.centre;
    }
    // The area gives the side along the face's edge (t is the tangent of its half), that gives the azimuth.
    const double tan_half_area = std::tan(k.rho_squared * (across / along + kSqrt3) / 16);
    const double t = tan_half_area / (k.tan_half_g * (k.sin_angle - tan_half_area * k.cos_angle));
    const double sin_az = 2 * t * k.sin_angle;
    const double cos_az = k.sin_g * (1 - t * t) - 2 * t * k.cos_g * k.cos_angle;
    const double norm = std::sqrt(sin_az * sin_az + cos_az * cos_az);
    const double cos_phi = (0.5 * cos_az + kSqrt3 / 2 * sin_az) / norm;
    const double sin_phi = (0.5 * sin_az - kSqrt3 / 2 * cos_az) / norm;
    const double cos_edge = 2 * cos_phi / std::sqrt(k.tan_g * k.tan_g + 4 * cos_phi * cos_phi);
    const double half = 0.5 * along * std::sqrt(0.5 * (1 - cos_edge)) / k.axis_scale;  // sin(z / 2)
    const double cos_z = 1 - 2 * half * half;
    const double sin_z = 2 * half * std::sqrt(std::max(0.0, 1 - half * half));
    const Vec3 tangent = combine(cos_phi, piece.axis, sin_phi, piece.side);
    return combine(cos_z, piece.centre, sin_z, tangent);
}

std::uint32_t owner(std::uint32_t quad, std::uint32_t i, std::uint32_t j) {
    constexpr std::uint32_t n = kQuadSize;
    const auto seqnum = [](std::uint32_t q, std::uint32_t row, std::uint32_t column) {
        return 2 + (q - 1) * n * n + row * n + column;
    };
    if (i < n && j < n) {
        return seqnum(quad, i, j);
    }
    if (quad <= 5) {
        const std::uint32_t up = quad % 5 + 1;
        if (i == n) {
            return j == n ? seqnum(up, 0, 0) : seqnum(quad + 5, 0, j);
        }
        return i == 0 ? 1 : seqnum(up, 0, n - i);
    }
    const std::uint32_t right = quad == 10 ? 6 : quad + 1;
    const std::uint32_t up = quad == 10 ? 1 : quad - 4;
    if (i == n) {
        if (j == n) {
            return seqnum(right, 0, 0);
        }
        return j == 0 ? kCells : seqnum(right, n - j, 0);
    }
    return seqnum(up, i, 0);
}

std::uint32_t cell_at(std::uint32_t quad, const QuadPoint& point) {
    const double fu = std::floor(point.u);
    const double fv = std::floor(point.v);
    const double ru = point.u - fu;
    const double rv = point.v - fv;
    double i = fu;
    double j = fv;
    // Weights of the triangle's corners: 1 - high for (0, 0), high - low for (1, 0) or (0, 1), low for (1, 1).
    const double high = std::max(ru, rv);
    const double low = std::min(ru, rv);
    if (1 - high < high - low || 1 - high < low) {
        if (low > high - low) {
            i += 1;
            j += 1;
        } else if (ru >= rv) {
            i += 1;
        } else {
            j += 1;
        }
    }
    return owner(quad, static_cast<std::uint32_t>(std::clamp(i, 0.0, kSize)),
                 static_cast<std::uint32_t>(std::clamp(j, 0.0, kSize)));
}

Vec3 unit_vector(double lon, double lat) {
    if (!(std::abs(lon) < 180)) {
        lon = std::remainder(lon, 360);
        lon = lon == -180 ? 180 : lon;  // one vector for the date line, whichever way it is written
    }
    const double cos_lat = std::cos(lat * kRadians);
    return {cos_lat * std::cos(lon * kRadians), cos_lat * std::sin(lon * kRadians), std::sin(lat * kRadians)};
}

LonLat lon_lat(const Vec3& p) {
    return {std::atan2(p.y, p.x) / kRadians, std::atan2(p.z, std::sqrt(p.x * p.x + p.y * p.y)) / kRadians};
}

}  // namespace vcube::dgg
