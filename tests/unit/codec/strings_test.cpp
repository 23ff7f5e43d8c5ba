// Elements of variable length in Zarr v2 chains: as numcodecs writes them.
#include "core/codec/strings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "core/base/dtype_text.h"
#include "core/codec/chain.h"
#include "fixture.h"

namespace vcube {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kRoom = 1U << 22;

Result<CodecChain> plan_text(const char* filters, const char* compressor, const char* dtype, std::size_t elements) {
    return CodecChain::plan_v2(Json::parse(filters), Json::parse(compressor), parse_dtype(dtype).value(), elements,
                               "a.json: name/.zarray");
}

CodecChain plan(const Json& entry) {
    return CodecChain::plan_v2(entry.value("filters", Json()), entry.value("compressor", Json()),
                               parse_dtype("|O").value(), entry["elements"].get<std::size_t>(), "test")
        .value();
}

// Python's bare NaN and Infinity become texts, as parse_json has it.
Json value_of(const std::string& text) {
    return parse_json(text, "test").value();
}

void expect_same(const Json& got, const Json& expected, bool single, const std::string& name) {
    if (got.is_array() && expected.is_array() && single) {
        ASSERT_EQ(got.size(), expected.size()) << name;
        for (std::size_t i = 0; i < got.size(); ++i) {
            EXPECT_EQ(got[i].get<float>(), expected[i].get<float>()) << name;
        }
        return;
    }
    EXPECT_EQ(got, expected) << name;
}

TEST(Strings, DecodesEveryFixtureAsNumcodecsDoes) {
    std::set<std::string> used;
    const Json list = read_fixtures("strings.json");
    ASSERT_GT(list.size(), 100U);
    for (const Json& entry : list) {
        const auto name = entry["name"].get<std::string>();
        const CodecChain chain = plan(entry);
        EXPECT_TRUE(chain.is_variable()) << name;
        EXPECT_EQ(chain.decoded_size(), 0U) << name;
        EXPECT_FALSE(chain.is_identity()) << name;
        used.insert(chain.ids().begin(), chain.ids().end());
        const std::vector<std::byte> encoded = from_base64(entry["encoded"].get<std::string>());
        const Result<Buffer> strings = chain.decode_strings(encoded, kRoom);
        ASSERT_TRUE(strings.ok()) << name << ": " << strings.error().message;
        const Json& expected = entry["strings"];
        std::size_t bytes = (expected.size() + 1) * 8;
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const std::vector<std::byte> wanted_bytes = from_base64(expected[i].get<std::string>());
            const std::string wanted(as_text(wanted_bytes));
            const std::string got(string_at(strings.value().span(), expected.size(), i));
            bytes += got.size();
            if (entry.value("json", false) && got != wanted) {
                expect_same(value_of(got), value_of(wanted), entry.value("single", false), name);
            } else {
                EXPECT_EQ(got, wanted) << name << " " << i;
            }
        }
        EXPECT_EQ(strings.value().size(), bytes) << name;
        // Exactly as much room as it takes is enough, one byte less is not.
        EXPECT_TRUE(chain.decode_strings(encoded, bytes).ok() || name.starts_with("vlen-array")) << name;
        EXPECT_EQ(chain.decode_strings(encoded, bytes - 1).error().code, ErrorCode::kLimit) << name;
    }
    for (const char* const id :
         {"vlen-utf8", "vlen-bytes", "vlen-array", "json2", "msgpack2", "categorize", "fill_hdf_strings"}) {
        EXPECT_TRUE(used.contains(id)) << id;
    }
}

TEST(Strings, DamagedChunksNeverCrash) {
    std::mt19937 random(19);
    std::size_t errors = 0;
    for (const Json& entry : read_fixtures("strings.json")) {
        const CodecChain chain = plan(entry);
        const std::vector<std::byte> encoded = from_base64(entry["encoded"].get<std::string>());
        for (int round = 0; round < 40; ++round) {
            std::vector<std::byte> damaged = encoded;
            damaged[random() % damaged.size()] ^= static_cast<std::byte>(1U << (random() % 8));
            errors += chain.decode_strings(damaged, kRoom).ok() ? 0 : 1;
            damaged = encoded;
            damaged.resize(random() % damaged.size());
            damaged.shrink_to_fit();
            errors += chain.decode_strings(damaged, kRoom).ok() ? 0 : 1;
        }
    }
    EXPECT_GT(errors, 3000U);
}

TEST(Strings, ClaimsTakeNoMemory) {
    // Four billion elements in eight bytes; a text of four billion bytes; lists of four billion items.
    const std::vector<std::byte> ones(8, std::byte{0xff});
    EXPECT_FALSE(
        plan_text(R"([{"id":"vlen-utf8"}])", "null", "|O", 0xffffffffU).value().decode_strings(ones, kRoom).ok());
    EXPECT_FALSE(plan_text(R"([{"id":"vlen-utf8"}])", "null", "|O", 1).value().decode_strings(ones, kRoom).ok());
    for (const unsigned type : {0xdbU, 0xddU, 0xdfU, 0xc6U}) {
        std::vector<std::byte> pack(5, std::byte{0xff});
        pack[0] = static_cast<std::byte>(type);
        EXPECT_FALSE(plan_text(R"([{"id":"msgpack2"}])", "null", "|O", 1).value().decode_strings(pack, kRoom).ok());
    }
    const std::vector<std::byte> deep(100000, std::byte{0x91});
    EXPECT_FALSE(plan_text(R"([{"id":"msgpack2"}])", "null", "|O", 1).value().decode_strings(deep, kRoom).ok());
}

TEST(Strings, MapsAsKeysOfMapsAreRefused) {
    // Maps whose only key is a map whose only key is a map ... sixty deep.
    std::vector<std::byte> pack(60, std::byte{0x81});
    pack.insert(pack.begin(), std::byte{0x93});
    pack.resize(200);
    EXPECT_FALSE(plan_text(R"([{"id":"msgpack2"}])", "null", "|O", 1).value().decode_strings(pack, kRoom).ok());
}

TEST(Strings, LongTextsOfMessagePack) {
    // ["xyz", "|O", [1]] with the text's size in 32 bits, from the MessagePack specification.
    std::vector<std::byte> pack;
    for (const int b : {0x93, 0xdb, 0, 0, 0, 3, 0x78, 0x79, 0x7a, 0xa2, 0x7c, 0x4f, 0x91, 1}) {
        pack.push_back(static_cast<std::byte>(b));
    }
    const Result<Buffer> strings =
        plan_text(R"([{"id":"msgpack2"}])", "null", "|O", 1).value().decode_strings(pack, kRoom);
    ASSERT_TRUE(strings.ok()) << strings.error().message;
    EXPECT_EQ(string_at(strings.value().span(), 1, 0), "xyz");
}

TEST(Strings, NoElementsTakeRoomForOneOffset) {
    const CodecChain chain = plan_text(R"([{"id":"vlen-utf8"}])", "null", "|O", 0).value();
    const std::vector<std::byte> none(4);
    EXPECT_TRUE(chain.decode_strings(none, 8).ok());
    EXPECT_EQ(chain.decode_strings(none, 7).error().code, ErrorCode::kLimit);
}

TEST(Strings, AnotherNumberOfElementsIsTold) {
    const CodecChain chain = plan_text(R"([{"id":"vlen-utf8"}])", "null", "|O", 2).value();
    const std::vector<std::byte> one = {std::byte{1}, {}, {}, {}, {}, {}, {}, {}};
    const Error error = chain.decode_strings(one, kRoom).error();
    EXPECT_EQ(error.code, ErrorCode::kCorrupt);
    EXPECT_THAT(error.message, HasSubstr("1 elements, expected 2"));
}

TEST(Strings, FixedAndVariableElementsAreNotMixedUp) {
    std::vector<std::byte> out;
    EXPECT_EQ(plan_text(R"([{"id":"vlen-utf8"}])", "null", "|O", 1).value().decode({}, out).error().code,
              ErrorCode::kUnsupported);
    EXPECT_FALSE(plan_text("null", "null", "<i4", 1).value().decode_strings({}, kRoom).ok());
    EXPECT_THAT(plan_text(R"([{"id":"vlen-utf8"}])", "null", "<i4", 1).error().message, HasSubstr("vlen-utf8"));
    EXPECT_THAT(plan_text(R"([{"id":"zlib"},{"id":"vlen-utf8"}])", "null", "|O", 1).error().message,
                HasSubstr("before all others"));
    EXPECT_THAT(plan_text("null", "null", "|O", 1).error().message, HasSubstr("|O"));
    // The codec of objects may stand in the compressor's place.
    EXPECT_TRUE(plan_text("null", R"({"id":"vlen-utf8"})", "|O", 1).ok());
}

TEST(Strings, PicklesAreRefusedWithTheReason) {
    for (const char* const dtype : {"|O", "<i4"}) {
        const Error error = plan_text(R"([{"id":"pickle","protocol":5}])", "null", dtype, 1).error();
        EXPECT_EQ(error.code, ErrorCode::kUnsupported);
        EXPECT_THAT(error.message, HasSubstr("a pickle is a Python program"));
    }
}

}  // namespace
}  // namespace vcube
