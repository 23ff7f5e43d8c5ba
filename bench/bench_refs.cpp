// Reading a large Kerchunk JSON: parse and build, bytes a second, memory, look-ups.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "core/refs/kerchunk_json.h"

namespace {

enum class Order { kSorted, kShuffled };

/// One million references of one array in 1000 files, about 80 bytes each, as Kerchunk writes them.
std::string make_document(Order order) {
    constexpr int kChunks = 1'000'000;
    std::vector<int> numbers(kChunks);
    for (int i = 0; i < kChunks; ++i) {
        numbers[static_cast<std::size_t>(i)] = i;
    }
    if (order == Order::kShuffled) {
        std::shuffle(numbers.begin(), numbers.end(), std::mt19937(42));
    }
    std::string text = R"({"version": 1, "refs": {".zgroup": "{\"zarr_format\":2}")";
    char entry[256];
    for (const int i : numbers) {
        std::snprintf(entry, sizeof entry, R"(, "sst/%d.%d.%d": ["s3://bucket/archive/2023/product_%06d.nc", %d, %d])",
                      i / 1000, i / 40 % 25, i % 40, i / 1000, 40000 + i % 1000 * 36021, 36000 + i % 97);
        text += entry;
    }
    return text + "}}";
}

long resident_kb() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) {
            return std::atol(line.c_str() + 6);
        }
    }
    return 0;
}

void open_references(benchmark::State& state, Order order) {
    const std::string text = make_document(order);
    const long before = resident_kb();
    long held = 0;
    for (auto _ : state) {
        auto store = vcube::open_kerchunk_json(vcube::as_byte_span(text), "bench.json", {});
        if (!store.ok() || store.value()->chunk_count() != 1'000'000U) {
            state.SkipWithError("wrong result");
            return;
        }
        state.PauseTiming();
        held = resident_kb() - before;
        store = vcube::invalid("");
        state.ResumeTiming();
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const double file = static_cast<double>(text.size());
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
    state.counters["file_MB"] = file / 1e6;
    state.counters["manifest_MB"] = static_cast<double>(held) / 1e3;
    state.counters["process_peak_MB"] = static_cast<double>(usage.ru_maxrss) / 1e3;
}

void locate(benchmark::State& state) {
    const std::string text = make_document(Order::kSorted);
    const auto store = vcube::open_kerchunk_json(vcube::as_byte_span(text), "bench.json", {});
    std::vector<std::string> keys;
    for (int i = 0; i < 1000; ++i) {
        keys.push_back("sst/" + std::to_string(i * 7 % 1000) + "." + std::to_string(i % 25) + "." +
                       std::to_string(i % 40));
    }
    std::vector<vcube::ChunkLocation> out(keys.size());
    for (auto _ : state) {
        if (!store.value()->locate(keys, out).ok()) {
            state.SkipWithError("locate failed");
            return;
        }
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(keys.size()));
}

}  // namespace

BENCHMARK_CAPTURE(open_references, sorted, Order::kSorted)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(open_references, shuffled, Order::kShuffled)->Unit(benchmark::kMillisecond);
BENCHMARK(locate);

BENCHMARK_MAIN();
