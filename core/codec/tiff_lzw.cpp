// LZW of TIFF: {"id": "imagecodecs_lzw"}.
// Source: TIFF 6.0, section 13. Codes of 9 to 12 bits, most significant bit first; 256 clears the table, 257 ends the
// data; the width grows one code before the table is full. Old files with the bits in reverse order are not read.
#include <array>
#include <cstdint>
#include <cstring>

#include "core/codec/compressors.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

constexpr unsigned kClear = 256;
constexpr unsigned kEnd = 257;
constexpr unsigned kFirst = 258;
constexpr unsigned kTableSize = 4096;

// A string of the table is what was written at `offset`: all strings stand in the decoded bytes themselves.
struct Entry {
    std::size_t offset = 0;
    std::size_t length = 0;
};

class Bits {
public:
    explicit Bits(ByteSpan in) : in_(in) {}
    // The next code; kEnd where the data are at their end.
    unsigned next(unsigned width) {
        while (count_ < width) {
            if (at_ == in_.size()) {
                return kEnd;
            }
            held_ = held_ << 8 | static_cast<std::uint32_t>(in_[at_++]);
            count_ += 8;
        }
        count_ -= width;
        return held_ >> count_ & ((1U << width) - 1);
    }

private:
    ByteSpan in_;
    std::size_t at_ = 0;
    std::uint32_t held_ = 0;
    unsigned count_ = 0;
};

Result<std::size_t> decode_lzw(ByteSpan in, MutableByteSpan out) {
    const auto damaged = [&] { return corrupt("LZW chunk of " + std::to_string(in.size()) + " bytes is damaged"); };
    if (in.empty()) {
        return damaged();
    }
    std::array<Entry, kTableSize> table;
    Bits bits(in);
    unsigned used = kFirst;
    unsigned width = 9;
    Entry previous;  // length 0: the next code stands alone
    std::size_t written = 0;
    while (true) {
        const unsigned code = bits.next(width);
        if (code == kEnd) {
            return written;
        }
        if (code == kClear) {
            used = kFirst;
            width = 9;
            previous = {};
            continue;
        }
        const bool known = code < 256 || (code >= kFirst && code < used);
        if (!known && (previous.length == 0 || code != used)) {
            return damaged();
        }
        const Entry now{written, code < 256 ? 1 : known ? table[code].length : previous.length + 1};
        if (out.size() - written < now.length) {
            return over_limit("LZW chunk decodes to more than " + std::to_string(out.size()) + " bytes");
        }
        if (code < 256) {
            out[written] = static_cast<std::byte>(code);
        } else {
            // A code that is being made repeats the previous string and its first byte, which lies just behind it.
            const std::size_t source = known ? table[code].offset : previous.offset;
            for (std::size_t i = 0; i < now.length; ++i) {
                out[written + i] = out[source + i];
            }
        }
        written += now.length;
        if (previous.length > 0 && used < kTableSize) {
            table[used++] = {previous.offset, previous.length + 1};
            if (used + 1 >= (1U << width) && width < 12) {
                ++width;
            }
        }
        previous = now;
    }
}

}  // namespace

MadeCodec make_tiff_lzw(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("imagecodecs_lzw", decode_lzw));
}

}  // namespace vcube
