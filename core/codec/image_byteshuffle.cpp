// Bytes of the values of a line apart, most significant plane first, and differences of neighbouring bytes: TIFF's
// predictor 3, {"id": "imagecodecs_floatpred", "shape": [256, 256, 3], "dtype": "<f4", "axis": -2}, and its general
// form {"id": "imagecodecs_byteshuffle", ..., "delta": false, "reorder": false}: without "reorder" the planes stand
// in the order of the bytes in memory. "dist" values lie between neighbours. A line goes from "axis" to the last
// dimension, which tells how many samples a pixel has where it is not the axis itself.
// Source: TIFF technical note 3 (Adobe Photoshop).
#include <vector>

#include "core/codec/axis_layout.h"

namespace vcube {
namespace {

struct Planes {
    AxisLayout layout;
    std::size_t samples = 1;    // bytes from a byte to its neighbour
    bool delta = true;          // differences, not bytes
    bool last_is_first = true;  // the first plane holds the last byte in memory
};

class ByteshuffleCodec final : public Codec {
public:
    ByteshuffleCodec(std::string_view id, const Planes& planes) : id_(id), planes_(planes) {}
    [[nodiscard]] std::string_view id() const override { return id_; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t decoded) const override { return decoded; }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        VCUBE_TRY(check_filtered(id_, in.size(), planes_.layout.bytes(), out.size()));
        const std::size_t width = planes_.layout.type.size;
        const std::size_t count = planes_.layout.length * planes_.layout.inner;
        std::vector<unsigned char> before(planes_.delta ? planes_.samples : 0);
        for (std::size_t line = 0; line < in.size(); line += count * width) {
            std::fill(before.begin(), before.end(), static_cast<unsigned char>(0));
            std::size_t sample = 0;
            for (std::size_t plane = 0; plane < width; ++plane) {
                const std::size_t place = planes_.last_is_first ? width - 1 - plane : plane;
                for (std::size_t i = 0; i < count; ++i) {
                    auto value = static_cast<unsigned char>(in[line + plane * count + i]);
                    if (planes_.delta) {
                        value = static_cast<unsigned char>(value + before[sample]);
                        before[sample] = value;
                        sample = sample + 1 == planes_.samples ? 0 : sample + 1;
                    }
                    out[line + i * width + place] = static_cast<std::byte>(value);
                }
            }
        }
        return in.size();
    }

private:
    std::string_view id_;
    Planes planes_;
};

Result<Planes> planes_of(const Json& config, const CodecPlace& place) {
    Planes planes;
    VCUBE_ASSIGN(planes.layout, axis_layout(config, place));
    if (planes.layout.rank - planes.layout.axis > 2) {
        return invalid(place.what + ": \"axis\": expected the last dimension or the one before it");
    }
    const Json dist = config.value("dist", Json(1));
    if (dist != Json(1) && dist != Json(2) && dist != Json(4)) {
        return invalid(place.what + ": \"dist\": expected 1, 2 or 4");
    }
    planes.samples = planes.layout.inner * dist.get<std::size_t>();
    const std::size_t count = planes.layout.length * planes.layout.inner;
    if (planes.layout.type.size < 2 || count % planes.samples != 0) {
        return invalid(place.what + ": expected values of 2, 4 or 8 bytes and lines of whole pixels");
    }
    const bool little = DType().little != planes.layout.type.swap;
    planes.last_is_first = little;
    return planes;
}

}  // namespace

MadeCodec make_image_byteshuffle(const Json& config, CodecPlace& place) {
    VCUBE_ASSIGN(Planes planes, planes_of(config, place));
    planes.delta = config.value("delta", Json()) == Json(true);
    planes.last_is_first = planes.last_is_first && config.value("reorder", Json()) == Json(true);
    return std::unique_ptr<const Codec>(std::make_unique<ByteshuffleCodec>("imagecodecs_byteshuffle", planes));
}

MadeCodec make_image_floatpred(const Json& config, CodecPlace& place) {
    VCUBE_ASSIGN(const Planes planes, planes_of(config, place));
    if (planes.layout.type.kind != Kind::kFloat) {
        return invalid(place.what + ": \"dtype\": expected a type of floats");
    }
    return std::unique_ptr<const Codec>(std::make_unique<ByteshuffleCodec>("imagecodecs_floatpred", planes));
}

}  // namespace vcube
