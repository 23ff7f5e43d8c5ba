#include "core/refs/parquet_encoding.h"

#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

namespace vcube::parquet {
namespace {

std::string bytes(std::initializer_list<int> values) {
    std::string out;
    for (const int value : values) {
        out.push_back(static_cast<char>(value));
    }
    return out;
}

std::vector<std::uint32_t> runs(const std::string& text, unsigned width, std::size_t count) {
    std::vector<std::uint32_t> out(count);
    return RunReader(as_byte_span(text), width).read(std::span(out)) ? out : std::vector<std::uint32_t>{};
}

std::vector<std::int64_t> deltas(const std::string& text, std::size_t count, bool narrow = false) {
    std::vector<std::int64_t> out(count);
    ByteSpan in = as_byte_span(text);
    return read_deltas(in, out, narrow) ? out : std::vector<std::int64_t>{};
}

TEST(ParquetEncoding, PackedBitsOfTheSpecification) {
    // Encodings.md: 0 to 7 in three bits are 10001000 11000110 11111010.
    EXPECT_EQ(runs(bytes({0x03, 0x88, 0xC6, 0xFA}), 3, 8), (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(ParquetEncoding, RunsAndGroupsInTurn) {
    const std::string text = bytes({0x08, 0x05, 0x03, 0x88, 0xC6, 0xFA, 0x00, 0x01, 0x04, 0x02});
    EXPECT_EQ(runs(text, 3, 14), (std::vector<std::uint32_t>{5, 5, 5, 5, 0, 1, 2, 3, 4, 5, 6, 7, 2, 2}));
    // In pieces of every size the same.
    for (std::size_t piece = 1; piece < 14; ++piece) {
        RunReader reader(as_byte_span(text), 3);
        std::vector<std::uint32_t> out(14);
        for (std::size_t i = 0; i < out.size(); i += piece) {
            ASSERT_TRUE(reader.read(std::span(out).subspan(i, std::min(piece, out.size() - i)))) << piece;
        }
        EXPECT_EQ(out, runs(text, 3, 14)) << piece;
    }
}

TEST(ParquetEncoding, RunsCutShortAreRefused) {
    EXPECT_TRUE(runs(bytes({0x03, 0x88, 0xC6}), 3, 8).empty());
    EXPECT_EQ(runs(bytes({0x03, 0x88, 0xC6}), 3, 5), (std::vector<std::uint32_t>{0, 1, 2, 3, 4}));  // no padding
    EXPECT_TRUE(runs(bytes({0x08}), 3, 1).empty());
    EXPECT_TRUE(runs(bytes({0x08, 0x05}), 3, 5).empty());
    EXPECT_TRUE(runs(bytes({0x08, 0x09}), 3, 1).empty());  // 9 has more than three bits
    EXPECT_TRUE(runs("", 1, 1).empty());
    EXPECT_TRUE(runs(bytes({0xFE, 0xFF, 0xFF, 0xFF, 0x1F, 0x01}), 1, 3).empty());  // a length above 32 bits
    EXPECT_EQ(runs("", 0, 2), (std::vector<std::uint32_t>{0, 0}));
}

TEST(ParquetEncoding, ValuesOfThirtyTwoBits) {
    EXPECT_EQ(runs(bytes({0x04, 0xFF, 0xFF, 0xFF, 0xFF}), 32, 2), (std::vector<std::uint32_t>{0xFFFFFFFF, 0xFFFFFFFF}));
}

TEST(ParquetEncoding, UnpacksEveryWidth) {
    for (unsigned width = 1; width <= 64; ++width) {
        // Value i has the bits of a multiplicative sequence; packed here bit by bit.
        const std::uint64_t mask = width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
        std::vector<std::uint64_t> values(67);
        std::string packed((values.size() * width + 7) / 8, '\0');
        std::size_t bit = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = (0x9E3779B97F4A7C15U * (i + 1)) & mask;
            for (unsigned b = 0; b < width; ++b, ++bit) {
                packed[bit / 8] = static_cast<char>(static_cast<unsigned char>(packed[bit / 8]) |
                                                    (((values[i] >> b) & 1U) << (bit % 8)));
            }
        }
        std::vector<std::uint64_t> out(values.size());
        unpack_bits(as_byte_span(packed), width, out.size(), out.data());
        EXPECT_EQ(out, values) << width;
    }
}

TEST(ParquetEncoding, DeltasOfTheSpecification) {
    // Encodings.md, examples 1 and 2.
    EXPECT_EQ(deltas(bytes({8, 1, 5, 2, 2, 0}), 5), (std::vector<std::int64_t>{1, 2, 3, 4, 5}));
    EXPECT_EQ(deltas(bytes({8, 1, 8, 14, 3, 2, 0xC0, 0x3F}), 8), (std::vector<std::int64_t>{7, 5, 3, 1, 2, 3, 4, 5}));
}

TEST(ParquetEncoding, DeltasWrap) {
    // From the greatest to the least by a step of 1.
    EXPECT_EQ(deltas(bytes({8, 1, 2, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 2, 0}), 2, true),
              (std::vector<std::int64_t>{std::numeric_limits<std::int32_t>::max(),
                                         std::numeric_limits<std::int32_t>::min()}));
}

TEST(ParquetEncoding, DeltasThatLieAreRefused) {
    EXPECT_TRUE(deltas(bytes({8, 1, 5, 2, 2, 0}), 6).empty());         // other number of values
    EXPECT_TRUE(deltas(bytes({8, 0, 5, 2, 2, 0}), 5).empty());         // no miniblocks
    EXPECT_TRUE(deltas(bytes({8, 3, 5, 2, 2, 0, 0, 0}), 5).empty());   // 8 values in 3 miniblocks
    EXPECT_TRUE(deltas(bytes({8, 1, 5, 2, 2, 65, 0, 0}), 5).empty());  // 65 bits
    EXPECT_TRUE(deltas(bytes({8, 1, 5, 2, 2}), 5).empty());            // cut short
    EXPECT_TRUE(deltas(bytes({8, 1, 5, 2, 2, 16, 0, 0}), 5).empty());
    EXPECT_TRUE(deltas(bytes({0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1, 5, 2, 2, 0}), 5).empty());  // a block of 2^32
}

TEST(ParquetEncoding, OldLevelsBeginWithTheHighestBit) {
    std::array<std::uint8_t, 10> out{};
    const std::string text = bytes({0xA0, 0x40});
    ASSERT_TRUE(read_packed_levels(as_byte_span(text), out));
    EXPECT_EQ(out, (std::array<std::uint8_t, 10>{1, 0, 1, 0, 0, 0, 0, 0, 0, 1}));
    EXPECT_FALSE(read_packed_levels(as_byte_span(text).first(1), out));
}

TEST(ParquetEncoding, ByteStreamsOfTheSpecification) {
    const std::string text = bytes({0xAA, 0x00, 0xA3, 0xBB, 0x11, 0xB4, 0xCC, 0x22, 0xC5, 0xDD, 0x33, 0xD6});
    std::string out(12, '\0');
    join_byte_streams(as_byte_span(text), 4, std::as_writable_bytes(std::span(out)));
    EXPECT_EQ(out, bytes({0xAA, 0xBB, 0xCC, 0xDD, 0x00, 0x11, 0x22, 0x33, 0xA3, 0xB4, 0xC5, 0xD6}));
}

}  // namespace
}  // namespace vcube::parquet
