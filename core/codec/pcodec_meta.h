// What a pco stream says before its numbers: the standalone header and the metadata of each chunk, checked.
// Plain values; reading is pure. A chunk keeps views of the stream, which must outlive it.
// Source: pco's docs/format.md, "Standalone Format", "Header", "Chunk Metadata"; format versions 0 to 4.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/codec/pcodec_bits.h"
#include "vcube/result.h"

namespace vcube::pcodec {

enum class NumberKind { kUnsigned, kSigned, kFloat };

struct NumberType {
    NumberKind kind = NumberKind::kUnsigned;
    unsigned bits = 0;  // 8, 16, 32, 64
    friend bool operator==(const NumberType&, const NumberType&) = default;
};

struct Header {
    unsigned major = 0;  // of the format that the chunks are written in
    unsigned minor = 0;
    std::optional<NumberType> uniform;  // of all chunks, where the header says so
};

/// How latents become numbers.
enum class Mode { kClassic, kIntMult, kFloatMult, kFloatQuant, kDict };

/// How latents were differenced.
enum class Delta { kNone, kConsecutive, kLookback, kConv1 };

struct DeltaEncoding {
    Delta kind = Delta::kNone;
    std::size_t state_size = 0;  // latents that each page gives outright
    bool secondary = false;      // the secondary latents are differenced too
    std::uint64_t window = 0;    // kLookback: the largest lookback
    // kConv1: a prediction is (bias + sum of weights times latents) >> shift; checked not to overflow.
    unsigned shift = 0;
    std::int64_t bias = 0;
    std::array<std::int64_t, 32> weights{};  // as many as state_size
};

struct Bin {
    std::uint32_t weight = 0;  // states of the table
    unsigned offset_bits = 0;
    std::uint64_t lower = 0;
};

/// One of a chunk's streams of latents. The weights of the bins add up to 1 << table_log; without bins there is
/// nothing to read.
struct LatentVariable {
    unsigned bits = 0;
    unsigned table_log = 0;
    std::vector<Bin> bins;
};

struct Chunk {
    NumberType type;
    std::size_t count = 0;  // 1 to 1 << 24
    Mode mode = Mode::kClassic;
    std::uint64_t base = 0;   // kIntMult, kFloatMult: the multiplier as an ordered latent
    unsigned quant_bits = 0;  // kFloatQuant
    ByteSpan dictionary;      // kDict: ordered latents of type.bits each
    DeltaEncoding delta;
    std::optional<LatentVariable> lookbacks;  // with Delta::kLookback
    LatentVariable primary;
    std::optional<LatentVariable> secondary;  // with kIntMult, kFloatMult, kFloatQuant
};

Result<Header> read_header(BitReader& reader);

/// The next chunk's metadata, or nothing at the end of the stream.
Result<std::optional<Chunk>> read_chunk(BitReader& reader, const Header& header);

}  // namespace vcube::pcodec
