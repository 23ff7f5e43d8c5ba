#include "core/cube/region_read.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "fake_store.h"

namespace vcube {
namespace {

using test::Bench;
using test::FakeStore;

constexpr std::uint64_t kChunks = 20;

/// 20 chunks of one value each, behind URLs: element k is k.
std::shared_ptr<FakeStore> line_of_chunks() {
    auto store = std::make_shared<FakeStore>();
    store->texts["a/.zarray"] = R"({"zarr_format": 2, "order": "C", "filters": null, "compressor": null,
        "fill_value": 0, "shape": [20], "chunks": [1], "dtype": "|u1"})";
    for (std::uint64_t k = 0; k < kChunks; ++k) {
        store->chunks["a/" + std::to_string(k)] = {static_cast<std::byte>(k)};
    }
    return store;
}

struct Line {
    std::vector<std::uint8_t> values = std::vector<std::uint8_t>(kChunks, 255);

    RegionRead read(std::uint64_t start, std::uint64_t count, std::size_t to) {
        RegionRead out{{{start}, {count}, {1}}, {}};
        out.destination.data = reinterpret_cast<std::byte*>(values.data()) + to;
        out.destination.strides = {1};
        out.destination.type.kind = Kind::kUInt;
        out.destination.type.size = 1;
        return out;
    }
};

TEST(ReadMany, IsOneBatch) {
    const Bench bench(line_of_chunks());
    const Array array = bench.open("a");
    Line line;
    const std::vector<RegionRead> reads{line.read(10, 3, 0), line.read(0, 2, 5), line.read(11, 1, 7),
                                        line.read(4, 0, 9)};
    ASSERT_TRUE(array.read_many(reads).ok());
    EXPECT_EQ(line.values, (std::vector<std::uint8_t>{10,  11,  12,  255, 255, 0,   1,   11,  255, 255,
                                                      255, 255, 255, 255, 255, 255, 255, 255, 255, 255}));
    EXPECT_EQ(bench.fetcher->calls, 1);
    EXPECT_EQ(bench.fetcher->total(), 5);  // the chunk that two regions want comes once
}

TEST(ReadMany, TakesOneType) {
    const Bench bench(line_of_chunks());
    Line line;
    std::vector<RegionRead> reads{line.read(0, 1, 0), line.read(1, 1, 2)};
    reads[1].destination.type.size = 2;
    EXPECT_EQ(bench.open("a").read_many(reads).error().code, ErrorCode::kInvalid);
    EXPECT_TRUE(bench.open("a").read_many({}).ok());
}

TEST(ReadProgress, RisesOnTheCallersThreadAndEndsAtOne) {
    for (const std::size_t cache : {std::size_t{0}, std::size_t{1} << 20U}) {
        const Bench bench(line_of_chunks(), cache);
        std::vector<double> seen;
        const std::thread::id caller = std::this_thread::get_id();
        ReadOptions options;
        options.max_threads = 1;
        options.progress = [&](double done) {
            EXPECT_EQ(std::this_thread::get_id(), caller);
            seen.push_back(done);
            return true;
        };
        ASSERT_TRUE(bench.open("a").read_all(1000, options).ok());
        ASSERT_FALSE(seen.empty());
        EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
        EXPECT_EQ(seen.back(), 1.0);
    }
}

TEST(ReadProgress, NoIsCancelled) {
    const Bench bench(line_of_chunks());
    ReadOptions options;
    options.progress = [](double) { return false; };
    const auto read = bench.open("a").read_all(1000, options);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code, ErrorCode::kCancelled);
}

TEST(ReadSession, CountsChunks) {
    const Bench bench(line_of_chunks());
    const auto session = std::make_shared<FetchSession>();
    const Array array = bench.open("a");
    ReadOptions options;
    options.session = session;
    ASSERT_TRUE(array.read_all(1000, options).ok());
    EXPECT_EQ(session->counters.chunk_misses, kChunks);
    EXPECT_EQ(session->counters.chunk_hits, 0U);
    ASSERT_TRUE(array.read_all(1000, options).ok());
    EXPECT_EQ(session->counters.chunk_misses, kChunks);
    EXPECT_EQ(session->counters.chunk_hits, kChunks);
}

TEST(Prefetch, BringsWhatReadsThenFind) {
    const Bench bench(line_of_chunks());
    const Array array = bench.open("a");
    const std::vector<RegionRead> advice{{{{3}, {5}, {1}}, {}}, {{{0}, {0}, {1}}, {}}, {{{15}, {2}, {1}}, {}}};
    ASSERT_TRUE(array.prefetch(advice).ok());
    EXPECT_EQ(bench.fetcher->total(), 7);
    Line line;
    const std::vector<RegionRead> reads{line.read(3, 5, 0), line.read(15, 2, 5)};
    ASSERT_TRUE(array.read_many(reads).ok());
    EXPECT_EQ(bench.fetcher->total(), 7);
    EXPECT_EQ(line.values[6], 16);
}

TEST(Prefetch, BringsNoMoreThanTheCacheHolds) {
    const Bench bench(line_of_chunks(), 4);
    const std::vector<RegionRead> all{{{{0}, {kChunks}, {1}}, {}}};
    ASSERT_TRUE(bench.open("a").prefetch(all).ok());
    EXPECT_EQ(bench.fetcher->counts(), (std::map<std::string, int>{{"a/0", 1}, {"a/1", 1}, {"a/2", 1}, {"a/3", 1}}));
}

}  // namespace
}  // namespace vcube
