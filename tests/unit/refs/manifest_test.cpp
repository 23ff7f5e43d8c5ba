#include "core/refs/manifest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/refs/chunk_key.h"
#include "core/refs/string_table.h"

namespace vcube {
namespace {

/// Keys of several arrays in random order, some twice, against an ordinary map.
TEST(Manifest, HoldsWhatAMapHolds) {
    std::mt19937 random(7);
    std::map<std::string, ByteRange> expected;
    ManifestBuilder builder;
    const std::uint32_t url = builder.intern_url("/d/x.nc");
    const char* const prefixes[] = {"a/", "group/b/", "", "2020/", "a/0x/"};
    for (int i = 0; i < 20000; ++i) {
        std::string key = prefixes[random() % 5];
        const unsigned rank = 1 + random() % 4;
        const char separator = random() % 4 == 0 ? '/' : '.';
        for (unsigned d = 0; d < rank; ++d) {
            key += (d == 0 ? "" : std::string(1, separator)) +
                   std::to_string(random() % 20 == 0 ? random() : random() % 12);
        }
        const ByteRange range{random(), std::uint64_t{1} << 40U};
        expected[key] = range;
        builder.add_range(key, url, range);
    }
    const auto store = std::move(builder).build("m", {});
    EXPECT_EQ(store->chunk_count(), expected.size());
    std::vector<std::string> keys;
    for (const auto& [key, range] : expected) {
        keys.push_back(key);
    }
    std::vector<ChunkLocation> out(keys.size());
    ASSERT_TRUE(store->locate(keys, out).ok());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto* found = std::get_if<Remote>(&out[i]);
        ASSERT_NE(found, nullptr) << keys[i];
        EXPECT_EQ(found->range, expected[keys[i]]) << keys[i];
    }
}

TEST(Manifest, TheLastOfEqualKeysCounts) {
    ManifestBuilder builder;
    const std::uint32_t url = builder.intern_url("/x");
    builder.add_range("a/1", url, {0, 1});
    builder.add_range("a/0", url, {0, 2});
    builder.add_range("a/1", url, {0, 3});
    builder.add_missing("a/0");
    builder.add_inline("a/.zarray", as_byte_span("old"));
    builder.add_inline("a/.zarray", as_byte_span("new"));
    const auto store = std::move(builder).build("m", {});
    const std::vector<std::string> keys{"a/0", "a/1"};
    std::vector<ChunkLocation> out(2);
    ASSERT_TRUE(store->locate(keys, out).ok());
    EXPECT_TRUE(std::holds_alternative<Missing>(out[0]));
    EXPECT_EQ(std::get<Remote>(out[1]).range, (ByteRange{0, 3}));
    EXPECT_EQ(store->metadata("a/.zarray").value(), "new");
}

TEST(Manifest, MetadataThatStandElsewhereAreAnError) {
    ManifestBuilder builder;
    builder.add_range(".zattrs", builder.intern_url("https://u:p@h/x?s=1"), {});
    const auto store = std::move(builder).build("m", {});
    const auto result = store->metadata(".zattrs");
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().message,
              "m: .zattrs is a reference to https://h/x; metadata must stand in the reference file");
}

TEST(ChunkKey, SplitsOnlyWhatZarrWrites) {
    ChunkKey key;
    ASSERT_TRUE(split_chunk_key("g/a/0.12.3", key));
    EXPECT_EQ(key.prefix, "g/a/");
    EXPECT_EQ(key.rank, 3U);
    EXPECT_EQ(key.at[1], 12U);
    ASSERT_TRUE(split_chunk_key("a/c/4/5", key));
    EXPECT_EQ(key.prefix, "a/c/");
    EXPECT_EQ(key.separator, '/');
    ASSERT_TRUE(split_chunk_key("0", key));
    EXPECT_EQ(key.prefix, "");
    ASSERT_TRUE(split_chunk_key("a/4294967295", key));
    for (const char* text : {"", "/", "a", "a/", "a/.zarray", "a/00", "a/01.2", "a/1..2", "a/.1", "a/1.", "a/x1",
                             "a/4294967296", "a/1.2x", "a/99999999999999999999999"}) {
        EXPECT_FALSE(split_chunk_key(text, key)) << text;
    }
    std::string wide = "a/0";
    for (int i = 0; i < 32; ++i) {
        wide += ".0";
    }
    EXPECT_FALSE(split_chunk_key(wide, key));
}

TEST(StringTable, NumbersStringsInTheOrderOfTheirAddition) {
    StringTable table;
    for (int round = 0; round < 2; ++round) {
        for (std::uint32_t i = 0; i < 5000; ++i) {
            ASSERT_EQ(table.intern("string " + std::to_string(i)), i);
        }
    }
    EXPECT_EQ(table.intern(""), 5000U);
    EXPECT_EQ(table.find("string 77"), 77U);
    EXPECT_EQ(table.find("none"), std::nullopt);
    EXPECT_EQ(table[4999], "string 4999");
    EXPECT_EQ(table[5000], "");
}

}  // namespace
}  // namespace vcube
