#include "core/codec/byte_swap.h"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace vcube {
namespace {

template <class T, class Swap>
void swap_scalar(const std::byte* in, std::byte* out, std::size_t size, Swap swap) {
    for (std::size_t i = 0; i + sizeof(T) <= size; i += sizeof(T)) {
        T value;
        std::memcpy(&value, in + i, sizeof(T));
        value = swap(value);
        std::memcpy(out + i, &value, sizeof(T));
    }
}

#if defined(__x86_64__)
// Gives the number of bytes done, a multiple of 32.
__attribute__((target("avx2"))) std::size_t swap_avx2(const std::byte* in, std::byte* out, std::size_t size,
                                                      std::uint32_t width) {
    // Byte i of each half comes from byte i with its place in the word mirrored.
    alignas(32) std::uint8_t order[32];
    for (std::uint32_t i = 0; i < 32; ++i) {
        order[i] = static_cast<std::uint8_t>((i % 16) ^ (width - 1));
    }
    const __m256i mask = _mm256_load_si256(reinterpret_cast<const __m256i*>(order));
    std::size_t i = 0;
    for (; i + 32 <= size; i += 32) {
        const __m256i words = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + i));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), _mm256_shuffle_epi8(words, mask));
    }
    return i;
}

bool has_avx2() {
    static const bool found = __builtin_cpu_supports("avx2") != 0;
    return found;
}
#endif

}  // namespace

void swap_words(const std::byte* in, std::byte* out, std::size_t size, std::uint32_t width) {
    const bool known = width == 2 || width == 4 || width == 8;
    const std::size_t whole = known ? size - size % width : 0;
    std::size_t done = 0;
#if defined(__x86_64__)
    if (known && has_avx2()) {
        done = swap_avx2(in, out, whole, width);
    }
#endif
    if (width == 2) {
        swap_scalar<std::uint16_t>(in + done, out + done, whole - done, [](auto v) { return __builtin_bswap16(v); });
    } else if (width == 4) {
        swap_scalar<std::uint32_t>(in + done, out + done, whole - done, [](auto v) { return __builtin_bswap32(v); });
    } else if (width == 8) {
        swap_scalar<std::uint64_t>(in + done, out + done, whole - done, [](auto v) { return __builtin_bswap64(v); });
    }
    if (whole < size && in != out) {
        std::memcpy(out + whole, in + whole, size - whole);
    }
}

}  // namespace vcube
