// CRC-32C behind the data: {"name": "crc32c"} of Zarr v3, {"id": "crc32c"} of numcodecs, which knows
// "location": "start" too.
#include "core/codec/crc32c.h"

#include <array>
#include <cstring>

#include "core/codec/checksum_codec.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace vcube {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78U;  // bits reversed
using Table = std::array<std::uint32_t, 256>;

// Table k: what a byte contributes that k more bytes follow.
constexpr std::array<Table, 8> make_tables() {
    std::array<Table, 8> tables{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
        }
        tables[0][i] = crc;
    }
    for (std::uint32_t i = 0; i < 256; ++i) {
        for (std::size_t k = 1; k < 8; ++k) {
            tables[k][i] = (tables[k - 1][i] >> 8) ^ tables[0][tables[k - 1][i] & 0xff];
        }
    }
    return tables;
}
constexpr std::array<Table, 8> kTables = make_tables();

std::uint32_t add_byte(std::uint32_t crc, std::byte byte) {
    return (crc >> 8) ^ kTables[0][(crc ^ static_cast<std::uint32_t>(byte)) & 0xff];
}

#if defined(__x86_64__)
// The instruction has a latency of three cycles and takes eight bytes a cycle: three blocks side by side keep it busy.
constexpr std::size_t kBlock = 1024;

// A register after kBlock more zero bytes, by four tables over its bytes.
struct Shift {
    std::array<Table, 4> tables{};
    Shift() {
        for (std::uint32_t place = 0; place < 4; ++place) {
            for (std::uint32_t i = 0; i < 256; ++i) {
                std::uint32_t crc = i << (8 * place);
                for (std::size_t n = 0; n < kBlock; ++n) {
                    crc = add_byte(crc, std::byte{0});
                }
                tables[place][i] = crc;
            }
        }
    }
    [[nodiscard]] std::uint32_t operator()(std::uint32_t crc) const {
        return tables[0][crc & 0xff] ^ tables[1][(crc >> 8) & 0xff] ^ tables[2][(crc >> 16) & 0xff] ^
               tables[3][crc >> 24];
    }
};

std::uint64_t load_word(const std::byte* p) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, sizeof word);
    return word;
}

__attribute__((target("sse4.2"))) std::uint32_t crc32c_sse42(ByteSpan data) {
    static const Shift shift;
    const std::byte* p = data.data();
    std::size_t left = data.size();
    std::uint64_t crc = 0xffffffffU;
    for (; left >= 3 * kBlock; left -= 3 * kBlock, p += 3 * kBlock) {
        std::uint64_t second = 0;
        std::uint64_t third = 0;
        for (std::size_t i = 0; i < kBlock; i += 8) {
            crc = _mm_crc32_u64(crc, load_word(p + i));
            second = _mm_crc32_u64(second, load_word(p + kBlock + i));
            third = _mm_crc32_u64(third, load_word(p + 2 * kBlock + i));
        }
        const std::uint32_t both = shift(static_cast<std::uint32_t>(crc)) ^ static_cast<std::uint32_t>(second);
        crc = shift(both) ^ static_cast<std::uint32_t>(third);
    }
    for (; left >= 8; left -= 8, p += 8) {
        crc = _mm_crc32_u64(crc, load_word(p));
    }
    for (; left > 0; --left, ++p) {
        crc = _mm_crc32_u8(static_cast<std::uint32_t>(crc), static_cast<unsigned char>(*p));
    }
    return ~static_cast<std::uint32_t>(crc);
}

bool has_sse42() {
    static const bool found = __builtin_cpu_supports("sse4.2") != 0;
    return found;
}
#endif

}  // namespace

std::uint32_t crc32c_portable(ByteSpan data) {
    std::uint32_t crc = 0xffffffffU;
    const std::byte* p = data.data();
    std::size_t left = data.size();
    for (; left >= 8; left -= 8, p += 8) {
        const std::uint32_t low = crc ^ little_endian_32(p);
        const std::uint32_t high = little_endian_32(p + 4);
        crc = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            crc ^= kTables[7 - i][(low >> (8 * i)) & 0xff] ^ kTables[3 - i][(high >> (8 * i)) & 0xff];
        }
    }
    for (; left > 0; --left, ++p) {
        crc = add_byte(crc, *p);
    }
    return ~crc;
}

std::uint32_t crc32c(ByteSpan data) {
#if defined(__x86_64__)
    if (has_sse42()) {
        return crc32c_sse42(data);
    }
#endif
    return crc32c_portable(data);
}

MadeCodec make_crc32c(const Json& config, CodecPlace& place) {
    return make_checksum("crc32c", config, place, true, [](ByteSpan data) { return crc32c(data); });
}

}  // namespace vcube
