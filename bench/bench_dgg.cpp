// Grid cells: the exact look-up of a point and of a cell's centre; pixels to cells on the grids that users ask for, one
// thread; the outline of a half orbit and what it saves. "per_pixel" is CPU time. Every mapping is checked against
// the exact look-up on a sample of its pixels: a wrong one makes the run an error.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <span>
#include <vector>

#include "core/dgg/mapper.h"

namespace {

using namespace vcube::dgg;

const Grid kGlobal{"EPSG:4326", {-180, 360 / 8192., 0, 88.59375, 0, -360 / 8192.}, 8192, 4032};
const Grid kEurope{"EPSG:3035", {2426000, 1000, 0, 5446000, 0, -1000}, 5000, 4000};
const Grid kEase{"EPSG:6933", {-17367530.44, 9008.05, 0, 7314540.83, 0, -9008.05}, 3856, 1624};

void per_pixel(benchmark::State& state, double pixels) {
    state.counters["per_pixel"] =
        benchmark::Counter(pixels, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

/// Cells of a swath 1000 km wide from pole to pole.
const std::vector<std::uint32_t>& half_orbit() {
    static const std::vector<std::uint32_t> cells = [] {
        std::vector<std::uint32_t> found;
        const double tilt = 8 * std::numbers::pi / 180;
        for (std::uint32_t seqnum = 1; seqnum <= kCells; ++seqnum) {
            const LonLat centre = centre_of(seqnum);
            const double lat = centre.lat * std::numbers::pi / 180;
            const double lon = (centre.lon - 20) * std::numbers::pi / 180;
            const double across = std::cos(lat) * std::sin(lon) * std::cos(tilt) + std::sin(lat) * std::sin(tilt);
            if (std::abs(across) < std::sin(4.5 * std::numbers::pi / 180) && std::cos(lon) > 0) {
                found.push_back(seqnum);
            }
        }
        return found;
    }();
    return cells;
}

bool is_right(const Grid& grid, const Window& window, const std::vector<std::uint32_t>& cells) {
    const auto projection = Projection::create(grid.crs);
    std::mt19937 random(1);
    for (int n = 0; n < 20000; ++n) {
        const std::uint32_t column = static_cast<std::uint32_t>(random() % window.width);
        const std::uint32_t row = static_cast<std::uint32_t>(random() % window.height);
        double x = grid.x_at(window.x + column + 0.5, window.y + row + 0.5);
        double y = grid.y_at(window.x + column + 0.5, window.y + row + 0.5);
        projection.value().inverse({&x, 1}, {&y, 1});
        if (seqnum_of(x, y) != cells[std::size_t{row} * window.width + column]) {
            return false;
        }
    }
    return true;
}

void exact_in_raster_order(benchmark::State& state) {
    std::uint32_t row = 0;
    for (auto _ : state) {
        row = (row + 1009) % kGlobal.height;
        for (std::uint32_t column = 0; column < kGlobal.width; ++column) {
            benchmark::DoNotOptimize(seqnum_of(kGlobal.x_at(column + 0.5, row + 0.5), kGlobal.y_at(0.5, row + 0.5)));
        }
    }
    per_pixel(state, kGlobal.width);
}

void exact_centre(benchmark::State& state) {
    std::uint32_t seqnum = 1;
    for (auto _ : state) {
        seqnum = (seqnum + 104729) % kCells;
        benchmark::DoNotOptimize(centre_of(seqnum + 1));
    }
}

void map_window(benchmark::State& state, const Grid& grid, const Window& window) {
    const auto mapper = CellMapper::create(grid);
    std::vector<std::uint32_t> cells(std::size_t{window.width} * window.height);
    for (auto _ : state) {
        mapper.value().map(window, cells);
        benchmark::ClobberMemory();
    }
    if (!is_right(grid, window, cells)) {
        state.SkipWithError("a cell differs from the exact one");
    }
    per_pixel(state, static_cast<double>(cells.size()));
}

void map_half_orbit(benchmark::State& state, const Grid& grid, std::span<const std::uint32_t> set) {
    const auto mapper = CellMapper::create(grid);
    const CellSet outline(set);
    std::size_t pixels = 0;
    for (auto _ : state) {
        pixels = 0;
        mapper.value().map(
            {0, 0, grid.width, grid.height},
            [&](std::uint32_t, std::uint32_t, std::span<const std::uint32_t> part) {
                benchmark::DoNotOptimize(part.data());
                pixels += part.size();
            },
            &outline);
    }
    state.counters["pixels"] = static_cast<double>(pixels);
}

void cell_set(benchmark::State& state) {
    const auto& cells = half_orbit();
    for (auto _ : state) {
        benchmark::DoNotOptimize(CellSet(cells));
    }
    state.counters["cells"] = static_cast<double>(cells.size());
}

const Window kAll{0, 0, kGlobal.width, kGlobal.height};
constexpr Window kSmall{4200, 900, 512, 512};

BENCHMARK(exact_in_raster_order);
BENCHMARK(exact_centre);
BENCHMARK_CAPTURE(map_window, global_8192x4032, kGlobal, kAll)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(map_window, global_512x512, kGlobal, kSmall)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(map_window, epsg3035_1km, kEurope, (Window{0, 0, 5000, 4000}))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(map_window, epsg6933_9km, kEase, (Window{0, 0, 3856, 1624}))->Unit(benchmark::kMillisecond);
BENCHMARK(cell_set)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(map_half_orbit, global_8192x4032, kGlobal, half_orbit())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(map_half_orbit, global_8192x4032_empty, kGlobal, (std::span<const std::uint32_t>{}))
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(map_half_orbit, epsg3035_1km, kEurope, half_orbit())->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
