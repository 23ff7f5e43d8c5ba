// gzip streams of one or more members, RFC 1952: {"id": "gzip", "level": 5}.
#include "core/base/inflate.h"
#include "core/codec/compressors.h"
#include "core/codec/registry.h"

namespace vcube {

MadeCodec make_gzip(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("gzip", inflate_gzip));
}

}  // namespace vcube
