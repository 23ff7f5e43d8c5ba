// PackBits runs of TIFF: {"id": "imagecodecs_packbits"}. Not numcodecs' packbits, which packs booleans into bits.
// Source: TIFF 6.0, section 9. A byte n of 0 to 127: n + 1 bytes as they are; 129 to 255: the next byte 257 - n times.
#include <cstring>

#include "core/codec/compressors.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

Result<std::size_t> decode_packbits(ByteSpan in, MutableByteSpan out) {
    std::size_t at = 0;
    std::size_t written = 0;
    while (at < in.size()) {
        const auto control = static_cast<std::size_t>(in[at++]);
        if (control == 128) {
            continue;
        }
        const bool literal = control < 128;
        const std::size_t count = literal ? control + 1 : 257 - control;
        const std::size_t stored = literal ? count : 1;
        if (in.size() - at < stored) {
            return corrupt("PackBits chunk of " + std::to_string(in.size()) + " bytes is cut short");
        }
        if (out.size() - written < count) {
            return over_limit("PackBits chunk decodes to more than " + std::to_string(out.size()) + " bytes");
        }
        if (literal) {
            std::memcpy(out.data() + written, in.data() + at, count);
        } else {
            std::memset(out.data() + written, static_cast<int>(in[at]), count);
        }
        at += stored;
        written += count;
    }
    return written;
}

}  // namespace

MadeCodec make_tiff_packbits(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("imagecodecs_packbits", decode_packbits));
}

}  // namespace vcube
