// zlib streams, RFC 1950: {"id": "zlib", "level": 5}. The level matters to encoders only.
#include "core/base/inflate.h"
#include "core/codec/compressors.h"
#include "core/codec/registry.h"

namespace vcube {

MadeCodec make_zlib(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("zlib", inflate_zlib));
}

}  // namespace vcube
