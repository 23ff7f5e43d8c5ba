// Booleans as bits, most significant first, behind a byte that tells how many bits of the last byte are padding:
// {"id": "packbits"}. imagecodecs_packbits is another format.
#include "core/codec/registry.h"

namespace vcube {
namespace {

class PackBitsCodec final : public Codec {
public:
    [[nodiscard]] std::string_view id() const override { return "packbits"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t decoded) const override {
        return 1 + decoded / 8 + (decoded % 8 != 0 ? 1 : 0);
    }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        const std::size_t padding = in.empty() ? 8 : static_cast<std::size_t>(in[0]);
        if (padding > 7 || (in.size() == 1 && padding != 0)) {
            return corrupt("packbits chunk of " + std::to_string(in.size()) +
                           " bytes: its first byte must tell 0 to 7 bits of padding");
        }
        const std::size_t count = 8 * (in.size() - 1) - padding;
        if (count > out.size()) {
            return over_limit("packbits chunk holds " + std::to_string(count) + " booleans, more than " +
                              std::to_string(out.size()));
        }
        for (std::size_t i = 0; i < count; ++i) {
            out[i] = (in[1 + i / 8] >> (7 - i % 8)) & std::byte{1};
        }
        return count;
    }
};

}  // namespace

MadeCodec make_packbits(const Json&, CodecPlace& place) {
    place.elements = 1 + (place.elements + 7) / 8;
    place.type = DType();
    return std::unique_ptr<const Codec>(std::make_unique<PackBitsCodec>());
}

}  // namespace vcube
