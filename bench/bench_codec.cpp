// CodecChain::decode against its bound: libdeflate and unshuffle of the same chunks in memory, and nothing else.
// Chunks: 200 x 200 smooth int16 with noise, shuffled, zlib level 4, as satellite archives store them; other chains
// beside it: each against its library alone, checksums and shards against a copy of the decoded bytes. The counter
// "ratio" of a Chain run is its CPU time over that of the bound, measured in the same run.
#include <benchmark/benchmark.h>
#include <bzlib.h>
#include <libaec.h>
#include <libdeflate.h>
#include <lzma.h>
#include <time.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "core/base/json.h"
#include "core/codec/chain.h"
#include "core/codec/crc32c.h"
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

// One encoded chunk, its chain, and its bound: what nobody can do without.
struct Versus {
    vcube::CodecChain chain;
    Bytes encoded;
    std::function<void(const Bytes& in, Bytes& out)> bound;
};

const Bytes& plain() {
    return chunks<std::int16_t>().decoded[0];
}

Versus make_versus(const char* codecs, Bytes encoded, std::function<void(const Bytes&, Bytes&)> bound) {
    vcube::DType type;
    type.kind = vcube::Kind::kInt;
    type.size = 2;
    return {vcube::CodecChain::plan_v3(Json::parse(codecs), type, {kSide, kSide}, "bench").value(), std::move(encoded),
            std::move(bound)};
}

void copy_bytes(const Bytes& in, Bytes& out) {
    std::memcpy(out.data(), in.data() + (in.size() > out.size() ? in.size() - out.size() : 0), out.size());
}

Bytes with_checksum(Bytes data, std::uint32_t sum) {
    for (unsigned i = 0; i < 4; ++i) {
        data.push_back(static_cast<std::byte>(sum >> (8 * i) & 0xff));
    }
    return data;
}

Versus crc32c_case() {
    return make_versus(R"(["bytes", "crc32c"])", with_checksum(plain(), vcube::crc32c(plain())), copy_bytes);
}

Versus crc32_case() {
    const std::uint32_t sum = libdeflate_crc32(0, plain().data(), plain().size());
    return make_versus(R"(["bytes", {"name": "numcodecs.crc32", "configuration": {"location": "end"}}])",
                       with_checksum(plain(), sum), copy_bytes);
}

Versus bz2_case() {
    Bytes out(plain().size() * 2);
    auto size = static_cast<unsigned>(out.size());
    BZ2_bzBuffToBuffCompress(reinterpret_cast<char*>(out.data()), &size,
                             reinterpret_cast<char*>(const_cast<std::byte*>(plain().data())),
                             static_cast<unsigned>(plain().size()), 5, 0, 0);
    out.resize(size);
    return make_versus(R"(["bytes", "numcodecs.bz2"])", std::move(out), [](const Bytes& in, Bytes& decoded) {
        auto room = static_cast<unsigned>(decoded.size());
        BZ2_bzBuffToBuffDecompress(reinterpret_cast<char*>(decoded.data()), &room,
                                   reinterpret_cast<char*>(const_cast<std::byte*>(in.data())),
                                   static_cast<unsigned>(in.size()), 0, 0);
    });
}

Versus lzma_case() {
    Bytes out(plain().size() * 2);
    std::size_t size = 0;
    if (lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const std::uint8_t*>(plain().data()),
                                plain().size(), reinterpret_cast<std::uint8_t*>(out.data()), &size,
                                out.size()) != LZMA_OK) {
        std::abort();
    }
    out.resize(size);
    return make_versus(R"(["bytes", "numcodecs.lzma"])", std::move(out), [](const Bytes& in, Bytes& decoded) {
        std::uint64_t memory = UINT64_MAX;
        std::size_t read = 0;
        std::size_t written = 0;
        if (lzma_stream_buffer_decode(&memory, 0, nullptr, reinterpret_cast<const std::uint8_t*>(in.data()), &read,
                                      in.size(), reinterpret_cast<std::uint8_t*>(decoded.data()), &written,
                                      decoded.size()) != LZMA_OK) {
            std::abort();
        }
    });
}

aec_stream aec_parameters() {
    aec_stream stream{};
    stream.bits_per_sample = 16;
    stream.block_size = 32;
    stream.rsi = 128;
    stream.flags = AEC_DATA_PREPROCESS;
    return stream;
}

Versus szip_case() {
    Bytes out(plain().size() * 2);
    aec_stream stream = aec_parameters();
    stream.next_in = reinterpret_cast<const unsigned char*>(plain().data());
    stream.avail_in = plain().size();
    stream.next_out = reinterpret_cast<unsigned char*>(out.data());
    stream.avail_out = out.size();
    aec_buffer_encode(&stream);
    out.resize(stream.total_out);
    return make_versus(R"(["bytes", {"name": "szip", "configuration": {"options_mask": 32, "pixels_per_block": 32,
                           "bits_per_pixel": 16, "pixels_per_scanline": 4096, "header": false}}])",
                       std::move(out), [](const Bytes& in, Bytes& decoded) {
                           aec_stream decoder = aec_parameters();
                           decoder.next_in = reinterpret_cast<const unsigned char*>(in.data());
                           decoder.avail_in = in.size();
                           decoder.next_out = reinterpret_cast<unsigned char*>(decoded.data());
                           decoder.avail_out = decoded.size();
                           aec_buffer_decode(&decoder);
                       });
}

// A shard of 25 chunks of 40 x 40 as they are: the copy is the bound.
Versus shard_case() {
    constexpr std::size_t kInner = 40;
    constexpr std::size_t kCount = kSide / kInner;
    Bytes body;
    Bytes index;
    const auto number = [&](std::uint64_t value) {
        for (unsigned i = 0; i < 8; ++i) {
            index.push_back(static_cast<std::byte>(value >> (8 * i) & 0xff));
        }
    };
    for (std::size_t c = 0; c < kCount * kCount; ++c) {
        number(body.size());
        number(kInner * kInner * 2);
        for (std::size_t row = 0; row < kInner; ++row) {
            const std::size_t begin = 2 * ((c / kCount * kInner + row) * kSide + c % kCount * kInner);
            body.insert(body.end(), plain().begin() + static_cast<std::ptrdiff_t>(begin),
                        plain().begin() + static_cast<std::ptrdiff_t>(begin + 2 * kInner));
        }
    }
    const Bytes whole = with_checksum(index, vcube::crc32c(index));
    body.insert(body.end(), whole.begin(), whole.end());
    return make_versus(R"([{"name": "sharding_indexed", "configuration": {"chunk_shape": [40, 40], "codecs": ["bytes"],
                           "index_codecs": ["bytes", "crc32c"]}}])",
                       std::move(body), copy_bytes);
}

template <Versus (*kMake)()>
void versus(benchmark::State& state) {
    const Versus v = kMake();
    Bytes out(v.chain.decoded_size());
    double chain_time = 0;
    double bound_time = 0;
    for ([[maybe_unused]] auto _ : state) {
        const double start = cpu_seconds();
        v.bound(v.encoded, out);
        benchmark::ClobberMemory();
        const double middle = cpu_seconds();
        const vcube::Status status = v.chain.decode(v.encoded, out);
        const double end = cpu_seconds();
        if (!status.ok() || out != plain()) {
            state.SkipWithError(status.ok() ? "other values" : status.error().message.c_str());
            break;
        }
        bound_time += middle - start;
        chain_time += end - middle;
        state.SetIterationTime(end - middle);
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * out.size()));
    state.counters["ratio"] = chain_time / bound_time;
}

template <std::uint32_t (*kSum)(vcube::ByteSpan)>
void checksum_only(benchmark::State& state) {
    const Bytes data(static_cast<std::size_t>(state.range(0)), std::byte{7});
    for ([[maybe_unused]] auto _ : state) {
        benchmark::DoNotOptimize(kSum(data));
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * data.size()));
}

void read_only(benchmark::State& state) {
    const std::vector<std::uint64_t> data(static_cast<std::size_t>(state.range(0)) / 8, 7);
    for ([[maybe_unused]] auto _ : state) {
        benchmark::DoNotOptimize(std::accumulate(data.begin(), data.end(), std::uint64_t{0}));
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * data.size() * 8));
}

BENCHMARK(versus<crc32c_case>)->Name("Versus/crc32c")->UseManualTime();
BENCHMARK(versus<crc32_case>)->Name("Versus/crc32")->UseManualTime();
BENCHMARK(versus<bz2_case>)->Name("Versus/bz2")->UseManualTime();
BENCHMARK(versus<lzma_case>)->Name("Versus/lzma")->UseManualTime();
BENCHMARK(versus<szip_case>)->Name("Versus/szip")->UseManualTime();
BENCHMARK(versus<shard_case>)->Name("Versus/shard")->UseManualTime();
BENCHMARK(read_only)->Name("Memory/read")->Arg(1 << 16)->Arg(1 << 26);
BENCHMARK(checksum_only<vcube::crc32c>)->Name("Crc32c")->Arg(1 << 16)->Arg(1 << 26);
BENCHMARK(checksum_only<vcube::crc32c_portable>)->Name("Crc32c/portable")->Arg(1 << 16);
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
