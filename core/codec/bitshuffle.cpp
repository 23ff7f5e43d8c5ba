// The bits of a block's elements apart: {"id": "imagecodecs_bitshuffle", "itemsize": 4, "blocksize": 0}.
// Source: the bitshuffle library's description of its format. A block of n elements (8192 bytes of them where
// blocksize is 0) is, for each byte of an element from the first in memory and each of its bits from the lowest, n
// bits, eight elements a byte from the lowest bit. The last block is shorter; fewer than eight elements at the end stay
// as they are.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/codec/axis_layout.h"

namespace vcube {
namespace {

// Rows of eight bits become columns: bit c of byte r goes to bit r of byte c.
std::uint64_t transposed(std::uint64_t x) {
    const auto swap = [&x](unsigned shift, std::uint64_t mask) {
        const std::uint64_t differ = (x ^ (x >> shift)) & mask;
        x ^= differ ^ (differ << shift);
    };
    swap(7, 0x00aa00aa00aa00aaULL);
    swap(14, 0x0000cccc0000ccccULL);
    swap(28, 0x00000000f0f0f0f0ULL);
    return x;
}

void unshuffle_block(const std::byte* in, std::byte* out, std::size_t width, std::size_t count) {
    const std::size_t row = count / 8;
    for (std::size_t group = 0; group < row; ++group) {
        for (std::size_t byte = 0; byte < width; ++byte) {
            std::uint64_t bits = 0;
            for (std::size_t bit = 0; bit < 8; ++bit) {
                bits |= static_cast<std::uint64_t>(in[(byte * 8 + bit) * row + group]) << (8 * bit);
            }
            bits = transposed(bits);
            for (std::size_t i = 0; i < 8; ++i) {
                out[(group * 8 + i) * width + byte] = static_cast<std::byte>(bits >> (8 * i) & 0xff);
            }
        }
    }
}

class BitshuffleCodec final : public Codec {
public:
    BitshuffleCodec(std::size_t width, std::size_t block) : width_(width), block_(block) {}
    [[nodiscard]] std::string_view id() const override { return "imagecodecs_bitshuffle"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t decoded) const override { return decoded; }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        const std::size_t count = in.size() / width_;
        VCUBE_TRY(check_filtered(id(), in.size(), count * width_, out.size()));
        const std::size_t whole = count / 8 * 8;
        for (std::size_t first = 0; first < whole; first += block_) {
            const std::size_t at = first * width_;
            unshuffle_block(in.data() + at, out.data() + at, width_, std::min(block_, whole - first));
        }
        const std::size_t done = whole * width_;
        if (done < in.size()) {
            std::memcpy(out.data() + done, in.data() + done, in.size() - done);
        }
        return in.size();
    }

private:
    std::size_t width_;
    std::size_t block_;
};

}  // namespace

MadeCodec make_bitshuffle(const Json& config, CodecPlace& place) {
    std::uint64_t width = 1;
    std::uint64_t block = 0;
    if (config.contains("itemsize")) {
        VCUBE_ASSIGN(width, json_uint(config, "itemsize", place.what));
    }
    if (config.contains("blocksize")) {
        VCUBE_ASSIGN(block, json_uint(config, "blocksize", place.what));
    }
    constexpr std::uint64_t kMaxBlock = 1U << 30;
    if ((width != 1 && width != 2 && width != 4 && width != 8) || block % 8 != 0 || block > kMaxBlock) {
        return invalid(place.what + ": expected an \"itemsize\" of 1, 2, 4 or 8 and a \"blocksize\" that is a " +
                       "multiple of 8");
    }
    constexpr std::uint64_t kBlockBytes = 8192;
    const std::uint64_t elements = block == 0 ? kBlockBytes / width : block;
    return std::unique_ptr<const Codec>(
        std::make_unique<BitshuffleCodec>(static_cast<std::size_t>(width), static_cast<std::size_t>(elements)));
}

}  // namespace vcube
