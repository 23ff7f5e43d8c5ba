#include "core/codec/registry.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/codec/chain.h"

namespace vcube {
namespace {

using Names = std::span<const std::string_view>;
constexpr std::string_view kBloscNames[] = {"imagecodecs_blosc"};
constexpr std::string_view kBz2Names[] = {"imagecodecs_bz2"};
constexpr std::string_view kGzipNames[] = {"imagecodecs_gzip"};
constexpr std::string_view kJenkinsNames[] = {"bob_jenkins_lookup3"};
constexpr std::string_view kJpegNames[] = {"imagecodecs_jpeg8"};
constexpr std::string_view kLzmaNames[] = {"imagecodecs_lzma"};
constexpr std::string_view kPngNames[] = {"imagecodecs_apng", "imagecodecs_spng"};
constexpr std::string_view kPcodecNames[] = {"imagecodecs_pcodec"};
constexpr std::string_view kSzipNames[] = {"hdf_szip", "imagecodecs_szip"};
constexpr std::string_view kZlibNames[] = {"imagecodecs_zlib", "imagecodecs_zlibng", "imagecodecs_zopfli"};
constexpr std::string_view kZfpNames[] = {"imagecodecs_zfp"};
constexpr std::string_view kZstdNames[] = {"imagecodecs_zstd"};
constexpr std::string_view kBitroundNames[] = {"imagecodecs_quantize"};

constexpr CodecRole kArray = CodecRole::kArrayToArray;
constexpr CodecRole kSerial = CodecRole::kArrayToBytes;
constexpr CodecRole kBytes = CodecRole::kBytesToBytes;

constexpr auto kTable = std::to_array<CodecEntry>({
    {"adler32", kBytes, {}, make_adler32, nullptr},
    {"astype", kArray, {}, make_astype, nullptr},
    {"base64", kBytes, {}, make_base64, nullptr},
    {"bitround", kArray, kBitroundNames, make_bitround, nullptr},
    {"blosc", kBytes, kBloscNames, make_blosc, nullptr},
    {"bz2", kBytes, kBz2Names, make_bz2, nullptr},
    {"cast_value", kArray, {}, make_cast_value, nullptr},
    {"categorize", kArray, {}, make_categorize, make_categorize_strings},
    {"crc32", kBytes, {}, make_crc32, nullptr},
    {"crc32c", kBytes, {}, make_crc32c, nullptr},
    {"deflate", kBytes, {}, make_deflate, nullptr},
    {"delta", kArray, {}, make_delta, nullptr},
    {"fill_hdf_strings", kArray, {}, nullptr, make_fill_hdf_strings},
    {"fixedscaleoffset", kArray, {}, make_fixedscaleoffset, nullptr},
    {"fletcher32", kBytes, {}, make_fletcher32, nullptr},
    {"gzip", kBytes, kGzipNames, make_gzip, nullptr},
    {"imagecodecs_bitorder", kBytes, {}, make_bitorder, nullptr},
    {"imagecodecs_bitshuffle", kBytes, {}, make_bitshuffle, nullptr},
    {"imagecodecs_brotli", kBytes, {}, make_brotli, nullptr},
    {"imagecodecs_byteshuffle", kArray, {}, make_image_byteshuffle, nullptr},
    {"imagecodecs_deflate", kBytes, {}, make_image_deflate, nullptr},
    {"imagecodecs_delta", kArray, {}, make_image_delta, nullptr},
    {"imagecodecs_floatpred", kArray, {}, make_image_floatpred, nullptr},
    {"imagecodecs_jpeg", kSerial, kJpegNames, make_image_jpeg, nullptr},
    {"imagecodecs_jpeg2k", kSerial, {}, make_image_jpeg2k, nullptr},
    {"imagecodecs_lerc", kSerial, {}, make_image_lerc, nullptr},
    {"imagecodecs_lz4", kBytes, {}, make_image_lz4, nullptr},
    {"imagecodecs_lz4f", kBytes, {}, make_lz4_frame, nullptr},
    {"imagecodecs_lzw", kBytes, {}, make_tiff_lzw, nullptr},
    {"imagecodecs_packbits", kBytes, {}, make_tiff_packbits, nullptr},
    {"imagecodecs_packints", kSerial, {}, make_packints, nullptr},
    {"imagecodecs_png", kSerial, kPngNames, make_image_png, nullptr},
    {"imagecodecs_snappy", kBytes, {}, make_snappy, nullptr},
    {"imagecodecs_tiff", kSerial, {}, make_image_tiff, nullptr},
    {"imagecodecs_webp", kSerial, {}, make_image_webp, nullptr},
    {"imagecodecs_xor", kArray, {}, make_image_xor, nullptr},
    {"jenkins_lookup3", kBytes, kJenkinsNames, make_jenkins_lookup3, nullptr},
    {"json2", kSerial, {}, nullptr, make_json2},
    {"lz4", kBytes, {}, make_lz4, nullptr},
    {"lzf", kBytes, {}, make_lzf, nullptr},
    {"lzma", kBytes, kLzmaNames, make_lzma, nullptr},
    {"msgpack2", kSerial, {}, nullptr, make_msgpack2},
    {"packbits", kArray, {}, make_packbits, nullptr},
    {"pcodec", kSerial, kPcodecNames, make_pcodec, nullptr},
    {"pickle", kSerial, {}, make_pickle, make_pickle_strings},
    {"quantize", kArray, {}, make_quantize, nullptr},
    {"record_member", kArray, {}, make_record_member, nullptr},
    {"scale_offset", kArray, {}, make_scale_offset, nullptr},
    {"shuffle", kBytes, {}, make_shuffle, nullptr},
    {"szip", kBytes, kSzipNames, make_szip, nullptr},
    {"vlen-array", kSerial, {}, nullptr, make_vlen_array},
    {"vlen-bytes", kSerial, {}, nullptr, make_vlen_bytes},
    {"vlen-utf8", kSerial, {}, nullptr, make_vlen_utf8},
    {"zfpy", kSerial, kZfpNames, make_zfpy, nullptr},
    {"zlib", kBytes, kZlibNames, make_zlib, nullptr},
    {"zstd", kBytes, kZstdNames, make_zstd, nullptr},
});

}  // namespace

std::span<const CodecEntry> codec_table() {
    return kTable;
}

const CodecEntry* find_codec(std::string_view id) {
    constexpr std::string_view kPrefix = "numcodecs.";
    if (id.starts_with(kPrefix)) {
        id.remove_prefix(kPrefix.size());
    }
    for (const CodecEntry& entry : kTable) {
        if (entry.id == id || std::find(entry.aliases.begin(), entry.aliases.end(), id) != entry.aliases.end()) {
            return &entry;
        }
    }
    return nullptr;
}

std::vector<std::string> codec_names() {
    std::vector<std::string> names = {"bytes", "sharding_indexed", "transpose"};  // of plan_v3 itself
    for (const CodecEntry& entry : kTable) {
        if (entry.id != "pickle") {  // refused
            names.emplace_back(entry.id);
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace vcube
