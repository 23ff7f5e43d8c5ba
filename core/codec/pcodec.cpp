// pcodec: {"id": "pcodec", "level": 8, "mode_spec": "auto", "delta_spec": "auto", ...}; the keys say how it was made,
// the stream how it is read. numcodecs and zarrs write pco's standalone format: a header, chunks, a closing zero.
// Debian has no library for it; the decoder is pcodec_*.h.
// Source: pco's docs/format.md, "Standalone Format"; format versions 0 to 4.
#include <optional>
#include <string>

#include "core/codec/compressors.h"
#include "core/codec/pcodec_meta.h"
#include "core/codec/pcodec_page.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

Result<std::size_t> decode_stream(ByteSpan in, MutableByteSpan out) {
    pcodec::BitReader reader(in);
    VCUBE_ASSIGN(pcodec::Header header, pcodec::read_header(reader));
    std::size_t written = 0;
    while (true) {
        VCUBE_ASSIGN(const std::optional<pcodec::Chunk> chunk, pcodec::read_chunk(reader, header));
        if (!chunk) {
            return written;
        }
        const std::size_t size = chunk->count * (chunk->type.bits / 8);
        if (size > out.size() - written) {
            return over_limit("it holds more than the " + std::to_string(out.size()) + " bytes that were expected");
        }
        VCUBE_TRY(pcodec::read_page(reader, *chunk, out.subspan(written, size)));
        written += size;
        header.uniform = chunk->type;  // an array has numbers of one type
    }
}

Result<std::size_t> decode_pcodec(ByteSpan in, MutableByteSpan out) {
    Result<std::size_t> decoded = decode_stream(in, out);
    if (!decoded.ok()) {
        return with_context("pcodec chunk of " + std::to_string(in.size()) + " bytes", decoded.error());
    }
    return decoded;
}

}  // namespace

MadeCodec make_pcodec(const Json& /*config*/, CodecPlace& /*place*/) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("pcodec", decode_pcodec));
}

}  // namespace vcube
