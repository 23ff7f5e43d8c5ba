// Szip, HDF5 filter 4: {"id": "szip", "options_mask": 141, "pixels_per_block": 32, "bits_per_pixel": 16,
// "pixels_per_scanline": 256}, the filter's four values; also "mask", "pix_per_block" and "pix_per_scanline". A chunk
// begins with its decoded size (four bytes, little-endian) unless "header" is false.
// Source: CCSDS 121.0-B (the coding, done by libaec); HDF5's szip.h for the masks. What szip adds: samples of 32 and 64
// bits are coded as bytes, planes apart; scanlines are padded to whole blocks.
#include <libaec.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include "core/codec/checksum_codec.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

constexpr unsigned kMsb = 16;  // options_mask
constexpr unsigned kNearestNeighbour = 32;

struct Layout {
    unsigned mask = 0;
    unsigned bits = 0;
    std::size_t block = 0;
    std::size_t scanline = 0;
    bool header = true;

    [[nodiscard]] bool planes() const { return bits == 32 || bits == 64; }
    // Bytes of a sample as libaec writes it.
    [[nodiscard]] std::size_t sample_size() const { return planes() || bits <= 8 ? 1 : bits <= 16 ? 2 : 4; }
    [[nodiscard]] std::size_t blocks() const { return (scanline + block - 1) / block; }
};

class SzipCodec final : public Codec {
public:
    explicit SzipCodec(Layout layout) : layout_(layout) {}
    [[nodiscard]] std::string_view id() const override { return "szip"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t) const override { return std::nullopt; }

    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        std::size_t size = out.size();
        if (layout_.header) {
            if (in.size() < 4) {
                return damaged(in);
            }
            size = little_endian_32(in.data());
            in = in.subspan(4);
        }
        if (size > out.size()) {
            return over_limit("szip chunk: its header claims " + std::to_string(size) + " bytes, more than " +
                              std::to_string(out.size()));
        }
        const MutableByteSpan target = out.first(size);
        const bool padded = layout_.scanline % layout_.block != 0;
        if (!padded && !layout_.planes()) {
            VCUBE_TRY(decode_samples(in, target));
            return size;
        }
        try {
            const std::size_t line = layout_.scanline * layout_.sample_size();
            const std::size_t padded_line = layout_.blocks() * layout_.block * layout_.sample_size();
            const std::size_t lines = (size + line - 1) / line;
            std::vector<std::byte> whole(padded ? lines * padded_line : size);
            VCUBE_TRY(decode_samples(in, whole));
            if (padded) {
                for (std::size_t i = 0; i < lines; ++i) {
                    std::memmove(whole.data() + i * line, whole.data() + i * padded_line, line);
                }
            }
            copy_planes(whole, target);
        } catch (const std::bad_alloc&) {
            return over_limit("no memory for a szip chunk of " + std::to_string(size) + " bytes");
        }
        return size;
    }

private:
    static Error damaged(ByteSpan in) {
        return corrupt("szip chunk of " + std::to_string(in.size()) + " bytes is damaged or cut short");
    }

    [[nodiscard]] Status decode_samples(ByteSpan in, MutableByteSpan out) const {
        if (out.empty()) {
            return {};
        }
        aec_stream stream{};
        stream.bits_per_sample = layout_.planes() ? 8 : layout_.bits;
        stream.block_size = static_cast<unsigned>(layout_.block);
        stream.rsi = static_cast<unsigned>(layout_.blocks());
        stream.flags = ((layout_.mask & kMsb) != 0 ? AEC_DATA_MSB : 0) |
                       ((layout_.mask & kNearestNeighbour) != 0 ? AEC_DATA_PREPROCESS : 0);
        stream.next_in = reinterpret_cast<const unsigned char*>(in.data());
        stream.avail_in = in.size();
        stream.next_out = reinterpret_cast<unsigned char*>(out.data());
        stream.avail_out = out.size();
        const int code = aec_buffer_decode(&stream);
        if (code == AEC_MEM_ERROR) {
            return over_limit("no memory for a szip decompressor");
        }
        if (code != AEC_OK || stream.total_out != out.size()) {
            return damaged(in);
        }
        return {};
    }

    // From planes of bytes to elements; as it is where there are none.
    void copy_planes(ByteSpan in, MutableByteSpan out) const {
        const std::size_t width = layout_.planes() ? layout_.bits / 8 : 1;
        const std::size_t count = out.size() / width;
        for (std::size_t plane = 0; plane < width; ++plane) {
            for (std::size_t i = 0; i < count; ++i) {
                out[i * width + plane] = in[plane * count + i];
            }
        }
        for (std::size_t i = count * width; i < out.size(); ++i) {
            out[i] = in[i];
        }
    }

    Layout layout_;
};

Result<std::uint64_t> value_of(const Json& config, const char* key, const char* other, const std::string& what) {
    return json_uint(config, config.contains(key) ? key : other, what);
}

}  // namespace

MadeCodec make_szip(const Json& config, CodecPlace& place) {
    const std::string& what = place.what;
    VCUBE_ASSIGN(const std::uint64_t mask, value_of(config, "options_mask", "mask", what));
    VCUBE_ASSIGN(const std::uint64_t block, value_of(config, "pixels_per_block", "pix_per_block", what));
    VCUBE_ASSIGN(const std::uint64_t scanline, value_of(config, "pixels_per_scanline", "pix_per_scanline", what));
    VCUBE_ASSIGN(const std::uint64_t bits, json_uint(config, "bits_per_pixel", what));
    const bool known_bits = (bits >= 1 && bits <= 32) || bits == 64;
    if (!known_bits || block < 2 || block > 64 || block % 2 != 0 || scanline < 1 || scanline > 4096) {
        return invalid(what + ": expected 1 to 32 or 64 bits_per_pixel, an even number of 2 to 64 pixels_per_block " +
                       "and 1 to 4096 pixels_per_scanline");
    }
    Layout layout{static_cast<unsigned>(mask & 0xff), static_cast<unsigned>(bits), static_cast<std::size_t>(block),
                  static_cast<std::size_t>(scanline)};
    layout.header = config.value("header", Json()) != Json(false);
    return std::unique_ptr<const Codec>(std::make_unique<SzipCodec>(layout));
}

}  // namespace vcube
