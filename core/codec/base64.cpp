// Base64 text, RFC 4648 section 4: {"id": "base64"}. White space is skipped.
#include <array>
#include <cstdint>

#include "core/codec/compressors.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

constexpr std::uint8_t kOther = 64;
constexpr std::uint8_t kSpace = 65;
constexpr std::uint8_t kPad = 66;

constexpr std::array<std::uint8_t, 256> make_digits() {
    std::array<std::uint8_t, 256> digits{};
    digits.fill(kOther);
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
        digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
    }
    for (const char c : std::string_view(" \t\r\n")) {
        digits[static_cast<unsigned char>(c)] = kSpace;
    }
    digits['='] = kPad;
    return digits;
}
constexpr std::array<std::uint8_t, 256> kDigits = make_digits();

Result<std::size_t> decode_base64(ByteSpan in, MutableByteSpan out) {
    const auto bad = [&](const char* why) {
        return corrupt("base64 chunk of " + std::to_string(in.size()) + " bytes: " + why);
    };
    std::uint32_t held = 0;
    unsigned digits = 0;
    unsigned pads = 0;
    std::size_t written = 0;
    for (const std::byte c : in) {
        const std::uint8_t digit = kDigits[static_cast<std::size_t>(c)];
        if (digit == kSpace) {
            continue;
        }
        if (digit == kPad) {
            ++pads;
            continue;
        }
        if (digit == kOther || pads > 0) {
            return bad("it holds other characters, or text behind its padding");
        }
        held = held << 6 | digit;
        if (++digits % 4 != 0) {
            continue;
        }
        if (out.size() - written < 3) {
            return over_limit("base64 chunk decodes to more than " + std::to_string(out.size()) + " bytes");
        }
        out[written++] = static_cast<std::byte>(held >> 16 & 0xff);
        out[written++] = static_cast<std::byte>(held >> 8 & 0xff);
        out[written++] = static_cast<std::byte>(held & 0xff);
        held = 0;
    }
    const unsigned rest = digits % 4;
    if (rest == 1 || (rest != 0 && pads != 4 - rest) || (rest == 0 && pads != 0)) {
        return bad("it is cut short or wrongly padded");
    }
    const std::size_t last = rest == 0 ? 0 : rest - 1;
    if (out.size() - written < last) {
        return over_limit("base64 chunk decodes to more than " + std::to_string(out.size()) + " bytes");
    }
    held <<= 6 * (4 - rest);
    for (std::size_t i = 0; i < last; ++i) {
        out[written++] = static_cast<std::byte>(held >> (16 - 8 * i) & 0xff);
    }
    return written;
}

}  // namespace

MadeCodec make_base64(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("base64", decode_base64));
}

}  // namespace vcube
