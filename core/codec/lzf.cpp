// LZF blocks, HDF5 filter 32000: {"id": "lzf"}.
// Format: a byte below 32 is followed by that many bytes plus one, as they are. Other bytes begin a copy of what was
// decoded before: length in the upper three bits (7: a further byte is added) plus two, distance in the lower five and
// the byte after, plus one.
#include <algorithm>
#include <cstring>

#include "core/codec/compressors.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

Error too_long(std::size_t capacity) {
    return over_limit("lzf chunk decodes to more than " + std::to_string(capacity) + " bytes");
}

Result<std::size_t> decode_lzf(ByteSpan in, MutableByteSpan out) {
    const auto cut = [&] { return corrupt("lzf chunk of " + std::to_string(in.size()) + " bytes is cut short"); };
    std::size_t at = 0;
    std::size_t written = 0;
    while (at < in.size()) {
        const auto control = static_cast<std::size_t>(in[at++]);
        if (control < 32) {
            const std::size_t count = control + 1;
            if (in.size() - at < count) {
                return cut();
            }
            if (out.size() - written < count) {
                return too_long(out.size());
            }
            std::memcpy(out.data() + written, in.data() + at, count);
            at += count;
            written += count;
            continue;
        }
        std::size_t count = control >> 5;
        if (in.size() - at < (count == 7 ? 2U : 1U)) {
            return cut();
        }
        if (count == 7) {
            count += static_cast<std::size_t>(in[at++]);
        }
        count += 2;
        const std::size_t distance = ((control & 0x1f) << 8 | static_cast<std::size_t>(in[at++])) + 1;
        if (distance > written) {
            return corrupt("lzf chunk of " + std::to_string(in.size()) +
                           " bytes is damaged: it refers to bytes before its begin");
        }
        if (out.size() - written < count) {
            return too_long(out.size());
        }
        const std::byte* const source = out.data() + written - distance;
        std::byte* const target = out.data() + written;
        if (distance >= count) {
            std::memcpy(target, source, count);
        } else {
            for (std::size_t i = 0; i < count; ++i) {  // overlapping: a pattern is repeated
                target[i] = source[i];
            }
        }
        written += count;
    }
    if (in.empty()) {
        return cut();
    }
    return written;
}

}  // namespace

MadeCodec make_lzf(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("lzf", decode_lzf));
}

}  // namespace vcube
