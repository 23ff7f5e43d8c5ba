// Where blocks of cells lie on the Earth, as caps. Immutable, thread-safe.
#pragma once

#include <span>

#include "core/dgg/blocks.h"

namespace vcube::swath {

struct UnitVector {
    double x = 0, y = 0, z = 0;
};
/// Degrees, any longitude.
UnitVector unit_vector(double lon, double lat);

/// The points within `radius` radians of `middle`.
struct Cap {
    UnitVector middle;
    double radius = 0;
};

/// true where two caps have a point in common, and for some that miss each other closely.
inline bool may_meet(const Cap& a, const Cap& b) {
    // Of two unit vectors, the distance is shorter than the arc.
    const double dx = a.middle.x - b.middle.x;
    const double dy = a.middle.y - b.middle.y;
    const double dz = a.middle.z - b.middle.z;
    const double reach = a.radius + b.radius;
    return dx * dx + dy * dy + dz * dz <= reach * reach;
}

/// By block, kBlockCount of them: caps that hold the block's cells, whole hexagons. Some milliseconds to make for a
/// process's first.
std::span<const Cap> block_caps();

}  // namespace vcube::swath
