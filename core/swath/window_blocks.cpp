#include "core/swath/window_blocks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>

#include "core/swath/block_caps.h"

namespace vcube::swath {

namespace {

constexpr std::uint64_t kSmallWindow = std::uint64_t{1} << 16U;  // pixels: mapped one by one
constexpr std::uint64_t kMostExact = std::uint64_t{1} << 20U;    // pixels that are mapped one by one at most
constexpr std::uint64_t kLeaf = 1024;                            // pixels that are no more halved
constexpr std::uint32_t kParts = 16;                             // along each axis of a window, to begin with
constexpr double kRadians = std::numbers::pi / 180;
constexpr double kMaxRadius = 0.05;      // three quarters of a block's
constexpr double kCellsPerRadian = 700;  // along either axis of a quad, with the projection's distortion, rounded up
constexpr double kSmooth = 0.25;  // largest deviation from a plane, in radii, at which nodes tell of what lies between
constexpr double kSlack = 1e-6;   // radians, for rounding

// Nodes along an axis of a rectangle, of unequal distances: what repeats itself does not deceive them.
constexpr std::array<double, 4> kNodes{0, 0.3, 0.65, 1};
constexpr std::size_t kNodeCount = kNodes.size() * kNodes.size();

UnitVector mixed(const UnitVector& a, const UnitVector& b, double share_of_b) {
    return {std::lerp(a.x, b.x, share_of_b), std::lerp(a.y, b.y, share_of_b), std::lerp(a.z, b.z, share_of_b)};
}

double distance(const UnitVector& a, const UnitVector& b) {
    return std::hypot(a.x - b.x, a.y - b.y, a.z - b.z);
}

std::uint32_t cell_of(const UnitVector& p) {
    return dgg::seqnum_of(std::atan2(p.y, p.x) / kRadians, std::asin(std::clamp(p.z, -1.0, 1.0)) / kRadians);
}

class Walk {
public:
    Walk(const dgg::CellMapper& mapper, dgg::Projection projection)
        : mapper_(&mapper), projection_(std::move(projection)) {}

    /// By halves, until the pixels of a rectangle lie in a small cap for sure.
    void visit(const dgg::Window& area);
    [[nodiscard]] bool gave_up() const { return gave_up_; }
    [[nodiscard]] const dgg::BlockSet& found() const { return found_; }

private:
    using Nodes = std::array<UnitVector, kNodeCount>;

    bool place(const dgg::Window& area, Nodes& nodes) const;
    void split(const dgg::Window& area, bool across);
    void take(const Cap& cap);
    void map(const dgg::Window& area);

    const dgg::CellMapper* mapper_;
    dgg::Projection projection_;
    dgg::BlockSet found_;
    std::uint64_t mapped_ = 0;
    bool gave_up_ = false;
};

void insert_blocks(const dgg::CellMapper& mapper, const dgg::Window& area, dgg::BlockSet& blocks) {
    std::uint32_t last = 0;
    mapper.map(area, [&](std::uint32_t, std::uint32_t, std::span<const std::uint32_t> seqnums) {
        for (const std::uint32_t seqnum : seqnums) {
            if (seqnum != last && seqnum != 0) {
                blocks.insert(dgg::block_cell_of(seqnum).block);
            }
            last = seqnum;
        }
    });
}

/// The Earth at the nodes, row by row; false where one has no place there.
bool Walk::place(const dgg::Window& area, Nodes& nodes) const {
    const dgg::Grid& grid = mapper_->grid();
    std::array<double, kNodeCount> x;
    std::array<double, kNodeCount> y;
    for (std::size_t n = 0; n < kNodeCount; ++n) {
        const double column = area.x + 0.5 + (area.width - 1) * kNodes[n % kNodes.size()];
        const double row = area.y + 0.5 + (area.height - 1) * kNodes[n / kNodes.size()];
        x[n] = grid.x_at(column, row);
        y[n] = grid.y_at(column, row);
    }
    projection_.inverse(x, y);
    for (std::size_t n = 0; n < kNodeCount; ++n) {
        if (!std::isfinite(x[n]) || !(std::abs(y[n]) <= 90)) {
            return false;
        }
        nodes[n] = unit_vector(x[n], y[n]);
    }
    return true;
}

void Walk::visit(const dgg::Window& area) {
    if (gave_up_) {
        return;
    }
    const bool leaf = std::uint64_t{area.width} * area.height <= kLeaf;
    Nodes nodes;
    if (!place(area, nodes)) {
        return leaf ? map(area) : split(area, area.width >= area.height);
    }
    // Pixels lie near the surface that is drawn through the corners: no farther than twice what the nodes do.
    const UnitVector& a = nodes[0];
    const UnitVector& b = nodes[kNodes.size() - 1];
    const UnitVector& c = nodes[kNodeCount - kNodes.size()];
    const UnitVector& d = nodes[kNodeCount - 1];
    const UnitVector middle = mixed(mixed(a, b, 0.5), mixed(c, d, 0.5), 0.5);
    const double radius =
        std::max({distance(a, middle), distance(b, middle), distance(c, middle), distance(d, middle)});
    double deviation = 0;
    for (std::size_t n = 0; n < kNodeCount; ++n) {
        const double s = kNodes[n % kNodes.size()];
        const double t = kNodes[n / kNodes.size()];
        deviation = std::max(deviation, distance(nodes[n], mixed(mixed(a, b, s), mixed(c, d, s), t)));
    }
    const double reach = radius + 2 * deviation + kSlack;
    if (deviation <= kSmooth * radius + kSlack && reach <= kMaxRadius) {
        const double length = std::hypot(middle.x, middle.y, middle.z);
        // A unit vector at most `reach` away from the middle is at most asin of it away from its direction.
        take({{middle.x / length, middle.y / length, middle.z / length}, std::asin(reach) + kSlack});
    } else if (leaf) {
        map(area);
    } else {
        const double along = std::max(distance(a, b), distance(c, d));
        const double down = std::max(distance(a, c), distance(b, d));
        split(area, area.height == 1 || (area.width > 1 && along >= down));
    }
}

void Walk::split(const dgg::Window& area, bool across) {
    dgg::Window first = area;
    dgg::Window second = area;
    if (across) {
        first.width /= 2;
        second.width -= first.width;
        second.x += first.width;
    } else {
        first.height /= 2;
        second.height -= first.height;
        second.y += first.height;
    }
    visit(first);
    visit(second);
}

/// Within a quad, a cap is some cells around its middle's; where it may leave the quad, what the blocks' caps meet.
void Walk::take(const Cap& cap) {
    const std::uint32_t seqnum = cell_of(cap.middle);
    const auto reach = static_cast<std::uint32_t>(std::ceil(kCellsPerRadian * cap.radius)) + 1;
    if (seqnum != 1 && seqnum != dgg::kCells) {
        const std::uint32_t in_quad = (seqnum - 2) % (dgg::kQuadSize * dgg::kQuadSize);
        const std::uint32_t first = seqnum - in_quad;
        const std::uint32_t i = in_quad / dgg::kQuadSize;
        const std::uint32_t j = in_quad % dgg::kQuadSize;
        if (std::min(i, j) >= reach && std::max(i, j) + reach < dgg::kQuadSize) {
            const std::uint32_t base = dgg::block_cell_of(first).block;
            for (std::uint32_t row = (i - reach) / dgg::kBlockSide; row <= (i + reach) / dgg::kBlockSide; ++row) {
                for (std::uint32_t k = (j - reach) / dgg::kBlockSide; k <= (j + reach) / dgg::kBlockSide; ++k) {
                    found_.insert(base + row * dgg::kBlocksPerSide + k);
                }
            }
            return;
        }
    }
    const auto caps = block_caps();
    for (std::uint32_t block = 0; block < dgg::kBlockCount; ++block) {
        if (may_meet(caps[block], cap)) {
            found_.insert(block);
        }
    }
}

void Walk::map(const dgg::Window& area) {
    mapped_ += std::uint64_t{area.width} * area.height;
    if (mapped_ > kMostExact) {
        gave_up_ = true;
        return;
    }
    insert_blocks(*mapper_, area, found_);
}

}  // namespace

dgg::BlockSet blocks_of_window(const dgg::CellMapper& mapper, const dgg::Window& window) {
    dgg::BlockSet blocks;
    const std::uint64_t pixels = std::uint64_t{window.width} * window.height;
    if (pixels <= kSmallWindow) {
        insert_blocks(mapper, window, blocks);
        return blocks;
    }
    const auto projection = dgg::Projection::create(mapper.grid().crs);
    if (!projection.ok()) {
        return dgg::BlockSet::all();
    }
    if (!projection.value().is_smooth()) {
        if (pixels > kMostExact) {
            return dgg::BlockSet::all();
        }
        insert_blocks(mapper, window, blocks);
        return blocks;
    }
    Walk walk(mapper, projection.value());
    const std::uint32_t across = std::min(kParts, window.width);
    const std::uint32_t down = std::min(kParts, window.height);
    const auto part = [](std::uint32_t size, std::uint32_t count, std::uint32_t k) {
        return static_cast<std::uint32_t>(std::uint64_t{size} * k / count);
    };
    for (std::uint32_t row = 0; row < down; ++row) {
        const std::uint32_t top = part(window.height, down, row);
        for (std::uint32_t column = 0; column < across; ++column) {
            const std::uint32_t left = part(window.width, across, column);
            walk.visit({window.x + left, window.y + top, part(window.width, across, column + 1) - left,
                        part(window.height, down, row + 1) - top});
        }
    }
    return walk.gave_up() ? dgg::BlockSet::all() : walk.found();
}

}  // namespace vcube::swath
