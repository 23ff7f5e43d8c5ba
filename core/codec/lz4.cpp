// One LZ4 block behind its decoded size (numcodecs' form): {"id": "lz4", "acceleration": 1}.
// Layout: decoded size as a little-endian signed 32-bit number, then the block.
#include <lz4.h>

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

}  // namespace

Result<std::unique_ptr<const Codec>> make_lz4(const Json&, const std::string&) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("lz4", decode_lz4));
}

}  // namespace vcube
