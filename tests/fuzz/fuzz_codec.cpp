// Codec chains on hostile chunks, and hostile configurations.
// Input: byte 0 is a chain of the table below, or 255: then a JSON text {"filters": ..., "compressor": ..., "dtype":
// ...} or, of Zarr v3, {"codecs": [...], "dtype": ..., "shape": [...]} stands up to the next NUL byte. Two bytes give
// the number of elements (little-endian; of no account where there is a shape), the rest is the chunk.
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
#include "core/codec/strings.h"
#include "vcube/shape.h"

namespace {

using vcube::ByteSpan;
using vcube::CodecChain;
using vcube::DType;
using vcube::Json;
using vcube::Result;

constexpr auto kChains = std::to_array<std::string_view>({
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
    R"({"dtype":"<i2","compressor":{"id":"lzma","format":1}})",
    R"({"dtype":"<i2","compressor":{"id":"lzma","format":2}})",
    R"({"dtype":"<i2","compressor":{"id":"lzma","format":3,"filters":[{"id":3,"dist":2},{"id":33,"preset":1}]}})",
    R"({"dtype":"<i2","compressor":{"id":"bz2"}})",
    R"({"dtype":"<i2","compressor":{"id":"base64"}})",
    R"({"dtype":"<i2","compressor":{"id":"lzf"}})",
    R"({"dtype":"|b1","filters":[{"id":"packbits"}]})",
    R"({"dtype":"<i2","compressor":{"id":"crc32"}})",
    R"({"dtype":"<i2","compressor":{"id":"crc32c","location":"start"}})",
    R"({"dtype":"<i2","compressor":{"id":"adler32"}})",
    R"({"dtype":"<i2","filters":[{"id":"fletcher32"}]})",
    R"({"dtype":"<i2","filters":[{"id":"jenkins_lookup3"}]})",
    R"({"dtype":"<i2","filters":[{"id":"szip","options_mask":141,"pixels_per_block":8,"bits_per_pixel":16,"pixels_per_scanline":64}]})",
    R"({"dtype":">i4","filters":[{"id":"szip","options_mask":149,"pixels_per_block":32,"bits_per_pixel":32,"pixels_per_scanline":100}]})",
    R"({"dtype":"|u1","filters":[{"id":"szip","options_mask":137,"pixels_per_block":2,"bits_per_pixel":8,"pixels_per_scanline":7}]})",
    R"({"dtype":"<f4","compressor":{"id":"zfpy","mode":4}})",
    R"({"dtype":"<i8","compressor":{"id":"zfpy","mode":4}})",
    R"({"dtype":"<u2","compressor":{"id":"imagecodecs_lzw"}})",
    R"({"dtype":"<u2","compressor":{"id":"imagecodecs_packbits"}})",
    R"({"dtype":"<u2","compressor":{"id":"imagecodecs_lz4"}})",
    R"({"dtype":"<u2","filters":[{"id":"imagecodecs_delta","shape":[4,5,2],"dtype":"<u2","axis":1}]})",
    R"({"dtype":"<u2","compressor":{"id":"deflate"}})",
    R"({"dtype":"<f8","filters":[{"id":"astype","encode_dtype":"<f2","decode_dtype":"<f8"}]})",
    R"({"dtype":"<u2","filters":[{"id":"record_member","member":"b","dtype":[["a","<f4"],["b","<u2"]]}]})",
    R"({"dtype":"<U4","filters":[{"id":"categorize","labels":["a","bcdefg"],"dtype":"<U4","astype":"|u1"}]})",
    R"({"dtype":[["a",">i2"],["b",[["c",">f8"],["d","|S3"]]]],"compressor":{"id":"lz4"}})",
    R"({"dtype":"|O","filters":[{"id":"vlen-utf8"}]})",
    R"({"dtype":"|O","filters":[{"id":"vlen-bytes"}],"compressor":{"id":"lz4"}})",
    R"({"dtype":"|O","filters":[{"id":"vlen-array","dtype":"<f2"}]})",
    R"({"dtype":"|O","filters":[{"id":"json2"}]})",
    R"({"dtype":"|O","filters":[{"id":"msgpack2"}]})",
    R"({"dtype":"|O","filters":[{"id":"categorize","labels":["a","b"],"dtype":"|O","astype":"<u2"}]})",
    R"({"dtype":"|O","filters":[{"id":"fill_hdf_strings","dtype":"S4","id_map":{"id00":"x"}}]})",
    R"({"dtype":"<i2","shape":[4,10],"codecs":[{"name":"transpose","configuration":{"order":[1,0]}},{"name":"bytes","configuration":{"endian":"big"}},"crc32c"]})",
    R"({"dtype":"<i2","shape":[4,10],"codecs":[{"name":"sharding_indexed","configuration":{"chunk_shape":[2,5],"codecs":[{"name":"bytes","configuration":{"endian":"little"}},{"name":"gzip"}],"index_codecs":["bytes"]}}]})",
    R"({"dtype":"<i2","shape":[4,10],"codecs":[{"name":"sharding_indexed","configuration":{"chunk_shape":[4,5],"codecs":[{"name":"sharding_indexed","configuration":{"chunk_shape":[2,5],"codecs":["bytes"],"index_codecs":["bytes"],"index_location":"start"}}],"index_codecs":["bytes"]}},{"name":"numcodecs.lz4"}]})",
    R"({"dtype":"|O","shape":[4,10],"codecs":[{"name":"sharding_indexed","configuration":{"chunk_shape":[2,5],"codecs":["vlen-utf8"],"index_codecs":["bytes"]}}]})",
    R"({"dtype":"|u1","shape":[40],"codecs":[{"name":"cast_value","configuration":{"data_type":"float32","out_of_range":"clamp"}},"bytes"]})",
    R"({"dtype":"<i4","shape":[40],"codecs":[{"name":"scale_offset","configuration":{"scale":-3,"offset":7}},"bytes"]})",
});

std::optional<CodecChain> plan(const Json& config, std::size_t elements) {
    const Result<DType> type = vcube::parse_dtype(config.value("dtype", Json("<f4")), "fuzz");
    if (!type.ok()) {
        return std::nullopt;
    }
    vcube::Shape shape;
    if (config.contains("codecs")) {
        const Result<vcube::Shape> given = vcube::json_shape(config, "shape", "fuzz");
        const auto product = given.ok() ? vcube::checked_product(given.value()) : std::nullopt;
        if (!product) {
            return std::nullopt;
        }
        shape = given.value();
        elements = static_cast<std::size_t>(*product);
    }
    // A chunk's size is limited by its reader; 1 MiB here, so that the fuzzer's own memory limit means something.
    if (elements > (1U << 20) || elements * type.value().size > (1U << 20)) {
        return std::nullopt;
    }
    Result<CodecChain> chain =
        config.contains("codecs")
            ? CodecChain::plan_v3(config["codecs"], type.value(), shape, "fuzz")
            : CodecChain::plan_v2(config.value("filters", Json()), config.value("compressor", Json()), type.value(),
                                  elements, "fuzz");
    return chain.ok() ? std::optional<CodecChain>(std::move(chain).value()) : std::nullopt;
}

void require(bool condition, const char* text) {
    if (!condition) {
        std::fprintf(stderr, "broken promise: %s\n", text);
        std::abort();
    }
}

void check_strings(const CodecChain& chain, ByteSpan chunk, std::size_t elements) {
    constexpr std::uint64_t kRoom = 1U << 20;
    const Result<vcube::Buffer> strings = chain.decode_strings(chunk, kRoom);
    if (!strings.ok()) {
        return;
    }
    require(strings.value().size() <= kRoom, "no more text than there is room for");
    std::size_t total = 0;
    for (std::size_t i = 0; i < elements; ++i) {
        total += vcube::string_at(strings.value().span(), elements, i).size();
    }
    require(total + 8 * (elements + 1) == strings.value().size(), "offsets cover all bytes");
    const Result<vcube::Buffer> again = chain.decode_strings(chunk, strings.value().size() - 1);
    require(!again.ok(), "a limit is kept");
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
    std::size_t elements = static_cast<std::size_t>(input[0]) | static_cast<std::size_t>(input[1]) << 8;
    const std::optional<CodecChain> chain = plan(config.value(), elements);
    if (!chain) {
        return 0;
    }
    // A copy of exactly its size: reads beyond the chunk are seen.
    const std::vector<std::byte> chunk(input.begin() + 2, input.end());
    if (chain->is_variable()) {
        if (config.value().contains("codecs")) {
            elements = 1;
            for (const Json& extent : config.value()["shape"]) {
                elements *= extent.get<std::size_t>();
            }
        }
        check_strings(*chain, chunk, elements);
        return 0;
    }
    std::vector<std::byte> out(chain->decoded_size(), std::byte{0xa5});
    std::vector<std::byte> again(chain->decoded_size(), std::byte{0x5a});
    const bool first = chain->decode(chunk, out).ok();
    const bool second = chain->decode(chunk, again).ok();
    require(first == second, "the same chunk decodes or fails twice alike");
    require(!first || out == again, "every byte of a decoded chunk is written");
    if (chain->encoded_size()) {
        require(!first || chunk.size() == *chain->encoded_size(), "a fixed size is kept");
    }
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
