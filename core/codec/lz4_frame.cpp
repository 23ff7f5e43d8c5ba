// One LZ4 frame, with its checksums: {"id": "imagecodecs_lz4f"}. Source: LZ4 frame format 1.6.
#include <lz4frame.h>

#include <memory>

#include "core/codec/compressors.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

struct ContextDeleter {
    void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};

Result<std::size_t> decode_frame(ByteSpan in, MutableByteSpan out) {
    LZ4F_dctx* made = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION)) != 0) {
        return over_limit("no memory for an LZ4 decompressor");
    }
    const std::unique_ptr<LZ4F_dctx, ContextDeleter> context(made);
    const auto describe = [&] { return "LZ4 frame of " + std::to_string(in.size()) + " bytes"; };
    std::size_t read = 0;
    std::size_t written = 0;
    std::byte spare{};
    while (true) {
        std::size_t taken = in.size() - read;
        // A byte of room beyond the end tells a frame that is too long from one that ends here.
        const bool full = written == out.size();
        std::size_t given = full ? 1 : out.size() - written;
        std::byte* const target = full ? &spare : out.data() + written;
        const std::size_t hint = LZ4F_decompress(context.get(), target, &given, in.data() + read, &taken, nullptr);
        if (LZ4F_isError(hint) != 0) {
            return corrupt(describe() + " is damaged: " + LZ4F_getErrorName(hint));
        }
        if (full && given > 0) {
            return over_limit(describe() + " decodes to more than " + std::to_string(out.size()) + " bytes");
        }
        read += taken;
        written += given;
        if (hint == 0) {
            return written;
        }
        if (taken == 0 && given == 0) {
            return corrupt(describe() + " is cut short");
        }
    }
}

}  // namespace

MadeCodec make_lz4_frame(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("imagecodecs_lz4f", decode_frame));
}

}  // namespace vcube
