// The 60 smooth pieces of the ISEA projection: 20 icosahedron faces, each cut into 3 sectors of 120 degrees by the
// great circles from its centre to its vertices. Inside a piece the projection is analytic, and its formula stays
// smooth some way beyond the piece's borders. Internal to core/dgg; immutable, thread-safe.
// Snyder 1992, "An equal-area map projection for polyhedral globes".
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/dgg/isea.h"

namespace vcube::dgg {

struct Vec3 {
    double x = 0, y = 0, z = 0;
};
inline double dot(const Vec3& a, const Vec3& b) {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

/// Quad coordinates in cells: i = u, j = v at a cell's centre.
struct QuadPoint {
    double u = 0, v = 0;
};

struct Piece {
    Vec3 centre;             // of the face
    Vec3 axis;               // unit tangent at the centre along the sector's middle
    Vec3 side;               // unit tangent, a quarter turn further in azimuth
    double u0 = 0, v0 = 0;   // quad coordinates of the face's centre
    double u1 = 0, v1 = 0;   // change along the axis, cells per unit of the plane
    double u2 = 0, v2 = 0;   // change along the side
    std::uint32_t quad = 0;  // 1..10
    std::uint32_t face = 0;  // 0..19
    // The three planes through the Earth's centre that bound the piece, normals pointing into it, and the piece beyond
    // each: the face's edge, azimuth increasing, azimuth decreasing.
    std::array<Vec3, 3> planes;
    std::array<std::uint32_t, 3> neighbours{};
};

inline constexpr std::size_t kPieces = 60;

/// Face f's sector k is piece 3 f + k.
const std::array<Piece, kPieces>& pieces();

/// The piece that holds a unit vector.
std::uint32_t piece_of(const std::array<Piece, kPieces>& all, const Vec3& p);

/// Constants of Snyder's formulas for the icosahedron.
struct SnyderConstants {
    double sin_angle, cos_angle;  // G = 36 degrees, half a face's angle on the sphere
    double sin_g, cos_g;          // g: centre of a face to its vertex
    double tan_g, tan_half_g;
    double rho_squared;  // rho: centre to vertex in the plane, on the unit sphere
    double axis_scale;   // R' tan g / 4
    double edge;         // length of a face's edge in the plane
};
const SnyderConstants& snyder_constants();

/// The projection of a unit vector by the formula of one piece; meant for points in the piece or near it, at most some
/// 25 degrees of azimuth beyond it. With E the area of the triangle between the face's vertex, its centre and the great
/// circle through the point, the plane's azimuth is linear in E, and E follows from the half-angle formula of spherical
/// triangles.
inline QuadPoint project(const Piece& piece, const SnyderConstants& k, const Vec3& p) {
    constexpr double kHalfSqrt3 = 0.86602540378443864676;
    const double c = dot(p, piece.centre);
    const double p1 = dot(p, piece.axis);
    const double p2 = dot(p, piece.side);
    const double sin_z = std::sqrt(p1 * p1 + p2 * p2);
    if (sin_z < 1e-15) {
        return {piece.u0, piece.v0};
    }
    const double cos_phi = p1 / sin_z;  // azimuth from the sector's axis
    const double sin_phi = p2 / sin_z;
    const double sin_az = 0.5 * sin_phi + kHalfSqrt3 * cos_phi;  // azimuth from the vertex
    const double cos_az = 0.5 * cos_phi - kHalfSqrt3 * sin_phi;
    // The side from the vertex along the face's edge has tan(side / 2) = t.
    const double s = k.sin_g * sin_az;
    const double q = k.cos_g * k.cos_angle * sin_az + k.sin_angle * cos_az;
    const double t = s / (std::sqrt(s * s + q * q) + q);
    const double area = 2 * std::atan(k.tan_half_g * t * k.sin_angle / (1 + k.tan_half_g * t * k.cos_angle));
    const double cos_edge = 2 * cos_phi / std::sqrt(k.tan_g * k.tan_g + 4 * cos_phi * cos_phi);
    const double sin_half_edge = std::sqrt(0.5 * (1 - cos_edge));
    const double chord = sin_z / std::sqrt(0.5 * (1 + c));  // 2 sin(z / 2)
    const double along = k.axis_scale * chord / sin_half_edge;
    const double across = along * (8 * area / k.rho_squared - 2 * kHalfSqrt3);
    return {piece.u0 + along * piece.u1 + across * piece.u2, piece.v0 + along * piece.v1 + across * piece.v2};
}

/// The unit vector at quad coordinates (u, v) of a quad, each 0..kQuadSize.
Vec3 unproject(std::uint32_t quad, double u, double v);

/// seqnum of lattice point (i, j) of a quad, each 0..kQuadSize: the far edges belong to neighbouring quads.
std::uint32_t owner(std::uint32_t quad, std::uint32_t i, std::uint32_t j);

/// seqnum of the hexagon around quad coordinates.
std::uint32_t cell_at(std::uint32_t quad, const QuadPoint& point);

/// Unit vector of longitude (any finite), latitude (-90..90) in degrees.
Vec3 unit_vector(double lon, double lat);
LonLat lon_lat(const Vec3& p);

}  // namespace vcube::dgg
