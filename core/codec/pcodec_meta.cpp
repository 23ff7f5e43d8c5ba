#include "core/codec/pcodec_meta.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <new>
#include <string>

namespace vcube::pcodec {
namespace {

constexpr unsigned kMaxMajor = 4;
constexpr unsigned kMaxStandalone = 3;
constexpr unsigned kMaxTableLog = 14;

Error cut_short() {
    return corrupt("it is cut short");
}

Status finish_byte(BitReader& reader) {
    if (!reader.finish_byte()) {
        return corrupt("bits between two fields are not zero");
    }
    return reader.overrun() ? Status(cut_short()) : Status();
}

Result<NumberType> number_type(std::uint64_t code) {
    using enum NumberKind;
    switch (code) {
        case 1:
            return NumberType{kUnsigned, 32};
        case 2:
            return NumberType{kUnsigned, 64};
        case 3:
            return NumberType{kSigned, 32};
        case 4:
            return NumberType{kSigned, 64};
        case 5:
            return NumberType{kFloat, 32};
        case 6:
            return NumberType{kFloat, 64};
        case 7:
            return NumberType{kUnsigned, 16};
        case 8:
            return NumberType{kSigned, 16};
        case 9:
            return NumberType{kFloat, 16};
        case 10:
            return NumberType{kUnsigned, 8};
        case 11:
            return NumberType{kSigned, 8};
        default:
            return corrupt("no type of numbers has the code " + std::to_string(code));
    }
}

// Signed integers stand in metadata as latents do: shifted so that their order is that of unsigned ones.
std::int64_t signed_from_ordered(std::uint64_t ordered, unsigned bits) {
    const std::uint64_t middle = std::uint64_t{1} << (bits - 1);
    const std::uint64_t low = ordered ^ middle;
    return static_cast<std::int64_t>(low << (64 - bits)) >> (64 - bits);
}

unsigned fraction_bits(unsigned bits) {
    return bits == 64 ? 52 : bits == 32 ? 23 : 10;
}

// Of an ordered latent: a number that is neither zero nor infinite nor NaN.
bool finite_and_not_zero(std::uint64_t ordered, unsigned bits) {
    const std::uint64_t sign = std::uint64_t{1} << (bits - 1);
    const std::uint64_t magnitude = ((ordered & sign) != 0 ? ordered : ~ordered) & (sign - 1);
    const std::uint64_t infinity = sign - (std::uint64_t{1} << fraction_bits(bits));
    return magnitude != 0 && magnitude < infinity;
}

Status read_dictionary(BitReader& reader, Chunk& chunk) {
    const std::uint64_t count = reader.read(25);
    VCUBE_TRY(finish_byte(reader));
    const std::uint64_t bytes = count * (chunk.type.bits / 8);
    if (bytes > reader.bits_left() / 8) {
        return cut_short();
    }
    chunk.dictionary = reader.take_bytes(static_cast<std::size_t>(bytes));
    return {};
}

Status read_mode(BitReader& reader, const Header& header, Chunk& chunk) {
    const bool is_float = chunk.type.kind == NumberKind::kFloat;
    const std::uint64_t code = reader.read(4);
    switch (code) {
        case 0:
            return {};
        case 1:
            chunk.mode = Mode::kIntMult;
            chunk.base = reader.read(chunk.type.bits);
            if (header.major == 0) {
                return unsupported("multiples of an integer as format version 0 wrote them are not read");
            }
            return !is_float && chunk.base != 0 ? Status() : corrupt("its mode IntMult needs integers and a base");
        case 2:
            chunk.mode = Mode::kFloatMult;
            chunk.base = reader.read(chunk.type.bits);
            return is_float && finite_and_not_zero(chunk.base, chunk.type.bits)
                       ? Status()
                       : corrupt("its mode FloatMult needs floats and a finite base");
        case 3:
            chunk.mode = Mode::kFloatQuant;
            chunk.quant_bits = static_cast<unsigned>(reader.read(8));
            return is_float && chunk.quant_bits > 0 && chunk.quant_bits <= fraction_bits(chunk.type.bits)
                       ? Status()
                       : corrupt("its mode FloatQuant needs floats and bits of their fraction");
        case 4:
            chunk.mode = Mode::kDict;
            return read_dictionary(reader, chunk);
        default:
            return unsupported("mode " + std::to_string(code) + " of format version " + std::to_string(header.major) +
                               "." + std::to_string(header.minor) + " is not known");
    }
}

Status read_lookback(BitReader& reader, DeltaEncoding& delta) {
    delta.kind = Delta::kLookback;
    const auto window_log = static_cast<unsigned>(1 + reader.read(5));
    const auto state_log = static_cast<unsigned>(reader.read(4));
    delta.secondary = reader.read(1) != 0;
    delta.window = std::uint64_t{1} << window_log;
    delta.state_size = std::size_t{1} << state_log;
    return state_log <= window_log ? Status() : corrupt("its window of lookbacks is smaller than what it starts with");
}

Status read_conv1(BitReader& reader, DeltaEncoding& delta, unsigned bits) {
    delta.kind = Delta::kConv1;
    delta.shift = static_cast<unsigned>(reader.read(5));
    delta.bias = signed_from_ordered(reader.read(64), 64);
    delta.state_size = static_cast<std::size_t>(1 + reader.read(5));
    double largest = std::abs(static_cast<double>(delta.bias));
    for (std::size_t i = 0; i < delta.state_size; ++i) {
        delta.weights[i] = signed_from_ordered(reader.read(32), 32);
        largest += std::ldexp(std::abs(static_cast<double>(delta.weights[i])), static_cast<int>(bits));
    }
    // Predictions are made in integers of twice the latents' bits, which must hold them.
    if (bits > 32 || delta.shift >= 2 * bits || !(largest < std::ldexp(1.0, static_cast<int>(2 * bits - 1)))) {
        return corrupt("its convolution does not fit latents of " + std::to_string(bits) + " bits");
    }
    return {};
}

Status read_delta(BitReader& reader, const Header& header, Chunk& chunk) {
    DeltaEncoding& delta = chunk.delta;
    constexpr unsigned kFirstWithKinds = 3;
    const std::uint64_t code = header.major < kFirstWithKinds ? 1 : reader.read(4);
    switch (code) {
        case 0:
            return {};
        case 1:
            delta.state_size = static_cast<std::size_t>(reader.read(3));
            delta.kind = delta.state_size == 0 ? Delta::kNone : Delta::kConsecutive;
            if (header.major < kFirstWithKinds) {
                return {};
            }
            delta.secondary = reader.read(1) != 0;
            return delta.state_size != 0 ? Status() : corrupt("its differences are of order 0");
        case 2:
            return read_lookback(reader, delta);
        case 3:
            return read_conv1(reader, delta, chunk.primary.bits);
        default:
            return unsupported("delta encoding " + std::to_string(code) + " of format version " +
                               std::to_string(header.major) + "." + std::to_string(header.minor) + " is not known");
    }
}

Status read_variable(BitReader& reader, LatentVariable& variable) {
    variable.table_log = static_cast<unsigned>(reader.read(4));
    const auto count = static_cast<std::size_t>(reader.read(15));
    const unsigned width_bits = static_cast<unsigned>(std::countr_zero(variable.bits)) + 1;
    const unsigned bin_bits = variable.table_log + variable.bits + width_bits;
    const std::uint64_t states = std::uint64_t{1} << variable.table_log;
    if (variable.table_log > kMaxTableLog || count > states || (count == 1 && states != 1)) {
        return corrupt("a table of " + std::to_string(states) + " states does not hold " + std::to_string(count) +
                       " bins");
    }
    if (reader.overrun() || std::uint64_t{count} * bin_bits > reader.bits_left()) {
        return cut_short();
    }
    variable.bins.resize(count);
    std::uint64_t total = 0;
    for (Bin& bin : variable.bins) {
        bin.weight = static_cast<std::uint32_t>(reader.read(variable.table_log)) + 1;
        bin.lower = reader.read(variable.bits);
        bin.offset_bits = static_cast<unsigned>(reader.read(width_bits));
        if (bin.offset_bits > variable.bits) {
            return corrupt("a bin of latents of " + std::to_string(variable.bits) + " bits has offsets of " +
                           std::to_string(bin.offset_bits) + " bits");
        }
        total += bin.weight;
    }
    if (total != (count == 0 ? 0 : states) || (count == 0 && states != 1)) {
        return corrupt("the weights of its bins add up to " + std::to_string(total) + ", expected " +
                       std::to_string(states));
    }
    return {};
}

Status read_variables(BitReader& reader, Chunk& chunk) {
    if (chunk.delta.kind == Delta::kLookback) {
        chunk.lookbacks.emplace().bits = 32;
        VCUBE_TRY(read_variable(reader, *chunk.lookbacks));
        const auto outside = [&](const Bin& bin) { return bin.lower < 1 || bin.lower > chunk.delta.window; };
        if (std::any_of(chunk.lookbacks->bins.begin(), chunk.lookbacks->bins.end(), outside)) {
            return corrupt("a bin of lookbacks lies outside the window");
        }
    }
    VCUBE_TRY(read_variable(reader, chunk.primary));
    if (chunk.mode != Mode::kClassic && chunk.mode != Mode::kDict) {
        chunk.secondary.emplace().bits = chunk.type.bits;
        VCUBE_TRY(read_variable(reader, *chunk.secondary));
    }
    return finish_byte(reader);
}

}  // namespace

Result<Header> read_header(BitReader& reader) {
    constexpr std::uint64_t kMagic = 0x216f6370;  // "pco!"
    if (reader.read(32) != kMagic) {
        return corrupt("it does not begin with \"pco!\"");
    }
    Header header;
    const auto standalone = static_cast<unsigned>(reader.read(8));
    if (standalone > kMaxStandalone) {
        return unsupported("standalone version " + std::to_string(standalone) + " is not known");
    }
    if (standalone < 2) {
        header.major = standalone;  // both versions were one number
        return reader.overrun() ? Result<Header>(cut_short()) : header;
    }
    if (standalone >= 3) {
        const std::uint64_t code = reader.read(8);
        if (code != 0) {
            VCUBE_ASSIGN(header.uniform, number_type(code));
        }
    }
    reader.read(static_cast<unsigned>(1 + reader.read(6)));  // how many numbers may follow: of no use here
    VCUBE_TRY(finish_byte(reader));
    header.major = static_cast<unsigned>(reader.read(8));
    if (header.major > kMaxMajor) {
        return unsupported("format version " + std::to_string(header.major) + " is not known");
    }
    if (header.major >= 4) {
        header.minor = static_cast<unsigned>(reader.read(8));
    }
    return reader.overrun() ? Result<Header>(cut_short()) : header;
}

Result<std::optional<Chunk>> read_chunk(BitReader& reader, const Header& header) {
    if (reader.bits_left() == 0) {
        return corrupt("it lacks the byte that ends it");
    }
    const std::uint64_t code = reader.read(8);
    if (code == 0) {
        return std::optional<Chunk>();
    }
    Chunk chunk;
    VCUBE_ASSIGN(chunk.type, number_type(code));
    if (header.uniform && chunk.type != *header.uniform) {
        return corrupt("its chunks are not all of the type that its header names");
    }
    chunk.count = static_cast<std::size_t>(1 + reader.read(24));
    VCUBE_TRY(read_mode(reader, header, chunk));
    chunk.primary.bits = chunk.mode == Mode::kDict ? 32 : chunk.type.bits;
    VCUBE_TRY(read_delta(reader, header, chunk));
    try {
        VCUBE_TRY(read_variables(reader, chunk));
    } catch (const std::bad_alloc&) {
        return over_limit("no memory for its bins");
    }
    return std::optional<Chunk>(std::move(chunk));
}

}  // namespace vcube::pcodec
