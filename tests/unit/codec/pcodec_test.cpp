// Streams of pco: those that the library wrote, those that tests/support/pco_writer.py makes from the description of
// the format (see make_pcodec.py for what rests on what), and streams that are wrong in one place each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <limits>
#include <set>

#include "core/base/dtype_text.h"
#include "core/codec/chain.h"
#include "core/codec/pcodec_delta.h"
#include "core/codec/pcodec_latents.h"
#include "core/codec/pcodec_modes.h"
#include "fixture.h"

namespace vcube {
namespace {

using testing::HasSubstr;

// Exactly as long as its bytes, so that a sanitizer sees any access beyond them.
using Bytes = std::vector<std::byte>;

CodecChain chain_of(const std::string& dtype, std::size_t elements) {
    return CodecChain::plan_v2(Json(), Json::parse(R"({"id":"pcodec"})"), parse_dtype(dtype).value(), elements,
                               "a.json: sst/.zarray")
        .value();
}

Status decode(const Json& entry, const Bytes& encoded, Bytes& out) {
    const CodecChain chain = chain_of(entry["dtype"].get<std::string>(), entry["elements"].get<std::size_t>());
    out.assign(chain.decoded_size(), std::byte{0xcd});
    return chain.decode(encoded, out);
}

Status decode(const Json& entry) {
    Bytes out;
    return decode(entry, from_base64(entry["encoded"].get<std::string>()), out);
}

TEST(Pcodec, DecodesEveryFixtureBitForBit) {
    std::size_t of_the_library = 0;
    std::set<std::string> types;
    for (const Json& entry : read_fixtures("pcodec.json")) {
        const auto name = entry["name"].get<std::string>();
        Bytes out;
        const Status status = decode(entry, from_base64(entry["encoded"].get<std::string>()), out);
        ASSERT_TRUE(status.ok()) << name << ": " << status.error().message;
        EXPECT_TRUE(out == decoded_of(entry, out.size())) << name;
        of_the_library += name.starts_with("pco ") ? 1U : 0U;
        types.insert(entry["dtype"].get<std::string>());
    }
    EXPECT_EQ(of_the_library, 3U);
    EXPECT_EQ(types.size(), 11U);
}

TEST(Pcodec, WrongStreamsAreErrorsThatSayWhy) {
    std::size_t count = 0;
    for (const Json& entry : read_fixtures("pcodec_errors.json")) {
        const Status status = decode(entry);
        ASSERT_FALSE(status.ok()) << entry["name"];
        EXPECT_THAT(status.error().message, HasSubstr(entry["error"].get<std::string>())) << entry["name"];
        EXPECT_THAT(status.error().message, HasSubstr("pcodec")) << entry["name"];
        ++count;
    }
    EXPECT_GT(count, 40U);
}

TEST(Pcodec, EveryCutIsAnError) {
    for (const Json& entry : read_fixtures("pcodec.json")) {
        const Bytes whole = from_base64(entry["encoded"].get<std::string>());
        for (std::size_t size = 0; size < whole.size(); size += whole.size() < 200 ? 1 : 61) {
            const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            Bytes out;
            EXPECT_FALSE(decode(entry, cut, out).ok()) << entry["name"] << " cut to " << size;
        }
    }
}

TEST(Pcodec, BytesBehindTheEndDoNotMatter) {
    const Json entry = read_fixtures("pcodec.json").front();
    Bytes longer = from_base64(entry["encoded"].get<std::string>());
    longer.insert(longer.end(), 9, std::byte{0xff});
    Bytes out;
    EXPECT_TRUE(decode(entry, longer, out).ok());
    EXPECT_TRUE(out == decoded_of(entry, out.size()));
}

TEST(Pcodec, StandsWhereZarrVersion3MakesBytes) {
    const auto plan = [](const char* codecs) {
        return CodecChain::plan_v3(Json::parse(codecs), parse_dtype("<i4").value(), {2, 4}, "a: sst/zarr.json");
    };
    const Json entry = read_fixtures("pcodec.json").front();
    for (const char* const codecs :
         {R"([{"name":"numcodecs.pcodec","configuration":{"level":8,"delta_encoding_order":null}}])",
          R"(["pcodec"])"}) {
        const Result<CodecChain> chain = plan(codecs);
        ASSERT_TRUE(chain.ok()) << chain.error().message;
        Bytes out(32);
        ASSERT_TRUE(chain.value().decode(from_base64(entry["encoded"].get<std::string>()), out).ok());
        EXPECT_TRUE(out == decoded_of(entry, out.size()));
    }
    EXPECT_FALSE(plan(R"(["bytes","numcodecs.pcodec"])").ok());
}

TEST(Pcodec, SumsAsTheDescriptionsExample) {
    // docs/format.md: of second order, moments 1 and 2, differences 0, 10, 0.
    pcodec::DeltaEncoding encoding;
    encoding.kind = pcodec::Delta::kConsecutive;
    encoding.state_size = 2;
    pcodec::DeltaDecoder<std::uint32_t> delta(encoding, 5);
    const Bytes moments = {std::byte{1}, {}, {}, {}, std::byte{2}, {}, {}, {}};
    pcodec::BitReader reader(moments);
    delta.read_state(reader);
    constexpr std::uint32_t kFlip = 0x80000000;
    std::array<std::uint32_t, 5> batch = {0 ^ kFlip, 10 ^ kFlip, 0 ^ kFlip};
    ASSERT_TRUE(delta.decode(batch, 3, {}));
    EXPECT_THAT(batch, testing::ElementsAre(1, 3, 5, 17, 29));
}

TEST(Pcodec, BinsAreSpreadAsInTheLibrary) {
    // The table that pco's own test of ans/spec.rs states for the weights 1, 1, 3, 11.
    const std::vector<std::uint32_t> table = {0, 3, 2, 3, 2, 3, 3, 3, 3, 1, 3, 2, 3, 3, 3, 3};
    pcodec::LatentVariable variable;
    variable.bits = 32;
    variable.table_log = 4;
    for (const std::uint32_t weight : {1, 1, 3, 11}) {
        variable.bins.push_back({weight, 0, variable.bins.size()});
    }
    pcodec::LatentStream<std::uint32_t> stream(variable);
    std::vector<std::uint32_t> found;
    for (unsigned first = 0; first < table.size(); first += 4) {
        // Four states of four bits each: the latents that they stand for come out first.
        const Bytes states = {static_cast<std::byte>(first | (first + 1) << 4),
                              static_cast<std::byte>((first + 2) | (first + 3) << 4)};
        pcodec::BitReader reader(states);
        stream.read_states(reader);
        std::array<std::uint32_t, 4> latents{};
        stream.next(reader, latents);
        found.insert(found.end(), latents.begin(), latents.end());
    }
    EXPECT_EQ(found, table);
}

TEST(Pcodec, QuantisedFloatsAreAsTheLibrarySplitsThem) {
    // The pairs of latents that pco's own test of float_quant.rs states, of five bits.
    std::array<std::uint32_t, 8> primary = {0x0003ffff, 0x0203ffff, 0x0203ffff, 0x03ffffff,
                                            0x04000000, 0x05fc0000, 0x05fc0000, 0x07fc0000};
    const std::array<std::uint32_t, 8> secondary = {0, 1, 0, 0, 0, 0, 1, 0};
    pcodec::join_float_quant<std::uint32_t>(primary, secondary, 5);
    pcodec::order_to_bits<std::uint32_t>(primary, pcodec::NumberKind::kFloat);
    const auto bits = [](float value) { return std::bit_cast<std::uint32_t>(value); };
    const float inf = std::numeric_limits<float>::infinity();
    const float next = 1 + std::numeric_limits<float>::epsilon();
    EXPECT_THAT(primary, testing::ElementsAre(bits(-inf), bits(-next), bits(-1.0F), bits(-0.0F), bits(0.0F), bits(1.0F),
                                              bits(next), bits(inf)));
}

}  // namespace
}  // namespace vcube
