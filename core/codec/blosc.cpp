// Blosc 1 containers with any inner compressor and shuffle: {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1}.
// The container's own header says how it was made; the configuration matters to encoders only.
#include <blosc.h>

#include "core/codec/compressors.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

Result<std::size_t> decode_blosc(ByteSpan in, MutableByteSpan out) {
    std::size_t size = 0;
    if (in.size() < BLOSC_MIN_HEADER_LENGTH || blosc_cbuffer_validate(in.data(), in.size(), &size) < 0) {
        return corrupt("blosc chunk of " + std::to_string(in.size()) + " bytes: its header is not valid for that size");
    }
    if (size > out.size()) {
        return over_limit("blosc chunk: its header claims " + std::to_string(size) + " bytes, more than " +
                          std::to_string(out.size()));
    }
    if (size == 0) {
        return std::size_t{0};
    }
    const int written = blosc_decompress_ctx(in.data(), out.data(), out.size(), 1);
    if (written < 0 || static_cast<std::size_t>(written) != size) {
        const char* const inner = blosc_cbuffer_complib(in.data());
        return corrupt("blosc chunk of " + std::to_string(in.size()) + " bytes (" + (inner == nullptr ? "?" : inner) +
                       ") is damaged, or its compressor is not built into libblosc");
    }
    return size;
}

}  // namespace

MadeCodec make_blosc(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("blosc", decode_blosc));
}

}  // namespace vcube
