// Byte shuffle: {"id": "shuffle", "elementsize": 4}; elementsize is 4 where it is absent (Zarr v3:
// the array's).
#include "core/codec/shuffle.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/codec/registry.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace vcube {
namespace {

// Any element size; blocks keep the lines that a plane is scattered over in the first-level cache.
void unshuffle_generic(const std::byte* in, std::byte* out, std::size_t width, std::size_t count, std::size_t first) {
    const std::size_t block = std::max<std::size_t>(1, 16384 / width);
    for (std::size_t begin = first; begin < count; begin += block) {
        const std::size_t end = std::min(count, begin + block);
        for (std::size_t plane = 0; plane < width; ++plane) {
            const std::byte* const source = in + plane * count;
            std::byte* const target = out + plane;
            for (std::size_t i = begin; i < end; ++i) {
                target[i * width] = source[i];
            }
        }
    }
}

#if defined(__SSE2__)
inline __m128i load(const std::byte* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}
inline void store(std::byte* p, __m128i v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), v);
}

// Each gives the number of elements done, 16 at a time; the caller does the rest.
std::size_t unshuffle2(const std::byte* in, std::byte* out, std::size_t count) {
    std::size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const __m128i a = load(in + i);
        const __m128i b = load(in + count + i);
        store(out + 2 * i, _mm_unpacklo_epi8(a, b));
        store(out + 2 * i + 16, _mm_unpackhi_epi8(a, b));
    }
    return i;
}

std::size_t unshuffle4(const std::byte* in, std::byte* out, std::size_t count) {
    std::size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const __m128i a = load(in + i);
        const __m128i b = load(in + count + i);
        const __m128i c = load(in + 2 * count + i);
        const __m128i d = load(in + 3 * count + i);
        const __m128i ab_lo = _mm_unpacklo_epi8(a, b);
        const __m128i ab_hi = _mm_unpackhi_epi8(a, b);
        const __m128i cd_lo = _mm_unpacklo_epi8(c, d);
        const __m128i cd_hi = _mm_unpackhi_epi8(c, d);
        store(out + 4 * i, _mm_unpacklo_epi16(ab_lo, cd_lo));
        store(out + 4 * i + 16, _mm_unpackhi_epi16(ab_lo, cd_lo));
        store(out + 4 * i + 32, _mm_unpacklo_epi16(ab_hi, cd_hi));
        store(out + 4 * i + 48, _mm_unpackhi_epi16(ab_hi, cd_hi));
    }
    return i;
}

std::size_t unshuffle8(const std::byte* in, std::byte* out, std::size_t count) {
    std::size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m128i pair_lo[4];
        __m128i pair_hi[4];
        for (std::size_t k = 0; k < 4; ++k) {
            const __m128i a = load(in + 2 * k * count + i);
            const __m128i b = load(in + (2 * k + 1) * count + i);
            pair_lo[k] = _mm_unpacklo_epi8(a, b);
            pair_hi[k] = _mm_unpackhi_epi8(a, b);
        }
        std::byte* target = out + 8 * i;
        for (const __m128i* pair : {pair_lo, pair_hi}) {
            const __m128i low_lo = _mm_unpacklo_epi16(pair[0], pair[1]);
            const __m128i low_hi = _mm_unpackhi_epi16(pair[0], pair[1]);
            const __m128i high_lo = _mm_unpacklo_epi16(pair[2], pair[3]);
            const __m128i high_hi = _mm_unpackhi_epi16(pair[2], pair[3]);
            store(target, _mm_unpacklo_epi32(low_lo, high_lo));
            store(target + 16, _mm_unpackhi_epi32(low_lo, high_lo));
            store(target + 32, _mm_unpacklo_epi32(low_hi, high_hi));
            store(target + 48, _mm_unpackhi_epi32(low_hi, high_hi));
            target += 64;
        }
    }
    return i;
}
#else
std::size_t unshuffle2(const std::byte*, std::byte*, std::size_t) {
    return 0;
}
std::size_t unshuffle4(const std::byte*, std::byte*, std::size_t) {
    return 0;
}
std::size_t unshuffle8(const std::byte*, std::byte*, std::size_t) {
    return 0;
}
#endif

class ShuffleCodec final : public Codec {
public:
    explicit ShuffleCodec(std::size_t element_size) : element_size_(element_size) {}
    [[nodiscard]] std::string_view id() const override { return "shuffle"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t decoded) const override { return decoded; }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        if (in.size() > out.size()) {
            return over_limit("shuffled chunk of " + std::to_string(in.size()) + " bytes, more than " +
                              std::to_string(out.size()));
        }
        unshuffle(in, out.first(in.size()), element_size_);
        return in.size();
    }

private:
    std::size_t element_size_;
};

}  // namespace

void unshuffle(ByteSpan in, MutableByteSpan out, std::size_t element_size) {
    const std::size_t count = in.size() / element_size;
    std::size_t done = 0;
    switch (element_size) {
        case 2:
            done = unshuffle2(in.data(), out.data(), count);
            break;
        case 4:
            done = unshuffle4(in.data(), out.data(), count);
            break;
        case 8:
            done = unshuffle8(in.data(), out.data(), count);
            break;
        default:
            break;
    }
    unshuffle_generic(in.data(), out.data(), element_size, count, done);
    const std::size_t whole = count * element_size;
    if (whole < in.size()) {
        std::memcpy(out.data() + whole, in.data() + whole, in.size() - whole);
    }
}

MadeCodec make_shuffle(const Json& config, CodecPlace& place) {
    std::uint64_t element_size = place.v3 ? place.type.size : 4;
    if (config.contains("elementsize") && !config["elementsize"].is_null()) {
        VCUBE_ASSIGN(element_size, json_uint(config, "elementsize", place.what));
    }
    if (element_size <= 1) {
        return std::unique_ptr<const Codec>();
    }
    return std::unique_ptr<const Codec>(std::make_unique<ShuffleCodec>(static_cast<std::size_t>(element_size)));
}

}  // namespace vcube
