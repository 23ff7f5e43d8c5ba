// Packed numbers: {"id": "fixedscaleoffset", "scale": 10, "offset": 1000, "dtype": "<f8", "astype": "|u1"}; astype is
// dtype where it is absent. Decoding is (encoded / scale + offset).astype(dtype) in the types numpy computes in.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/codec/element_codec.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

// A scalar of the configuration and the bytes of the smallest float type that numpy (before version 2) lets an array of
// floats keep when it meets this scalar: a float counts by its magnitude, an integer by the bits it needs.
struct Scalar {
    double value = 0;
    std::uint32_t float_size = 2;
};

std::uint32_t float_size_of(double value) {
    const double magnitude = std::abs(value);
    if (magnitude < 65000.0 || !(magnitude <= std::numeric_limits<double>::max())) {
        return 2;
    }
    return magnitude < 3.4e38 ? 4 : 8;
}

std::uint32_t float_size_of_integer(bool negative, std::uint64_t magnitude) {
    const std::uint64_t byte_limit = negative ? 128 : 255;
    const std::uint64_t short_limit = negative ? 32768 : 65535;
    return magnitude <= byte_limit ? 2 : magnitude <= short_limit ? 4 : 8;
}

Result<Scalar> config_scalar(const Json& config, const char* key, const std::string& what) {
    if (!config.contains(key) || !config[key].is_number()) {
        return invalid(what + ": \"" + key + "\": expected a number, got " +
                       (config.contains(key) ? json_type_name(config[key]) : std::string("nothing")));
    }
    const Json& value = config[key];
    if (value.is_number_unsigned()) {
        const auto number = value.get<std::uint64_t>();
        return Scalar{static_cast<double>(number), float_size_of_integer(false, number)};
    }
    if (value.is_number_integer()) {
        const auto number = value.get<std::int64_t>();
        const bool negative = number < 0;
        const std::uint64_t bits = static_cast<std::uint64_t>(number);
        return Scalar{static_cast<double>(number), float_size_of_integer(negative, negative ? 0 - bits : bits)};
    }
    const auto number = value.get<double>();
    return Scalar{number, float_size_of(number)};
}

constexpr std::size_t kBlock = 512;
constexpr ElementType kNativeDouble{Kind::kFloat, 8, false};
constexpr ElementType kNativeFloat{Kind::kFloat, 4, false};

float rounded_to_half(float value) {
    return half_to_float(half_from_double(static_cast<double>(value)));
}

class FixedScaleOffsetCodec final : public ElementCodec {
public:
    FixedScaleOffsetCodec(ElementType decoded, ElementType encoded, Scalar scale, Scalar offset)
        : ElementCodec("fixedscaleoffset", decoded, encoded),
          scale_(scale.value),
          offset_(offset.value),
          // The quotient of integers is a double; that of floats has their type unless the scalar asks for a wider one.
          quotient_size_(encoded.kind == Kind::kFloat ? std::max(encoded.size, scale.float_size) : 8),
          sum_size_(std::max(quotient_size_, offset.float_size)) {}

protected:
    void decode_elements(const std::byte* in, std::byte* out, std::size_t count) const override {
        for (std::size_t begin = 0; begin < count; begin += kBlock) {
            const std::size_t n = std::min(kBlock, count - begin);
            decode_block(in + begin * encoded_.size, out + begin * decoded_.size, n);
        }
    }

private:
    void decode_block(const std::byte* in, std::byte* out, std::size_t n) const {
        std::array<float, kBlock> narrow;
        std::array<double, kBlock> wide;
        if (quotient_size_ == 8) {
            convert_elements(in, encoded_, reinterpret_cast<std::byte*>(wide.data()), kNativeDouble, n);
            std::for_each_n(wide.begin(), n, [this](double& v) { v = v / scale_ + offset_; });
        } else {
            convert_elements(in, encoded_, reinterpret_cast<std::byte*>(narrow.data()), kNativeFloat, n);
            divide(narrow.data(), n);
            if (sum_size_ == 8) {
                std::transform(narrow.begin(), narrow.begin() + static_cast<std::ptrdiff_t>(n), wide.begin(),
                               [this](float v) { return static_cast<double>(v) + offset_; });
            } else {
                add(narrow.data(), n);
            }
        }
        if (sum_size_ == 8) {
            convert_elements(reinterpret_cast<const std::byte*>(wide.data()), kNativeDouble, out, decoded_, n);
        } else {
            convert_elements(reinterpret_cast<const std::byte*>(narrow.data()), kNativeFloat, out, decoded_, n);
        }
    }

    // Halves are computed as floats and rounded after each step, as numpy does; the scalar is rounded first.
    void divide(float* values, std::size_t n) const {
        if (quotient_size_ == 2) {
            const float scale = rounded_to_half_scalar(scale_);
            std::for_each_n(values, n, [scale](float& v) { v = rounded_to_half(v / scale); });
        } else {
            const auto scale = static_cast<float>(scale_);
            std::for_each_n(values, n, [scale](float& v) { v = v / scale; });
        }
    }
    void add(float* values, std::size_t n) const {
        if (sum_size_ == 2) {
            const float offset = rounded_to_half_scalar(offset_);
            std::for_each_n(values, n, [offset](float& v) { v = rounded_to_half(v + offset); });
        } else {
            const auto offset = static_cast<float>(offset_);
            std::for_each_n(values, n, [offset](float& v) { v = v + offset; });
        }
    }
    static float rounded_to_half_scalar(double value) { return half_to_float(half_from_double(value)); }

    double scale_;
    double offset_;
    std::uint32_t quotient_size_;
    std::uint32_t sum_size_;
};

}  // namespace

MadeCodec make_fixedscaleoffset(const Json& config, CodecPlace& place) {
    VCUBE_ASSIGN(const ElementType decoded,
                 config_element(config, "dtype", place, place.v3 ? element_of(place.type) : std::nullopt));
    VCUBE_ASSIGN(const ElementType encoded, config_element(config, "astype", place, decoded));
    VCUBE_ASSIGN(const Scalar scale, config_scalar(config, "scale", place.what));
    VCUBE_ASSIGN(const Scalar offset, config_scalar(config, "offset", place.what));
    place.type = dtype_of(encoded);
    return std::unique_ptr<const Codec>(std::make_unique<FixedScaleOffsetCodec>(decoded, encoded, scale, offset));
}

}  // namespace vcube
