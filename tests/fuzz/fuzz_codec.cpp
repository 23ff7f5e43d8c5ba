// Codec chains on hostile chunks, and hostile configurations.
// Input: byte 0 is a chain of the table below, or 255: then a JSON text {"filters": ..., "compressor": ..., "dtype":
// ...} stands up to the next NUL byte. Two bytes give the number of elements (little-endian), the rest is the chunk.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/dtype_text.h"
#include "core/base/inflate.h"
#include "core/base/json.h"
#include "core/codec/chain.h"

namespace {

using vcube::ByteSpan;
using vcube::CodecChain;
using vcube::DType;
using vcube::Json;
using vcube::Result;

constexpr std::array<std::string_view, 20> kChains = {
    R"({"dtype":"<i2","compressor":{"id":"zlib"}})",
    R"({"dtype":"<i2","compressor":{"id":"gzip"}})",
    R"({"dtype":"<i2","compressor":{"id":"zstd"}})",
    R"({"dtype":"<i2","compressor":{"id":"lz4"}})",
    R"({"dtype":"<i2","compressor":{"id":"blosc"}})",
    R"({"dtype":">f4","filters":[{"id":"shuffle","elementsize":4},{"id":"zlib"}]})",
    R"({"dtype":"<f8","filters":[{"id":"shuffle","elementsize":8}],"compressor":{"id":"lz4"}})",
    R"({"dtype":"<f8","filters":[{"id":"shuffle","elementsize":7}],"compressor":{"id":"zstd"}})",
    R"({"dtype":"<i4","filters":[{"id":"delta","dtype":"<i4","astype":">i2"}],"compressor":{"id":"lz4"}})",
    R"({"dtype":"<f2","filters":[{"id":"delta","dtype":"<f2","astype":"<f8"}]})",
    R"({"dtype":"<u8","filters":[{"id":"fixedscaleoffset","dtype":"<u8","astype":"<f8","scale":3,"offset":1.5}]})",
    R"({"dtype":"<i1","filters":[{"id":"fixedscaleoffset","dtype":"|i1","astype":">f4","scale":0,"offset":7}]})",
    R"({"dtype":"<i4","filters":[{"id":"fixedscaleoffset","dtype":"<i4","astype":"<f2","scale":1,"offset":1e9}]})",
    R"({"dtype":"<f4","filters":[{"id":"quantize","dtype":"<f4","astype":"<f8","digits":2}]})",
    R"({"dtype":"<u2","filters":[{"id":"zlib"}],"compressor":{"id":"zlib"}})",
    R"({"dtype":"<u2","filters":[{"id":"lz4"},{"id":"shuffle"}],"compressor":{"id":"lz4"}})",
    R"({"dtype":"<u2","filters":[{"id":"lz4"},{"id":"lz4"}],"compressor":{"id":"lz4"}})",
    R"({"dtype":">U2","filters":[{"id":"bitround"}],"compressor":{"id":"blosc"}})",
    R"({"dtype":">f8"})",
    R"({"dtype":"<f8","filters":[{"id":"delta","dtype":"<i8"},{"id":"shuffle"},{"id":"blosc"}]})",
};

std::optional<CodecChain> plan(const Json& config, std::size_t elements) {
    const Result<DType> type = vcube::parse_dtype(config.value("dtype", Json("<f4")), "fuzz");
    if (!type.ok()) {
        return std::nullopt;
    }
    // A chunk's size is limited by its reader; 1 MiB here, so that the fuzzer's own memory limit means something.
    if (elements * type.value().size > (1U << 20)) {
        return std::nullopt;
    }
    Result<CodecChain> chain = CodecChain::plan_v2(config.value("filters", Json()), config.value("compressor", Json()),
                                                   type.value(), elements, "fuzz");
    return chain.ok() ? std::optional<CodecChain>(std::move(chain).value()) : std::nullopt;
}

void require(bool condition, const char* text) {
    if (!condition) {
        std::fprintf(stderr, "broken promise: %s\n", text);
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ByteSpan input = std::as_bytes(std::span(data, size));
    if (input.empty()) {
        return 0;
    }
    const auto selector = static_cast<unsigned>(input[0]);
    input = input.subspan(1);
    std::string text;
    if (selector == 255) {
        const std::string_view all = vcube::as_text(input);
        const std::size_t end = all.find('\0');
        text = all.substr(0, end);
        input = end == std::string_view::npos ? ByteSpan() : input.subspan(end + 1);
    } else {
        text = kChains[selector % kChains.size()];
    }
    const Result<Json> config = vcube::parse_json(text, "fuzz");
    if (!config.ok() || !config.value().is_object() || input.size() < 2) {
        return 0;
    }
    const std::size_t elements = static_cast<std::size_t>(input[0]) | static_cast<std::size_t>(input[1]) << 8;
    const std::optional<CodecChain> chain = plan(config.value(), elements);
    if (!chain) {
        return 0;
    }
    // A copy of exactly its size: reads beyond the chunk are seen.
    const std::vector<std::byte> chunk(input.begin() + 2, input.end());
    std::vector<std::byte> out(chain->decoded_size(), std::byte{0xa5});
    std::vector<std::byte> again(chain->decoded_size(), std::byte{0x5a});
    const bool first = chain->decode(chunk, out).ok();
    const bool second = chain->decode(chunk, again).ok();
    require(first == second, "the same chunk decodes or fails twice alike");
    require(!first || out == again, "every byte of a decoded chunk is written");
    if (chain->is_identity()) {
        require(first == (chunk.size() == out.size()), "an identity chain takes chunks of its own size");
    }
    constexpr std::size_t kCap = 1U << 20;
    const Result<vcube::Buffer> gzip = vcube::inflate_gzip_all(chunk, kCap);
    require(!gzip.ok() || gzip.value().size() <= kCap, "gzip: no more than the cap");
    const Result<vcube::Buffer> zstd = vcube::decompress_zstd_all(chunk, kCap);
    require(!zstd.ok() || zstd.value().size() <= kCap, "zstd: no more than the cap");
    return 0;
}
