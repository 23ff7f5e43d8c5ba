// One PNG image: {"id": "imagecodecs_png"}. The elements are height x width x samples of 8 or 16 bits, native byte
// order; palettes become RGB, transparent colours alpha, and fewer than 8 bits of grey become 8.
// Source: PNG (ISO/IEC 15948), through libpng. It reports errors by longjmp: the functions between setjmp and the
// library hold nothing that has a destructor.
#include <png.h>

#include <array>
#include <bit>
#include <csetjmp>
#include <cstring>

#include "core/codec/compressors.h"
#include "core/codec/image.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

struct Reader {
    Reader() = default;
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }

    png_structp png = nullptr;
    png_infop info = nullptr;
    std::jmp_buf jump{};
    std::array<char, 128> message{};
    ByteSpan in;
    std::size_t at = 0;
    std::byte* out = nullptr;
    png_uint_32 width = 0;
    png_uint_32 height = 0;
    unsigned samples = 0;
    unsigned item = 0;
    int passes = 1;
};

[[noreturn]] void fail(png_structp png, png_const_charp why) {
    auto& reader = *static_cast<Reader*>(png_get_error_ptr(png));
    std::strncpy(reader.message.data(), why, reader.message.size() - 1);
    std::longjmp(reader.jump, 1);
}

void warn(png_structp, png_const_charp) {}

void read_bytes(png_structp png, png_bytep to, std::size_t size) {
    auto& reader = *static_cast<Reader*>(png_get_io_ptr(png));
    if (reader.in.size() - reader.at < size) {
        fail(png, "it is cut short");
    }
    std::memcpy(to, reader.in.data() + reader.at, size);
    reader.at += size;
}

void read_header(Reader& reader) {
    reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, fail, warn);
    reader.info = reader.png == nullptr ? nullptr : png_create_info_struct(reader.png);
    if (reader.info == nullptr) {
        std::longjmp(reader.jump, 1);
    }
    png_set_user_limits(reader.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_read_fn(reader.png, &reader, read_bytes);
    png_read_info(reader.png, reader.info);
    int bits = 0;
    int color = 0;
    png_get_IHDR(reader.png, reader.info, &reader.width, &reader.height, &bits, &color, nullptr, nullptr, nullptr);
    const bool transparent = png_get_valid(reader.png, reader.info, PNG_INFO_tRNS) != 0;
    if (color == PNG_COLOR_TYPE_PALETTE) {
        png_set_palette_to_rgb(reader.png);
    } else if (color == PNG_COLOR_TYPE_GRAY && bits < 8) {
        png_set_expand_gray_1_2_4_to_8(reader.png);
    }
    if (transparent) {
        png_set_tRNS_to_alpha(reader.png);
    }
    if (bits == 16 && std::endian::native == std::endian::little) {
        png_set_swap(reader.png);
    }
    const bool colors = (color & PNG_COLOR_MASK_COLOR) != 0;
    const bool alpha = transparent || (color & PNG_COLOR_MASK_ALPHA) != 0;
    reader.samples = (colors ? 3U : 1U) + (alpha ? 1U : 0U);
    reader.item = bits == 16 ? 2 : 1;
}

void read_rows(Reader& reader) {
    reader.passes = png_set_interlace_handling(reader.png);
    png_read_update_info(reader.png, reader.info);
    const std::size_t row = png_get_rowbytes(reader.png, reader.info);
    if (row != std::size_t{reader.width} * reader.samples * reader.item) {
        png_error(reader.png, "its rows have another size than its header says");
    }
    for (int pass = 0; pass < reader.passes; ++pass) {
        for (png_uint_32 y = 0; y < reader.height; ++y) {
            png_read_row(reader.png, reinterpret_cast<png_bytep>(reader.out + y * row), nullptr);
        }
    }
    png_read_end(reader.png, nullptr);
}

bool succeeds(Reader& reader, void (*step)(Reader&)) {
    if (setjmp(reader.jump) != 0) {
        return false;
    }
    step(reader);
    return true;
}

Result<std::size_t> decode_png(ByteSpan in, MutableByteSpan out) {
    Reader reader;
    reader.in = in;
    if (!succeeds(reader, read_header)) {
        return image_damaged("PNG", in.size(), reader.message.data());
    }
    VCUBE_ASSIGN(const std::size_t size,
                 image_bytes("PNG", reader.height, reader.width, reader.samples, reader.item, out.size()));
    reader.out = out.data();
    if (!succeeds(reader, read_rows)) {
        return image_damaged("PNG", in.size(), reader.message.data());
    }
    return size;
}

}  // namespace

MadeCodec make_image_png(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("imagecodecs_png", decode_png));
}

}  // namespace vcube
