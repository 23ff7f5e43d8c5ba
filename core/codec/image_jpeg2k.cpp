// One JPEG 2000 image, a JP2 file or a bare codestream: {"id": "imagecodecs_jpeg2k"}. The elements are height x width x
// components ("planar": true: components x height x width) of the smallest type that holds their bits, native byte
// order. Colour profiles are not applied.
// Source: ISO/IEC 15444-1, annexes A (markers) and I (boxes), through OpenJPEG.
#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "core/codec/element.h"
#include "core/codec/image.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

constexpr std::string_view kName = "JPEG 2000";

struct CodecDeleter {
    void operator()(opj_codec_t* codec) const { opj_destroy_codec(codec); }
};
struct StreamDeleter {
    void operator()(opj_stream_t* stream) const { opj_stream_destroy(stream); }
};
struct ImageDeleter {
    void operator()(opj_image_t* image) const { opj_image_destroy(image); }
};

std::uint32_t big_endian(ByteSpan in, std::size_t at, std::size_t width) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        value = value << 8 | static_cast<std::uint32_t>(in[at + i]);
    }
    return value;
}

constexpr std::uint32_t kStart = 0xff4fff51;  // start of codestream, then SIZ

// The codestream of a file of boxes, or the bytes as they are.
Result<ByteSpan> codestream(ByteSpan in) {
    std::size_t at = 0;
    if (in.size() >= 4 && big_endian(in, 0, 4) == kStart) {
        return in;
    }
    constexpr std::uint32_t kCodestreamBox = 0x6a703263;  // "jp2c"
    while (in.size() - at >= 16) {
        std::uint64_t length = big_endian(in, at, 4);
        std::size_t header = 8;
        if (length == 1) {
            length = std::uint64_t{big_endian(in, at + 8, 4)} << 32 | big_endian(in, at + 12, 4);
            header = 16;
        }
        if (big_endian(in, at + 4, 4) == kCodestreamBox) {
            return in.subspan(at + header);
        }
        if (length < header || length > in.size() - at) {
            break;
        }
        at += static_cast<std::size_t>(length);
    }
    return image_damaged(kName, in.size(), "it has no codestream");
}

struct Size {
    std::uint64_t width = 0;
    std::uint64_t height = 0;
    std::uint64_t components = 0;
    unsigned bits = 0;
    bool is_signed = false;
    [[nodiscard]] std::size_t item() const { return bits <= 8 ? 1 : bits <= 16 ? 2 : 4; }
};

// The marker SIZ, before the library takes memory by it.
Result<Size> size_of(ByteSpan in, std::size_t room) {
    VCUBE_ASSIGN(const ByteSpan stream, codestream(in));
    constexpr std::size_t kFixed = 42;  // to the first component
    if (stream.size() < kFixed + 3 || big_endian(stream, 0, 4) != kStart) {
        return image_damaged(kName, in.size(), "it has no valid header");
    }
    const auto word = [&](std::size_t i) { return big_endian(stream, 8 + 4 * i, 4); };
    const std::uint32_t x1 = word(0), y1 = word(1), x0 = word(2), y0 = word(3);
    const std::uint32_t tile_width = word(4), tile_height = word(5), tile_x = word(6), tile_y = word(7);
    Size size;
    size.components = big_endian(stream, 40, 2);
    if (x0 >= x1 || y0 >= y1 || tile_x > x0 || tile_y > y0 || tile_width == 0 || tile_height == 0 ||
        size.components == 0 || (stream.size() - kFixed) / 3 < size.components) {
        return image_damaged(kName, in.size(), "it has no valid header");
    }
    size.width = x1 - x0;
    size.height = y1 - y0;
    const auto first = static_cast<unsigned>(stream[kFixed]);
    size.bits = (first & 0x7fU) + 1;
    size.is_signed = (first & 0x80U) != 0;
    for (std::size_t c = 0; c < size.components; ++c) {
        const std::size_t at = kFixed + 3 * c;
        if (big_endian(stream, at, 1) != first || big_endian(stream, at + 1, 2) != 0x0101) {
            return unsupported("JPEG 2000 image: its components differ in type or resolution");
        }
    }
    if (size.bits > 32) {
        return unsupported("JPEG 2000 image: its components have more than 32 bits");
    }
    VCUBE_TRY(image_bytes(kName, size.height, size.width, size.components, size.item(), room));
    // What the library keeps for each tile, and each component of each.
    constexpr std::uint64_t kTileBytes = 6000;
    constexpr std::uint64_t kComponentBytes = 1200;
    constexpr std::uint64_t kFree = 64U << 20;
    const std::uint64_t tiles = ((std::uint64_t{x1} - tile_x + tile_width - 1) / tile_width) *
                                ((std::uint64_t{y1} - tile_y + tile_height - 1) / tile_height);
    if (tiles > 65535 || tiles * (kTileBytes + kComponentBytes * size.components) > kFree + 8 * std::uint64_t{room}) {
        return over_limit("JPEG 2000 image of " + std::to_string(tiles) + " tiles: too many for its size");
    }
    return size;
}

struct Memory {
    ByteSpan bytes;
    std::size_t at = 0;
};

OPJ_SIZE_T read_bytes(void* to, OPJ_SIZE_T size, void* user) {
    auto& memory = *static_cast<Memory*>(user);
    const std::size_t count = std::min<std::size_t>(size, memory.bytes.size() - memory.at);
    if (count == 0) {
        return static_cast<OPJ_SIZE_T>(-1);
    }
    std::memcpy(to, memory.bytes.data() + memory.at, count);
    memory.at += count;
    return count;
}

OPJ_OFF_T skip_bytes(OPJ_OFF_T count, void* user) {
    auto& memory = *static_cast<Memory*>(user);
    if (count < 0 || static_cast<std::uint64_t>(count) > memory.bytes.size() - memory.at) {
        return -1;
    }
    memory.at += static_cast<std::size_t>(count);
    return count;
}

OPJ_BOOL seek_bytes(OPJ_OFF_T at, void* user) {
    auto& memory = *static_cast<Memory*>(user);
    if (at < 0 || static_cast<std::uint64_t>(at) > memory.bytes.size()) {
        return OPJ_FALSE;
    }
    memory.at = static_cast<std::size_t>(at);
    return OPJ_TRUE;
}

Result<std::unique_ptr<opj_image_t, ImageDeleter>> decode_image(ByteSpan in) {
    Memory memory{in};
    const std::unique_ptr<opj_stream_t, StreamDeleter> stream(opj_stream_default_create(OPJ_TRUE));
    const bool bare = big_endian(in, 0, 4) == kStart;
    const std::unique_ptr<opj_codec_t, CodecDeleter> codec(opj_create_decompress(bare ? OPJ_CODEC_J2K : OPJ_CODEC_JP2));
    if (!stream || !codec) {
        return over_limit("no memory for a JPEG 2000 decoder");
    }
    opj_stream_set_read_function(stream.get(), read_bytes);
    opj_stream_set_skip_function(stream.get(), skip_bytes);
    opj_stream_set_seek_function(stream.get(), seek_bytes);
    opj_stream_set_user_data(stream.get(), &memory, nullptr);
    opj_stream_set_user_data_length(stream.get(), in.size());
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    opj_image_t* made = nullptr;
    const bool ready = opj_setup_decoder(codec.get(), &parameters) != OPJ_FALSE &&
                       opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE) != OPJ_FALSE &&
                       opj_read_header(stream.get(), codec.get(), &made) != OPJ_FALSE;
    std::unique_ptr<opj_image_t, ImageDeleter> image(made);
    if (!ready || opj_decode(codec.get(), stream.get(), image.get()) == OPJ_FALSE ||
        opj_end_decompress(codec.get(), stream.get()) == OPJ_FALSE) {
        return image_damaged(kName, in.size(), "");
    }
    return image;
}

class Jpeg2kCodec final : public Codec {
public:
    explicit Jpeg2kCodec(bool planar) : planar_(planar) {}
    [[nodiscard]] std::string_view id() const override { return "imagecodecs_jpeg2k"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t) const override { return std::nullopt; }

    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        VCUBE_ASSIGN(const Size size, size_of(in, out.size()));
        VCUBE_ASSIGN(const auto image, decode_image(in));
        if (image->numcomps != size.components) {
            return unsupported("JPEG 2000 image: palettes are not read");
        }
        if (image->color_space == OPJ_CLRSPC_SYCC || image->color_space == OPJ_CLRSPC_EYCC) {
            return unsupported("JPEG 2000 image: YCC colours are not read");
        }
        const auto pixels = static_cast<std::size_t>(size.width * size.height);
        const auto components = static_cast<std::size_t>(size.components);
        for (std::size_t c = 0; c < components; ++c) {
            const opj_image_comp_t& component = image->comps[c];
            if (component.data == nullptr || component.w != size.width || component.h != size.height ||
                component.prec != size.bits || (component.sgnd != 0) != size.is_signed) {
                return image_damaged(kName, in.size(), "a component is not as its header says");
            }
            std::byte* const to = out.data() + (planar_ ? c * pixels : c) * size.item();
            const std::size_t step = (planar_ ? 1 : components) * size.item();
            size.item() == 1   ? copy<std::uint8_t>(component.data, to, pixels, step)
            : size.item() == 2 ? copy<std::uint16_t>(component.data, to, pixels, step)
                               : copy<std::uint32_t>(component.data, to, pixels, step);
        }
        return pixels * components * size.item();
    }

private:
    template <class T>
    static void copy(const OPJ_INT32* from, std::byte* to, std::size_t count, std::size_t step) {
        for (std::size_t i = 0; i < count; ++i) {
            store_element<T, false>(to + i * step, static_cast<T>(from[i]));
        }
    }

    bool planar_;
};

}  // namespace

MadeCodec make_image_jpeg2k(const Json& config, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<Jpeg2kCodec>(config.value("planar", Json()) == Json(true)));
}

}  // namespace vcube
