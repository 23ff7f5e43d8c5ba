// One snappy block: {"id": "imagecodecs_snappy"}. Source: snappy's format_description.txt.
#include <snappy.h>

#include "core/codec/compressors.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

Result<std::size_t> decode_snappy(ByteSpan in, MutableByteSpan out) {
    const auto* const block = reinterpret_cast<const char*>(in.data());
    std::size_t size = 0;
    if (!snappy::GetUncompressedLength(block, in.size(), &size)) {
        return corrupt("snappy chunk of " + std::to_string(in.size()) + " bytes has no header");
    }
    if (size > out.size()) {
        return over_limit("snappy chunk: its header claims " + std::to_string(size) + " bytes, more than " +
                          std::to_string(out.size()));
    }
    char spare = 0;
    char* const target = out.empty() ? &spare : reinterpret_cast<char*>(out.data());
    if (!snappy::RawUncompress(block, in.size(), target)) {
        return corrupt("snappy chunk of " + std::to_string(in.size()) + " bytes is damaged");
    }
    return size;
}

}  // namespace

MadeCodec make_snappy(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("imagecodecs_snappy", decode_snappy));
}

}  // namespace vcube
