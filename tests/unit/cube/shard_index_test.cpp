#include "core/cube/shard_index.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "core/cube/array.h"
#include "fake_store.h"

namespace vcube {
namespace {

using test::Bench;
using test::Bytes;

class ShardTest : public testing::Test {
protected:
    const Json fixtures_ = test::load_json("zarr3.json");

    std::shared_ptr<test::FakeStore> store() const { return test::fixture_store(fixtures_); }
    Bytes expected(const std::string& name) const {
        return test::from_hex(fixtures_["arrays"][name]["bytes"].get<std::string>());
    }
    void expect_equal(const Array& array, const std::string& name) const {
        const Result<Buffer> all = array.read_all();
        ASSERT_TRUE(all.ok()) << name << ": " << all.error().message;
        EXPECT_EQ(Bytes(all.value().data(), all.value().data() + all.value().size()), expected(name)) << name;
    }
};

/// One element of a cube of <i4.
Result<std::int32_t> element(const Array& array, std::vector<std::uint64_t> at, const ReadOptions& options = {}) {
    std::int32_t value = 0;
    VCUBE_TRY(array.read({at, {1, 1, 1}, {1, 1, 1}},
                         {reinterpret_cast<std::byte*>(&value), {4, 4, 4}, array.meta().dtype}, options));
    return value;
}

TEST_F(ShardTest, EqualsTheWriterWhereverShardsLie) {
    int sharded = 0;
    for (const bool remote : {true, false}) {
        for (const bool bounded : {true, false}) {
            for (const std::size_t cache : {std::size_t{0}, std::size_t{1} << 20}) {
                auto source = store();
                source->remote = remote;
                source->bounded = bounded;
                source->shift = bounded ? 1000 : 0;
                const Bench bench(source, cache);
                for (const auto& [name, entry] : fixtures_["arrays"].items()) {
                    if (name.find("shard") != std::string::npos) {
                        const Array array = bench.open(name);
                        sharded += array.meta().sharding ? 1 : 0;
                        expect_equal(array, name);
                        expect_equal(array, name);
                    }
                }
            }
        }
    }
    EXPECT_GT(sharded, 80);
}

TEST_F(ShardTest, BringsEachIndexOnceAndAllInOneCall) {
    const Bench bench(store(), 1U << 20);
    const Array array = bench.open("shard");  // 4 x 3 x 1 shards of 2 x 2 x 2 chunks
    EXPECT_EQ(element(array, {0, 0, 0}).value(), 0);
    EXPECT_EQ(bench.fetcher->calls, 2);
    EXPECT_EQ(bench.fetcher->total(), 2);
    EXPECT_EQ(element(array, {0, 0, 7}).value(), 7);  // another chunk of the same shard
    EXPECT_EQ(bench.fetcher->calls, 3);
    EXPECT_EQ(bench.fetcher->total(), 3);
    expect_equal(array, "shard");  // 11 more indexes in one call, the chunks in another
    EXPECT_EQ(bench.fetcher->calls, 5);
    // 7 x ceil(9 / 2) x 2 chunks inside the array, two of which are in the cache.
    EXPECT_EQ(bench.fetcher->total(), 3 + 11 + 7 * 5 * 2 - 2);
}

TEST_F(ShardTest, ReadsNoMoreThanItNeeds) {
    auto source = store();
    const Bench bench(source, 0);
    const Array array =
        bench.open("shard_index_bare");  // index 2 x 2 x 16 bytes x ..., chunks 2 x 2 x 4 x <i4 + crc32c
    EXPECT_EQ(element(array, {0, 0, 0}).value(), 0);
    EXPECT_EQ(bench.fetcher->bytes(), 1U * 2 * 2 * 16 + 2 * 2 * 4 * 4 + 4);
}

TEST_F(ShardTest, LocatesChunks) {
    auto source = store();
    source->shift = 1000;
    const Bench bench(source, 0);
    const Array array = bench.open("shard_index_bare");
    const std::uint64_t first[] = {0, 0, 0};
    const std::uint64_t second[] = {0, 0, 1};
    const auto at = std::get<Remote>(array.locate_chunk(first).value());
    EXPECT_EQ(at.range, (ByteRange{1000, 1068}));
    EXPECT_NE(at.url.find("shard_index_bare/c/0/0/0"), std::string::npos);
    EXPECT_EQ(std::get<Remote>(array.locate_chunk(second).value()).range, (ByteRange{1068, 1136}));
    const std::uint64_t outside[] = {4, 0, 0};
    EXPECT_FALSE(array.locate_chunk(outside).ok());
    EXPECT_FALSE(array.locate_chunk({}).ok());
    const Array holes = bench.open("shard_holes");
    EXPECT_TRUE(std::holds_alternative<Missing>(holes.locate_chunk(first).value()));
}

TEST_F(ShardTest, AbsentObjectsAreFillOnlyWhereTheyMayBe) {
    auto source = store();
    source->may_be_absent = true;
    const Bench bench(source, 1U << 20);
    expect_equal(bench.open("shard_holes"), "shard_holes");
    expect_equal(bench.open("holes"), "holes");

    auto named = store();
    const Bench referenced(named, 0);
    referenced.fetcher->before = [](const std::string& key) -> std::optional<Error> {
        return key == "shard/c/0/0/0" ? std::optional(not_found("no such object")) : std::nullopt;
    };
    const Array array = referenced.open("shard");
    const Result<std::int32_t> refused = element(array, {0, 0, 1});
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("shard/c/0/0/0"), std::string::npos) << refused.error().message;
    EXPECT_EQ(refused.error().message.find("secret"), std::string::npos) << refused.error().message;
    ReadOptions lenient;
    lenient.missing_object_is_fill = true;
    EXPECT_EQ(element(array, {0, 0, 1}, lenient).value(), 0);
    EXPECT_EQ(element(array, {2, 0, 1}, lenient).value(), 2 * 72 + 1);
}

TEST_F(ShardTest, DamageIsToldWithItsPlace) {
    const auto read_damaged = [&](const std::string& name, const std::function<void(Bytes&)>& damage) {
        for (const bool remote : {true, false}) {
            auto source = store();
            source->remote = remote;
            damage(source->chunks.at(name + "/c/0/0/0"));
            const Bench bench(source, 0);
            const Array array = bench.open(name);
            const Result<std::int32_t> value = element(array, {0, 0, 0});
            EXPECT_FALSE(value.ok()) << name;
            if (!value.ok()) {
                EXPECT_NE(value.error().message.find(name + "/c/0/0/0"), std::string::npos) << value.error().message;
            }
            EXPECT_EQ(element(array, {6, 8, 7}).value(), 7 * 72 - 1) << "other shards are unaffected";
        }
    };
    read_damaged("shard", [](Bytes& shard) { shard.back() ^= std::byte{1}; });  // the index's checksum
    read_damaged("shard", [](Bytes& shard) { shard.resize(10); });              // shorter than its index
    read_damaged("shard", [](Bytes& shard) { shard.clear(); });
    read_damaged("shard", [](Bytes& shard) { shard.erase(shard.begin(), shard.begin() + 4); });
    // No checksum: an entry that leads out of the shard, one whose end overflows, one half missing.
    const auto set = [](Bytes& shard, std::uint64_t offset, std::uint64_t length) {
        const std::uint64_t entry[] = {offset, length};
        std::memcpy(shard.data() + shard.size() - 4 * 16, entry, sizeof entry);
    };
    read_damaged("shard_index_bare", [&](Bytes& shard) { set(shard, 100, 1U << 20); });
    read_damaged("shard_index_bare", [&](Bytes& shard) { set(shard, ~std::uint64_t{0} - 10, 68); });
    read_damaged("shard_index_bare", [&](Bytes& shard) { set(shard, 0, ~std::uint64_t{0}); });
    read_damaged("shard_index_bare", [&](Bytes& shard) { set(shard, ~std::uint64_t{0}, 5); });
    read_damaged("shard_index_bare", [&](Bytes& shard) { set(shard, 0, 0); });
}

TEST_F(ShardTest, IndexCodecsOfUnknownSizeAreRefusedAtTheRead) {
    auto source = store();
    Json document = Json::parse(source->texts.at("shard/zarr.json"));
    Json& index_codecs = document["codecs"][0]["configuration"]["index_codecs"];
    for (const char* codec : {R"({"name": "gzip", "configuration": {"level": 1}})", R"({"name": "made.up"})"}) {
        index_codecs[1] = Json::parse(codec);
        source->texts["shard/zarr.json"] = document.dump();
        const Bench bench(source, 0);
        const Array array = bench.open("shard");
        const Result<std::int32_t> value = element(array, {0, 0, 0});
        ASSERT_FALSE(value.ok());
        EXPECT_NE(value.error().message.find("index_codecs"), std::string::npos) << value.error().message;
        EXPECT_FALSE(array.locate_chunk(std::vector<std::uint64_t>{0, 0, 0}).ok());
    }
}

TEST_F(ShardTest, AnIndexBeyondTheLimitIsRefused) {
    auto source = store();
    Json document = Json::parse(source->texts.at("shard/zarr.json"));
    document["shape"] = {1U << 20, 1U << 20, 8};
    document["chunk_grid"]["configuration"]["chunk_shape"] = {1U << 20, 1U << 20, 8};
    source->texts["shard/zarr.json"] = document.dump();
    const Bench bench(source, 0);
    const Result<std::int32_t> value = element(bench.open("shard"), {0, 0, 0});
    ASSERT_FALSE(value.ok());
    EXPECT_EQ(value.error().code, ErrorCode::kLimit) << value.error().message;
}

}  // namespace
}  // namespace vcube
