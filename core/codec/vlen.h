// numcodecs' framing of elements of variable length: their number, then each one's size in bytes and its bytes; numbers
// are little-endian and have 32 bits. Pure function.
#pragma once

#include <string>
#include <string_view>

#include "core/codec/checksum_codec.h"
#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube {

/// Calls body(bytes), which gives a Status, for each element. `id` names the codec in errors; kCorrupt where there are
/// not `elements` of them or they are cut short.
template <class Body>
Status for_each_vlen(std::string_view id, ByteSpan in, std::size_t elements, Body&& body) {
    const auto cut = [&] {
        return corrupt(std::string(id) + " chunk of " + std::to_string(in.size()) + " bytes is cut short");
    };
    if (in.size() < 4) {
        return cut();
    }
    const std::size_t count = little_endian_32(in.data());
    if (count != elements) {
        return corrupt(std::string(id) + " chunk holds " + std::to_string(count) + " elements, expected " +
                       std::to_string(elements));
    }
    std::size_t at = 4;
    for (std::size_t i = 0; i < count; ++i) {
        if (in.size() - at < 4) {
            return cut();
        }
        const std::size_t size = little_endian_32(in.data() + at);
        at += 4;
        if (in.size() - at < size) {
            return cut();
        }
        VCUBE_TRY(body(in.subspan(at, size)));
        at += size;
    }
    return {};
}

}  // namespace vcube
