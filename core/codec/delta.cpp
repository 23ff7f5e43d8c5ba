// Differences of neighbours: {"id": "delta", "dtype": "<i4", "astype": "<i2"}; astype is dtype where it is absent.
// Decoding is a running sum in dtype, which wraps for integers and rounds at each step for floats.
#include "core/codec/element_codec.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

template <class T>
T sum(T a, T b) {
    if constexpr (std::is_same_v<T, Half>) {
        return half_from_double(static_cast<double>(half_to_float(a) + half_to_float(b)));
    } else if constexpr (std::is_floating_point_v<T>) {
        return a + b;
    } else {
        return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
    }
}

// `in` may be `out`.
template <class T, bool kSwapIn, bool kSwapOut>
void running_sum(const std::byte* in, std::byte* out, std::size_t count) {
    if (count == 0) {
        return;
    }
    T total = load_element<T, kSwapIn>(in);
    store_element<T, kSwapOut>(out, total);
    for (std::size_t i = 1; i < count; ++i) {
        total = sum(total, load_element<T, kSwapIn>(in + i * sizeof(T)));
        store_element<T, kSwapOut>(out + i * sizeof(T), total);
    }
}

class DeltaCodec final : public ElementCodec {
public:
    DeltaCodec(ElementType decoded, ElementType encoded) : ElementCodec("delta", decoded, encoded) {}

protected:
    void decode_elements(const std::byte* in, std::byte* out, std::size_t count) const override {
        const std::byte* source = in;
        bool swap_in = encoded_.swap;
        if (encoded_.kind != decoded_.kind || encoded_.size != decoded_.size) {
            const ElementType native{decoded_.kind, decoded_.size, false};
            convert_elements(in, encoded_, out, native, count);
            source = out;
            swap_in = false;
        }
        with_element(decoded_, [&]<class T>() {
            if (swap_in) {
                decoded_.swap ? running_sum<T, true, true>(source, out, count)
                              : running_sum<T, true, false>(source, out, count);
            } else {
                decoded_.swap ? running_sum<T, false, true>(source, out, count)
                              : running_sum<T, false, false>(source, out, count);
            }
        });
    }
};

}  // namespace

MadeCodec make_delta(const Json& config, CodecPlace& place) {
    VCUBE_ASSIGN(const ElementType decoded,
                 config_element(config, "dtype", place, place.v3 ? element_of(place.type) : std::nullopt));
    VCUBE_ASSIGN(const ElementType encoded, config_element(config, "astype", place, decoded));
    place.type = dtype_of(encoded);
    return std::unique_ptr<const Codec>(std::make_unique<DeltaCodec>(decoded, encoded));
}

}  // namespace vcube
