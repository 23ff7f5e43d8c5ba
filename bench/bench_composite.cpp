// Composites of a day: 30 half orbits of about 80 000 rows in no order, columns in memory already. The bound is a copy
// of what has to be looked at, ids and values. Then the table drawn beside a single product's column.
#define VCUBE_TEST_DATA ""  // none is read here

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <set>
#include <vector>

#include "core/dgg/isea.h"
#include "core/swath/composite.h"
#include "core/swath/composite_samples.h"
#include "core/swath/render.h"
#include "core/swath/table_pages.h"
#include "tests/unit/swath/product_set.h"

namespace {

using namespace vcube;
using swath::Method;

constexpr std::uint32_t kProducts = 30, kWidth = 8192, kHeight = 4032;

// Cells within 5 degrees of a slanted line from pole to pole, in no order.
std::vector<std::uint32_t> swath_ids(double lon, bool ascending, std::uint32_t seed) {
    std::set<std::uint32_t> cells;
    for (double lat = -80; lat < 80; lat += 0.06) {
        for (double across = -5; across < 5; across += 0.06) {
            const double middle = lon + (ascending ? -0.25 : 0.25) * lat;
            cells.insert(dgg::seqnum_of(middle + across / std::cos(lat * 0.0174533), lat));
        }
    }
    std::vector<std::uint32_t> ids;
    for (const std::uint32_t seqnum : cells) {
        ids.push_back(dgg::grid_point_id(seqnum));
    }
    std::shuffle(ids.begin(), ids.end(), std::mt19937(seed));
    return ids;
}

// Full: a value in every row. Sparse: in one of twenty, as soil moisture is.
struct Day {
    swath::test::ProductSet set{1};
    std::shared_ptr<const swath::Collection> collection;
    std::int64_t rows = 0;
    std::vector<std::vector<std::uint32_t>> ids;
    std::vector<std::vector<float>> values;

    Day() {
        std::mt19937 random(1);
        const std::string fill = R"({"_FillValue": -999})";
        for (std::uint32_t k = 0; k < kProducts; ++k) {
            ids.push_back(swath_ids(-180.0 + 12 * k, k % 2 == 0, k));
            const std::size_t count = ids.back().size();
            std::vector<float> full(count), sparse(count), quality(count);
            for (std::size_t row = 0; row < count; ++row) {
                full[row] = static_cast<float>(random() % 1000) * 0.001F;
                sparse[row] = random() % 20 == 0 ? full[row] : -999.0F;
                quality[row] = static_cast<float>(random() % 100) * 0.001F;
            }
            set.begin(k % 2 == 0);
            set.add("Grid_Point_ID", "<u4", ids.back());
            set.add("Full", "<f4", full, fill);
            set.add("Sparse", "<f4", sparse, fill);
            set.add("Quality", "<f4", quality, fill);
            rows += static_cast<std::int64_t>(count);
            values.push_back(std::move(full));
        }
        swath::CollectionOptions options;
        options.product_bytes = std::size_t{1} << 30U;
        collection = set.collection(options);
    }
};

Day& day() {
    static Day made;
    return made;
}

swath::Recipe recipe_of(Method method, const char* variable) {
    swath::Recipe recipe;
    recipe.variable = variable;
    recipe.method = method;
    recipe.quality = "Quality";
    return recipe;
}

// A new composer each time: nothing of the table is there, but the columns are.
std::shared_ptr<const swath::CellTable> make(const swath::Recipe& recipe, const dgg::BlockSet& blocks,
                                             std::size_t threads) {
    return swath::Composer(day().collection).table(day().set.all(), recipe, blocks, threads).value();
}

void bound(benchmark::State& state) {
    Day& d = day();
    std::vector<std::byte> ids(std::size_t{4} << 20U), values(ids.size());
    for (auto _ : state) {
        for (std::uint32_t k = 0; k < kProducts; ++k) {
            std::memcpy(ids.data(), d.ids[k].data(), d.ids[k].size() * 4);
            std::memcpy(values.data(), d.values[k].data(), d.values[k].size() * 4);
            benchmark::DoNotOptimize(ids.data());
            benchmark::DoNotOptimize(values.data());
        }
    }
    state.SetItemsProcessed(state.iterations() * d.rows);
}

void samples(benchmark::State& state, const char* variable) {
    Day& d = day();
    const auto product = d.collection->product(0).value();
    const swath::Recipe recipe = recipe_of(Method::kLast, variable);
    const auto& encoding = product->find(variable)->encoding;
    const swath::SampleRequest request{
        recipe, encoding, plan_accumulation(recipe, encoding.type, form_of(*product, recipe).value()), nullptr};
    swath::SampleScratch scratch;
    for (auto _ : state) {
        benchmark::DoNotOptimize(read_samples(*product, request, dgg::BlockSet::all(), scratch));
    }
    state.SetItemsProcessed(state.iterations() * product->row_count());
}

void table(benchmark::State& state, Method method, const char* variable) {
    const auto threads = static_cast<std::size_t>(state.range(0));
    make(recipe_of(method, variable), dgg::BlockSet::all(), threads);
    for (auto _ : state) {
        benchmark::DoNotOptimize(make(recipe_of(method, variable), dgg::BlockSet::all(), threads));
    }
    state.SetItemsProcessed(state.iterations() * day().rows);
}

void one_block(benchmark::State& state) {
    dgg::BlockSet blocks;
    blocks.insert(dgg::block_cell_of(dgg::seqnum_of(10, 50)).block);
    for (auto _ : state) {
        benchmark::DoNotOptimize(make(recipe_of(Method::kLast, "Full"), blocks, 1));
    }
}

struct Scene {
    dgg::CellMapper mapper = dgg::CellMapper::create(grid()).value();
    std::vector<float> pixels = std::vector<float>(std::size_t{kWidth} * kHeight);
    std::vector<float> nodata{-999.0F};

    static dgg::Grid grid() {
        dgg::Grid grid;
        grid.geotransform = {-180, 360.0 / kWidth, 0, 88.59375, 0, -360.0 / kWidth};
        grid.width = kWidth;
        grid.height = kHeight;
        return grid;
    }
    void draw(const swath::CellValues& values) {
        swath::render(mapper, {0, 0, kWidth, kHeight}, values, std::as_bytes(std::span(nodata)),
                      {reinterpret_cast<std::byte*>(pixels.data()), 4, std::ptrdiff_t{kWidth} * 4},
                      day().set.runtime().pool);
    }
};

Scene& scene() {
    static Scene made;
    return made;
}

// A product that has every cell of the Earth that the table has, so that both draw the same.
void draw_column(benchmark::State& state) {
    std::set<std::uint32_t> all;
    for (const auto& ids : day().ids) {
        all.insert(ids.begin(), ids.end());
    }
    const std::vector<std::uint32_t> ids(all.begin(), all.end());
    const std::vector<float> column(ids.size(), 0.25F);
    const swath::RowIndex rows(ids);
    for (auto _ : state) {
        scene().draw(swath::CellValues(rows, std::as_bytes(std::span(column))));
    }
    state.SetItemsProcessed(state.iterations() * std::int64_t{kWidth} * kHeight);
}

void draw_table(benchmark::State& state) {
    const auto made = make(recipe_of(Method::kLast, "Full"), dgg::BlockSet::all(), 0);
    for (auto _ : state) {
        const swath::TablePages pages(*made);
        scene().draw(swath::CellValues(pages.span()));
    }
    state.SetItemsProcessed(state.iterations() * std::int64_t{kWidth} * kHeight);
}

BENCHMARK(bound)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(samples, full, "Full")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(samples, sparse, "Sparse")->Unit(benchmark::kMillisecond);
#define VCUBE_BENCH_TABLE(name, method, variable) \
    BENCHMARK_CAPTURE(table, name, method, variable)->Unit(benchmark::kMillisecond)->Arg(1)->Arg(2)->UseRealTime()
VCUBE_BENCH_TABLE(last, Method::kLast, "Full");
VCUBE_BENCH_TABLE(last_sparse, Method::kLast, "Sparse");
VCUBE_BENCH_TABLE(mean, Method::kMean, "Full");
VCUBE_BENCH_TABLE(min, Method::kMin, "Full");
VCUBE_BENCH_TABLE(count, Method::kCount, "Full");
VCUBE_BENCH_TABLE(median, Method::kMedian, "Full");
VCUBE_BENCH_TABLE(best, Method::kBest, "Full");
BENCHMARK(one_block)->Unit(benchmark::kMillisecond);
BENCHMARK(draw_column)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(draw_table)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
