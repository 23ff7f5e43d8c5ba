#include "core/dgg/patches.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vcube::dgg {
namespace {

constexpr std::uint32_t kTile = 512;          // largest rectangle, pixels along a side
constexpr std::uint32_t kPatchPixels = 4096;  // largest rectangle drawn by one set of polynomials
constexpr std::uint32_t kPatchWidth = 256;
constexpr std::uint32_t kPatchHeight = 64;
constexpr std::uint32_t kBlock = kRowBlock;
constexpr std::uint32_t kFewPixels = 32;  // not worth polynomials

// Distances in cells: a cell is 0.00235 radians across.
constexpr double kCellsPerRadian = 700;  // with the projection's distortion, rounded up
constexpr double kMaxError = 0.03;
constexpr double kErrorPixels = 8;   // error times pixels: beyond it, smaller rectangles cost less than unsure pixels
constexpr double kResolved = 0.01;   // largest share of the high degrees in a surface that counts as smooth
constexpr double kRounding = 1e-6;   // double arithmetic, with plenty to spare
constexpr double kIteration = 1e-5;  // PROJ's iterative inverses stop at some 1e-10 radians
constexpr double kDropped = 2e-5;    // degrees that matter less are not evaluated
constexpr double kFloatRounding = 1.2e-6;  // of a polynomial of degree 5 in float, relative to its bound
constexpr double kInherit = 2e-8;          // radians: surfaces this exact stand for the projection itself
constexpr double kWeights = 4;             // difference of two weights moves by at most 3 times the coordinates' error

constexpr double kSize = kQuadSize;
constexpr int kQuadShift = 9;
static_assert(kQuadSize == 1U << kQuadShift);
constexpr int kFarShift = 10;  // keeps i and j apart where either may be kQuadSize

double half_width(std::uint32_t pixels) {
    return 0.5 * (pixels - 1);
}

/// Collapses a surface to one row's polynomial.
RowPolynomial at_row(const Surface& surface, double t) {
    const NodeRow sum = surface.at_row(t);
    RowPolynomial row;
    for (std::size_t k = 0; k < row.size(); ++k) {
        row[k] = static_cast<float>(sum[k]);
    }
    return row;
}

/// normal . point over a rectangle.
Surface plane_surface(const std::array<Surface, 3>& point, const Vec3& normal) {
    Surface result;
    for (std::size_t row = 0; row < kNodes; ++row) {
        for (std::size_t k = 0; k < kNodeWidth; ++k) {
            result.coefficients[row][k] = normal.x * point[0].coefficients[row][k] +
                                          normal.y * point[1].coefficients[row][k] +
                                          normal.z * point[2].coefficients[row][k];
        }
    }
    return result;
}

/// Packed (i, j) of a quad's far edge to seqnums.
void resolve_far_edge(std::uint32_t quad, std::uint32_t base_i, std::uint32_t base_j, std::span<std::uint32_t> cells) {
    const std::uint32_t base = 2 + (quad - 1) * kQuadSize * kQuadSize;
    for (std::uint32_t& cell : cells) {
        if (cell == kUnsure) {
            continue;
        }
        // Pixels that another piece claims may lie outside the quad: any number does for them.
        const std::uint32_t i = std::min((cell >> kFarShift) + base_i, kQuadSize);
        const std::uint32_t j = std::min(cell % (1U << kFarShift) + base_j, kQuadSize);
        cell = i < kQuadSize && j < kQuadSize ? base + i * kQuadSize + j : owner(quad, i, j);
    }
}

}  // namespace

PatchMapper::PatchMapper(const Grid& grid, const Projection& projection, const CellMapper::RowSink& sink,
                         const CellSet* only)
    : grid_(&grid), projection_(&projection), sink_(&sink), only_(only), exact_(grid, projection) {
    cells_.resize(kPatchPixels + kPatchHeight * kRowBlock);
    second_.resize(kPatchWidth + kRowBlock);
    distance_.resize(kPatchWidth + kRowBlock);
    parts_.resize(kPatchHeight);
}

void PatchMapper::map(const Window& window) {
    // Tiles of equal size, so that none is a sliver.
    const std::uint32_t across = (window.width + kTile - 1) / kTile;
    const std::uint32_t down = (window.height + kTile - 1) / kTile;
    const auto part = [](std::uint32_t size, std::uint32_t count, std::uint32_t k) {
        return static_cast<std::uint32_t>(std::uint64_t{size} * k / count);
    };
    for (std::uint32_t row = 0; row < down; ++row) {
        const std::uint32_t y = part(window.height, down, row);
        const std::uint32_t height = part(window.height, down, row + 1) - y;
        for (std::uint32_t column = 0; column < across; ++column) {
            const std::uint32_t x = part(window.width, across, column);
            visit({window.x + x, window.y + y, part(window.width, across, column + 1) - x, height}, nullptr);
        }
    }
}

void PatchMapper::visit(const Window& area, const Earth* parent) {
    if (only_ != nullptr && skips(area)) {
        return;
    }
    if (area.width * area.height <= kFewPixels) {
        one_by_one(area);
        return;
    }
    if (area.height > 1 && area.height < kNodes - 1) {
        for (std::uint32_t row = 0; row < area.height; ++row) {
            visit({area.x, area.y + row, area.width, 1}, parent);
        }
        return;
    }
    Earth earth;
    if (!sample(area, parent, earth)) {
        split(area, nullptr);
        return;
    }
    if (only_ != nullptr && !projection_->is_lonlat() && skips(earth)) {
        return;
    }
    const bool fits = area.width <= kPatchWidth && area.height <= kPatchHeight &&
                      area.width * area.height <= kPatchPixels && by_polynomials(earth);
    if (!fits) {
        split(area, &earth);
    }
}

void PatchMapper::split(const Window& area, const Earth* parent) {
    const std::uint32_t left = area.width / 2;
    const std::uint32_t top = area.height / 2;
    if (area.width >= 2 * area.height) {
        visit({area.x, area.y, left, area.height}, parent);
        visit({area.x + left, area.y, area.width - left, area.height}, parent);
    } else if (area.height >= 2 * area.width) {
        visit({area.x, area.y, area.width, top}, parent);
        visit({area.x, area.y + top, area.width, area.height - top}, parent);
    } else {
        visit({area.x, area.y, left, top}, parent);
        visit({area.x + left, area.y, area.width - left, top}, parent);
        visit({area.x, area.y + top, left, area.height - top}, parent);
        visit({area.x + left, area.y + top, area.width - left, area.height - top}, parent);
    }
}

/// Points at the nodes from the projection itself; false where one has no place on the Earth.
bool PatchMapper::place_nodes(const Window& area, Earth& earth) const {
    const auto& at = nodes();
    std::array<double, kNodes * kNodes> x;
    std::array<double, kNodes * kNodes> y;
    const std::size_t count = earth.node_rows * kNodes;
    for (std::size_t n = 0; n < count; ++n) {
        const double row = area.y + 0.5 + half_width(area.height) * (1 + at[n / kNodes]);
        const double column = area.x + 0.5 + half_width(area.width) * (1 + at[n % kNodes]);
        x[n] = grid_->x_at(column, row);
        y[n] = grid_->y_at(column, row);
    }
    projection_->inverse({x.data(), count}, {y.data(), count});
    for (std::size_t n = 0; n < count; ++n) {
        if (!std::isfinite(x[n]) || !(std::abs(y[n]) <= 90)) {
            return false;
        }
        const Vec3 p = unit_vector(x[n], y[n]);
        earth.at_nodes[0][n / kNodes][n % kNodes] = p.x;
        earth.at_nodes[1][n / kNodes][n % kNodes] = p.y;
        earth.at_nodes[2][n / kNodes][n % kNodes] = p.z;
    }
    return true;
}

/// Fills `earth`, from the surfaces of the rectangle around it where they are exact enough.
bool PatchMapper::sample(const Window& area, const Earth* parent, Earth& earth) const {
    earth.area = area;
    earth.node_rows = area.height == 1 ? 1 : kNodes;
    if (parent != nullptr && parent->surface_error <= kInherit) {
        const Window& outer = parent->area;
        const auto place = [](std::uint32_t begin, std::uint32_t size, std::uint32_t outer_begin,
                              std::uint32_t outer_size) -> std::pair<double, double> {
            const double half = half_width(outer_size);
            if (half == 0) {
                return {0, 0};
            }
            return {(begin - outer_begin + half_width(size)) / half - 1, half_width(size) / half};
        };
        const auto [s_middle, s_half] = place(area.x, area.width, outer.x, outer.width);
        const auto [t_middle, t_half] = place(area.y, area.height, outer.y, outer.height);
        for (std::size_t k = 0; k < 3; ++k) {
            earth.at_nodes[k] = parent->surfaces[k].values_in(s_middle, s_half, t_middle, t_half, earth.node_rows);
        }
        earth.node_error = parent->surface_error;
    } else if (!place_nodes(area, earth)) {
        return false;
    }
    earth.surface_error = earth.node_error;
    for (std::size_t k = 0; k < 3; ++k) {
        earth.surfaces[k] = Surface::fit(earth.at_nodes[k], earth.node_rows);
        earth.surface_error += earth.surfaces[k].tail();
    }
    return true;
}

/// For grids in longitude and latitude: the rectangle is a box, or lies in one where the grid is rotated.
bool PatchMapper::skips(const Window& area) const {
    if (!projection_->is_lonlat()) {
        return false;
    }
    double west = std::numeric_limits<double>::infinity();
    double south = west;
    double east = -west;
    double north = -west;
    for (const std::uint32_t column : {area.x, area.x + area.width}) {
        for (const std::uint32_t row : {area.y, area.y + area.height}) {
            const double x = grid_->x_at(column, row);
            const double y = grid_->y_at(column, row);
            west = std::min(west, x);
            east = std::max(east, x);
            south = std::min(south, y);
            north = std::max(north, y);
        }
    }
    return !only_->may_touch_box(west, south, east, north);
}

bool PatchMapper::skips(const Earth& earth) const {
    double squares = 0;
    for (const Surface& surface : earth.surfaces) {
        const double spread = surface.spread();
        squares += spread * spread;
    }
    // No point is farther than this from the middle's vector; a unit vector then stands at most asin of it away.
    const double distance = std::sqrt(squares) + earth.surface_error;
    if (earth.surface_error > 1e-3 || distance > 0.9) {
        return false;
    }
    const LonLat middle = lon_lat({earth.surfaces[0].middle(), earth.surfaces[1].middle(), earth.surfaces[2].middle()});
    return !only_->may_touch(middle.lon, middle.lat, std::asin(distance));
}

bool PatchMapper::fit_piece(const Earth& earth, std::uint32_t id, PieceSurface& result) const {
    const Piece& piece = pieces()[id];
    const SnyderConstants& constants = snyder_constants();
    NodeMatrix u{};
    NodeMatrix v{};
    for (std::size_t row = 0; row < earth.node_rows; ++row) {
        for (std::size_t k = 0; k < kNodes; ++k) {
            const Vec3 p{earth.at_nodes[0][row][k], earth.at_nodes[1][row][k], earth.at_nodes[2][row][k]};
            const QuadPoint point = project(piece, constants, p);
            u[row][k] = point.u;
            v[row][k] = point.v;
        }
    }
    result.piece = &piece;
    result.u = Surface::fit(u, earth.node_rows);
    result.v = Surface::fit(v, earth.node_rows);
    const double spread_u = result.u.spread();
    const double spread_v = result.v.spread();
    const double tail = std::max(result.u.tail(), result.v.tail());
    double error = tail + kCellsPerRadian * earth.node_error + kRounding + (projection_->is_lonlat() ? 0 : kIteration);
    const double pixels = earth.area.width * earth.area.height;
    if (!(error <= std::min(kMaxError, kErrorPixels / pixels)) ||
        tail > kResolved * std::max(spread_u, spread_v) + kRounding) {
        return false;
    }
    result.on_far_edge = result.u.middle() + spread_u > kSize - 2 || result.v.middle() + spread_v > kSize - 2;
    const double base_u = std::floor(result.u.middle() - spread_u - 0.01);
    const double base_v = std::floor(result.v.middle() - spread_v - 0.01);
    result.u.coefficients[0][0] -= base_u;
    result.v.coefficients[0][0] -= base_v;
    std::size_t degree = 2;
    double dropped = 0;
    for (; degree < kMaxDegree; ++degree) {
        dropped = std::max(result.u.share_above(degree), result.v.share_above(degree));
        if (dropped <= kDropped) {
            break;
        }
    }
    error += degree < kMaxDegree ? dropped : 0;
    error += kFloatRounding * std::max(result.u.middle() + spread_u, result.v.middle() + spread_v);
    const auto base_i = static_cast<std::uint32_t>(static_cast<std::int32_t>(base_u));
    const auto base_j = static_cast<std::uint32_t>(static_cast<std::int32_t>(base_v));
    result.row.degree = degree;
    result.row.margin = static_cast<float>(kWeights * error);
    if (result.on_far_edge) {
        result.base_i = base_i;
        result.base_j = base_j;
        result.row.shift = kFarShift;
        result.row.base = 0;
    } else {
        result.row.shift = kQuadShift;
        result.row.base = 2 + (piece.quad - 1) * kQuadSize * kQuadSize + base_i * kQuadSize + base_j;
    }
    return true;
}

bool PatchMapper::row_of_one(const PieceSurface& piece, double t, const RowSteps& steps, std::size_t begin,
                             std::size_t end, std::uint32_t* out) const {
    HexRow row = piece.row;
    row.u = at_row(piece.u, t);
    row.v = at_row(piece.v, t);
    const bool unsure = hex_row(row, steps, begin, end, out);
    if (piece.on_far_edge) {
        resolve_far_edge(piece.piece->quad, piece.base_i, piece.base_j, {out + begin, end - begin});
    }
    return unsure;
}

bool PatchMapper::row_of_two(const std::array<PieceSurface, 2>& pair, const Border& border, double t,
                             const RowSteps& steps, std::size_t begin, std::size_t end, std::uint32_t* out) {
    const RowPolynomial distance = at_row(border.distance, t);
    float spread = border.error;
    for (std::size_t k = 1; k < distance.size(); ++k) {
        spread += std::abs(distance[k]);
    }
    if (std::abs(distance[0]) > spread) {
        return row_of_one(pair[distance[0] > 0 ? 0 : 1], t, steps, begin, end, out);
    }
    polynomial_row(distance, steps, end, distance_.data());
    std::size_t first_begin = end;
    std::size_t first_end = 0;
    std::size_t second_begin = end;
    std::size_t second_end = 0;
    for (std::size_t k = begin; k < end; ++k) {
        if (distance_[k] > border.error) {
            first_begin = std::min(first_begin, k);
            first_end = k + 1;
        } else if (distance_[k] < -border.error) {
            second_begin = std::min(second_begin, k);
            second_end = k + 1;
        }
    }
    bool unsure = first_end < first_begin && second_end < second_begin;
    if (first_begin < first_end) {
        unsure |= row_of_one(pair[0], t, steps, first_begin / kRowBlock * kRowBlock, first_end, out);
    }
    if (second_begin < second_end) {
        unsure |= row_of_one(pair[1], t, steps, second_begin / kRowBlock * kRowBlock, second_end, second_.data());
    }
    for (std::size_t k = begin; k < end; ++k) {
        if (distance_[k] < -border.error) {
            out[k] = second_[k];
        } else if (!(distance_[k] > border.error)) {
            out[k] = kUnsure;
            unsure = true;
        }
    }
    return unsure;
}

/// false where the rectangle is too large, or holds too much of the icosahedron, for this.
bool PatchMapper::by_polynomials(const Earth& earth) {
    const auto& all = pieces();
    const Vec3 middle{earth.surfaces[0].middle(), earth.surfaces[1].middle(), earth.surfaces[2].middle()};
    const std::uint32_t id = piece_of(all, middle);
    if (earth.surface_error > 1e-4) {
        return false;
    }
    int crossed = 0;
    std::size_t crossed_plane = 0;
    Border border;
    for (std::size_t k = 0; k < 3; ++k) {
        const Surface distance = plane_surface(earth.surfaces, all[id].planes[k]);
        if (!distance.is_positive(earth.surface_error + 1e-9)) {
            ++crossed;
            crossed_plane = k;
            border.distance = distance;
        }
    }
    if (crossed > 1) {
        return false;
    }
    std::array<PieceSurface, 2> pair;
    if (!fit_piece(earth, id, pair[0])) {
        return false;
    }
    if (crossed == 1) {
        // The piece beyond must hold all that lies beyond. Its plane towards the first piece is number 0 for the edge
        // of a face, and the other of 1 and 2 for the lines between sectors.
        const std::uint32_t other = all[id].neighbours[crossed_plane];
        const std::size_t shared = crossed_plane == 0 ? 0 : 3 - crossed_plane;
        for (std::size_t k = 0; k < 3; ++k) {
            if (k != shared &&
                !plane_surface(earth.surfaces, all[other].planes[k]).is_positive(earth.surface_error + 1e-9)) {
                return false;
            }
        }
        if (!fit_piece(earth, other, pair[1])) {
            return false;
        }
        const double bound = std::abs(border.distance.middle()) + border.distance.spread();
        border.error = static_cast<float>(earth.surface_error + 1e-9 + kFloatRounding * bound);
    }
    const Window& area = earth.area;
    const std::size_t stride = (area.width + kRowBlock - 1) / kRowBlock * kRowBlock;
    const RowSteps steps{-1, area.width > 1 ? static_cast<float>(2.0 / (area.width - 1)) : 0};
    const double t_step = area.height > 1 ? 2.0 / (area.height - 1) : 0;
    unsure_rows_.clear();
    trim_rows(area);
    for (std::uint32_t row = 0; row < area.height; ++row) {
        const RowPart& part = parts_[row];
        if (part.begin == part.end) {
            continue;
        }
        const double t = -1 + t_step * row;
        std::uint32_t* out = cells_.data() + row * stride;
        const bool unsure = crossed == 0 ? row_of_one(pair[0], t, steps, part.begin, part.end, out)
                                         : row_of_two(pair, border, t, steps, part.begin, part.end, out);
        if (unsure) {
            unsure_rows_.push_back(row);
        }
    }
    finish(area, stride, unsure_rows_);
    return true;
}

/// Which part of each row of a rectangle is wanted: the whole, or on grids in longitude and latitude what the outline
/// leaves of it.
void PatchMapper::trim_rows(const Window& area) {
    const auto& g = grid_->geotransform;
    if (only_ == nullptr || !projection_->is_lonlat() || g[2] != 0 || g[4] != 0 || !(g[1] > 0)) {
        std::fill_n(parts_.begin(), area.height, RowPart{0, area.width});
        return;
    }
    const double west = grid_->x_at(area.x, 0);
    const double east = grid_->x_at(area.x + area.width, 0);
    const auto column_of = [&](double lon) {
        return std::clamp((lon - west) / g[1], 0.0, static_cast<double>(area.width));
    };
    std::int64_t known = -2;  // no parallel
    for (std::uint32_t row = 0; row < area.height; ++row) {
        const double lat = grid_->y_at(0, area.y + row + 0.5);
        const std::int64_t parallel = CellSet::parallel_of(lat);
        if (parallel == known) {
            parts_[row] = parts_[row - 1];
            continue;
        }
        known = parallel;
        const LonSpan span = only_->touched_part(lat, west, east);
        if (!(span.west <= span.east)) {
            parts_[row] = {0, 0};
            continue;
        }
        const std::uint32_t begin = static_cast<std::uint32_t>(column_of(span.west)) / kBlock * kBlock;
        const auto end = static_cast<std::uint32_t>(std::ceil(column_of(span.east)));
        parts_[row] = {begin, std::max(begin, end)};
    }
}

/// Computes the unsure pixels and hands the rectangle to the sink.
void PatchMapper::finish(const Window& area, std::size_t stride, std::span<const std::uint32_t> unsure_rows) {
    exact_.clear();
    for (const std::uint32_t row : unsure_rows) {
        const std::uint32_t* cells = cells_.data() + row * stride;
        for (std::uint32_t k = parts_[row].begin; k < parts_[row].end; ++k) {
            if (cells[k] == kUnsure) {
                exact_.add(area.x + k, area.y + row);
            }
        }
    }
    if (exact_.size() > 0) {
        const std::span<const std::uint32_t> known = exact_.compute();
        std::size_t next = 0;
        for (const std::uint32_t row : unsure_rows) {
            std::uint32_t* cells = cells_.data() + row * stride;
            for (std::uint32_t k = parts_[row].begin; k < parts_[row].end; ++k) {
                if (cells[k] == kUnsure) {
                    cells[k] = known[next++];
                }
            }
        }
    }
    for (std::uint32_t row = 0; row < area.height; ++row) {
        const RowPart& part = parts_[row];
        if (part.begin < part.end) {
            (*sink_)(area.x + part.begin, area.y + row,
                     {cells_.data() + row * stride + part.begin, part.end - part.begin});
        }
    }
}

void PatchMapper::one_by_one(const Window& area) {
    exact_.clear();
    for (std::uint32_t row = 0; row < area.height; ++row) {
        for (std::uint32_t k = 0; k < area.width; ++k) {
            exact_.add(area.x + k, area.y + row);
        }
    }
    const std::span<const std::uint32_t> cells = exact_.compute();
    for (std::uint32_t row = 0; row < area.height; ++row) {
        (*sink_)(area.x, area.y + row, cells.subspan(std::size_t{row} * area.width, area.width));
    }
}

}  // namespace vcube::dgg
