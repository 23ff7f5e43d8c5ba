// A linear function of the elements in their own type: {"name": "scale_offset", "configuration": {"scale": 0.1,
// "offset": 5}}; 1 and 0 where absent. Decoding is in / scale + offset; integers divide towards negative infinity, as
// zarr-python does, and wrap.
// Source: zarr-extensions, codecs/scale_offset.
#include "core/codec/element_codec.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

template <class T>
T decoded_value(T value, T scale, T offset) {
    if constexpr (std::is_same_v<T, Half>) {
        const Half quotient = half_from_double(static_cast<double>(half_to_float(value) / half_to_float(scale)));
        return half_from_double(static_cast<double>(half_to_float(quotient) + half_to_float(offset)));
    } else if constexpr (std::is_floating_point_v<T>) {
        return value / scale + offset;
    } else {
        T quotient = 0;
        if constexpr (std::is_signed_v<T>) {
            // The lowest integer has no counterpart: its negation wraps.
            quotient =
                scale == -1 ? static_cast<T>(0 - static_cast<std::uint64_t>(value)) : static_cast<T>(value / scale);
            if (scale != -1 && value % scale != 0 && (value < 0) != (scale < 0)) {
                quotient = static_cast<T>(quotient - 1);
            }
        } else {
            quotient = static_cast<T>(value / scale);
        }
        return static_cast<T>(static_cast<std::uint64_t>(quotient) + static_cast<std::uint64_t>(offset));
    }
}

struct Scalar {
    std::byte bytes[8] = {};
};

class ScaleOffsetCodec final : public ElementCodec {
public:
    ScaleOffsetCodec(ElementType type, Scalar scale, Scalar offset)
        : ElementCodec("scale_offset", type, type), scale_(scale), offset_(offset) {}

protected:
    void decode_elements(const std::byte* in, std::byte* out, std::size_t count) const override {
        with_element(decoded_, [&]<class T>() {
            const T scale = load_element<T, false>(scale_.bytes);
            const T offset = load_element<T, false>(offset_.bytes);
            for (std::size_t i = 0; i < count; ++i) {
                const T value = load_element<T, false>(in + i * sizeof(T));
                store_element<T, false>(out + i * sizeof(T), decoded_value(value, scale, offset));
            }
        });
    }

private:
    Scalar scale_;
    Scalar offset_;
};

Result<Scalar> scalar(const Json& config, const char* key, int fallback, const ElementType& type,
                      const std::string& what) {
    const Json value = config.contains(key) ? config[key] : Json(fallback);
    Scalar out;
    const auto store = [&](auto number, Kind kind) {
        convert_elements(reinterpret_cast<const std::byte*>(&number), {kind, sizeof number, false}, out.bytes, type, 1);
    };
    if (value.is_number_unsigned()) {
        store(value.get<std::uint64_t>(), Kind::kUInt);
    } else if (value.is_number_integer()) {
        store(value.get<std::int64_t>(), Kind::kInt);
    } else if (value.is_number() && type.kind == Kind::kFloat) {
        store(value.get<double>(), Kind::kFloat);
    } else {
        return invalid(what + ": \"" + key + "\": expected a number of the array's type, got " + value.dump());
    }
    return out;
}

}  // namespace

MadeCodec make_scale_offset(const Json& config, CodecPlace& place) {
    const std::optional<ElementType> type = element_of(place.type);
    if (!type) {
        return unsupported(place.what + ": only arrays of integers and floats are read");
    }
    VCUBE_ASSIGN(const Scalar scale, scalar(config, "scale", 1, *type, place.what));
    VCUBE_ASSIGN(const Scalar offset, scalar(config, "offset", 0, *type, place.what));
    if (type->kind != Kind::kFloat && std::memcmp(scale.bytes, Scalar().bytes, type->size) == 0) {
        return invalid(place.what + ": \"scale\" is 0");
    }
    return std::unique_ptr<const Codec>(std::make_unique<ScaleOffsetCodec>(*type, scale, offset));
}

}  // namespace vcube
