// The table of codecs that this build decodes: id and aliases -> maker. Immutable, thread-safe.
// Source: Zarr v2 specification, "compressor" and "filters"; Zarr v3 core specification, "Codecs"; numcodecs'
// configurations. One file a codec here.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/codec/place.h"
#include "core/codec/strings.h"
#include "vcube/codec.h"
#include "vcube/result.h"

namespace vcube {

/// Makes a codec from its configuration object. A null pointer means that decoding changes nothing (bitround, shuffle
/// of single bytes).
using MadeCodec = Result<std::unique_ptr<const Codec>>;
using CodecMaker = MadeCodec (*)(const Json& config, CodecPlace& place);

/// The codec of elements of variable length; `encoded_size`: bytes it takes, where fixed.
struct StringCodec {
    StringDecoder decode;
    std::optional<std::size_t> encoded_size;
};
using StringCodecMaker = Result<StringCodec> (*)(const Json& config, CodecPlace& place);

/// What a Zarr v3 chain lets a codec stand between.
enum class CodecRole { kArrayToArray, kArrayToBytes, kBytesToBytes };

struct CodecEntry {
    std::string_view id;
    CodecRole role;
    std::span<const std::string_view> aliases;
    CodecMaker make;                // null: only for elements of variable length
    StringCodecMaker make_strings;  // null: not for elements of variable length
};

/// All codecs, sorted by id.
std::span<const CodecEntry> codec_table();

/// The entry of an id or alias, also with "numcodecs." before it; null where there is none.
const CodecEntry* find_codec(std::string_view id);

MadeCodec make_adler32(const Json& config, CodecPlace& place);
MadeCodec make_astype(const Json& config, CodecPlace& place);
MadeCodec make_base64(const Json& config, CodecPlace& place);
MadeCodec make_bitorder(const Json& config, CodecPlace& place);
MadeCodec make_bitround(const Json& config, CodecPlace& place);
MadeCodec make_bitshuffle(const Json& config, CodecPlace& place);
MadeCodec make_blosc(const Json& config, CodecPlace& place);
MadeCodec make_brotli(const Json& config, CodecPlace& place);
MadeCodec make_bz2(const Json& config, CodecPlace& place);
MadeCodec make_cast_value(const Json& config, CodecPlace& place);
MadeCodec make_categorize(const Json& config, CodecPlace& place);
Result<StringCodec> make_categorize_strings(const Json& config, CodecPlace& place);
MadeCodec make_crc32(const Json& config, CodecPlace& place);
MadeCodec make_crc32c(const Json& config, CodecPlace& place);
MadeCodec make_deflate(const Json& config, CodecPlace& place);
MadeCodec make_delta(const Json& config, CodecPlace& place);
Result<StringCodec> make_fill_hdf_strings(const Json& config, CodecPlace& place);
MadeCodec make_fixedscaleoffset(const Json& config, CodecPlace& place);
MadeCodec make_fletcher32(const Json& config, CodecPlace& place);
MadeCodec make_gzip(const Json& config, CodecPlace& place);
MadeCodec make_image_byteshuffle(const Json& config, CodecPlace& place);
MadeCodec make_image_deflate(const Json& config, CodecPlace& place);
MadeCodec make_image_delta(const Json& config, CodecPlace& place);
MadeCodec make_image_floatpred(const Json& config, CodecPlace& place);
MadeCodec make_image_jpeg(const Json& config, CodecPlace& place);
MadeCodec make_image_jpeg2k(const Json& config, CodecPlace& place);
MadeCodec make_image_lerc(const Json& config, CodecPlace& place);
MadeCodec make_image_lz4(const Json& config, CodecPlace& place);
MadeCodec make_image_png(const Json& config, CodecPlace& place);
MadeCodec make_image_tiff(const Json& config, CodecPlace& place);
MadeCodec make_image_webp(const Json& config, CodecPlace& place);
MadeCodec make_image_xor(const Json& config, CodecPlace& place);
MadeCodec make_jenkins_lookup3(const Json& config, CodecPlace& place);
Result<StringCodec> make_json2(const Json& config, CodecPlace& place);
MadeCodec make_lz4(const Json& config, CodecPlace& place);
MadeCodec make_lz4_frame(const Json& config, CodecPlace& place);
MadeCodec make_lzf(const Json& config, CodecPlace& place);
MadeCodec make_lzma(const Json& config, CodecPlace& place);
Result<StringCodec> make_msgpack2(const Json& config, CodecPlace& place);
MadeCodec make_packbits(const Json& config, CodecPlace& place);
MadeCodec make_packints(const Json& config, CodecPlace& place);
MadeCodec make_pcodec(const Json& config, CodecPlace& place);
MadeCodec make_pickle(const Json& config, CodecPlace& place);
Result<StringCodec> make_pickle_strings(const Json& config, CodecPlace& place);
MadeCodec make_quantize(const Json& config, CodecPlace& place);
MadeCodec make_record_member(const Json& config, CodecPlace& place);
MadeCodec make_scale_offset(const Json& config, CodecPlace& place);
MadeCodec make_shuffle(const Json& config, CodecPlace& place);
MadeCodec make_snappy(const Json& config, CodecPlace& place);
MadeCodec make_szip(const Json& config, CodecPlace& place);
MadeCodec make_tiff_lzw(const Json& config, CodecPlace& place);
MadeCodec make_tiff_packbits(const Json& config, CodecPlace& place);
Result<StringCodec> make_vlen_array(const Json& config, CodecPlace& place);
Result<StringCodec> make_vlen_bytes(const Json& config, CodecPlace& place);
Result<StringCodec> make_vlen_utf8(const Json& config, CodecPlace& place);
MadeCodec make_zfpy(const Json& config, CodecPlace& place);
MadeCodec make_zlib(const Json& config, CodecPlace& place);
MadeCodec make_zstd(const Json& config, CodecPlace& place);

}  // namespace vcube
