// How Parquet writes sequences of numbers: runs and packed bits (levels, dictionary indices), and packed differences.
// Functions of bytes; they read inside the bytes given and return false where those do not hold what was asked for.
// Thread-safe.
// Source: Apache Parquet format 2.11, Encodings.md.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "vcube/bytes.h"

namespace vcube::parquet {

/// A little-endian number at `at`.
template <class T>
T load_le(const std::byte* at) {
    T out;
    std::memcpy(&out, at, sizeof(T));
    if constexpr (std::endian::native == std::endian::big && sizeof(T) > 1) {
        auto* const bytes = reinterpret_cast<std::byte*>(&out);
        std::reverse(bytes, bytes + sizeof(T));
    }
    return out;
}

/// Unsigned LEB128 at the begin of `in`, which moves on; at most `bits` bits wide.
bool read_uleb(ByteSpan& in, std::uint64_t& out, unsigned bits = 64);

/// Unpacks `count` values of `width` (0 to 64) bits, least significant bit first; in.size() * 8 >= count * width.
template <class T>
void unpack_bits(ByteSpan in, unsigned width, std::size_t count, T* out);

/// The hybrid of runs and packed bits ("RLE"), without a length before it.
class RunReader {
public:
    /// `width`: bits of a value, at most 32.
    RunReader(ByteSpan in, unsigned width) : in_(in), width_(width) {}

    /// Writes the next out.size() values. T: uint8_t for one bit, uint32_t otherwise.
    template <class T>
    bool read(std::span<T> out);

    /// Whether the next `count` values are one run; `value` is then its value. Otherwise nothing is consumed.
    bool read_constant(std::size_t count, std::uint32_t& value);

private:
    bool next_run();

    ByteSpan in_;
    unsigned width_;
    std::uint64_t left_ = 0;  // values of the current run
    bool packed_ = false;
    std::uint32_t value_ = 0;  // of a run that repeats it
    ByteSpan bits_;            // of a packed run
    std::size_t done_ = 0;     // values taken from bits_
};

/// DELTA_BINARY_PACKED: exactly out.size() values from the begin of `in`, which moves on behind them. With `narrow`
/// sums wrap at 32 bits, as for INT32.
bool read_deltas(ByteSpan& in, std::span<std::int64_t> out, bool narrow);

/// BIT_PACKED levels of one bit, most significant bit first.
bool read_packed_levels(ByteSpan in, std::span<std::uint8_t> out);

/// BYTE_STREAM_SPLIT of elements of `width` bytes (4 or 8) into plain ones; both spans have the same size.
void join_byte_streams(ByteSpan in, std::size_t width, MutableByteSpan out);

}  // namespace vcube::parquet
