// Unsigned integers of any number of bits, one after another from the highest bit of a byte. Pure functions.
// Source: TIFF 6.0, section 8.
#pragma once

#include <cstdint>

#include "core/codec/element.h"

namespace vcube {

/// `count` values of 1 to 32 bits as native integers of type T. `in` holds (count * bits + 7) / 8 bytes.
template <class T>
void unpack_bits(const std::byte* in, std::byte* out, std::size_t count, unsigned bits) {
    std::uint64_t held = 0;
    unsigned have = 0;
    for (std::size_t i = 0; i < count; ++i) {
        while (have < bits) {
            held = held << 8 | static_cast<std::uint64_t>(*in++);
            have += 8;
        }
        have -= bits;
        const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
        store_element<T, false>(out + i * sizeof(T), static_cast<T>(held >> have & mask));
    }
}

}  // namespace vcube
