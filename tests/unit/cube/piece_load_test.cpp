#include "core/cube/piece_load.h"

#include <gtest/gtest.h>
#include <libdeflate.h>

#include <string>
#include <vector>

#include "core/base/utf8.h"
#include "core/cube/array.h"
#include "fake_store.h"

namespace vcube {
namespace {

using test::Bench;
using test::Bytes;

Bytes deflated(const Bytes& bytes) {
    libdeflate_compressor* const compressor = libdeflate_alloc_compressor(6);
    Bytes out(libdeflate_deflate_compress_bound(compressor, bytes.size()));
    out.resize(libdeflate_deflate_compress(compressor, bytes.data(), bytes.size(), out.data(), out.size()));
    libdeflate_free_compressor(compressor);
    return out;
}

void deflate_all(test::FakeStore& store) {
    store.deflated = true;
    for (auto& [key, bytes] : store.chunks) {
        store.unwrapped_sizes[key] = bytes.size();
        bytes = deflated(bytes);
    }
}

TEST(PieceLoad, UnwrapsChunksAndShardsOfZips) {
    for (const char* file : {"arrays.json", "zarr3.json"}) {
        const Json fixtures = test::load_json(file);
        for (const std::size_t cache : {std::size_t{0}, std::size_t{1} << 20}) {
            auto source = test::fixture_store(fixtures);
            deflate_all(*source);
            const Bench bench(source, cache);
            for (const auto& [name, entry] : fixtures["arrays"].items()) {
                const Array array = bench.open(name);
                for (int round = 0; round < 2; ++round) {
                    const Result<Buffer> all = array.read_all();
                    ASSERT_TRUE(all.ok()) << name << ": " << all.error().message;
                    const Bytes got(all.value().data(), all.value().data() + all.value().size());
                    ASSERT_EQ(got, test::from_hex(entry["bytes"].get<std::string>())) << name;
                }
            }
        }
    }
}

std::shared_ptr<test::FakeStore> one_chunk(const std::string& zarray, Bytes chunk) {
    auto store = std::make_shared<test::FakeStore>();
    store->texts["a/.zarray"] = zarray;
    store->chunks["a/0"] = std::move(chunk);
    return store;
}

std::string zarray(std::size_t n, const std::string& dtype = "<i4", const std::string& more = "") {
    return R"({"zarr_format": 2, "order": "C", "fill_value": 0, "compressor": null, "filters": null, "shape": [)" +
           std::to_string(n) + "], \"chunks\": [" + std::to_string(n) + "], \"dtype\": \"" + dtype + "\"" + more + "}";
}

TEST(PieceLoad, ALargeWrappedChunkIsFetchedOnceForAllItsParts) {
    constexpr std::size_t kElements = 5U << 20;  // 20 MiB: read by parts
    Bytes chunk(kElements * 4);
    for (std::size_t i = 0; i < kElements; ++i) {
        const auto value = static_cast<std::uint32_t>(i * 7);
        std::memcpy(chunk.data() + 4 * i, &value, 4);
    }
    auto store = one_chunk(zarray(kElements), chunk);
    deflate_all(*store);
    const Bench bench(store);
    const Result<Buffer> all = bench.open("a").read_all();
    ASSERT_TRUE(all.ok()) << all.error().message;
    EXPECT_EQ(std::memcmp(all.value().data(), chunk.data(), chunk.size()), 0);
    EXPECT_EQ(bench.fetcher->total(), 1);
    store->unwrapped_sizes["a/0"] -= 4;
    const Result<Buffer> wrong = bench.open("a").read_all();
    ASSERT_FALSE(wrong.ok());
    EXPECT_NE(wrong.error().message.find("chunk a/0"), std::string::npos) << wrong.error().message;
}

/// Text of an inline chunk as references hold it.
Bytes utf8(const std::string& text) {
    const ByteSpan bytes = as_byte_span(text);
    return {bytes.begin(), bytes.end()};
}

TEST(PieceLoad, InlineTextIsUtf8WhereThatFitsAndLatin1Otherwise) {
    const auto read = [](const std::string& type, std::size_t n, const std::string& text) -> Result<Buffer> {
        auto store = one_chunk(zarray(n, type), utf8(text));
        store->remote = false;
        return Bench(store).open("a").read_all();
    };
    const auto bytes = [](const Result<Buffer>& buffer) { return std::string(as_text(buffer.value().span())); };
    // Four bytes as four code points: f0 00 e9 7f, which as UTF-8 are six bytes.
    const std::string text("\xC3\xB0\x00\xC3\xA9\x7F", 6);
    EXPECT_EQ(bytes(read("<i4", 1, text)), std::string("\xF0\x00\xE9\x7F", 4));
    EXPECT_EQ(bytes(read("|u1", 6, text)), text);  // the UTF-8 bytes fit
    EXPECT_FALSE(read("<i4", 2, text).ok());       // neither fits
    EXPECT_FALSE(read("|u1", 1, "\xE2\x82\xAC").ok()) << "a code point above 255 has no latin-1 form";
    EXPECT_FALSE(read("<i2", 1, "\xC3").ok()) << "no UTF-8";
}

TEST(PieceLoad, CompressedInlineTextIsTriedAsLatin1) {
    const Json fixtures = test::load_json("arrays.json");
    auto store = test::fixture_store(fixtures);
    store->remote = false;
    int changed = 0;
    for (auto& [key, chunk] : store->chunks) {
        if (key.starts_with("cube_c/")) {
            std::string text;
            for (const std::byte byte : chunk) {
                append_utf8(text, static_cast<char32_t>(byte));
            }
            changed += text.size() > chunk.size() ? 1 : 0;
            chunk = utf8(text);
        }
    }
    ASSERT_GT(changed, 0);
    const Result<Buffer> all = Bench(store).open("cube_c").read_all();
    ASSERT_TRUE(all.ok()) << all.error().message;
    EXPECT_EQ(Bytes(all.value().data(), all.value().data() + all.value().size()),
              test::from_hex(fixtures["arrays"]["cube_c"]["bytes"].get<std::string>()));
}

TEST(PieceLoad, AnUnknownCodecHindersItsArrayOnly) {
    auto store = one_chunk(R"({"zarr_format": 2, "order": "C", "fill_value": 0, "compressor": {"id": "made_up"},
                               "filters": null, "shape": [2], "chunks": [2], "dtype": "|u1"})",
                           Bytes(2));
    store->texts["b/.zarray"] = zarray(2, "|u1");
    store->chunks["b/0"] = Bytes(2, std::byte{7});
    const Bench bench(store);
    const Array array = bench.open("a");
    const Result<Buffer> refused = array.read_all();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(refused.error().message.find("made_up"), std::string::npos);
    EXPECT_NE(refused.error().message.find("\"a\""), std::string::npos);
    EXPECT_TRUE(bench.open("b").read_all().ok());
}

}  // namespace
}  // namespace vcube
