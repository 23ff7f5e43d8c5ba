// One JPEG image: {"id": "imagecodecs_jpeg", "tables": null, "header": null, "colorspace_jpeg": null,
// "colorspace_data": null}. The elements are height x width x samples bytes; YCbCr becomes RGB unless the colour
// spaces say otherwise (libjpeg's numbers or names). "tables": a stream of tables alone, as TIFF keeps it; "header":
// what stands before every chunk. Both base64.
// Source: ITU-T T.81, through libjpeg. It reports errors by longjmp: the functions between setjmp and the library hold
// nothing that has a destructor.
#include <cstdio>  // jpeglib.h needs it first

#include <jpeglib.h>

#include <jerror.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <optional>
#include <vector>

#include "core/base/concat.h"
#include "core/codec/image.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

constexpr int kMaxScans = 500;  // of a progressive image: each costs a pass over all of it

struct Colors {
    J_COLOR_SPACE stored = JCS_UNKNOWN;
    J_COLOR_SPACE decoded = JCS_UNKNOWN;
};

struct Decoder {
    Decoder() = default;
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
    ~Decoder() { jpeg_destroy_decompress(&info); }

    jpeg_decompress_struct info{};
    jpeg_error_mgr errors{};
    jpeg_progress_mgr progress{};
    std::jmp_buf jump{};
    std::array<char, JMSG_LENGTH_MAX> message{};
    bool unsupported = false;
    ByteSpan tables;
    ByteSpan in;
    Colors colors;
    std::byte* out = nullptr;
    std::size_t line = 0;  // bytes of a row, as `out` has room for
};

Decoder& decoder_of(j_common_ptr info) {
    return *static_cast<Decoder*>(info->client_data);
}

[[noreturn]] void fail(j_common_ptr info) {
    Decoder& decoder = decoder_of(info);
    info->err->format_message(info, decoder.message.data());
    const int code = info->err->msg_code;
    decoder.unsupported = code == JERR_BAD_PRECISION || code == JERR_SOF_UNSUPPORTED || code == JERR_ARITH_NOTIMPL;
    std::longjmp(decoder.jump, 1);
}

// What the library would mend silently is an error: no pixel is made up.
void warn(j_common_ptr info, int level) {
    const int code = info->err->msg_code;
    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE ||
                      code == JWRN_MUST_RESYNC || code == JWRN_NOT_SEQUENTIAL)) {
        fail(info);
    }
}

void watch(j_common_ptr info) {
    const auto* const decompress = reinterpret_cast<j_decompress_ptr>(info);
    if (decompress->input_scan_number > kMaxScans) {
        info->err->msg_code = JERR_BAD_PROGRESSION;
        fail(info);
    }
}

void set_source(Decoder& decoder, ByteSpan bytes) {
    jpeg_mem_src(&decoder.info, reinterpret_cast<const unsigned char*>(bytes.data()),
                 static_cast<unsigned long>(bytes.size()));
}

void read_header(Decoder& decoder) {
    jpeg_create_decompress(&decoder.info);
    decoder.info.client_data = &decoder;
    decoder.info.progress = &decoder.progress;
    if (!decoder.tables.empty()) {
        set_source(decoder, decoder.tables);
        jpeg_read_header(&decoder.info, FALSE);
        jpeg_abort_decompress(&decoder.info);
    }
    set_source(decoder, decoder.in);
    jpeg_read_header(&decoder.info, TRUE);
    if (decoder.colors.stored != JCS_UNKNOWN) {
        decoder.info.jpeg_color_space = decoder.colors.stored;
    }
    if (decoder.colors.decoded != JCS_UNKNOWN) {
        decoder.info.out_color_space = decoder.colors.decoded;
    }
    jpeg_calc_output_dimensions(&decoder.info);
}

std::size_t line_of(const jpeg_decompress_struct& info) {
    return std::size_t{info.output_width} * static_cast<std::size_t>(info.output_components);
}

void read_lines(Decoder& decoder) {
    jpeg_start_decompress(&decoder.info);
    const std::size_t line = line_of(decoder.info);
    if (line != decoder.line) {
        decoder.info.err->msg_code = JERR_BAD_STATE;
        fail(reinterpret_cast<j_common_ptr>(&decoder.info));
    }
    while (decoder.info.output_scanline < decoder.info.output_height) {
        JSAMPROW row = reinterpret_cast<JSAMPROW>(decoder.out + decoder.info.output_scanline * line);
        jpeg_read_scanlines(&decoder.info, &row, 1);
    }
    jpeg_finish_decompress(&decoder.info);
}

bool succeeds(Decoder& decoder, void (*step)(Decoder&)) {
    if (setjmp(decoder.jump) != 0) {
        return false;
    }
    step(decoder);
    return true;
}

class JpegCodec final : public Codec {
public:
    JpegCodec(std::vector<std::byte> tables, std::vector<std::byte> header, Colors colors)
        : tables_(std::move(tables)), header_(std::move(header)), colors_(colors) {}
    [[nodiscard]] std::string_view id() const override { return "imagecodecs_jpeg"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t) const override { return std::nullopt; }

    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        if (header_.empty()) {
            return decode_whole(in, out);
        }
        constexpr std::array kEnd = {std::byte{0xff}, std::byte{0xd9}};
        std::vector<std::byte> whole(header_);
        try {
            whole.insert(whole.end(), in.begin(), in.end());
            whole.insert(whole.end(), kEnd.begin(), kEnd.end());
        } catch (const std::bad_alloc&) {
            return over_limit("no memory for a JPEG image of " + std::to_string(in.size()) + " bytes");
        }
        return decode_whole(whole, out);
    }

private:
    [[nodiscard]] Result<std::size_t> decode_whole(ByteSpan in, MutableByteSpan out) const {
        if (in.empty()) {
            return image_damaged("JPEG", 0, "");
        }
        Decoder decoder;
        decoder.info.err = jpeg_std_error(&decoder.errors);
        decoder.info.client_data = &decoder;
        decoder.errors.error_exit = fail;
        decoder.errors.emit_message = warn;
        decoder.progress.progress_monitor = watch;
        decoder.tables = tables_;
        decoder.in = in;
        decoder.colors = colors_;
        if (!succeeds(decoder, read_header)) {
            return error_of(decoder);
        }
        VCUBE_ASSIGN(const std::size_t size,
                     image_bytes("JPEG", decoder.info.output_height, decoder.info.output_width,
                                 static_cast<std::uint64_t>(decoder.info.output_components), 1, out.size()));
        decoder.line = line_of(decoder.info);
        decoder.out = out.data();
        if (!succeeds(decoder, read_lines)) {
            return error_of(decoder);
        }
        return size;
    }

    static Error error_of(const Decoder& decoder) {
        const std::string_view why = decoder.message.data();
        if (decoder.unsupported) {
            return unsupported(concat("JPEG image: ", why));
        }
        return image_damaged("JPEG", decoder.in.size(), why);
    }

    std::vector<std::byte> tables_;
    std::vector<std::byte> header_;
    Colors colors_;
};

struct NamedColor {
    std::string_view name;
    J_COLOR_SPACE space;
};
constexpr auto kNamedColors = std::to_array<NamedColor>({
    {"UNKNOWN", JCS_UNKNOWN},
    {"GRAY", JCS_GRAYSCALE},
    {"GRAYSCALE", JCS_GRAYSCALE},
    {"MINISBLACK", JCS_GRAYSCALE},
    {"MINISWHITE", JCS_GRAYSCALE},
    {"RGB", JCS_RGB},
    {"YCBCR", JCS_YCbCr},
    {"CMYK", JCS_CMYK},
    {"SEPARATED", JCS_CMYK},
    {"YCCK", JCS_YCCK},
    {"RGBA", JCS_EXT_RGBA},
});

Result<J_COLOR_SPACE> color_space(const Json& config, const char* key, const std::string& what) {
    const Json value = config.value(key, Json());
    if (value.is_null()) {
        return JCS_UNKNOWN;
    }
    if (value.is_string()) {
        std::string name = value.get<std::string>();
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
        for (const NamedColor& color : kNamedColors) {
            if (color.name == name) {
                return color.space;
            }
        }
    } else if (value.is_number_integer() && value >= 0 && value <= static_cast<int>(JCS_EXT_ARGB)) {
        return static_cast<J_COLOR_SPACE>(value.get<int>());
    }
    return invalid(what + ": \"" + key + "\": expected a colour space of libjpeg");
}

// config[key] in base64; empty where it is absent.
Result<std::vector<std::byte>> stream_of(const Json& config, const char* key, const CodecPlace& place) {
    std::vector<std::byte> bytes;
    if (config.value(key, Json()).is_null()) {
        return bytes;
    }
    VCUBE_ASSIGN(const std::string text, json_string(config, key, place.what));
    CodecPlace inner = place;
    VCUBE_ASSIGN(const std::unique_ptr<const Codec> base64, make_base64(Json::object(), inner));
    bytes.resize(text.size());
    const Result<std::size_t> size = base64->decode(as_byte_span(text), bytes);
    if (!size.ok()) {
        return with_context(place.what + ": \"" + key + "\"", size.error());
    }
    bytes.resize(size.value());
    return bytes;
}

}  // namespace

MadeCodec make_image_jpeg(const Json& config, CodecPlace& place) {
    Colors colors;
    VCUBE_ASSIGN(colors.stored, color_space(config, "colorspace_jpeg", place.what));
    VCUBE_ASSIGN(colors.decoded, color_space(config, "colorspace_data", place.what));
    if (config.value("colorspace_data", Json()).is_null()) {
        colors.decoded = colors.stored;
    }
    VCUBE_ASSIGN(std::vector<std::byte> tables, stream_of(config, "tables", place));
    VCUBE_ASSIGN(std::vector<std::byte> header, stream_of(config, "header", place));
    return std::unique_ptr<const Codec>(std::make_unique<JpegCodec>(std::move(tables), std::move(header), colors));
}

}  // namespace vcube
