// Differences along one axis, TIFF's predictor 2: {"id": "imagecodecs_delta", "shape": [256, 256, 3], "dtype": "<u2",
// "axis": -2}. Integers wrap; floats are summed as integers of their bits.
#include <cstring>

#include "core/base/dtype_text.h"
#include "core/codec/element.h"
#include "core/codec/registry.h"
#include "vcube/shape.h"

namespace vcube {
namespace {

// Sums along the middle of an array of outer x length x inner; `in` is not `out`.
template <class T, bool kSwap>
void sum_along(const std::byte* in, std::byte* out, std::size_t outer, std::size_t length, std::size_t inner) {
    const std::size_t line = inner * sizeof(T);
    for (std::size_t o = 0; o < outer; ++o, in += length * line, out += length * line) {
        std::memcpy(out, in, line);
        for (std::size_t i = inner; i < length * inner; ++i) {
            const std::size_t at = i * sizeof(T);
            const T before = load_element<T, kSwap>(out + at - line);
            store_element<T, kSwap>(out + at, static_cast<T>(before + load_element<T, kSwap>(in + at)));
        }
    }
}

class ImageDeltaCodec final : public Codec {
public:
    ImageDeltaCodec(ElementType type, std::size_t outer, std::size_t length, std::size_t inner)
        : type_(type), outer_(outer), length_(length), inner_(inner) {}
    [[nodiscard]] std::string_view id() const override { return "imagecodecs_delta"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t decoded) const override { return decoded; }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        const std::size_t expected = outer_ * length_ * inner_ * type_.size;
        if (in.size() != expected) {
            return corrupt("imagecodecs_delta chunk of " + std::to_string(in.size()) + " bytes, expected " +
                           std::to_string(expected));
        }
        if (in.size() > out.size()) {
            return over_limit("imagecodecs_delta chunk of " + std::to_string(in.size()) + " bytes, more than " +
                              std::to_string(out.size()));
        }
        with_element({Kind::kUInt, type_.size, false}, [&]<class T>() {
            if constexpr (std::is_integral_v<T>) {
                type_.swap ? sum_along<T, true>(in.data(), out.data(), outer_, length_, inner_)
                           : sum_along<T, false>(in.data(), out.data(), outer_, length_, inner_);
            }
        });
        return in.size();
    }

private:
    ElementType type_;
    std::size_t outer_;
    std::size_t length_;
    std::size_t inner_;
};

}  // namespace

MadeCodec make_image_delta(const Json& config, CodecPlace& place) {
    VCUBE_ASSIGN(const ElementType type, config_element(config, "dtype", place));
    VCUBE_ASSIGN(const Shape shape, json_shape(config, "shape", place.what));
    const Json axis = config.value("axis", Json(-1));
    const auto rank = static_cast<std::int64_t>(shape.size());
    if (config.value("dist", Json(1)) != Json(1)) {
        return unsupported(place.what + ": \"dist\": only 1 is read");
    }
    if (!axis.is_number_integer() || axis.get<std::int64_t>() < -rank || axis.get<std::int64_t>() >= rank) {
        return invalid(place.what + ": \"axis\": expected one of the shape's dimensions");
    }
    const auto elements = checked_product(shape, type.size);
    if (!elements || *elements == 0) {
        return invalid(place.what + ": \"shape\": expected a shape of some elements");
    }
    const auto middle = static_cast<std::size_t>((axis.get<std::int64_t>() + rank) % rank);
    std::size_t outer = 1;
    std::size_t inner = 1;
    for (std::size_t d = 0; d < shape.size(); ++d) {
        outer *= d < middle ? static_cast<std::size_t>(shape[d]) : 1;
        inner *= d > middle ? static_cast<std::size_t>(shape[d]) : 1;
    }
    return std::unique_ptr<const Codec>(
        std::make_unique<ImageDeltaCodec>(type, outer, static_cast<std::size_t>(shape[middle]), inner));
}

}  // namespace vcube
