// Drawing one column of a half orbit's swath on the 8192 x 4032 grid, and its parts: the fill alone is the bound.
#include <benchmark/benchmark.h>

#include <cmath>
#include <set>
#include <vector>

#include "core/dgg/isea.h"
#include "core/swath/fill.h"
#include "core/swath/render.h"
#include "core/swath/strips.h"

namespace {

using namespace vcube;

constexpr std::uint32_t kWidth = 8192, kHeight = 4032;

// Ids of the cells within 5 degrees of a slanted track from pole to pole: about as many as a product has.
std::vector<std::uint32_t> swath_ids() {
    std::set<std::uint32_t> cells;
    for (double lat = -80; lat < 80; lat += 0.06) {
        for (double across = -5; across < 5; across += 0.06) {
            cells.insert(dgg::seqnum_of(10 - 0.25 * lat + across / std::cos(lat * 0.0174533), lat));
        }
    }
    std::vector<std::uint32_t> ids;
    for (const std::uint32_t seqnum : cells) {
        ids.push_back(dgg::grid_point_id(seqnum));
    }
    return ids;
}

struct Scene {
    std::vector<std::uint32_t> ids = swath_ids();
    swath::RowIndex rows{ids};
    std::vector<float> column = std::vector<float>(ids.size(), 0.25F);
    std::vector<float> nodata{-999.0F};
    dgg::CellMapper mapper = dgg::CellMapper::create(grid()).value();
    std::vector<float> pixels = std::vector<float>(std::size_t{kWidth} * kHeight);
    ThreadPool pool{1};

    static dgg::Grid grid() {
        dgg::Grid grid;
        grid.geotransform = {-180, 360.0 / kWidth, 0, 88.59375, 0, -360.0 / kWidth};
        grid.width = kWidth;
        grid.height = kHeight;
        return grid;
    }
    std::byte* data() { return reinterpret_cast<std::byte*>(pixels.data()); }
};

Scene& scene() {
    static Scene made;
    return made;
}

void row_index(benchmark::State& state) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(swath::RowIndex(scene().ids));
    }
    state.counters["rows"] = static_cast<double>(scene().ids.size());
}

void fill_whole(benchmark::State& state) {
    Scene& s = scene();
    for (auto _ : state) {
        swath::for_strips({0, 0, kWidth, kHeight}, s.pool, 0, [&](const dgg::Window& part) {
            swath::fill_pixels<float>(s.data() + std::size_t{part.y} * kWidth * 4, 4, kWidth * 4, part.width,
                                      part.height, -999.0F);
        });
    }
    state.SetBytesProcessed(state.iterations() * std::int64_t{kWidth} * kHeight * 4);
}

void draw(benchmark::State& state, const dgg::Window& window) {
    Scene& s = scene();
    for (auto _ : state) {
        swath::render(s.mapper, window, {s.rows, std::as_bytes(std::span(s.column))},
                      std::as_bytes(std::span(s.nodata)), {s.data(), 4, static_cast<std::ptrdiff_t>(window.width) * 4},
                      s.pool);
    }
    state.SetBytesProcessed(state.iterations() * std::int64_t{window.width} * window.height * 4);
}

BENCHMARK(row_index)->Unit(benchmark::kMillisecond);
BENCHMARK(fill_whole)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(draw, whole, dgg::Window{0, 0, kWidth, kHeight})->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(draw, window, dgg::Window{4000, 1000, 512, 512})->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
