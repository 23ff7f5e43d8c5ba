// Kerchunk Parquet references: opening a set of a million chunks, the first chunk, decoding one file of 100 000 rows.
// Beside the decoding stands what decompressing its pages alone costs. bench/make_parquet_refs.py makes the sets, or
// VCUBE_BENCH_PARQUET names a folder where it has made them.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "core/base/thread_pool.h"
#include "core/fetch/local_fetcher.h"
#include "core/refs/kerchunk_parquet.h"
#include "core/refs/kerchunk_parquet_rows.h"
#include "core/refs/parquet_page.h"

namespace {

using namespace vcube;
namespace fs = std::filesystem;

/// The folder with the sets; made when first asked for, in the temporary folder, and taken away at the end.
class Sets {
public:
    Sets() {
        if (const char* given = std::getenv("VCUBE_BENCH_PARQUET")) {
            folder_ = given;
            return;
        }
        std::string name = (fs::temp_directory_path() / "vcube_bench_").string() + std::string(6, 'X');
        if (mkdtemp(name.data()) == nullptr) {
            std::abort();
        }
        folder_ = name;
        made_ = true;
        const fs::path script = fs::path(__FILE__).parent_path() / "make_parquet_refs.py";
        const std::string command = "/usr/bin/python3 -B '" + script.string() + "' '" + name + "'";
        if (std::system(command.c_str()) != 0) {
            std::fprintf(stderr, "%s failed\n", command.c_str());
            std::abort();
        }
    }
    Sets(const Sets&) = delete;
    Sets& operator=(const Sets&) = delete;
    ~Sets() {
        if (made_) {
            fs::remove_all(folder_);
        }
    }
    [[nodiscard]] const fs::path& folder() const { return folder_; }

private:
    fs::path folder_;
    bool made_ = false;
};

const fs::path& sets() {
    static const Sets made;
    return made.folder();
}

std::string file_text(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

class Folder final : public Store {
public:
    explicit Folder(fs::path root) : root_(std::move(root)) {}
    [[nodiscard]] std::string_view name() const override { return "folder"; }
    [[nodiscard]] Result<std::vector<std::string>> metadata_keys() const override { return std::vector<std::string>(); }
    [[nodiscard]] Result<std::optional<std::string>> metadata(std::string_view) const override {
        return std::optional<std::string>();
    }
    Status locate(std::span<const std::string> keys, std::span<ChunkLocation> out) const override {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            Remote place;
            place.url = (root_ / keys[i]).string();
            out[i] = std::move(place);
        }
        return {};
    }

private:
    fs::path root_;
};

std::shared_ptr<const Store> open_set(const std::shared_ptr<Fetcher>& fetcher, const std::string& name) {
    auto store = open_kerchunk_parquet(std::make_shared<Folder>(sets() / name), fetcher, name, {.base = "/d/"});
    if (!store.ok()) {
        std::fprintf(stderr, "%s\n", store.error().message.c_str());
        std::abort();
    }
    return store.value();
}

void locate_one(const Store& store, const std::string& key, benchmark::State& state) {
    ChunkLocation place;
    if (!store.locate(std::span(&key, 1), std::span(&place, 1)).ok() || !std::holds_alternative<Remote>(place)) {
        state.SkipWithError("the chunk is not where it should be");
    }
    benchmark::DoNotOptimize(place);
}

void open(benchmark::State& state) {
    ThreadPool pool(1);
    const auto fetcher = std::make_shared<LocalFetcher>(pool);
    for (auto _ : state) {
        benchmark::DoNotOptimize(open_set(fetcher, "zstd_few.parq"));
    }
}

/// Open, and one chunk: one file of 100 000 rows is loaded.
void open_and_locate(benchmark::State& state) {
    ThreadPool pool(1);
    const auto fetcher = std::make_shared<LocalFetcher>(pool);
    for (auto _ : state) {
        locate_one(*open_set(fetcher, "zstd_few.parq"), "sst/512.12.20", state);
    }
}

/// A chunk of a file that is kept.
void locate_again(benchmark::State& state) {
    ThreadPool pool(1);
    const auto fetcher = std::make_shared<LocalFetcher>(pool);
    const auto store = open_set(fetcher, "zstd_few.parq");
    for (auto _ : state) {
        locate_one(*store, "sst/512.12.20", state);
    }
}

/// All million references, 1000 a call.
void locate_all(benchmark::State& state) {
    ThreadPool pool(1);
    const auto fetcher = std::make_shared<LocalFetcher>(pool);
    std::vector<std::string> keys(1000);
    std::vector<ChunkLocation> places(keys.size());
    for (auto _ : state) {
        const auto store = open_set(fetcher, "zstd_few.parq");
        for (int time = 0; time < 1000; ++time) {
            for (int i = 0; i < 1000; ++i) {
                keys[static_cast<std::size_t>(i)] =
                    "sst/" + std::to_string(time) + "." + std::to_string(i / 40) + "." + std::to_string(i % 40);
            }
            if (!store->locate(keys, places).ok()) {
                state.SkipWithError("a chunk is not where it should be");
            }
        }
    }
    state.SetItemsProcessed(state.iterations() * 1'000'000);
}

void decode(benchmark::State& state, const std::string& name) {
    const std::string text = file_text(sets() / name / "sst" / "refs.0.parq");
    std::size_t rows = 0;
    std::size_t memory = 0;
    for (auto _ : state) {
        const auto decoded = RefsRows::decode(as_byte_span(text), name, std::size_t{1} << 30);
        if (!decoded.ok()) {
            state.SkipWithError(decoded.error().message.c_str());
            return;
        }
        rows = decoded.value().size();
        memory = decoded.value().memory();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rows));
    state.counters["file"] = static_cast<double>(text.size());
    state.counters["memory"] = static_cast<double>(memory);
}

/// What the codec alone takes for the same pages.
void decompress(benchmark::State& state, const std::string& name) {
    const std::string text = file_text(sets() / name / "sst" / "refs.0.parq");
    const ByteSpan file = as_byte_span(text);
    const auto metadata = parquet::read_footer(file, name);
    std::size_t bytes = 0;
    Buffer out(std::size_t{16} << 20);
    for (auto _ : state) {
        bytes = 0;
        for (const parquet::ColumnChunk& chunk : metadata.value().row_groups[0].chunks) {
            for (ByteSpan rest = file.subspan(chunk.begin, chunk.size); !rest.empty();) {
                std::size_t size = 0;
                const auto header = parquet::read_page_header(rest, size, name);
                const ByteSpan stored = rest.subspan(size, header.value().stored_size);
                if (!parquet::decompress_page(chunk.codec, stored, out.span().first(header.value().size)).ok()) {
                    state.SkipWithError("a page does not decompress");
                }
                bytes += header.value().size;
                rest = rest.subspan(size + stored.size());
            }
        }
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(metadata.value().rows));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

BENCHMARK(open)->Unit(benchmark::kMillisecond);
BENCHMARK(open_and_locate)->Unit(benchmark::kMillisecond);
BENCHMARK(locate_again)->Unit(benchmark::kMicrosecond);
BENCHMARK(locate_all)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decode, zstd_few, std::string("zstd_few.parq"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decompress, zstd_few, std::string("zstd_few.parq"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decode, zstd_many, std::string("zstd_many.parq"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decompress, zstd_many, std::string("zstd_many.parq"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decode, snappy_few, std::string("snappy_few.parq"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decompress, snappy_few, std::string("snappy_few.parq"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decode, snappy_many, std::string("snappy_many.parq"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decompress, snappy_many, std::string("snappy_many.parq"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decode, none_few, std::string("none_few.parq"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decode, none_many, std::string("none_many.parq"))->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
