// CodecChain::decode against its bound: libdeflate and unshuffle of the same chunks in memory, and nothing else.
// Chunks: 200 x 200 smooth int16 with noise, shuffled, zlib level 4, as satellite archives store them; other chains
// beside it. The counter "ratio" of a Chain run is its CPU time over that of the bound, measured in the same run.
#include <benchmark/benchmark.h>
#include <libdeflate.h>
#include <time.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "core/base/json.h"
#include "core/codec/chain.h"
#include "core/codec/shuffle.h"

namespace {

using vcube::Json;
using Bytes = std::vector<std::byte>;

constexpr std::size_t kSide = 200;
constexpr std::size_t kChunks = 64;

Bytes shuffled(const Bytes& in, std::size_t width) {
    Bytes out(in.size());
    const std::size_t count = in.size() / width;
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t plane = 0; plane < width; ++plane) {
            out[plane * count + i] = in[i * width + plane];
        }
    }
    return out;
}

Bytes deflated(const Bytes& in, int level) {
    libdeflate_compressor* const compressor = libdeflate_alloc_compressor(level);
    Bytes out(libdeflate_zlib_compress_bound(compressor, in.size()));
    out.resize(libdeflate_zlib_compress(compressor, in.data(), in.size(), out.data(), out.size()));
    libdeflate_free_compressor(compressor);
    return out;
}

template <class T>
struct Chunks {
    Chunks() {
        std::mt19937 random(42);
        std::normal_distribution<double> noise(0, 3);
        for (std::size_t c = 0; c < kChunks; ++c) {
            Bytes raw(kSide * kSide * sizeof(T));
            for (std::size_t i = 0; i < kSide * kSide; ++i) {
                const double x = static_cast<double>(i % kSide) / 31.0 + static_cast<double>(c);
                const double y = static_cast<double>(i / kSide) / 47.0;
                const auto value = static_cast<T>(3000 * std::sin(x) * std::cos(y) + noise(random));
                std::memcpy(raw.data() + i * sizeof(T), &value, sizeof(T));
            }
            zlib.push_back(deflated(shuffled(raw, sizeof(T)), 4));
            decoded.push_back(std::move(raw));
        }
    }
    std::vector<Bytes> zlib;  // shuffle, then zlib
    std::vector<Bytes> decoded;
};

template <class T>
const Chunks<T>& chunks() {
    static const Chunks<T> all;
    return all;
}

vcube::CodecChain chain_of(const vcube::DType& type) {
    const std::string filters = R"([{"id":"shuffle","elementsize":)" + std::to_string(type.size) + "}]";
    return vcube::CodecChain::plan_v2(Json::parse(filters), Json::parse(R"({"id":"zlib","level":4})"), type,
                                      kSide * kSide, "bench")
        .value();
}

// The bound on one chunk.
void decode_bound(libdeflate_decompressor* state, const Bytes& in, Bytes& scratch, Bytes& out, std::size_t width) {
    if (libdeflate_zlib_decompress(state, in.data(), in.size(), scratch.data(), scratch.size(), nullptr) !=
        LIBDEFLATE_SUCCESS) {
        std::abort();
    }
    vcube::unshuffle(scratch, out, width);
}

template <class T>
void bound(benchmark::State& state) {
    libdeflate_decompressor* const decompressor = libdeflate_alloc_decompressor();
    Bytes scratch(kSide * kSide * sizeof(T));
    Bytes out(scratch.size());
    std::size_t i = 0;
    for ([[maybe_unused]] auto _ : state) {
        decode_bound(decompressor, chunks<T>().zlib[i++ % kChunks], scratch, out, sizeof(T));
        benchmark::DoNotOptimize(out.data());
    }
    libdeflate_free_decompressor(decompressor);
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * out.size()));
}

// CPU time of this thread: other programs on the machine do not count.
double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Chain and bound take turns chunk by chunk, so that both see the same machine; only the chain's time is reported.
template <class T>
void chain(benchmark::State& state) {
    vcube::DType type;
    type.kind = std::is_floating_point_v<T> ? vcube::Kind::kFloat : vcube::Kind::kInt;
    type.size = sizeof(T);
    const vcube::CodecChain chain = chain_of(type);
    libdeflate_decompressor* const decompressor = libdeflate_alloc_decompressor();
    Bytes scratch(chain.decoded_size());
    Bytes out(chain.decoded_size());
    double chain_time = 0;
    double bound_time = 0;
    std::size_t i = 0;
    for ([[maybe_unused]] auto _ : state) {
        const std::size_t index = i++ % kChunks;
        const auto start = cpu_seconds();
        decode_bound(decompressor, chunks<T>().zlib[index], scratch, out, sizeof(T));
        const auto middle = cpu_seconds();
        const vcube::Status status = chain.decode(chunks<T>().zlib[index], out);
        const auto end = cpu_seconds();
        if (!status.ok() || out != chunks<T>().decoded[index]) {
            state.SkipWithError("a chunk decoded to other values");
            break;
        }
        bound_time += middle - start;
        chain_time += end - middle;
        state.SetIterationTime(end - middle);
    }
    libdeflate_free_decompressor(decompressor);
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * out.size()));
    state.counters["ratio"] = chain_time / bound_time;
}

template <std::size_t kWidth>
void unshuffle_only(benchmark::State& state) {
    Bytes in(kSide * kSide * kWidth, std::byte{7});
    Bytes out(in.size());
    for ([[maybe_unused]] auto _ : state) {
        vcube::unshuffle(in, out, kWidth);
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * in.size()));
}

void swap_only(benchmark::State& state) {
    vcube::DType type;
    type.kind = vcube::Kind::kFloat;
    type.size = 4;
    type.little = !type.little;
    const vcube::CodecChain chain = vcube::CodecChain::plan_v2(Json(), Json(), type, kSide * kSide, "bench").value();
    const Bytes in(chain.decoded_size(), std::byte{7});
    Bytes out(in.size());
    for ([[maybe_unused]] auto _ : state) {
        if (!chain.decode(in, out).ok()) {
            state.SkipWithError("decode failed");
            break;
        }
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * in.size()));
}

BENCHMARK(bound<std::int16_t>)->Name("Bound/int16/shuffle+zlib");
BENCHMARK(chain<std::int16_t>)->Name("Chain/int16/shuffle+zlib")->UseManualTime();
BENCHMARK(bound<float>)->Name("Bound/float32/shuffle+zlib");
BENCHMARK(chain<float>)->Name("Chain/float32/shuffle+zlib")->UseManualTime();
BENCHMARK(unshuffle_only<2>)->Name("Unshuffle/2");
BENCHMARK(unshuffle_only<4>)->Name("Unshuffle/4");
BENCHMARK(unshuffle_only<8>)->Name("Unshuffle/8");
BENCHMARK(unshuffle_only<3>)->Name("Unshuffle/3");
BENCHMARK(swap_only)->Name("Raw/big-endian float32");

}  // namespace

BENCHMARK_MAIN();
