// One WebP image: {"id": "imagecodecs_webp", "hasalpha": null}. The elements are height x width x 3 bytes, or 4 where
// the image has alpha or "hasalpha" says that all chunks have. Source: WebP container specification, through libwebp.
#include <webp/decode.h>

#include "core/codec/image.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

class WebpCodec final : public Codec {
public:
    explicit WebpCodec(bool alpha) : alpha_(alpha) {}
    [[nodiscard]] std::string_view id() const override { return "imagecodecs_webp"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t) const override { return std::nullopt; }

    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        const auto* const bytes = reinterpret_cast<const std::uint8_t*>(in.data());
        WebPBitstreamFeatures features{};
        if (WebPGetFeatures(bytes, in.size(), &features) != VP8_STATUS_OK) {
            return image_damaged("WebP", in.size(), "it has no valid header");
        }
        if (features.has_animation != 0) {
            return unsupported("WebP image of " + std::to_string(in.size()) + " bytes: it is animated");
        }
        const auto width = static_cast<std::size_t>(features.width);
        const auto height = static_cast<std::size_t>(features.height);
        const std::size_t samples = has_alpha(features, width * height, out.size()) ? 4 : 3;
        VCUBE_ASSIGN(const std::size_t size, image_bytes("WebP", height, width, samples, 1, out.size()));
        auto* const to = reinterpret_cast<std::uint8_t*>(out.data());
        const int stride = static_cast<int>(width * samples);
        const bool decoded = samples == 4 ? WebPDecodeRGBAInto(bytes, in.size(), to, size, stride) != nullptr
                                          : WebPDecodeRGBInto(bytes, in.size(), to, size, stride) != nullptr;
        if (!decoded) {
            return image_damaged("WebP", in.size(), "");
        }
        return size;
    }

private:
    // Writers say "hasalpha": false where they do not know; then the chunk's size decides.
    [[nodiscard]] bool has_alpha(const WebPBitstreamFeatures& features, std::size_t pixels, std::size_t room) const {
        return alpha_ || (features.has_alpha != 0 && room != 3 * pixels);
    }

    bool alpha_;
};

}  // namespace

MadeCodec make_image_webp(const Json& config, CodecPlace& place) {
    const Json index = config.value("index", Json());
    if (!index.is_null() && index != Json(0)) {
        return unsupported(place.what + ": \"index\": only 0 is read");
    }
    const Json alpha = config.value("hasalpha", Json());
    return std::unique_ptr<const Codec>(
        std::make_unique<WebpCodec>(alpha == Json(true) || (alpha.is_number() && alpha != Json(0))));
}

}  // namespace vcube
