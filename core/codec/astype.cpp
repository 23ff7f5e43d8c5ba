// Another type in storage: {"id": "astype", "encode_dtype": "<f4", "decode_dtype": "<f8"}.
#include "core/codec/element_codec.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

class AsTypeCodec final : public ElementCodec {
public:
    AsTypeCodec(ElementType decoded, ElementType encoded) : ElementCodec("astype", decoded, encoded) {}

protected:
    void decode_elements(const std::byte* in, std::byte* out, std::size_t count) const override {
        convert_elements(in, encoded_, out, decoded_, count);
    }
};

}  // namespace

MadeCodec make_astype(const Json& config, CodecPlace& place) {
    VCUBE_ASSIGN(const ElementType decoded,
                 config_element(config, "decode_dtype", place, place.v3 ? element_of(place.type) : std::nullopt));
    VCUBE_ASSIGN(const ElementType encoded, config_element(config, "encode_dtype", place));
    place.type = dtype_of(encoded);
    if (decoded == encoded) {
        return std::unique_ptr<const Codec>();
    }
    return std::unique_ptr<const Codec>(std::make_unique<AsTypeCodec>(decoded, encoded));
}

}  // namespace vcube
