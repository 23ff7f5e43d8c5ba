// HDF5's Fletcher-32 behind the data: {"id": "fletcher32"}.
// HDF5 sums big-endian 16-bit words; its releases before 1.6.3 wrote the bytes of each half of the sum exchanged, which
// HDF5 accepts, and which is what numcodecs' sum of little-endian words gives. Both are accepted here.
#include <algorithm>

#include "core/codec/checksum_codec.h"

namespace vcube {
namespace {

struct Sums {
    std::uint32_t first = 0;
    std::uint32_t second = 0;
};

// Modulo 65535; 0 and 65535 are the same number, written either way by the known encoders.
Sums fletcher32(ByteSpan data) {
    constexpr std::size_t kWords = 360;  // so many sums stay below 2^32
    std::uint32_t first = 0;
    std::uint32_t second = 0;
    const std::byte* p = data.data();
    std::size_t words = data.size() / 2;
    const auto word_at = [](const std::byte* at) {
        return static_cast<std::uint32_t>(at[0]) << 8 | static_cast<std::uint32_t>(at[1]);
    };
    while (words > 0) {
        const std::size_t count = std::min(words, kWords);
        for (std::size_t i = 0; i < count; ++i, p += 2) {
            first += word_at(p);
            second += first;
        }
        first %= 65535;
        second %= 65535;
        words -= count;
    }
    if (data.size() % 2 != 0) {
        first += static_cast<std::uint32_t>(*p) << 8;
        second += first;
    }
    return {first % 65535, second % 65535};
}

std::uint32_t swapped(std::uint32_t half) {
    return (half >> 8) | (half & 0xff) << 8;
}

class Fletcher32Codec final : public Codec {
public:
    [[nodiscard]] std::string_view id() const override { return "fletcher32"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t decoded) const override { return decoded + 4; }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        if (in.size() < 4) {
            return corrupt("fletcher32 chunk of " + std::to_string(in.size()) + " bytes is shorter than its checksum");
        }
        const ByteSpan data = in.first(in.size() - 4);
        if (data.size() > out.size()) {
            return over_limit("fletcher32 chunk holds " + std::to_string(data.size()) + " bytes, more than " +
                              std::to_string(out.size()));
        }
        const std::uint32_t stored = little_endian_32(in.data() + data.size());
        const Sums sums = fletcher32(data);
        const std::uint32_t first = stored & 0xffff;
        const std::uint32_t second = stored >> 16;
        const bool as_now = first % 65535 == sums.first && second % 65535 == sums.second;
        const bool as_before = swapped(first) % 65535 == sums.first && swapped(second) % 65535 == sums.second;
        if (!as_now && !as_before) {
            return corrupt("fletcher32 chunk of " + std::to_string(in.size()) + " bytes is damaged: its checksum is " +
                           std::to_string(stored) + ", its data give " +
                           std::to_string(sums.second << 16 | sums.first));
        }
        if (!data.empty()) {
            std::memcpy(out.data(), data.data(), data.size());
        }
        return data.size();
    }
};

}  // namespace

MadeCodec make_fletcher32(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<Fletcher32Codec>());
}

}  // namespace vcube
