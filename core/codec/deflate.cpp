// Members of zip files with their local header: {"id": "deflate"} of kerchunk; and imagecodecs' {"id":
// "imagecodecs_deflate", "raw": false}, a zlib stream, or a bare one where raw is true.
// Source: PKWARE APPNOTE 4.3.7 (local file header), RFC 1951.
#include <algorithm>
#include <cstring>

#include "core/base/inflate.h"
#include "core/codec/checksum_codec.h"
#include "core/codec/compressors.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

std::size_t little_endian_16(const std::byte* p) {
    return static_cast<std::size_t>(p[0]) | static_cast<std::size_t>(p[1]) << 8;
}

Result<std::size_t> decode_member(ByteSpan in, MutableByteSpan out) {
    constexpr std::size_t kHeader = 30;
    constexpr std::uint32_t kMagic = 0x04034b50;
    if (in.size() < kHeader || little_endian_32(in.data()) != kMagic) {
        return corrupt("deflate chunk of " + std::to_string(in.size()) + " bytes: expected a zip member's header");
    }
    const std::size_t begin = kHeader + little_endian_16(in.data() + 26) + little_endian_16(in.data() + 28);
    if (begin > in.size()) {
        return corrupt("deflate chunk of " + std::to_string(in.size()) + " bytes is cut short in its header");
    }
    const ByteSpan data = in.subspan(begin);
    const std::size_t method = little_endian_16(in.data() + 8);
    if (method == 8) {
        return inflate_raw(data, out);
    }
    if (method != 0) {
        return unsupported("deflate chunk: zip method " + std::to_string(method) + " is not read");
    }
    const std::size_t size = std::min<std::size_t>(little_endian_32(in.data() + 18), data.size());
    if (size > out.size()) {
        return over_limit("deflate chunk: a stored member of " + std::to_string(size) + " bytes, more than " +
                          std::to_string(out.size()));
    }
    if (size > 0) {
        std::memcpy(out.data(), data.data(), size);
    }
    return size;
}

}  // namespace

MadeCodec make_deflate(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("deflate", decode_member));
}

MadeCodec make_image_deflate(const Json& config, CodecPlace&) {
    const bool raw = config.value("raw", Json()) == Json(true);
    return std::unique_ptr<const Codec>(
        std::make_unique<CompressorCodec>("imagecodecs_deflate", raw ? inflate_raw : inflate_zlib));
}

}  // namespace vcube
