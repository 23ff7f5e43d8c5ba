// UTF-8 helpers. Pure functions. Source: RFC 3629 (overlong forms, surrogates and points above U+10FFFF are invalid).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vcube {

/// Length of the multi-byte sequence at `at` (2 to 4), or 0 where there is no valid one (ASCII included).
inline std::size_t utf8_length(const char* at, const char* end) {
    const auto byte = [&](std::ptrdiff_t i) { return i < end - at ? static_cast<unsigned char>(at[i]) : 0U; };
    const auto follows = [&](std::ptrdiff_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    const unsigned lead = byte(0);
    const unsigned second = byte(1);
    if (lead >= 0xC2U && lead <= 0xDFU) {
        return follows(1) ? 2 : 0;
    }
    if (lead >= 0xE0U && lead <= 0xEFU) {
        const bool allowed = !(lead == 0xE0U && second < 0xA0U) && !(lead == 0xEDU && second > 0x9FU);
        return follows(1) && follows(2) && allowed ? 3 : 0;
    }
    if (lead >= 0xF0U && lead <= 0xF4U) {
        const bool allowed = !(lead == 0xF0U && second < 0x90U) && !(lead == 0xF4U && second > 0x8FU);
        return follows(1) && follows(2) && follows(3) && allowed ? 4 : 0;
    }
    return 0;
}

/// Appends one code point, which is a valid scalar value.
inline void append_utf8(std::string& out, char32_t point) {
    const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
    if (point < 0x80U) {
        put(point);
    } else if (point < 0x800U) {
        put(0xC0U | (point >> 6U));
        put(0x80U | (point & 0x3FU));
    } else if (point < 0x10000U) {
        put(0xE0U | (point >> 12U));
        put(0x80U | ((point >> 6U) & 0x3FU));
        put(0x80U | (point & 0x3FU));
    } else {
        put(0xF0U | (point >> 18U));
        put(0x80U | ((point >> 12U) & 0x3FU));
        put(0x80U | ((point >> 6U) & 0x3FU));
        put(0x80U | (point & 0x3FU));
    }
}

inline bool is_utf8(std::string_view text) {
    const char* const end = text.data() + text.size();
    for (const char* at = text.data(); at != end;) {
        if (static_cast<unsigned char>(*at) < 0x80U) {
            ++at;
            continue;
        }
        const std::size_t length = utf8_length(at, end);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

/// UTF-8 text whose code points are all at most 255 as one byte each (latin-1), into `out`; false where one is above.
inline bool utf8_to_latin1(std::string_view text, std::string& out) {
    out.clear();
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x80U) {
            out.push_back(text[i]);
        } else if ((byte == 0xC2U || byte == 0xC3U) && i + 1 < text.size()) {
            const auto low = static_cast<unsigned char>(text[++i]) & 0x3FU;
            out.push_back(static_cast<char>(static_cast<unsigned char>(((byte & 0x03U) << 6U) | low)));
        } else {
            return false;
        }
    }
    return true;
}

}  // namespace vcube
