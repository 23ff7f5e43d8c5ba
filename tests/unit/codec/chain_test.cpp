// Every fixture that numcodecs encoded decodes to numpy's values; damaged chunks give errors.
#include "core/codec/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <random>
#include <set>
#include <thread>

#include "core/base/dtype_text.h"
#include "core/codec/registry.h"
#include "fixture.h"

namespace vcube {
namespace {

using testing::HasSubstr;

struct Case {
    std::string name;
    Json filters;
    Json compressor;
    DType type;
    std::size_t elements = 0;
    std::vector<std::byte> encoded;
    std::vector<std::byte> decoded;
};

void read_cases(const char* name, std::vector<Case>& cases) {
    for (const Json& entry : read_fixtures(name)) {
        Case c;
        c.name = entry["name"].get<std::string>();
        c.filters = entry.value("filters", Json());
        c.compressor = entry.value("compressor", Json());
        c.type = parse_dtype(entry["dtype"], c.name).value();
        c.elements = entry["elements"].get<std::size_t>();
        c.encoded = from_base64(entry["encoded"].get<std::string>());
        c.decoded = decoded_of(entry, c.elements * c.type.size);
        cases.push_back(std::move(c));
    }
}

std::vector<Case> read_cases() {
    std::vector<Case> cases;
    for (const char* const name : {"fixtures.json", "hdf5.json", "others.json", "pcodec.json", "images.json"}) {
        read_cases(name, cases);
    }
    return cases;
}

const std::vector<Case>& cases() {
    static const std::vector<Case> all = read_cases();
    return all;
}

const Case& case_named(const std::string& name) {
    for (const Case& c : cases()) {
        if (c.name == name) {
            return c;
        }
    }
    throw std::runtime_error("no fixture " + name);
}

CodecChain plan(const Case& c) {
    Result<CodecChain> chain = CodecChain::plan_v2(c.filters, c.compressor, c.type, c.elements, "test.json: x/.zarray");
    if (!chain.ok()) {
        throw std::runtime_error(c.name + ": " + chain.error().message);
    }
    return std::move(chain).value();
}

Error decode_error(const CodecChain& chain, ByteSpan encoded) {
    std::vector<std::byte> out(chain.decoded_size());
    const Status status = chain.decode(encoded, out);
    return status.ok() ? Error{ErrorCode::kCancelled, "no error at all"} : status.error();
}

Result<CodecChain> plan_text(const char* filters, const char* compressor, const char* dtype, std::size_t elements) {
    return CodecChain::plan_v2(Json::parse(filters), Json::parse(compressor), parse_dtype(dtype).value(), elements,
                               "a.json: sst/.zarray");
}

TEST(CodecChain, DecodesEveryFixtureAsNumcodecsDoes) {
    ASSERT_GT(cases().size(), 1000U);
    std::set<std::string> used;
    for (const Case& c : cases()) {
        const CodecChain chain = plan(c);
        ASSERT_EQ(chain.decoded_size(), c.decoded.size()) << c.name;
        std::vector<std::byte> out(c.decoded.size(), std::byte{0xcd});
        const Status status = chain.decode(c.encoded, out);
        ASSERT_TRUE(status.ok()) << c.name << ": " << status.error().message;
        EXPECT_TRUE(out == c.decoded) << c.name;
        used.insert(chain.ids().begin(), chain.ids().end());
    }
    // No codec without a fixture; those of text and of Zarr v3 alone have theirs in strings_test and plan_v3_test.
    const std::set<std::string> elsewhere = {"bytes",      "cast_value", "fill_hdf_strings", "json2",
                                             "msgpack2",   "transpose",  "sharding_indexed", "scale_offset",
                                             "vlen-array", "vlen-bytes", "vlen-utf8"};
    for (const std::string& name : codec_names()) {
        EXPECT_NE(used.contains(name), elsewhere.contains(name)) << name;
    }
}

TEST(CodecChain, UnalignedMemoryDecodesAlike) {
    for (const Case& c : cases()) {
        const CodecChain chain = plan(c);
        std::vector<std::byte> in(c.encoded.size() + 1);
        std::copy(c.encoded.begin(), c.encoded.end(), in.begin() + 1);
        std::vector<std::byte> out(c.decoded.size() + 1);
        ASSERT_TRUE(chain.decode(ByteSpan(in).subspan(1), MutableByteSpan(out).subspan(1)).ok()) << c.name;
        EXPECT_TRUE(std::equal(c.decoded.begin(), c.decoded.end(), out.begin() + 1)) << c.name;
    }
}

TEST(CodecChain, IdentityIsKnown) {
    EXPECT_TRUE(plan_text("null", "null", "<f4", 10).value().is_identity());
    EXPECT_TRUE(plan_text("[]", "null", ">u1", 10).value().is_identity());
    EXPECT_TRUE(plan_text(R"([{"id":"bitround","keepbits":3}])", "null", "<f4", 10).value().is_identity());
    EXPECT_TRUE(plan_text(R"([{"id":"shuffle","elementsize":1}])", "null", "<f4", 10).value().is_identity());
    EXPECT_FALSE(plan_text("null", "null", ">f4", 10).value().is_identity());
    EXPECT_FALSE(plan_text("null", R"({"id":"zlib"})", "<f4", 10).value().is_identity());
}

TEST(CodecChain, IdsAreThoseOfTheMetadata) {
    const CodecChain chain =
        plan_text(R"([{"id":"bitround","keepbits":3},{"id":"shuffle"}])", R"({"id":"numcodecs.zlib"})", "<f4", 4)
            .value();
    EXPECT_THAT(chain.ids(), testing::ElementsAre("bitround", "shuffle", "zlib"));
}

TEST(CodecChain, NoElementsIsAnEmptyChunk) {
    const CodecChain chain = plan_text("null", "null", "<f4", 0).value();
    EXPECT_TRUE(chain.decode({}, {}).ok());
    EXPECT_FALSE(plan_text("null", R"({"id":"zlib"})", "<f4", 0).value().decode({}, {}).ok());
}

TEST(CodecChain, WrongSizesAreToldWithBothNumbers) {
    const Case& zlib = case_named("zlib <f4");  // 61 elements: 244 bytes
    for (const auto& [elements, expected] : {std::pair<std::size_t, const char*>{60, "240"}, {62, "248"}}) {
        Case c = zlib;
        c.elements = elements;
        const Error error = decode_error(plan(c), c.encoded);
        EXPECT_EQ(error.code, ErrorCode::kCorrupt);
        EXPECT_THAT(error.message, HasSubstr("244"));
        EXPECT_THAT(error.message, HasSubstr(expected));
    }
    const CodecChain raw = plan_text("null", "null", "<i2", 10).value();
    const std::vector<std::byte> bytes(25);
    for (const std::size_t size : {0U, 19U, 21U, 25U}) {
        const Error error = decode_error(raw, ByteSpan(bytes).first(size));
        EXPECT_EQ(error.code, ErrorCode::kCorrupt);
        EXPECT_THAT(error.message, HasSubstr(std::to_string(size) + " bytes, expected 20"));
    }
    const CodecChain shuffle = plan_text(R"([{"id":"shuffle","elementsize":2}])", "null", "<i2", 10).value();
    EXPECT_THAT(decode_error(shuffle, ByteSpan(bytes).first(18)).message, HasSubstr("18 bytes, expected 20"));
    std::vector<std::byte> small(19);
    EXPECT_FALSE(raw.decode(ByteSpan(bytes).first(20), small).ok());
}

TEST(CodecChain, WrongSizesInsideAChain) {
    for (const char* name : {"kerchunk <f4", "zlib in zlib", "shuffle zlib blosc", "fixedscaleoffset shuffle zlib"}) {
        for (const int change : {-1, 1}) {
            Case c = case_named(name);
            c.elements = change < 0 ? c.elements - 1 : c.elements + 1;
            const Error error = decode_error(plan(c), c.encoded);
            EXPECT_EQ(error.code, ErrorCode::kCorrupt) << name << ": " << error.message;
            EXPECT_THAT(error.message, HasSubstr("expected")) << name;
        }
    }
}

TEST(CodecChain, TruncatedChunksAreErrors) {
    for (const Case& c : cases()) {
        const CodecChain chain = plan(c);
        for (std::size_t size = 0; size < c.encoded.size(); size += 1 + c.encoded.size() / 23) {
            // Of these, bytes after the stream may be missing without harm.
            // zfp and szip pad their streams, LZW ends with a code of its own; without the bytes after it, a deflate
            // member is whole.
            const bool padded = c.name.ends_with("with bytes after it") || c.name == "gzip padded with zeros" ||
                                c.name.starts_with("zfpy") || c.name.starts_with("szip") ||
                                c.name.starts_with("imagecodecs_lzw") || c.name.starts_with("imagecodecs_delta");
            if (padded && size + 24 > c.encoded.size()) {
                break;
            }
            // A copy of its own size, so that a sanitizer sees any read beyond it.
            const std::vector<std::byte> cut(c.encoded.begin(), c.encoded.begin() + static_cast<std::ptrdiff_t>(size));
            const Error error = decode_error(chain, cut);
            EXPECT_EQ(error.code, ErrorCode::kCorrupt) << c.name << " cut to " << size << ": " << error.message;
        }
    }
}

TEST(CodecChain, FlippedBitsNeverCrash) {
    std::mt19937 random(7);
    std::size_t errors = 0;
    for (const Case& c : cases()) {
        const CodecChain chain = plan(c);
        for (int round = 0; round < 40 && !c.encoded.empty(); ++round) {
            std::vector<std::byte> damaged = c.encoded;
            const std::size_t place =
                round < 20 ? random() % std::min<std::size_t>(20, damaged.size()) : random() % damaged.size();
            damaged[place] ^= static_cast<std::byte>(1U << (random() % 8));
            std::vector<std::byte> out(chain.decoded_size());
            errors += chain.decode(damaged, out).ok() ? 0 : 1;
        }
    }
    EXPECT_GT(errors, 2000U);
}

TEST(CodecChain, ChecksumsAreChecked) {
    for (const char* name : {"zlib <f4", "gzip <f4"}) {
        Case c = case_named(name);
        c.encoded[c.encoded.size() - (name[0] == 'z' ? 1 : 6)] ^= std::byte{1};
        EXPECT_EQ(decode_error(plan(c), c.encoded).code, ErrorCode::kCorrupt) << name;
    }
}

TEST(CodecChain, LyingSizeHeadersAreErrors) {
    for (const char* name : {"lz4 <f4", "blosc <f4"}) {
        Case c = case_named(name);
        const std::size_t header = name[0] == 'l' ? 0 : 4;
        for (const unsigned lie : {0U, 1U, 243U, 245U, 0x7effffffU, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
            for (std::size_t i = 0; i < 4; ++i) {
                c.encoded[header + i] = static_cast<std::byte>((lie >> (8 * i)) & 0xffU);
            }
            EXPECT_EQ(decode_error(plan(c), c.encoded).code, ErrorCode::kCorrupt) << name << " " << lie;
        }
    }
}

TEST(CodecChain, ABombStopsAtTheChunksSize) {
    // 200 000 bytes of one value where the chunk should have 400.
    Case c = case_named("zlib constant");
    c.elements = 100;
    const Error error = decode_error(plan(c), c.encoded);
    EXPECT_EQ(error.code, ErrorCode::kCorrupt);
    EXPECT_THAT(error.message, HasSubstr("200000 bytes, expected 400"));
}

TEST(CodecChain, UnknownCodecsAreNamed) {
    for (const auto& [filters, compressor] :
         {std::pair{R"([{"id":"grib","var":"x"}])", "null"}, {"null", R"({"id":"grib"})"}}) {
        const Result<CodecChain> chain = plan_text(filters, compressor, "<f4", 1);
        ASSERT_FALSE(chain.ok());
        EXPECT_EQ(chain.error().code, ErrorCode::kUnsupported);
        EXPECT_THAT(chain.error().message, HasSubstr("\"grib\""));
        EXPECT_THAT(chain.error().message, HasSubstr("a.json: sst/.zarray"));
    }
    EXPECT_EQ(plan_text("null", "null", "|O", 1).error().code, ErrorCode::kUnsupported);
}

TEST(CodecChain, BadConfigurationsAreErrorsThatNameTheKey) {
    const std::vector<std::pair<const char*, const char*>> bad = {
        {R"([{"elementsize":4}])", "id"},
        {R"([{"id":7}])", "id"},
        {R"(["shuffle"])", "configuration"},
        {R"({"id":"shuffle"})", "filters"},
        {R"([{"id":"shuffle","elementsize":-4}])", "elementsize"},
        {R"([{"id":"shuffle","elementsize":"4"}])", "elementsize"},
        {R"([{"id":"delta"}])", "dtype"},
        {R"([{"id":"delta","dtype":"<q7"}])", "dtype"},
        {R"([{"id":"delta","dtype":"<f4","astype":5}])", "astype"},
        {R"([{"id":"delta","dtype":"<c8"}])", "dtype"},
        {R"([{"id":"fixedscaleoffset","dtype":"<f4","offset":1}])", "scale"},
        {R"([{"id":"fixedscaleoffset","dtype":"<f4","scale":"1","offset":1}])", "scale"},
        {R"([{"id":"fixedscaleoffset","dtype":"<f4","scale":1}])", "offset"},
        {R"([{"id":"quantize","digits":2,"dtype":"<i4"}])", "float"},
    };
    for (const auto& [filters, key] : bad) {
        const Result<CodecChain> chain = plan_text(filters, "null", "<f4", 8);
        ASSERT_FALSE(chain.ok()) << filters;
        EXPECT_THAT(chain.error().message, HasSubstr(key)) << filters;
        EXPECT_THAT(chain.error().message, HasSubstr("a.json: sst/.zarray")) << filters;
    }
}

TEST(CodecChain, AbsurdSizesAreRefused) {
    EXPECT_EQ(plan_text("null", "null", "<f8", SIZE_MAX / 4).error().code, ErrorCode::kLimit);
    EXPECT_EQ(plan_text("null", "null", "<f8", SIZE_MAX / 16).error().code, ErrorCode::kLimit);
    std::string widening = "[";
    for (int i = 0; i < 9; ++i) {
        widening += std::string(i > 0 ? "," : "") + R"({"id":"delta","dtype":"|u1","astype":"<u8"})";
    }
    EXPECT_EQ(plan_text((widening + "]").c_str(), "null", "|u1", 1U << 24).error().code, ErrorCode::kLimit);
    std::string many = "[";
    for (int i = 0; i < 40; ++i) {
        many += std::string(i > 0 ? "," : "") + R"({"id":"zlib"})";
    }
    EXPECT_EQ(plan_text((many + "]").c_str(), "null", "|u1", 8).error().code, ErrorCode::kLimit);
}

TEST(CodecChain, ThreadsShareAChain) {
    const Case& c = case_named("kerchunk >f8");
    const CodecChain chain = plan(c);
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            std::vector<std::byte> out(chain.decoded_size());
            for (int i = 0; i < 200; ++i) {
                wrong += chain.decode(c.encoded, out).ok() && out == c.decoded ? 0 : 1;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(wrong, 0);
}

TEST(Registry, IsSortedAndFindsAliases) {
    const std::vector<std::string> names = codec_names();
    EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
    for (const CodecEntry& entry : codec_table()) {
        EXPECT_EQ(find_codec(entry.id), &entry);
        for (const std::string_view alias : entry.aliases) {
            EXPECT_EQ(find_codec(alias), &entry);
        }
    }
    EXPECT_EQ(find_codec("zl"), nullptr);
}

}  // namespace
}  // namespace vcube
