#include "core/base/base64.h"

#include <array>
#include <cstdint>

namespace vcube {
namespace {

constexpr std::uint8_t kNone = 0xFF;

constexpr std::array<std::uint8_t, 256> kValues = [] {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::array<std::uint8_t, 256> out{};
    out.fill(kNone);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
        out[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return out;
}();

}  // namespace

bool decode_base64(std::string_view text, std::string& out) {
    out.clear();
    if (text.size() % 4 == 0) {
        for (int i = 0; i < 2 && text.ends_with('='); ++i) {
            text.remove_suffix(1);
        }
    }
    if (text.size() % 4 == 1) {
        return false;
    }
    out.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const std::uint8_t value = kValues[static_cast<unsigned char>(c)];
        if (value == kNone) {
            return false;
        }
        bits = (bits << 6U) | value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out.push_back(static_cast<char>(static_cast<unsigned char>(bits >> static_cast<unsigned>(count))));
        }
    }
    return true;
}

}  // namespace vcube
