// Zarr v3 chains: every fixture that the specification's rules encode decodes to its values, in the order it tells.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "core/base/dtype_text.h"
#include "core/codec/chain.h"
#include "fixture.h"

namespace vcube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Case {
    std::string name;
    Json entry;
    DType type;
    Shape shape;
    std::vector<std::byte> fill;
    std::vector<std::byte> encoded;
};

const std::vector<Case>& cases() {
    static const std::vector<Case> all = [] {
        std::vector<Case> list;
        for (const Json& entry : read_fixtures("v3.json")) {
            Case c;
            c.name = entry["name"].get<std::string>();
            c.entry = entry;
            c.type = parse_dtype(entry["dtype"], c.name).value();
            c.shape = entry["shape"].get<Shape>();
            c.fill = from_base64(entry.value("fill", std::string()));
            c.encoded = from_base64(entry["encoded"].get<std::string>());
            list.push_back(std::move(c));
        }
        return list;
    }();
    return all;
}

Result<CodecChain> plan(const Case& c) {
    return CodecChain::plan_v3(c.entry["codecs"], c.type, c.shape, "test: x/zarr.json", c.fill);
}

Result<CodecChain> plan_text(const char* codecs, const char* dtype, const Shape& shape) {
    return CodecChain::plan_v3(Json::parse(codecs), parse_dtype(dtype).value(), shape, "a: sst/zarr.json");
}

TEST(PlanV3, DecodesEveryFixture) {
    ASSERT_GT(cases().size(), 250U);
    std::set<std::string> used;
    for (const Case& c : cases()) {
        const Result<CodecChain> planned = plan(c);
        ASSERT_TRUE(planned.ok()) << c.name << ": " << planned.error().message;
        const CodecChain& chain = planned.value();
        used.insert(chain.ids().begin(), chain.ids().end());
        EXPECT_EQ(chain.order(), c.entry.value("order", std::vector<std::size_t>())) << c.name;
        ASSERT_EQ(chain.is_variable(), c.entry.contains("strings")) << c.name;
        if (chain.is_variable()) {
            continue;
        }
        std::vector<std::byte> out(chain.decoded_size(), std::byte{0xcd});
        const Status status = chain.decode(c.encoded, out);
        ASSERT_TRUE(status.ok()) << c.name << ": " << status.error().message;
        EXPECT_TRUE(out == decoded_of(c.entry, out.size())) << c.name;
        if (const std::optional<std::size_t> size = chain.encoded_size()) {
            EXPECT_EQ(*size, c.encoded.size()) << c.name;
        }
    }
    for (const char* const id : {"bytes", "transpose", "sharding_indexed", "cast_value", "scale_offset", "crc32c",
                                 "blosc", "gzip", "zstd", "packbits", "delta"}) {
        EXPECT_TRUE(used.contains(id)) << id;
    }
}

TEST(PlanV3, DecodesTextOfVariableLength) {
    std::size_t count = 0;
    for (const Case& c : cases()) {
        if (!c.entry.contains("strings")) {
            continue;
        }
        const CodecChain chain = plan(c).value();
        const Result<Buffer> strings = chain.decode_strings(c.encoded, 1U << 20);
        ASSERT_TRUE(strings.ok()) << c.name << ": " << strings.error().message;
        const Json& expected = c.entry["strings"];
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const std::vector<std::byte> bytes = from_base64(expected[i].get<std::string>());
            EXPECT_EQ(string_at(strings.value().span(), expected.size(), i), as_text(bytes)) << c.name << " " << i;
        }
        ++count;
    }
    EXPECT_GE(count, 10U);
}

TEST(PlanV3, DamagedChunksAreErrorsOrOtherValuesButNeverCrash) {
    std::mt19937 random(11);
    std::size_t errors = 0;
    for (const Case& c : cases()) {
        const CodecChain chain = plan(c).value();
        std::vector<std::byte> out(chain.decoded_size());
        const auto decode = [&](ByteSpan bytes) {
            return chain.is_variable() ? chain.decode_strings(bytes, 1U << 20).ok() : chain.decode(bytes, out).ok();
        };
        for (int round = 0; round < 30 && !c.encoded.empty(); ++round) {
            std::vector<std::byte> damaged = c.encoded;
            damaged[random() % damaged.size()] ^= static_cast<std::byte>(1U << (random() % 8));
            errors += decode(damaged) ? 0 : 1;
            damaged.resize(random() % damaged.size());
            errors += decode(std::vector<std::byte>(damaged)) ? 0 : 1;
        }
    }
    EXPECT_GT(errors, 5000U);
}

TEST(PlanV3, IdentityAndIds) {
    EXPECT_TRUE(plan_text(R"(["bytes"])", "|u1", {4}).value().is_identity());
    const char* const little = R"([{"name":"bytes","configuration":{"endian":"little"}}])";
    const char* const big = R"([{"name":"bytes","configuration":{"endian":"big"}}])";
    EXPECT_TRUE(plan_text(little, "<f4", {4}).value().is_identity());
    EXPECT_TRUE(plan_text(little, ">f4", {4}).value().is_identity());  // the type's order does not count
    EXPECT_FALSE(plan_text(big, "<f4", {4}).value().is_identity());
    EXPECT_TRUE(plan_text(big, "|i1", {4}).value().is_identity());
    const CodecChain chain = plan_text(R"([{"name":"transpose","configuration":{"order":[1,0]}},"bytes",
                                            {"name":"numcodecs.zlib","configuration":{"level":1}},"crc32c"])",
                                       "|u1", {2, 3})
                                 .value();
    EXPECT_THAT(chain.ids(), ElementsAre("transpose", "bytes", "zlib", "crc32c"));
    EXPECT_FALSE(chain.encoded_size().has_value());
    EXPECT_EQ(plan_text(R"(["bytes","crc32c"])", "|u1", {2, 3}).value().encoded_size(), 10U);
}

// GDAL reads such chains as little-endian ("'bytes' codec missing"); the specification asks for one.
TEST(PlanV3, WithoutBytesElementsAreLittleEndian) {
    EXPECT_TRUE(plan_text("[]", "<i2", {4}).value().is_identity());
    const CodecChain chain = plan_text(R"(["crc32c"])", "<i2", {1}).value();
    EXPECT_EQ(chain.encoded_size(), 6U);
    EXPECT_THAT(chain.ids(), ElementsAre("bytes", "crc32c"));
    EXPECT_THAT(plan_text("[]", "|O", {4}).error().message, HasSubstr("none of them makes bytes"));
}

TEST(PlanV3, PackbitsIsThatOfNumcodecsOnlyBeforeBytes) {
    EXPECT_EQ(plan_text(R"(["packbits","bytes"])", "|b1", {11}).value().encoded_size(), 3U);
    EXPECT_THAT(plan_text(R"(["packbits"])", "|b1", {11}).error().message, HasSubstr("that of numcodecs"));
    EXPECT_FALSE(plan_text(R"(["packbits","crc32c"])", "|b1", {11}).ok());
}

TEST(PlanV3, ToNativeSwapsWholeElements) {
    const CodecChain chain = plan_text(R"([{"name":"bytes","configuration":{"endian":"big"}}])", "<i2", {4}).value();
    const std::vector<std::byte> in = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
    std::vector<std::byte> out(4);
    chain.to_native(in, out);
    EXPECT_EQ(out, (std::vector<std::byte>{std::byte{2}, std::byte{1}, std::byte{4}, std::byte{3}}));
    chain.to_native(out, out);
    EXPECT_EQ(out, in);
}

TEST(PlanV3, UnknownCodecsAreNamed) {
    const Result<CodecChain> chain = plan_text(R"(["bytes",{"name":"example.squeeze"}])", "|u1", {4});
    ASSERT_FALSE(chain.ok());
    EXPECT_EQ(chain.error().code, ErrorCode::kUnsupported);
    EXPECT_THAT(chain.error().message, HasSubstr("\"example.squeeze\""));
    EXPECT_THAT(chain.error().message, HasSubstr("a: sst/zarr.json"));
    EXPECT_FALSE(plan_text(R"(["bytes",{"name":"numcodecs.pcodec"}])", "|u1", {4}).ok());
}

TEST(PlanV3, BadChainsAreErrorsThatSayWhy) {
    const std::vector<std::pair<const char*, const char*>> bad = {
        {R"({})", "expected a list"},
        {R"(["bytes","bytes"])", "must stand before"},
        {R"(["bytes",{"name":"transpose","configuration":{"order":[0,1]}}])", "must stand before"},
        {R"(["bytes",{"name":"numcodecs.delta","configuration":{"dtype":"<i2"}}])", "must stand before"},
        {R"([7])", "expected a codec"},
        {R"([{"configuration":{}}])", "name"},
        {R"([{"name":"bytes","configuration":7}])", "configuration"},
        {R"([{"name":"bytes","configuration":{"endian":"middle"}}])", "endian"},
        {R"([{"name":"transpose","configuration":{"order":[0,0]}},"bytes"])", "permutation"},
        {R"([{"name":"transpose","configuration":{"order":[0]}},"bytes"])", "permutation"},
        {R"([{"name":"transpose","configuration":{"order":[1,2]}},"bytes"])", "permutation"},
        {R"([{"name":"transpose"},"bytes"])", "order"},
        {R"(["vlen-utf8"])", "variable length"},
        {R"([{"name":"sharding_indexed","configuration":{"codecs":["bytes"],"index_codecs":["bytes"]}}])",
         "chunk_shape"},
        {R"([{"name":"sharding_indexed","configuration":{"chunk_shape":[2,3],"codecs":["bytes"]}}])", "index_codecs"},
        {R"([{"name":"sharding_indexed","configuration":{"chunk_shape":[3,3],"codecs":["bytes"],
             "index_codecs":["bytes"]}}])",
         "does not divide"},
        {R"([{"name":"sharding_indexed","configuration":{"chunk_shape":[0,3],"codecs":["bytes"],
             "index_codecs":["bytes"]}}])",
         "does not divide"},
        {R"([{"name":"sharding_indexed","configuration":{"chunk_shape":[6],"codecs":["bytes"],
             "index_codecs":["bytes"]}}])",
         "dimensions"},
        {R"([{"name":"sharding_indexed","configuration":{"chunk_shape":[2,3],"codecs":["bytes"],
             "index_codecs":["bytes","gzip"]}}])",
         "fixed size"},
        {R"([{"name":"sharding_indexed","configuration":{"chunk_shape":[2,3],"codecs":["bytes"],
             "index_codecs":["bytes"],"index_location":"middle"}}])",
         "index_location"},
        {R"([{"name":"scale_offset","configuration":{"scale":0}},"bytes"])", "scale"},
        {R"([{"name":"cast_value","configuration":{"data_type":"uint8","rounding":"up"}},"bytes"])", "rounding"},
    };
    for (const auto& [codecs, why] : bad) {
        const Result<CodecChain> chain = plan_text(codecs, "<i2", {4, 6});
        ASSERT_FALSE(chain.ok()) << codecs;
        EXPECT_THAT(chain.error().message, HasSubstr(why)) << codecs;
        EXPECT_THAT(chain.error().message, HasSubstr("a: sst/zarr.json")) << codecs;
    }
    std::string many = R"(["bytes")";
    for (int i = 0; i < 40; ++i) {
        many += R"(,"crc32c")";
    }
    EXPECT_EQ(plan_text((many + "]").c_str(), "|u1", {4}).error().code, ErrorCode::kLimit);
    EXPECT_EQ(plan_text(R"(["bytes"])", "<f8", {1ULL << 40, 1ULL << 40}).error().code, ErrorCode::kLimit);
}

const char* const kShard = R"([{"name":"sharding_indexed","configuration":{"chunk_shape":[2],"codecs":["bytes"],
                                "index_codecs":[{"name":"bytes","configuration":{"endian":"little"}}]}}])";

// A shard of two chunks of two bytes with this index.
std::vector<std::byte> shard(std::size_t body, const std::vector<std::uint64_t>& index) {
    std::vector<std::byte> bytes(body, std::byte{5});
    for (const std::uint64_t number : index) {
        for (unsigned i = 0; i < 8; ++i) {
            bytes.push_back(static_cast<std::byte>(number >> (8 * i) & 0xff));
        }
    }
    return bytes;
}

TEST(Sharding, IndexEntriesBeyondTheShardAreErrors) {
    const CodecChain chain = plan_text(kShard, "|u1", {4}).value();
    std::vector<std::byte> out(4);
    EXPECT_TRUE(chain.decode(shard(4, {0, 2, 2, 2}), out).ok());
    const std::uint64_t none = ~std::uint64_t{0};
    for (const std::vector<std::uint64_t>& index : {std::vector<std::uint64_t>{0, 2, 100, 2},
                                                    {0, 2, 2, 100},
                                                    {0, 2, none, 2},
                                                    {0, 2, 2, none},
                                                    {0, 2, none - 1, 4},
                                                    {0, 2, 35, 2}}) {
        const Status status = chain.decode(shard(4, index), out);
        ASSERT_FALSE(status.ok()) << index[2];
        EXPECT_EQ(status.error().code, ErrorCode::kCorrupt);
        EXPECT_THAT(status.error().message, HasSubstr("inner chunk 1"));
    }
    EXPECT_THAT(chain.decode(shard(4, {0, 3, 2, 2}), out).error().message, HasSubstr("inner chunk 0"));
    EXPECT_THAT(chain.decode(std::vector<std::byte>(31), out).error().message, HasSubstr("too short for its index"));
}

TEST(Sharding, ADamagedIndexIsTold) {
    const CodecChain chain = plan_text(R"([{"name":"sharding_indexed","configuration":{"chunk_shape":[2],
        "codecs":["bytes"],"index_codecs":["bytes","crc32c"]}}])",
                                       "|u1", {4})
                                 .value();
    std::vector<std::byte> out(4);
    std::vector<std::byte> bytes = shard(4, {0, 2, 2, 2});
    bytes.resize(bytes.size() + 4);
    const Status status = chain.decode(bytes, out);
    ASSERT_FALSE(status.ok());
    EXPECT_THAT(status.error().message, HasSubstr("shard index"));
    EXPECT_THAT(status.error().message, HasSubstr("crc32c"));
}

TEST(Sharding, ChunksThatShareAllBytesAreRefused) {
    // 4096 inner chunks that each claim a whole shard of 2 MiB: 8 GiB of work in 2 MiB.
    const CodecChain chain = plan_text(R"([{"name":"sharding_indexed","configuration":{"chunk_shape":[1],
        "codecs":["bytes","numcodecs.zlib"],"index_codecs":["bytes"]}}])",
                                       "|u1", {4096})
                                 .value();
    std::vector<std::uint64_t> index;
    for (int i = 0; i < 4096; ++i) {
        index.insert(index.end(), {0, 2U << 20});
    }
    std::vector<std::byte> out(4096);
    EXPECT_FALSE(chain.decode(shard(2U << 20, index), out).ok());
}

}  // namespace
}  // namespace vcube
