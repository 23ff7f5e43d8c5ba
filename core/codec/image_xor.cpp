// Exclusive or with the value before, along one axis: {"id": "imagecodecs_xor", "shape": [64, 64], "dtype": "<u2",
// "axis": -1}; without shape and dtype, of the bytes of a chunk.
#include "core/codec/axis_layout.h"

namespace vcube {
namespace {

class XorCodec final : public Codec {
public:
    // No layout: one line of single bytes, as long as the chunk.
    explicit XorCodec(std::optional<AxisLayout> layout) : layout_(layout) {}
    [[nodiscard]] std::string_view id() const override { return "imagecodecs_xor"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t decoded) const override { return decoded; }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        VCUBE_TRY(check_filtered(id(), in.size(), layout_ ? layout_->bytes() : in.size(), out.size()));
        const std::size_t step = layout_ ? layout_->inner * layout_->type.size : 1;
        const std::size_t line = layout_ ? layout_->length * step : in.size();
        // Bits do not mix: bytes will do for every type.
        for (std::size_t at = 0; at < in.size(); at += line) {
            for (std::size_t i = at; i < at + line; ++i) {
                out[i] = i < at + step ? in[i] : in[i] ^ out[i - step];
            }
        }
        return in.size();
    }

private:
    std::optional<AxisLayout> layout_;
};

}  // namespace

MadeCodec make_image_xor(const Json& config, CodecPlace& place) {
    std::optional<AxisLayout> layout;
    if (!config.value("shape", Json()).is_null() || !config.value("dtype", Json()).is_null()) {
        Json complete = config;
        if (config.value("shape", Json()).is_null()) {
            complete["shape"] = Json::array({place.elements});
        }
        VCUBE_ASSIGN(layout, axis_layout(complete, place));
    }
    return std::unique_ptr<const Codec>(std::make_unique<XorCodec>(layout));
}

}  // namespace vcube
