// The table of codecs that this build decodes: id and aliases -> maker. Immutable, thread-safe.
// Source: Zarr v2 specification, "compressor" and "filters"; numcodecs' configurations, one file a codec here.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "vcube/codec.h"
#include "vcube/result.h"

namespace vcube {

/// Makes a codec from its configuration object; `what` names the place in errors. A null pointer means that decoding
/// changes nothing (bitround, shuffle of single bytes).
using CodecMaker = Result<std::unique_ptr<const Codec>> (*)(const Json& config, const std::string& what);

struct CodecEntry {
    std::string_view id;
    std::span<const std::string_view> aliases;
    CodecMaker make;
};

/// All codecs, sorted by id.
std::span<const CodecEntry> codec_table();

/// The entry of an id or alias; null where there is none.
const CodecEntry* find_codec(std::string_view id);

Result<std::unique_ptr<const Codec>> make_zlib(const Json& config, const std::string& what);
Result<std::unique_ptr<const Codec>> make_gzip(const Json& config, const std::string& what);
Result<std::unique_ptr<const Codec>> make_zstd(const Json& config, const std::string& what);
Result<std::unique_ptr<const Codec>> make_lz4(const Json& config, const std::string& what);
Result<std::unique_ptr<const Codec>> make_blosc(const Json& config, const std::string& what);
Result<std::unique_ptr<const Codec>> make_shuffle(const Json& config, const std::string& what);
Result<std::unique_ptr<const Codec>> make_delta(const Json& config, const std::string& what);
Result<std::unique_ptr<const Codec>> make_fixedscaleoffset(const Json& config, const std::string& what);
Result<std::unique_ptr<const Codec>> make_quantize(const Json& config, const std::string& what);
Result<std::unique_ptr<const Codec>> make_bitround(const Json& config, const std::string& what);

}  // namespace vcube
