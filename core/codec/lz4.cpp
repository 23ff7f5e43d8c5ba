// One LZ4 block behind its decoded size (numcodecs' form): {"id": "lz4", "acceleration": 1}.
// Layout: decoded size as a little-endian signed 32-bit number, then the block. {"id": "imagecodecs_lz4"} is the bare
// block, unless "header" is true.
#include <lz4.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "core/codec/compressors.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

Result<std::size_t> decode_lz4(ByteSpan in, MutableByteSpan out) {
    constexpr std::size_t kHeader = 4;
    if (in.size() <= kHeader || in.size() - kHeader > std::numeric_limits<int>::max()) {
        return corrupt("lz4 chunk of " + std::to_string(in.size()) + " bytes: expected a size header and a block");
    }
    std::uint32_t size = 0;
    for (std::size_t i = 0; i < kHeader; ++i) {
        size |= static_cast<std::uint32_t>(in[i]) << (8 * i);
    }
    if (size > std::uint32_t{LZ4_MAX_INPUT_SIZE}) {
        return corrupt("lz4 chunk: its header claims " + std::to_string(size) + " bytes, more than LZ4 can hold");
    }
    if (size > out.size()) {
        return over_limit("lz4 chunk: its header claims " + std::to_string(size) + " bytes, more than " +
                          std::to_string(out.size()));
    }
    const ByteSpan block = in.subspan(kHeader);
    std::byte spare{};
    std::byte* const target = out.empty() ? &spare : out.data();
    const int written =
        LZ4_decompress_safe(reinterpret_cast<const char*>(block.data()), reinterpret_cast<char*>(target),
                            static_cast<int>(block.size()), static_cast<int>(size));
    if (written < 0 || static_cast<std::uint32_t>(written) != size) {
        return corrupt("lz4 chunk of " + std::to_string(in.size()) + " bytes is damaged: its header claims " +
                       std::to_string(size) + " decoded bytes" +
                       (written < 0 ? std::string() : ", its block holds " + std::to_string(written)));
    }
    return static_cast<std::size_t>(size);
}

Result<std::size_t> decode_block(ByteSpan in, MutableByteSpan out) {
    constexpr std::size_t kMost = std::numeric_limits<int>::max();
    if (in.empty() || in.size() > kMost) {
        return corrupt("lz4 block of " + std::to_string(in.size()) + " bytes: expected 1 to 2147483647");
    }
    std::byte spare{};
    const int written = LZ4_decompress_safe(reinterpret_cast<const char*>(in.data()),
                                            reinterpret_cast<char*>(out.empty() ? &spare : out.data()),
                                            static_cast<int>(in.size()), static_cast<int>(std::min(out.size(), kMost)));
    if (written < 0) {
        // The library does not tell a damaged block from one that is too long, which more room would help.
        constexpr std::size_t kMostRatio = 255;
        const std::string what = "lz4 block of " + std::to_string(in.size()) + " bytes is damaged";
        if (out.size() / kMostRatio < in.size()) {
            return over_limit(what + ", or decodes to more than " + std::to_string(out.size()) + " bytes");
        }
        return corrupt(what);
    }
    return static_cast<std::size_t>(written);
}

}  // namespace

MadeCodec make_image_lz4(const Json& config, CodecPlace&) {
    const bool header = config.value("header", Json()) == Json(true);
    return std::unique_ptr<const Codec>(
        std::make_unique<CompressorCodec>("imagecodecs_lz4", header ? decode_lz4 : decode_block));
}

MadeCodec make_lz4(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("lz4", decode_lz4));
}

}  // namespace vcube
