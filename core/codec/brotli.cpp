// Brotli, RFC 7932: {"id": "imagecodecs_brotli"}.
#include <brotli/decode.h>

#include <memory>

#include "core/codec/compressors.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

struct StateDeleter {
    void operator()(BrotliDecoderState* state) const { BrotliDecoderDestroyInstance(state); }
};

Result<std::size_t> decode_brotli(ByteSpan in, MutableByteSpan out) {
    const std::unique_ptr<BrotliDecoderState, StateDeleter> state(
        BrotliDecoderCreateInstance(nullptr, nullptr, nullptr));
    if (!state) {
        return over_limit("no memory for a brotli decompressor");
    }
    const auto* from = reinterpret_cast<const std::uint8_t*>(in.data());
    auto* to = reinterpret_cast<std::uint8_t*>(out.data());
    std::size_t left = in.size();
    std::size_t room = out.size();
    switch (BrotliDecoderDecompressStream(state.get(), &left, &from, &room, &to, nullptr)) {
        case BROTLI_DECODER_RESULT_SUCCESS:
            return out.size() - room;
        case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
            return over_limit("brotli chunk decodes to more than " + std::to_string(out.size()) + " bytes");
        case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
            return corrupt("brotli chunk of " + std::to_string(in.size()) + " bytes is cut short");
        default:
            return corrupt("brotli chunk of " + std::to_string(in.size()) +
                           " bytes is damaged: " + BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state.get())));
    }
}

}  // namespace

MadeCodec make_brotli(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("imagecodecs_brotli", decode_brotli));
}

}  // namespace vcube
