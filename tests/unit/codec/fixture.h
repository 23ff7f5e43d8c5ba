// Reading the fixtures of tests/data/codec: lists of cases with bytes in base64.
#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/inflate.h"
#include "core/base/json.h"

namespace vcube {

inline std::vector<std::byte> from_base64(const std::string& text) {
    static const std::string kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::vector<std::byte> bytes;
    unsigned held = 0;
    int bits = 0;
    for (const char c : text) {
        const std::size_t digit = kAlphabet.find(c);
        if (digit == std::string::npos) {
            break;
        }
        held = (held << 6) | static_cast<unsigned>(digit);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes.push_back(static_cast<std::byte>((held >> bits) & 0xffU));
        }
    }
    return bytes;
}

inline Json read_fixtures(const std::string& name) {
    std::ifstream file(std::string(VCUBE_TEST_DATA) + "/codec/" + name);
    std::stringstream text;
    text << file.rdbuf();
    return Json::parse(text.str());
}

/// The expected bytes of a case: "decoded", or "decoded_zlib" of `size` bytes.
inline std::vector<std::byte> decoded_of(const Json& entry, std::size_t size) {
    if (entry.contains("decoded")) {
        return from_base64(entry["decoded"].get<std::string>());
    }
    std::vector<std::byte> decoded(size);
    if (!inflate_zlib(from_base64(entry["decoded_zlib"].get<std::string>()), decoded).ok()) {
        throw std::runtime_error("bad fixture " + entry["name"].get<std::string>());
    }
    return decoded;
}

}  // namespace vcube
