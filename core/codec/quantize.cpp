// Floats cut to some digits: {"id": "quantize", "digits": 3, "dtype": "<f8", "astype": "<f4"}; astype is dtype where it
// is absent. Decoding is a conversion from astype to dtype.
#include "core/codec/element_codec.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

class QuantizeCodec final : public ElementCodec {
public:
    QuantizeCodec(ElementType decoded, ElementType encoded) : ElementCodec("quantize", decoded, encoded) {}

protected:
    void decode_elements(const std::byte* in, std::byte* out, std::size_t count) const override {
        convert_elements(in, encoded_, out, decoded_, count);
    }
};

}  // namespace

MadeCodec make_quantize(const Json& config, CodecPlace& place) {
    VCUBE_ASSIGN(const ElementType decoded,
                 config_element(config, "dtype", place, place.v3 ? element_of(place.type) : std::nullopt));
    VCUBE_ASSIGN(const ElementType encoded, config_element(config, "astype", place, decoded));
    if (decoded.kind != Kind::kFloat || encoded.kind != Kind::kFloat) {
        return invalid(place.what + ": \"dtype\" and \"astype\" must be float types");
    }
    place.type = dtype_of(encoded);
    if (decoded == encoded) {
        return std::unique_ptr<const Codec>();
    }
    return std::unique_ptr<const Codec>(std::make_unique<QuantizeCodec>(decoded, encoded));
}

}  // namespace vcube
