// CRC-32C against the published vectors (RFC 3720, appendix B.4), and its two ways against each other.
#include "core/codec/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace vcube {
namespace {

void expect_both(ByteSpan data, std::uint32_t expected) {
    EXPECT_EQ(crc32c(data), expected);
    EXPECT_EQ(crc32c_portable(data), expected);
}

TEST(Crc32c, PublishedVectors) {
    expect_both(as_byte_span("123456789"), 0xe3069283U);
    expect_both({}, 0U);
    std::vector<std::byte> data(32);
    expect_both(data, 0x8a9136aaU);
    std::fill(data.begin(), data.end(), std::byte{0xff});
    expect_both(data, 0x62a8ab43U);
    for (std::size_t i = 0; i < data.size(); ++i) {
        data[i] = static_cast<std::byte>(i);
    }
    expect_both(data, 0x46dd794eU);
}

TEST(Crc32c, BothWaysAgreeAtEveryLengthAndPlace) {
    std::mt19937 random(3);
    std::vector<std::byte> data(20000);
    for (std::byte& b : data) {
        b = static_cast<std::byte>(random() & 0xff);
    }
    for (std::size_t size = 0; size < 100; ++size) {
        const ByteSpan part = ByteSpan(data).subspan(size % 9, size);
        EXPECT_EQ(crc32c(part), crc32c_portable(part)) << size;
    }
    for (const std::size_t size : {3071U, 3072U, 3073U, 6143U, 6144U, 6200U, 9216U, 19991U}) {
        for (std::size_t first = 0; first < 9; ++first) {
            const ByteSpan part = ByteSpan(data).subspan(first, size);
            EXPECT_EQ(crc32c(part), crc32c_portable(part)) << size;
        }
    }
}

}  // namespace
}  // namespace vcube
