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

/// Arrays that become grids (dense, in order and not, with holes and repeated keys) and arrays that do not, with
/// lengths around 32 bits, against an ordinary map.
TEST(Manifest, HoldsDenseAndSparseArrays) {
    constexpr std::uint64_t kWord = std::uint64_t{1} << 32U;
    const std::uint64_t lengths[] = {0,         1,         4096,      kWord - 5, kWord - 4,
                                     kWord - 3, kWord - 2, kWord - 1, kWord,     kWord * 9};
    std::mt19937 random(3);
    for (int kind = 0; kind < 6; ++kind) {
        std::vector<std::string> keys;
        for (int i = 0; i < 10; ++i) {
            for (int j = 0; j < 7; ++j) {
                for (int k = 0; k < 5; ++k) {
                    const std::int64_t far = kind == 5 ? 4294967280 : 0;
                    keys.push_back("a/" + std::to_string(i) + "." + std::to_string(j + far) + "." +
                                   std::to_string(k + far));
                }
            }
        }
        if (kind >= 1) {
            std::shuffle(keys.begin(), keys.end(), random);
        }
        if (kind >= 2) {
            keys.resize(keys.size() - (kind == 4 ? 300 : 40));
        }
        if (kind >= 3) {
            keys.insert(keys.end(), keys.begin(), keys.begin() + 30);
        }
        std::map<std::string, ByteRange> expected;
        ManifestBuilder builder;
        const std::uint32_t url = builder.intern_url("/d/x.nc");
        for (const std::string& key : keys) {
            const std::uint64_t begin = (std::uint64_t{random()} << 8U) + 1;
            const ByteRange range{begin, random() % 8 == 0 ? ByteRange::kEnd : begin + lengths[random() % 10]};
            expected[key] = range;
            builder.add_range(key, url, range);
        }
        const auto store = std::move(builder).build("m", {});
        EXPECT_EQ(store->chunk_count(), expected.size()) << kind;
        keys.insert(keys.end(), {"a/10.0.0", "a/0.7.0", "a/0.0.5", "a/0.0", "a/9.6.4", "a/0.0.0"});
        for (const std::string& key : keys) {
            ChunkLocation out;
            ASSERT_TRUE(store->locate(std::span(&key, 1), std::span(&out, 1)).ok());
            const auto* found = std::get_if<Remote>(&out);
            const auto wanted = expected.find(key);
            ASSERT_EQ(found != nullptr, wanted != expected.end()) << kind << " " << key;
            if (found != nullptr) {
                EXPECT_EQ(found->range, wanted->second) << kind << " " << key;
            }
        }
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
