// Integers of any number of bits as elements: {"id": "imagecodecs_packints", "dtype": "<u2", "bitspersample": 12,
// "runlen": 100}. Each run of "runlen" integers (0: all there are) begins at a whole byte.
// Source: TIFF 6.0, section 8.
#include <cstring>

#include "core/codec/axis_layout.h"
#include "core/codec/packed_bits.h"

namespace vcube {
namespace {

class PackintsCodec final : public Codec {
public:
    PackintsCodec(ElementType type, unsigned bits, std::size_t run) : type_(type), bits_(bits), run_(run) {}
    [[nodiscard]] std::string_view id() const override { return "imagecodecs_packints"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t) const override { return std::nullopt; }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        const std::size_t run = run_ == 0 ? in.size() / bits_ * 8 + in.size() % bits_ * 8 / bits_ : run_;
        const std::size_t run_bytes = (run * bits_ + 7) / 8;
        const std::size_t runs = run_bytes == 0 ? 0 : in.size() / run_bytes;
        if (run != 0 && runs > out.size() / type_.size / run) {
            return over_limit("imagecodecs_packints chunk of " + std::to_string(in.size()) + " bytes decodes to more " +
                              "than " + std::to_string(out.size()) + " bytes");
        }
        for (std::size_t i = 0; i < runs; ++i) {
            const std::byte* const from = in.data() + i * run_bytes;
            std::byte* const to = out.data() + i * run * type_.size;
            type_.size == 1   ? unpack_bits<std::uint8_t>(from, to, run, bits_)
            : type_.size == 2 ? unpack_bits<std::uint16_t>(from, to, run, bits_)
                              : unpack_bits<std::uint32_t>(from, to, run, bits_);
            for (std::size_t k = 0; type_.swap && bits_ % 8 != 0 && k < run; ++k) {
                swap(to + k * type_.size);
            }
        }
        return runs * run * type_.size;
    }

private:
    void swap(std::byte* p) const {
        type_.size == 2 ? store_element<std::uint16_t, false>(p, load_element<std::uint16_t, true>(p))
                        : store_element<std::uint32_t, false>(p, load_element<std::uint32_t, true>(p));
    }

    ElementType type_;
    unsigned bits_;
    std::size_t run_;
};

}  // namespace

MadeCodec make_packints(const Json& config, CodecPlace& place) {
    VCUBE_ASSIGN(const ElementType type, config_element(config, "dtype", place));
    VCUBE_ASSIGN(const std::uint64_t bits, json_uint(config, "bitspersample", place.what));
    std::uint64_t run = 0;
    if (config.contains("runlen")) {
        VCUBE_ASSIGN(run, json_uint(config, "runlen", place.what));
    }
    const std::uint32_t width = bits <= 8 ? 1 : bits <= 16 ? 2 : 4;
    constexpr std::uint64_t kMaxRun = 1U << 30;
    if (bits < 1 || bits > 31 || bits == 8 || bits == 16 || type.kind != Kind::kUInt || type.size != width ||
        run > kMaxRun) {
        return unsupported(place.what + ": only unsigned integers of 1 to 31 \"bitspersample\" in the smallest type " +
                           "that holds them are read");
    }
    if (const Json order = config.value("bitorder", Json()); !order.is_null() && order != Json(">")) {
        return unsupported(place.what + ": \"bitorder\": only \">\" is read");
    }
    return std::unique_ptr<const Codec>(
        std::make_unique<PackintsCodec>(type, static_cast<unsigned>(bits), static_cast<std::size_t>(run)));
}

}  // namespace vcube
