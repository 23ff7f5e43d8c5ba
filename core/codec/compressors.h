// A bytes->bytes codec around a plain decompression function (zlib, gzip, zstd, lz4, blosc). Thread-safe.
#pragma once

#include <string_view>

#include "vcube/codec.h"

namespace vcube {

using DecompressFunction = Result<std::size_t> (*)(ByteSpan in, MutableByteSpan out);

class CompressorCodec final : public Codec {
public:
    /// `id` must outlive the codec (a literal).
    CompressorCodec(std::string_view id, DecompressFunction decompress) : id_(id), decompress_(decompress) {}
    [[nodiscard]] std::string_view id() const override { return id_; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t) const override { return std::nullopt; }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        return decompress_(in, out);
    }

private:
    std::string_view id_;
    DecompressFunction decompress_;
};

}  // namespace vcube
