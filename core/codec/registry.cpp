#include "core/codec/registry.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/codec/chain.h"

namespace vcube {
namespace {

constexpr std::array<std::string_view, 1> kZlibAliases = {"numcodecs.zlib"};
constexpr std::array<std::string_view, 1> kGzipAliases = {"numcodecs.gzip"};
constexpr std::array<std::string_view, 2> kZstdAliases = {"imagecodecs_zstd", "numcodecs.zstd"};
constexpr std::array<std::string_view, 1> kLz4Aliases = {"numcodecs.lz4"};
constexpr std::array<std::string_view, 1> kBloscAliases = {"numcodecs.blosc"};
constexpr std::array<std::string_view, 1> kShuffleAliases = {"numcodecs.shuffle"};
constexpr std::array<std::string_view, 1> kDeltaAliases = {"numcodecs.delta"};
constexpr std::array<std::string_view, 1> kFixedScaleOffsetAliases = {"numcodecs.fixedscaleoffset"};
constexpr std::array<std::string_view, 1> kQuantizeAliases = {"numcodecs.quantize"};
constexpr std::array<std::string_view, 1> kBitroundAliases = {"numcodecs.bitround"};

constexpr std::array<CodecEntry, 10> kTable = {{{"bitround", kBitroundAliases, make_bitround},
                                                {"blosc", kBloscAliases, make_blosc},
                                                {"delta", kDeltaAliases, make_delta},
                                                {"fixedscaleoffset", kFixedScaleOffsetAliases, make_fixedscaleoffset},
                                                {"gzip", kGzipAliases, make_gzip},
                                                {"lz4", kLz4Aliases, make_lz4},
                                                {"quantize", kQuantizeAliases, make_quantize},
                                                {"shuffle", kShuffleAliases, make_shuffle},
                                                {"zlib", kZlibAliases, make_zlib},
                                                {"zstd", kZstdAliases, make_zstd}}};

}  // namespace

std::span<const CodecEntry> codec_table() {
    return kTable;
}

const CodecEntry* find_codec(std::string_view id) {
    for (const CodecEntry& entry : kTable) {
        if (entry.id == id || std::find(entry.aliases.begin(), entry.aliases.end(), id) != entry.aliases.end()) {
            return &entry;
        }
    }
    return nullptr;
}

std::vector<std::string> codec_names() {
    std::vector<std::string> names;
    for (const CodecEntry& entry : kTable) {
        names.emplace_back(entry.id);
    }
    return names;
}

}  // namespace vcube
