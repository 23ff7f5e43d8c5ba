// Character scanning for json_reader.cpp. Pure functions; no other user. Source: RFC 8259.
#pragma once

#include <bit>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace vcube::json_scan {

inline bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

inline bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// What ends a run of plain ASCII inside a string: quote, backslash, control character or a byte of a longer sequence.
inline bool is_special(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20U || byte >= 0x80U || c == '"' || c == '\\';
}

/// The first special byte in [at, end), or end.
inline const char* find_special(const char* at, const char* end) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(0x20);
    for (; end - at >= 16; at += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        // Signed comparison: bytes from 0x80 on are negative, so they count as below 0x20 too.
        const __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                                         _mm_cmplt_epi8(bytes, space));
        const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hit));
        if (mask != 0) {
            return at + std::countr_zero(mask);
        }
    }
#endif
    while (at != end && !is_special(*at)) {
        ++at;
    }
    return at;
}

inline int hex_value(char c) {
    if (is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Four hexadecimal digits at `at`, or -1.
inline int hex4(const char* at, const char* end) {
    if (end - at < 4) {
        return -1;
    }
    int value = 0;
    for (int i = 0; i < 4; ++i) {
        const int digit = hex_value(at[i]);
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

inline const char* skip_digits(const char* at, const char* end) {
    while (at != end && is_digit(*at)) {
        ++at;
    }
    return at;
}

/// End of the number that begins at `at`, or null where it breaks JSON's grammar.
inline const char* number_end(const char* at, const char* end) {
    if (at != end && *at == '-') {
        ++at;
    }
    const char* digits = at;
    at = skip_digits(at, end);
    if (at == digits || (*digits == '0' && at - digits > 1)) {
        return nullptr;
    }
    if (at != end && *at == '.') {
        digits = ++at;
        at = skip_digits(at, end);
        if (at == digits) {
            return nullptr;
        }
    }
    if (at != end && (*at == 'e' || *at == 'E')) {
        ++at;
        if (at != end && (*at == '+' || *at == '-')) {
            ++at;
        }
        digits = at;
        at = skip_digits(at, end);
        if (at == digits) {
            return nullptr;
        }
    }
    return at;
}

}  // namespace vcube::json_scan
