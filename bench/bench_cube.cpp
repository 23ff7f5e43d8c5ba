// Reading a whole cube (shuffle + zlib, 622 MB decoded, 7776 chunks of 80 kB in 48 files) and the bound for it:
// inflating and unshuffling the same chunks on all cores, with the data in memory and with pread. Bound and read
// alternate in one run, so that a drifting machine moves both; the best of each is compared. The cube is made in a
// temporary folder from a fixed seed. VCUBE_BENCH_STEPS: time steps (48). The same chunks are read as Zarr v3 shards
// too, a file each; the bound for that is the read of the bare chunks. Last, the listing of 5000 arrays.
#include <benchmark/benchmark.h>
#include <emmintrin.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "core/cube/array.h"
#include "core/cube/hierarchy.h"
#include "core/cube/zarr_v3.h"
#include "core/fetch/local_fetcher.h"
#include "core/refs/manifest.h"

namespace {

using namespace vcube;
namespace fs = std::filesystem;

constexpr std::uint64_t kRows = 1800;
constexpr std::uint64_t kColumns = 3600;
constexpr std::uint64_t kChunk = 200;
constexpr std::size_t kChunkBytes = kChunk * kChunk * 2;

/// Least wall-clock and processor time of several runs. Processor time still tells on a machine that others use too.
struct Best {
    double wall = 1e30;
    double processor = 1e30;

    double run(const std::function<void()>& work) {
        const std::clock_t processor_start = std::clock();
        const auto start = std::chrono::steady_clock::now();
        work();
        const double now = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
        wall = std::min(wall, now);
        processor = std::min(processor, 1e3 * static_cast<double>(std::clock() - processor_start) / CLOCKS_PER_SEC);
        return now;
    }
};

/// Calls body(thread, i) for each i < count on every core.
void on_all_cores(std::size_t count, const std::function<void(std::size_t)>& body) {
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < count; i = next++) {
            body(i);
        }
    };
    std::vector<std::thread> threads;
    for (unsigned t = 1; t < std::thread::hardware_concurrency(); ++t) {
        threads.emplace_back(work);
    }
    work();
    for (std::thread& thread : threads) {
        thread.join();
    }
}

/// A smooth field with noise, as sea surface temperature in hundredths of a kelvin looks; compresses to about 1/2.2.
std::vector<std::int16_t> make_step(std::uint64_t step) {
    std::vector<double> along(kColumns);
    for (std::uint64_t x = 0; x < kColumns; ++x) {
        along[x] = std::cos(0.0035 * static_cast<double>(x) + 0.1 * static_cast<double>(step));
    }
    std::vector<std::int16_t> field(kRows * kColumns);
    std::uint64_t random = 0x9E3779B97F4A7C15U * (step + 1);
    for (std::uint64_t y = 0; y < kRows; ++y) {
        const double across = 1500 + 1200 * std::sin(0.0017 * static_cast<double>(y));
        for (std::uint64_t x = 0; x < kColumns; ++x) {
            random ^= random << 13U;
            random ^= random >> 7U;
            random ^= random << 17U;
            const auto noise = static_cast<int>((random & 31U) + ((random >> 8U) & 15U));
            field[y * kColumns + x] = static_cast<std::int16_t>(static_cast<int>(across + 300 * along[x]) + noise);
        }
    }
    return field;
}

struct Place {
    int file = -1;
    std::uint64_t offset = 0;
    std::size_t size = 0;
};

struct Cube {
    fs::path folder;
    std::uint64_t steps = 0;
    std::uint64_t checksum = 0;
    std::vector<Place> places;
    std::vector<std::byte> stored;       // all files' bytes, for the bound without pread
    std::vector<std::size_t> stored_at;  // of each chunk
    std::vector<int> files;
    std::shared_ptr<const Store> store;

    ~Cube() {
        for (const int file : files) {
            ::close(file);
        }
        fs::remove_all(folder);
    }
};

std::uint64_t checksum_of(const std::int16_t* values, std::size_t n) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        sum = sum * 31 + static_cast<std::uint16_t>(values[i]);
    }
    return sum;
}

void write_step(Cube& cube, ManifestBuilder& builder, std::uint64_t step, libdeflate_compressor* compressor) {
    const std::vector<std::int16_t> field = make_step(step);
    cube.checksum ^= checksum_of(field.data(), field.size());
    const fs::path path = cube.folder / ("step" + std::to_string(step) + ".bin");
    const std::uint32_t url = builder.intern_url(path.string());
    std::vector<std::byte> file;
    std::vector<std::uint64_t> index;  // of the file as a shard
    std::vector<std::byte> shuffled(kChunkBytes);
    std::vector<std::byte> packed(libdeflate_zlib_compress_bound(compressor, kChunkBytes));
    for (std::uint64_t cy = 0; cy < kRows / kChunk; ++cy) {
        for (std::uint64_t cx = 0; cx < kColumns / kChunk; ++cx) {
            for (std::size_t i = 0; i < kChunk * kChunk; ++i) {
                const auto value =
                    static_cast<std::uint16_t>(field[(cy * kChunk + i / kChunk) * kColumns + cx * kChunk + i % kChunk]);
                shuffled[i] = static_cast<std::byte>(value & 0xFFU);
                shuffled[kChunkBytes / 2 + i] = static_cast<std::byte>(value >> 8U);
            }
            const std::size_t size =
                libdeflate_zlib_compress(compressor, shuffled.data(), kChunkBytes, packed.data(), packed.size());
            builder.add_range("sst/" + std::to_string(step) + "." + std::to_string(cy) + "." + std::to_string(cx), url,
                              {file.size(), file.size() + size});
            cube.places.push_back({static_cast<int>(step), file.size(), size});
            index.insert(index.end(), {file.size(), size});
            cube.stored_at.push_back(cube.stored.size());
            const auto packed_end = packed.begin() + static_cast<std::ptrdiff_t>(size);
            file.insert(file.end(), packed.begin(), packed_end);
            cube.stored.insert(cube.stored.end(), packed.begin(), packed_end);
        }
    }
    const auto index_bytes = std::as_bytes(std::span(index));
    file.insert(file.end(), index_bytes.begin(), index_bytes.end());
    builder.add_range("sharded/c/" + std::to_string(step) + "/0/0", url, {0, file.size()});
    std::FILE* out = std::fopen(path.c_str(), "wb");
    const std::size_t written = out == nullptr ? 0 : std::fwrite(file.data(), 1, file.size(), out);
    if (out == nullptr || std::fclose(out) != 0 || written != file.size()) {
        std::perror(path.c_str());
        std::exit(1);
    }
    cube.files.push_back(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

const Cube& cube() {
    static const std::unique_ptr<Cube> made = [] {
        auto out = std::make_unique<Cube>();
        const char* steps = std::getenv("VCUBE_BENCH_STEPS");
        out->steps = steps != nullptr ? std::strtoull(steps, nullptr, 10) : 48;
        out->folder = fs::temp_directory_path() / ("vcube_bench_cube_" + std::to_string(::getpid()));
        fs::create_directories(out->folder);
        ManifestBuilder builder;
        const std::string zarray = R"({"zarr_format": 2, "shape": [)" + std::to_string(out->steps) +
                                   R"(, 1800, 3600], "chunks": [1, 200, 200], "dtype": "<i2", "order": "C",
                                   "fill_value": -32768, "compressor": null,
                                   "filters": [{"id": "shuffle", "elementsize": 2}, {"id": "zlib", "level": 4}]})";
        builder.add_inline("sst/.zarray", as_byte_span(zarray));
        const std::string sharded =
            R"({"zarr_format": 3, "node_type": "array", "data_type": "int16", "fill_value": -32768,
                "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 1800, 3600]}},
                "chunk_key_encoding": {"name": "default"}, "codecs": [{"name": "sharding_indexed", "configuration": {
                    "chunk_shape": [1, 200, 200], "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
                    "codecs": [{"name": "bytes", "configuration": {"endian": "little"}},
                               {"name": "numcodecs.shuffle", "configuration": {"elementsize": 2}},
                               {"name": "numcodecs.zlib", "configuration": {"level": 4}}]}}], "shape": [)" +
            std::to_string(out->steps) + ", 1800, 3600]}";
        builder.add_inline("sharded/zarr.json", as_byte_span(sharded));
        libdeflate_compressor* compressor = libdeflate_alloc_compressor(4);
        for (std::uint64_t step = 0; step < out->steps; ++step) {
            write_step(*out, builder, step, compressor);
        }
        libdeflate_free_compressor(compressor);
        out->store = std::move(builder).build("bench", policy_for(out->folder.string() + "/refs.json", true));
        return out;
    }();
    return *made;
}

void unshuffle(const std::byte* in, std::byte* out) {
    constexpr std::size_t kHalf = kChunkBytes / 2;
    for (std::size_t i = 0; i < kHalf; i += 16) {
        const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i));
        const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + kHalf + i));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 2 * i), _mm_unpacklo_epi8(low, high));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 2 * i + 16), _mm_unpackhi_epi8(low, high));
    }
}

/// What no reader of this cube on this machine can beat: every chunk inflated and unshuffled, the result dropped.
void bound(bool with_pread) {
    const Cube& data = cube();
    on_all_cores(data.places.size(), [&](std::size_t i) {
        thread_local libdeflate_decompressor* decompressor = libdeflate_alloc_decompressor();
        thread_local std::vector<std::byte> shuffled(kChunkBytes);
        thread_local std::vector<std::byte> plain(kChunkBytes);
        thread_local std::vector<std::byte> read(2 * kChunkBytes);
        const Place& place = data.places[i];
        const std::byte* packed = data.stored.data() + data.stored_at[i];
        if (with_pread) {
            const ssize_t got = ::pread(data.files[static_cast<std::size_t>(place.file)], read.data(), place.size,
                                        static_cast<off_t>(place.offset));
            packed = got == static_cast<ssize_t>(place.size) ? read.data() : nullptr;
        }
        std::size_t size = 0;
        if (packed == nullptr || libdeflate_zlib_decompress(decompressor, packed, place.size, shuffled.data(),
                                                            kChunkBytes, &size) != LIBDEFLATE_SUCCESS) {
            std::abort();
        }
        unshuffle(shuffled.data(), plain.data());
        benchmark::DoNotOptimize(plain.data());
    });
}

std::shared_ptr<Runtime> make_runtime(std::size_t cache_bytes) {
    return std::make_shared<Runtime>(
        std::max(1U, std::thread::hardware_concurrency()) - 1, cache_bytes,
        FetcherFactory([](ThreadPool& pool) { return std::make_unique<LocalFetcher>(pool); }));
}

Array open_array(std::size_t cache_bytes) {
    const std::string text = cube().store->metadata("sst/.zarray").value().value();
    return Array::open({cube().store, make_runtime(cache_bytes)}, parse_zarray("sst", text, "", "bench").value())
        .value();
}

Array open_sharded(std::size_t cache_bytes) {
    const std::string text = cube().store->metadata("sharded/zarr.json").value().value();
    return Array::open({cube().store, make_runtime(cache_bytes)}, parse_zarr_json("sharded", text, "bench").value())
        .value();
}

void read_into(const Array& array, std::vector<std::int16_t>& out) {
    const Shape& shape = array.meta().shape;
    const Status status =
        array.read({{0, 0, 0}, shape, {1, 1, 1}}, {reinterpret_cast<std::byte*>(out.data()),
                                                   {static_cast<std::ptrdiff_t>(kRows * kColumns * 2), kColumns * 2, 2},
                                                   array.meta().dtype});
    if (!status.ok()) {
        std::fprintf(stderr, "%s\n", status.error().message.c_str());
        std::exit(1);
    }
}

void whole_cube(benchmark::State& state) {
    const Array array = open_array(std::size_t{64} << 20);
    std::vector<std::int16_t> out(cube().steps * kRows * kColumns);
    read_into(array, out);
    std::uint64_t checksum = 0;
    for (std::uint64_t step = 0; step < cube().steps; ++step) {
        checksum ^= checksum_of(out.data() + step * kRows * kColumns, kRows * kColumns);
    }
    if (checksum != cube().checksum) {
        state.SkipWithError("the values read are not those written");
        return;
    }
    Best memory;
    Best pread;
    Best read;
    for (auto _ : state) {
        memory.run([] { bound(false); });
        pread.run([] { bound(true); });
        state.SetIterationTime(read.run([&] { read_into(array, out); }) / 1e3);
    }
    state.counters["bound_memory_ms"] = memory.wall;
    state.counters["bound_pread_ms"] = pread.wall;
    state.counters["read_ms"] = read.wall;
    state.counters["read/bound_memory"] = read.wall / memory.wall;
    state.counters["read/bound_pread"] = read.wall / pread.wall;
    state.counters["cpu:read/bound_memory"] = read.processor / memory.processor;
    state.counters["cpu:read/bound_pread"] = read.processor / pread.processor;
    state.counters["cpu:read_ms"] = read.processor;
    state.counters["compression"] =
        static_cast<double>(cube().places.size() * kChunkBytes) / static_cast<double>(cube().stored.size());
}
BENCHMARK(whole_cube)->Iterations(8)->UseManualTime()->Unit(benchmark::kMillisecond);

/// The same chunks as shards, against the read of the bare chunks in the same run.
void whole_cube_sharded(benchmark::State& state) {
    const Array bare = open_array(std::size_t{64} << 20);
    std::vector<std::int16_t> expected(cube().steps * kRows * kColumns);
    std::vector<std::int16_t> out(expected.size());
    read_into(bare, expected);
    Best unsharded;
    Best read;
    for (auto _ : state) {
        unsharded.run([&] { read_into(bare, expected); });
        const Array array = open_sharded(std::size_t{64} << 20);  // no index is known
        state.SetIterationTime(read.run([&] { read_into(array, out); }) / 1e3);
    }
    if (out != expected) {
        state.SkipWithError("the shards do not give the same values");
        return;
    }
    state.counters["unsharded_ms"] = unsharded.wall;
    state.counters["read_ms"] = read.wall;
    state.counters["read/unsharded"] = read.wall / unsharded.wall;
    state.counters["cpu:read/unsharded"] = read.processor / unsharded.processor;
}
BENCHMARK(whole_cube_sharded)->Iterations(8)->UseManualTime()->Unit(benchmark::kMillisecond);

/// Metadata of many arrays with the attributes that CF files have.
void list_arrays(benchmark::State& state) {
    ManifestBuilder builder;
    const auto arrays = static_cast<std::uint64_t>(state.range(0));
    const std::string_view zarray = R"({"zarr_format": 2, "shape": [48, 1800, 3600], "chunks": [1, 200, 200],
        "dtype": "<i2", "order": "C", "fill_value": -32768, "compressor": {"id": "zlib", "level": 4}, "filters": null})";
    const std::string_view zattrs = R"({"_ARRAY_DIMENSIONS": ["time", "lat", "lon"], "units": "kelvin",
        "long_name": "sea surface temperature", "standard_name": "sea_surface_temperature", "scale_factor": 0.01,
        "add_offset": 273.15, "_FillValue": -32768, "valid_min": -300, "valid_max": 4500, "grid_mapping": "crs",
        "coordinates": "lon lat time", "cell_methods": "time: mean", "comment": "made for a measurement"})";
    builder.add_inline(".zgroup", as_byte_span(R"({"zarr_format": 2})"));
    for (std::uint64_t i = 0; i < arrays; ++i) {
        const std::string path = "group" + std::to_string(i % 50) + "/array" + std::to_string(i);
        builder.add_inline(path + "/.zarray", as_byte_span(zarray));
        builder.add_inline(path + "/.zattrs", as_byte_span(zattrs));
    }
    const std::shared_ptr<const Store> store = std::move(builder).build("bench", policy_for("/refs.json", true));
    for (auto _ : state) {
        const Result<Group> root = read_hierarchy(*store);
        std::uint64_t found = 0;
        for_each_array(root.value(), [&](const Group&, const ArrayMeta&) { ++found; });
        if (found != arrays) {
            state.SkipWithError("arrays are missing");
            return;
        }
    }
}
BENCHMARK(list_arrays)->Arg(500)->Arg(5000)->Unit(benchmark::kMillisecond);

/// 200 x 200 windows one after another, none in the cache.
void one_chunk(benchmark::State& state) {
    const Array array = open_array(0);
    std::vector<std::int16_t> out(kChunk * kChunk);
    std::uint64_t at = 0;
    for (auto _ : state) {
        at = (at + 7) % cube().places.size();
        const std::uint64_t x = at % (kColumns / kChunk);
        const std::uint64_t y = at / (kColumns / kChunk) % (kRows / kChunk);
        const std::uint64_t t = at / (kColumns / kChunk) / (kRows / kChunk);
        benchmark::DoNotOptimize(
            array.read({{t, y * kChunk, x * kChunk}, {1, kChunk, kChunk}, {1, 1, 1}},
                       {reinterpret_cast<std::byte*>(out.data()), {kChunkBytes, kChunk * 2, 2}, array.meta().dtype}));
    }
}
BENCHMARK(one_chunk)->Unit(benchmark::kMicrosecond);

/// The values of one pixel over time, and the same from the cache.
void series(benchmark::State& state) {
    const Array array = open_array(state.range(0) == 0 ? 0 : std::size_t{64} << 20);
    std::vector<std::int16_t> out(cube().steps);
    for (auto _ : state) {
        benchmark::DoNotOptimize(array.read({{0, 900, 1800}, {cube().steps, 1, 1}, {1, 1, 1}},
                                            {reinterpret_cast<std::byte*>(out.data()), {2, 2, 2}, array.meta().dtype}));
    }
}
BENCHMARK(series)->ArgName("cached")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
