// Zstandard frames, RFC 8878: {"id": "zstd", "level": 5}.
#include "core/base/inflate.h"
#include "core/codec/compressors.h"
#include "core/codec/registry.h"

namespace vcube {

MadeCodec make_zstd(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("zstd", decompress_zstd));
}

}  // namespace vcube
