// The bits of every byte reversed: {"id": "imagecodecs_bitorder"}, TIFF's fill order 2.
#include <array>
#include <cstdint>

#include "core/codec/axis_layout.h"

namespace vcube {
namespace {

constexpr std::array<std::byte, 256> make_reversed() {
    std::array<std::byte, 256> reversed{};
    for (unsigned value = 0; value < 256; ++value) {
        unsigned bits = 0;
        for (unsigned i = 0; i < 8; ++i) {
            bits |= (value >> i & 1U) << (7 - i);
        }
        reversed[value] = static_cast<std::byte>(bits);
    }
    return reversed;
}
constexpr std::array<std::byte, 256> kReversed = make_reversed();

class BitorderCodec final : public Codec {
public:
    [[nodiscard]] std::string_view id() const override { return "imagecodecs_bitorder"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t decoded) const override { return decoded; }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        VCUBE_TRY(check_filtered(id(), in.size(), in.size(), out.size()));
        for (std::size_t i = 0; i < in.size(); ++i) {
            out[i] = kReversed[static_cast<std::size_t>(in[i])];
        }
        return in.size();
    }
};

}  // namespace

MadeCodec make_bitorder(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<BitorderCodec>());
}

}  // namespace vcube
