// Reading the bit-packed integers of a pco stream: little-endian, least significant bit first.
// Reading beyond the end gives zeros and is remembered (`overrun`), so that callers check once for a group of fields.
// Never touches memory outside its bytes. Use on one thread.
// Source: pco's docs/format.md, "All bit packing is done in a little-endian fashion".
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "vcube/bytes.h"

namespace vcube::pcodec {

/// Of an unsigned integer: its bits, and the middle of its range, which is its highest bit.
template <class L>
constexpr unsigned kBits = 8 * sizeof(L);
template <class L>
constexpr L kMiddle = static_cast<L>(L{1} << (kBits<L> - 1));

/// The lowest `bits` bits, 0 to 63.
inline std::uint64_t low_bits(std::uint64_t word, unsigned bits) {
    return word & ((std::uint64_t{1} << bits) - 1);
}

class BitReader {
public:
    explicit BitReader(ByteSpan bytes) : bytes_(bytes) {}

    /// The next integer of 0 to 64 bits.
    std::uint64_t read(unsigned bits) {
        const std::uint64_t value = bits <= kWordBits ? low_bits(word_at(position_), bits) : wide_at(position_, bits);
        position_ += bits;
        return value;
    }

    /// Bits from the start; beyond the end after an overrun.
    [[nodiscard]] std::uint64_t position() const { return position_; }
    void seek(std::uint64_t position) { position_ = position; }
    [[nodiscard]] bool overrun() const { return position_ > 8 * std::uint64_t{bytes_.size()}; }
    [[nodiscard]] std::uint64_t bits_left() const {
        return overrun() ? 0 : 8 * std::uint64_t{bytes_.size()} - position_;
    }

    /// Moves to the next whole byte; false where the bits passed over are not all zero.
    [[nodiscard]] bool finish_byte() {
        return position_ % 8 == 0 || read(static_cast<unsigned>(8 - position_ % 8)) == 0;
    }

    /// The next `size` bytes as they are, of a reader that stands on a whole byte; there must be as many.
    ByteSpan take_bytes(std::size_t size) {
        const ByteSpan taken = bytes_.subspan(static_cast<std::size_t>(position_ / 8), size);
        position_ += 8 * std::uint64_t{size};
        return taken;
    }

    /// At least kWordBits bits from `position` on; what lies above them is of no account.
    static constexpr unsigned kWordBits = 57;
    [[nodiscard]] std::uint64_t word_at(std::uint64_t position) const {
        return load(static_cast<std::size_t>(position / 8)) >> (position % 8);
    }
    /// The integer of 1 to 64 bits at `position`.
    [[nodiscard]] std::uint64_t wide_at(std::uint64_t position, unsigned bits) const {
        constexpr unsigned kHalf = 32;
        if (bits <= kHalf) {
            return low_bits(word_at(position), bits);
        }
        return low_bits(word_at(position), kHalf) | low_bits(word_at(position + kHalf), bits - kHalf) << kHalf;
    }

private:
    [[nodiscard]] std::uint64_t load(std::size_t at) const {
        std::uint64_t word = 0;
        if (at + sizeof word <= bytes_.size()) {
            std::memcpy(&word, bytes_.data() + at, sizeof word);
            if constexpr (std::endian::native == std::endian::big) {
                word = __builtin_bswap64(word);
            }
            return word;
        }
        for (std::size_t i = 0; at + i < bytes_.size(); ++i) {
            word |= std::uint64_t{std::to_integer<std::uint8_t>(bytes_[at + i])} << (8 * i);
        }
        return word;
    }

    ByteSpan bytes_;
    std::uint64_t position_ = 0;
};

}  // namespace vcube::pcodec
