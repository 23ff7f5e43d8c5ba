// A hash of bytes to 64 bits for keys and checksums that this program writes and reads back: every input bit reaches
// every output bit; no defence against inputs made to collide. The same on every machine of one byte order. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "vcube/bytes.h"

namespace vcube {

/// Each `seed` gives a hash of its own: two of them make one of 128 bits.
inline std::uint64_t hash64(ByteSpan bytes, std::uint64_t seed) {
    // Stafford's variant 13 of the MurmurHash3 finaliser: a bijection, so a word is never lost.
    const auto mix = [](std::uint64_t x) {
        x = (x ^ x >> 30U) * 0xBF58476D1CE4E5B9U;
        x = (x ^ x >> 27U) * 0x94D049BB133111EBU;
        return x ^ x >> 31U;
    };
    std::uint64_t hash = mix(seed + 0x9E3779B97F4A7C15U * (bytes.size() + 1));
    while (!bytes.empty()) {
        std::uint64_t word = 0;
        const std::size_t size = bytes.size() < sizeof(word) ? bytes.size() : sizeof(word);
        std::memcpy(&word, bytes.data(), size);
        hash = mix(hash ^ word) + 0x9E3779B97F4A7C15U;
        bytes = bytes.subspan(size);
    }
    return mix(hash);
}

}  // namespace vcube
