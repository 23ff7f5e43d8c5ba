// bzip2 streams, one or more: {"id": "bz2", "level": 1}. Bytes after the last stream are ignored, as Python does.
#include <bzlib.h>

#include <algorithm>
#include <limits>

#include "core/codec/compressors.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

class Decompressor {
public:
    Decompressor() { ready_ = BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK; }
    Decompressor(const Decompressor&) = delete;
    Decompressor& operator=(const Decompressor&) = delete;
    ~Decompressor() {
        if (ready_) {
            BZ2_bzDecompressEnd(&stream_);
        }
    }
    [[nodiscard]] bool ready() const { return ready_; }

    // Decodes one stream; `in` and `out` lose what was used. The last code of the library.
    int decode(ByteSpan& in, MutableByteSpan& out) {
        constexpr std::size_t kMost = std::numeric_limits<unsigned>::max();
        while (true) {
            const auto available = static_cast<unsigned>(std::min(in.size(), kMost));
            const auto room = static_cast<unsigned>(std::min(out.size(), kMost));
            // The library's interface is not const-correct; it does not write to its input.
            stream_.next_in = const_cast<char*>(reinterpret_cast<const char*>(in.data()));
            stream_.avail_in = available;
            stream_.next_out = reinterpret_cast<char*>(out.data());
            stream_.avail_out = room;
            const int code = BZ2_bzDecompress(&stream_);
            const std::size_t read = available - stream_.avail_in;
            const std::size_t written = room - stream_.avail_out;
            in = in.subspan(read);
            out = out.subspan(written);
            if (code != BZ_OK || (read == 0 && written == 0)) {
                return code;
            }
        }
    }

private:
    bz_stream stream_{};
    bool ready_ = false;
};

Error damaged(ByteSpan in) {
    return corrupt("bz2 stream of " + std::to_string(in.size()) + " bytes is damaged or cut short");
}

Result<std::size_t> decode_bz2(ByteSpan in, MutableByteSpan out) {
    std::byte spare{};
    MutableByteSpan room = out.empty() ? MutableByteSpan(&spare, 0) : out;
    ByteSpan left = in;
    bool first = true;
    do {
        Decompressor stream;
        if (!stream.ready()) {
            return over_limit("no memory for a bz2 decompressor");
        }
        const MutableByteSpan before = room;
        const int code = stream.decode(left, room);
        if (code == BZ_STREAM_END) {
            first = false;
            continue;
        }
        if (code == BZ_MEM_ERROR) {
            return over_limit("no memory for a bz2 decompressor");
        }
        if (code == BZ_OK && room.empty() && !left.empty()) {
            return over_limit("bz2 stream of " + std::to_string(in.size()) + " bytes decodes to more than " +
                              std::to_string(out.size()) + " bytes");
        }
        if (first || code == BZ_OK) {
            return damaged(in);
        }
        room = before;
        break;
    } while (!left.empty());
    return out.size() - room.size();
}

}  // namespace

MadeCodec make_bz2(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("bz2", decode_bz2));
}

}  // namespace vcube
