#include "core/cube/array.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstring>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/base/dtype_text.h"
#include "core/base/log.h"
#include "fake_store.h"

namespace vcube {
namespace {

using test::Bench;
using test::Bytes;

std::ptrdiff_t signed_of(std::uint64_t value) {
    return static_cast<std::ptrdiff_t>(value);
}

/// What numpy's indexing gives: the elements of a region of `full` (C order) as one C-order block.
Bytes sliced(const Bytes& full, const Shape& shape, std::size_t item, const Region& region) {
    std::size_t n = 1;
    for (const std::uint64_t count : region.count) {
        n *= count;
    }
    Bytes out;
    for (std::size_t k = 0; k < n; ++k) {
        std::size_t rest = k;
        std::size_t at = 0;
        std::size_t pitch = 1;
        for (std::size_t d = shape.size(); d-- > 0;) {
            const auto step = signed_of(rest % region.count[d]) * region.step[d];
            at += static_cast<std::size_t>(signed_of(region.start[d]) + step) * pitch;
            rest /= region.count[d];
            pitch *= shape[d];
        }
        out.insert(out.end(), full.begin() + signed_of(at * item), full.begin() + signed_of((at + 1) * item));
    }
    return out;
}

std::vector<std::ptrdiff_t> c_strides(const Shape& counts, std::size_t item) {
    std::vector<std::ptrdiff_t> strides(counts.size());
    std::ptrdiff_t stride = signed_of(item);
    for (std::size_t d = counts.size(); d-- > 0;) {
        strides[d] = stride;
        stride *= signed_of(counts[d]);
    }
    return strides;
}

DType native(DType type) {
    type.little = std::endian::native == std::endian::little;
    return type;
}

Result<Bytes> read_block(const Array& array, const Region& region, const ReadOptions& options = {}) {
    const std::size_t item = array.meta().dtype.size;
    std::size_t n = item;
    for (const std::uint64_t count : region.count) {
        n *= count;
    }
    Bytes out(n, std::byte{0xEE});
    VCUBE_TRY(array.read(region, {out.data(), c_strides(region.count, item), native(array.meta().dtype)}, options));
    return out;
}

Region whole(const Array& array) {
    const std::size_t rank = array.meta().shape.size();
    return {Shape(rank, 0), array.meta().shape, std::vector<std::int64_t>(rank, 1)};
}

/// A region inside `shape` with steps of either sign, some larger than chunks.
Region random_region(const Shape& shape, std::mt19937& random) {
    const auto below = [&](std::uint64_t n) { return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(random); };
    Region region;
    for (const std::uint64_t extent : shape) {
        const std::uint64_t a = below(extent);
        const std::uint64_t step = 1 + below(below(3) == 0 ? 7 : 2);
        const bool backwards = below(2) == 0;
        const std::uint64_t room = backwards ? a : extent - 1 - a;
        region.start.push_back(a);
        region.count.push_back(1 + below(room / step + 1));
        region.step.push_back(backwards ? -signed_of(step) : signed_of(step));
    }
    return region;
}

class ArrayTest : public testing::Test {
protected:
    const Json fixtures_ = test::load_json("arrays.json");

    std::shared_ptr<test::FakeStore> store() const { return test::fixture_store(fixtures_); }
    Bytes expected(const std::string& name) const {
        return test::from_hex(fixtures_["arrays"][name]["bytes"].get<std::string>());
    }
};

TEST_F(ArrayTest, EqualsZarrForEveryTypeAndLayout) {
    for (const bool remote : {true, false}) {
        for (const std::size_t cache : {std::size_t{0}, std::size_t{1} << 20}) {
            auto source = store();
            source->remote = remote;
            const Bench bench(source, cache);
            for (const auto& [name, entry] : fixtures_["arrays"].items()) {
                const Array array = bench.open(name);
                EXPECT_EQ(native(array.meta().dtype), parse_dtype(entry["dtype"].get<std::string>()).value()) << name;
                for (int round = 0; round < 2; ++round) {
                    const Result<Buffer> all = array.read_all();
                    ASSERT_TRUE(all.ok()) << name << ": " << all.error().message;
                    const Bytes got(all.value().data(), all.value().data() + all.value().size());
                    ASSERT_EQ(got, expected(name)) << name;
                }
            }
        }
    }
}

TEST_F(ArrayTest, WindowsWithStepsOfEitherSign) {
    std::mt19937 random(7);
    for (const std::size_t cache : {std::size_t{0}, std::size_t{1} << 20}) {
        const Bench bench(store(), cache);
        for (const char* name : {"one", "cube_c", "cube_f", "four", "wide", "slash", "holes", "nan_holes", "bare_c",
                                 "bare_f", "bare_be", "type_be_U3_f"}) {
            const Array array = bench.open(name);
            const Bytes full = expected(name);
            for (int i = 0; i < 60; ++i) {
                const Region region = random_region(array.meta().shape, random);
                const Result<Bytes> got = read_block(array, region);
                ASSERT_TRUE(got.ok()) << name << ": " << got.error().message;
                ASSERT_EQ(got.value(), sliced(full, array.meta().shape, array.meta().dtype.size, region)) << name;
            }
        }
    }
}

TEST_F(ArrayTest, DestinationStridesOfEitherSignAndGaps) {
    const Bench bench(store(), 0);
    const Array array = bench.open("cube_c");
    const Bytes full = expected("cube_c");
    // (x, t, y) in memory, y backwards, one spare element after each y row.
    const std::ptrdiff_t y_stride = -2;
    const std::ptrdiff_t t_stride = 2 * 10;
    const std::ptrdiff_t x_stride = t_stride * 3;
    Bytes out(static_cast<std::size_t>(x_stride) * 11, std::byte{0xEE});
    ASSERT_TRUE(
        array.read(whole(array), {out.data() + 2 * 8, {t_stride, y_stride, x_stride}, array.meta().dtype}).ok());
    for (std::ptrdiff_t t = 0; t < 3; ++t) {
        for (std::ptrdiff_t x = 0; x < 11; ++x) {
            for (std::ptrdiff_t y = 0; y < 9; ++y) {
                const std::byte* got = out.data() + 2 * 8 + t * t_stride + y * y_stride + x * x_stride;
                ASSERT_EQ(std::memcmp(got, full.data() + 2 * ((t * 9 + y) * 11 + x), 2), 0);
            }
            EXPECT_EQ(out[static_cast<std::size_t>(t * t_stride + x * x_stride + 18)], std::byte{0xEE});
        }
    }
}

TEST_F(ArrayTest, ConvertsToTheDestinationsType) {
    const Bench bench(store());
    const Array array = bench.open("holes");
    const Bytes full = expected("holes");
    std::vector<double> out(42);
    ASSERT_TRUE(
        array.read(whole(array), {reinterpret_cast<std::byte*>(out.data()), {56, 8}, parse_dtype("<f8").value()}).ok());
    std::vector<std::uint8_t> clamped(42);
    ASSERT_TRUE(
        array.read(whole(array), {reinterpret_cast<std::byte*>(clamped.data()), {7, 1}, parse_dtype("|u1").value()})
            .ok());
    for (std::size_t i = 0; i < out.size(); ++i) {
        std::int16_t stored = 0;
        std::memcpy(&stored, full.data() + 2 * i, 2);
        EXPECT_EQ(out[i], stored);
        EXPECT_EQ(clamped[i], std::min(255, std::max(0, int{stored})));
    }
    const Array text = bench.open("type_S5_c");
    const Status refused =
        text.read(whole(text), {reinterpret_cast<std::byte*>(out.data()), {56, 8}, parse_dtype("<f8").value()});
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("type_S5_c"), std::string::npos);
}

TEST_F(ArrayTest, RefusesRegionsOutside) {
    const Bench bench(store());
    const Array array = bench.open("one");  // 10 elements
    const auto ok = [&](std::uint64_t start, std::uint64_t count, std::int64_t step) {
        Bytes out(64);
        return array.read({{start}, {count}, {step}}, {out.data(), {2}, array.meta().dtype}).ok();
    };
    EXPECT_TRUE(ok(0, 10, 1));
    EXPECT_TRUE(ok(9, 10, -1));
    EXPECT_TRUE(ok(3, 1, 0));
    EXPECT_TRUE(ok(3, 1, INT64_MIN));
    EXPECT_TRUE(ok(100, 0, 1));
    EXPECT_FALSE(ok(0, 11, 1));
    EXPECT_FALSE(ok(10, 1, 1));
    EXPECT_FALSE(ok(8, 10, -1));
    EXPECT_FALSE(ok(9, 2, INT64_MAX));
    EXPECT_FALSE(ok(9, 2, INT64_MIN));
    EXPECT_FALSE(ok(UINT64_MAX, 2, 1));
    EXPECT_FALSE(ok(5, UINT64_MAX, 1));
    Bytes out(64);
    EXPECT_FALSE(array.read({{0, 0}, {1, 1}, {1, 1}}, {out.data(), {2}, array.meta().dtype}).ok());
    EXPECT_FALSE(array.read({{0}, {1}, {1}}, {out.data(), {2, 2}, array.meta().dtype}).ok());
}

TEST_F(ArrayTest, FetchesEachChunkOnceAndThenHitsTheCache) {
    const Bench bench(store());
    const Array array = bench.open("cube_c");  // 2 x 3 x 4 chunks
    ASSERT_TRUE(array.read_all().ok());
    EXPECT_EQ(bench.fetcher->total(), 24);
    EXPECT_EQ(bench.fetcher->calls.load(), 1);
    for (const auto& [key, n] : bench.fetcher->counts()) {
        EXPECT_EQ(n, 1) << key;
    }
    EXPECT_EQ(bench.store->locate_calls.load(), 1);
    ASSERT_TRUE(array.read_all().ok());
    EXPECT_EQ(bench.fetcher->total(), 24);
    EXPECT_EQ(bench.store->locate_calls.load(), 1);
    EXPECT_EQ(bench.runtime->cache.statistics().hits, 24U);
}

TEST_F(ArrayTest, ReadsLargerThanTheCacheGoPastIt) {
    const Bench bench(store(), 300);
    const Array array = bench.open("cube_c");
    ASSERT_TRUE(read_block(array, {{0, 0, 0}, {1, 4, 3}, {1, 1, 1}}).ok());  // one chunk of 48 bytes: kept
    EXPECT_EQ(bench.runtime->cache.statistics().bytes, 48U);
    ASSERT_TRUE(array.read_all().ok());
    EXPECT_EQ(bench.runtime->cache.statistics().bytes, 48U);
    EXPECT_EQ(bench.fetcher->counts()["cube_c/0.0.0"], 1);  // used from the cache nevertheless
    EXPECT_EQ(bench.fetcher->total(), 24);
}

TEST_F(ArrayTest, ReadsOfMostOfTheirChunksLeaveHalfTheCacheToOthers) {
    for (const auto& [room, kept] : {std::pair<std::size_t, std::size_t>{2 * 1152, 1152}, {2 * 1152 - 1, 0}}) {
        const Bench bench(store(), room);
        const Array array = bench.open("cube_c");
        ASSERT_TRUE(array.read_all().ok());
        EXPECT_EQ(bench.runtime->cache.statistics().bytes, kept);
    }
    // One element of each chunk: the others may be wanted next.
    const Bench bench(store(), 1152);
    const Array array = bench.open("cube_c");
    ASSERT_TRUE(read_block(array, {{0, 0, 0}, {2, 3, 4}, {2, 4, 3}}).ok());
    EXPECT_EQ(bench.runtime->cache.statistics().bytes, 1152U);
}

TEST_F(ArrayTest, ADecimatedReadTouchesOnlyTheChunksItNeeds) {
    const Bench bench(store());
    const Array array = bench.open("cube_c");  // x: 11 in chunks of 3
    ASSERT_TRUE(read_block(array, {{0, 0, 0}, {1, 1, 2}, {1, 1, 7}}).ok());
    const std::map<std::string, int> wanted = {{"cube_c/0.0.0", 1}, {"cube_c/0.0.2", 1}};
    EXPECT_EQ(bench.fetcher->counts(), wanted);
}

TEST_F(ArrayTest, ClosingAnArrayFreesItsChunks) {
    const Bench bench(store());
    {
        const Array array = bench.open("cube_c");
        ASSERT_TRUE(array.read_all().ok());
        EXPECT_GT(bench.runtime->cache.statistics().bytes, 0U);
    }
    EXPECT_EQ(bench.runtime->cache.statistics().bytes, 0U);
}

TEST_F(ArrayTest, ArraysOpenedTwiceShareTheirChunks) {
    const Bench bench(store());
    const Array source = bench.open("cube_c");
    const OpenArrayNumbers numbers;
    const auto open = [&] {
        return Array::open({bench.store, bench.runtime, nullptr, numbers.get(bench.runtime)}, source.meta());
    };
    {
        const auto first = open();
        const auto second = open();
        ASSERT_TRUE(first.ok() && second.ok());
        ASSERT_TRUE(first.value().read_all().ok());
        EXPECT_EQ(bench.fetcher->total(), 24);
        const auto again = second.value().read_all();
        ASSERT_TRUE(again.ok());
        EXPECT_EQ(bench.fetcher->total(), 24);
        EXPECT_EQ(Bytes(again.value().data(), again.value().data() + again.value().size()), expected("cube_c"));
        // As another type it has other chunks.
        ArrayMeta other = source.meta();
        other.dtype.kind = other.dtype.kind == Kind::kUInt ? Kind::kInt : Kind::kUInt;
        const auto third = Array::open({bench.store, bench.runtime, nullptr, numbers.get(bench.runtime)}, other);
        ASSERT_TRUE(third.ok() && third.value().read_all().ok());
        EXPECT_EQ(bench.fetcher->total(), 48);
    }
    EXPECT_EQ(bench.runtime->cache.statistics().bytes, 0U);
    const auto later = open();
    ASSERT_TRUE(later.ok() && later.value().read_all().ok());
    EXPECT_EQ(bench.fetcher->total(), 72);
}

TEST_F(ArrayTest, TwoThreadsFetchEachChunkOnce) {
    for (int round = 0; round < 10; ++round) {
        const Bench bench(store());
        bench.fetcher->before = [](const std::string&) {
            std::this_thread::sleep_for(std::chrono::microseconds(200));
            return std::optional<Error>();
        };
        const Array array = bench.open("cube_c");
        const Bytes full = expected("cube_c");
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                // Opposite orders: each owns chunks that the other waits for.
                const Region forward = whole(array);
                const Region backward = {{2, 8, 10}, {3, 9, 11}, {-1, -1, -1}};
                const Region& region = t % 2 == 0 ? forward : backward;
                const Result<Bytes> got = read_block(array, region);
                ASSERT_TRUE(got.ok()) << got.error().message;
                EXPECT_EQ(got.value(), sliced(full, array.meta().shape, 2, region));
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        EXPECT_EQ(bench.fetcher->total(), 24);
    }
}

TEST_F(ArrayTest, AFailedLoadIsRetriedByThoseWhoWaited) {
    const Bench bench(store());
    std::atomic<int> tries{0};
    bench.fetcher->before = [&](const std::string&) {
        const bool first = tries++ == 0;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return first ? std::optional(io_error("connection reset")) : std::nullopt;
    };
    const Array array = bench.open("wide");  // one chunk
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&] { good += read_block(array, whole(array)).ok() ? 1 : 0; });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(good.load(), 2);
}

TEST_F(ArrayTest, ErrorsNameThePlace) {
    auto source = store();
    source->chunks["cube_c/1.0.2"][3] ^= std::byte{0xFF};  // inside the zlib stream
    source->chunks["cube_c/1.2.1"].resize(5);
    for (const std::size_t cache : {std::size_t{0}, std::size_t{1} << 20}) {
        const Bench bench(source, cache);
        const Array array = bench.open("cube_c");
        const Result<Buffer> all = array.read_all();
        ASSERT_FALSE(all.ok());
        const std::string& message = all.error().message;
        // Of two damaged chunks the first in reading order is told, whichever thread came first.
        EXPECT_EQ(all.error().code, ErrorCode::kCorrupt) << message;
        for (const char* part : {"fake.json", "array \"cube_c\"", "cube_c/1.0.2", "host/cube_c", "bytes 0 to "}) {
            EXPECT_NE(message.find(part), std::string::npos) << message;
        }
        EXPECT_EQ(message.find("secret"), std::string::npos) << message;
        EXPECT_TRUE(read_block(array, {{0, 0, 0}, {2, 9, 6}, {1, 1, 1}}).ok());  // the good part
    }
}

TEST_F(ArrayTest, ShortAndLongChunksAreErrors) {
    for (const char* name : {"one", "bare_c"}) {
        for (const int change : {-1, 1}) {
            auto source = store();
            for (auto& [key, bytes] : source->chunks) {
                bytes.resize(static_cast<std::size_t>(signed_of(bytes.size()) + change));
            }
            const Bench bench(source);
            const Result<Buffer> all = bench.open(name).read_all();
            ASSERT_FALSE(all.ok()) << name << change;
            EXPECT_EQ(all.error().code, ErrorCode::kCorrupt);
        }
    }
}

TEST_F(ArrayTest, AMissingObjectIsAnErrorUnlessAskedOtherwise) {
    const Bench bench(store());
    bench.fetcher->before = [](const std::string& key) {
        return key == "holes/0.1" ? std::optional(not_found("no such object")) : std::nullopt;
    };
    const Array array = bench.open("holes");
    const Result<Buffer> strict = array.read_all();
    ASSERT_FALSE(strict.ok());
    EXPECT_EQ(strict.error().code, ErrorCode::kNotFound);

    std::vector<std::string> said;
    set_log_sink([&](LogLevel, const std::string& message) { said.push_back(message); });
    ReadOptions options;
    options.missing_object_is_fill = true;
    const Result<Bytes> lenient = read_block(array, whole(array), options);
    set_log_sink({});
    ASSERT_TRUE(lenient.ok());
    Bytes wanted = expected("holes");
    for (std::size_t y = 0; y < 2; ++y) {
        for (std::size_t x = 3; x < 6; ++x) {
            const std::int16_t fill = -99;
            std::memcpy(wanted.data() + 2 * (y * 7 + x), &fill, 2);
        }
    }
    EXPECT_EQ(lenient.value(), wanted);
    ASSERT_EQ(said.size(), 1U);
    EXPECT_NE(said[0].find("1 chunk"), std::string::npos) << said[0];
}

TEST_F(ArrayTest, WhatTheStoreForbidsIsAnError) {
    auto source = store();
    source->fail_key = "one/1";
    const Bench bench(source);
    const Array array = bench.open("one");
    const Result<Buffer> all = array.read_all();
    ASSERT_FALSE(all.ok());
    EXPECT_EQ(all.error().code, ErrorCode::kDenied);
    EXPECT_TRUE(read_block(array, {{0}, {4}, {1}}).ok());
    EXPECT_FALSE(read_block(array, {{0}, {5}, {1}}).ok());
}

TEST_F(ArrayTest, AnUnknownCodecIsAnErrorOfTheRead) {
    auto source = store();
    Json zarray = Json::parse(source->texts["one/.zarray"]);
    zarray["compressor"] = {{"id", "sorcery"}};
    source->texts["one/.zarray"] = zarray.dump();
    const Bench bench(source);
    const Array array = bench.open("one");
    EXPECT_EQ(array.meta().shape, Shape{10});
    EXPECT_TRUE(array.codec_ids().empty());
    const Result<Buffer> all = array.read_all();
    ASSERT_FALSE(all.ok());
    EXPECT_EQ(all.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(all.error().message.find("sorcery"), std::string::npos);
}

TEST_F(ArrayTest, StopsWhenAsked) {
    const Bench bench(store());
    std::stop_source source;
    bench.fetcher->before = [&](const std::string&) {
        source.request_stop();
        return std::optional<Error>();
    };
    const Array array = bench.open("cube_c");
    ReadOptions options;
    options.stop = source.get_token();
    options.max_threads = 1;
    const Result<Bytes> got = read_block(array, whole(array), options);
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().code, ErrorCode::kCancelled);
    EXPECT_TRUE(read_block(array, whole(array)).ok());
}

TEST_F(ArrayTest, ReadAllHasALimit) {
    const Bench bench(store());
    EXPECT_TRUE(bench.open("one").read_all(20).ok());
    const Result<Buffer> refused = bench.open("one").read_all(19);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
}

/// One chunk of 12.8 MB of bare elements: element i is i * 2654435761 modulo 2^32.
class LargeBareChunk : public testing::TestWithParam<std::tuple<bool, bool, bool>> {
protected:
    LargeBareChunk() {
        Json zarray = Json::parse(R"({"zarr_format": 2, "shape": [40, 200, 390], "chunks": [40, 200, 400],
                                      "fill_value": 0, "compressor": null, "filters": null})");
        zarray["order"] = fortran() ? "F" : "C";
        zarray["dtype"] = big() ? ">u4" : "<u4";
        store_->texts["a/.zarray"] = zarray.dump();
        store_->remote = std::get<2>(GetParam());
        store_->chunks["a/0.0.0"] = numbers(big());
    }
    static const Bytes& numbers(bool big_endian) {
        static const std::array<Bytes, 2> made = [] {
            std::array<Bytes, 2> out;
            for (unsigned order = 0; order < 2; ++order) {
                out[order].resize(4 * kElements);
                for (std::uint32_t i = 0; i < kElements; ++i) {
                    const std::uint32_t value = i * 2654435761U;
                    for (unsigned b = 0; b < 4; ++b) {
                        const unsigned place = order == 1 ? 3 - b : b;
                        out[order][4 * i + place] = static_cast<std::byte>((value >> (8 * b)) & 0xFFU);
                    }
                }
            }
            return out;
        }();
        return made[big_endian ? 1 : 0];
    }
    static bool fortran() { return std::get<0>(GetParam()); }
    static bool big() { return std::get<1>(GetParam()); }
    static std::uint32_t element(std::uint64_t t, std::uint64_t y, std::uint64_t x) {
        return static_cast<std::uint32_t>(fortran() ? t + 40 * (y + 200 * x) : (t * 200 + y) * 400 + x) * 2654435761U;
    }
    void check(const Array& array, const Region& region) {
        const Result<Bytes> got = read_block(array, region);
        ASSERT_TRUE(got.ok()) << got.error().message;
        std::size_t at = 0;
        const auto index = [&](std::size_t d, std::uint64_t k) {
            return static_cast<std::uint64_t>(signed_of(region.start[d]) + signed_of(k) * region.step[d]);
        };
        for (std::uint64_t t = 0; t < region.count[0]; ++t) {
            for (std::uint64_t y = 0; y < region.count[1]; ++y) {
                for (std::uint64_t x = 0; x < region.count[2]; ++x, at += 4) {
                    std::uint32_t value = 0;
                    std::memcpy(&value, got.value().data() + at, 4);
                    if (value != element(index(0, t), index(1, y), index(2, x))) {  // a macro each is slow
                        FAIL() << t << " " << y << " " << x;
                    }
                }
            }
        }
    }
    static constexpr std::uint32_t kElements = 40 * 200 * 400;
    std::shared_ptr<test::FakeStore> store_ = std::make_shared<test::FakeStore>();
};

TEST_P(LargeBareChunk, IsReadByParts) {
    const Bench bench(store_, 64U << 20);
    const Array array = bench.open("a");
    check(array, {{0, 0, 0}, {40, 200, 390}, {1, 1, 1}});
    check(array, {{39, 199, 389}, {40, 200, 390}, {-1, -1, -1}});
    check(array, {{3, 17, 100}, {30, 5, 50}, {1, 3, 2}});
    std::mt19937 random(3);
    for (int i = 0; i < 3; ++i) {
        check(array, random_region(array.meta().shape, random));
    }
    EXPECT_EQ(bench.runtime->cache.statistics().bytes, 0U);
}

TEST_P(LargeBareChunk, ASmallWindowFetchesLittle) {
    const Bench bench(store_);
    const Array array = bench.open("a");
    check(array, {{20, 100, 200}, {1, 1, 10}, {1, 1, 1}});
    check(array, {{20, 100, 200}, {10, 1, 1}, {1, 1, 1}});
    EXPECT_LE(bench.fetcher->bytes(), 2U << 20);
}

TEST_P(LargeBareChunk, AWrongSizeIsAnError) {
    store_->chunks["a/0.0.0"].resize(4 * kElements - 1);
    const Bench bench(store_);
    const Result<Bytes> got = read_block(bench.open("a"), {{0, 0, 0}, {1, 1, 1}, {1, 1, 1}});
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().code, ErrorCode::kCorrupt);
}

INSTANTIATE_TEST_SUITE_P(Layouts, LargeBareChunk, testing::Combine(testing::Bool(), testing::Bool(), testing::Bool()));

}  // namespace
}  // namespace vcube
