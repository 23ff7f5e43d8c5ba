#include "core/base/inflate_source.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace vcube {
namespace {

constexpr std::size_t kInputBytes = std::size_t{1} << 18;

struct ZstdDeleter {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

struct InflateDeleter {
    void operator()(z_stream* stream) const {
        inflateEnd(stream);
        delete stream;
    }
};

enum class Kind { kUnknown, kPlain, kGzip, kZstd };

/// Compressed bytes in, decoded bytes out.
class Inflater {
public:
    explicit Inflater(ByteSource source) : source_(std::move(source)) {}

    Status rewind() {
        VCUBE_TRY(source_.rewind());
        begin_ = end_ = 0;
        kind_ = Kind::kUnknown;
        ended_ = false;
        return {};
    }

    Result<std::size_t> read(MutableByteSpan out) {
        if (kind_ == Kind::kUnknown) {
            VCUBE_TRY(recognise());
        }
        switch (kind_) {
            case Kind::kGzip:
                return read_gzip(out);
            case Kind::kZstd:
                return read_zstd(out);
            default:
                return read_plain(out);
        }
    }

private:
    [[nodiscard]] std::size_t available() const { return end_ - begin_; }

    /// Reads more behind what is there. ended_ where nothing follows.
    Status fill() {
        if (in_.empty()) {
            in_ = Buffer(kInputBytes);
        }
        if (begin_ == end_) {
            begin_ = end_ = 0;
        }
        VCUBE_ASSIGN(const std::size_t count, source_.read(in_.span().subspan(end_)));
        end_ += count;
        ended_ = count == 0;
        return {};
    }

    Status recognise() {
        begin_ = end_ = 0;
        while (end_ < 4 && !ended_) {
            VCUBE_TRY(fill());
        }
        const std::string_view head = as_text(std::as_const(in_).span().first(end_));
        kind_ = Kind::kPlain;
        if (head.starts_with("\x1F\x8B")) {
            return begin_gzip();
        }
        if (head.starts_with("\x28\xB5\x2F\xFD")) {
            kind_ = Kind::kZstd;
            zstd_.reset(ZSTD_createDCtx());
            pending_ = 1;
            if (!zstd_) {
                return over_limit("no memory for a zstd decompressor");
            }
        }
        return {};
    }

    Status begin_gzip() {
        constexpr int kGzipOnly = 15 + 16;
        kind_ = Kind::kGzip;
        auto stream = std::make_unique<z_stream>();
        if (inflateInit2(stream.get(), kGzipOnly) != Z_OK) {
            return over_limit("no memory for a gzip decompressor");
        }
        gzip_.reset(stream.release());
        member_ended_ = padded_ = false;
        return {};
    }

    Result<std::size_t> read_plain(MutableByteSpan out) {
        if (available() == 0) {
            return ended_ ? Result<std::size_t>(std::size_t{0}) : source_.read(out);
        }
        const std::size_t count = std::min(out.size(), available());
        std::memcpy(out.data(), in_.data() + begin_, count);
        begin_ += count;
        return count;
    }

    /// Zeros behind the last member are padding; anything else is another member.
    Status next_member(bool& done) {
        while (true) {
            while (available() != 0 && in_.data()[begin_] == std::byte{0}) {
                ++begin_;
                padded_ = true;
            }
            if (available() != 0) {
                break;
            }
            if (ended_) {
                done = true;
                return {};
            }
            VCUBE_TRY(fill());
        }
        if (padded_ || inflateReset(gzip_.get()) != Z_OK) {
            return corrupt("gzip stream is damaged: no further member behind the first ones");
        }
        member_ended_ = false;
        return {};
    }

    Result<std::size_t> read_gzip(MutableByteSpan out) {
        while (true) {
            if (member_ended_) {
                bool done = false;
                VCUBE_TRY(next_member(done));
                if (done) {
                    return std::size_t{0};
                }
            }
            if (available() == 0 && !ended_) {
                VCUBE_TRY(fill());
            }
            z_stream& stream = *gzip_;
            stream.next_in = reinterpret_cast<Bytef*>(in_.data() + begin_);
            stream.avail_in = static_cast<uInt>(available());
            stream.next_out = reinterpret_cast<Bytef*>(out.data());
            const auto room = static_cast<uInt>(std::min<std::size_t>(out.size(), UINT_MAX));
            stream.avail_out = room;
            const int state = inflate(&stream, Z_NO_FLUSH);
            begin_ = end_ - stream.avail_in;
            if (state == Z_MEM_ERROR) {
                return over_limit("no memory for a gzip decompressor");
            }
            if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR) {
                return corrupt(std::string("gzip stream is damaged: ") +
                               (stream.msg == nullptr ? "it is not valid" : stream.msg));
            }
            member_ended_ = state == Z_STREAM_END;
            const std::size_t made = room - stream.avail_out;
            if (made != 0) {
                return made;
            }
            if (!member_ended_ && available() == 0 && ended_) {
                return corrupt("gzip stream is damaged: it is cut short");
            }
        }
    }

    Result<std::size_t> read_zstd(MutableByteSpan out) {
        while (true) {
            if (available() == 0 && !ended_) {
                VCUBE_TRY(fill());
            }
            if (available() == 0 && ended_ && pending_ == 0) {
                return std::size_t{0};
            }
            ZSTD_inBuffer from{in_.data(), end_, begin_};
            ZSTD_outBuffer to{out.data(), out.size(), 0};
            const std::size_t before = begin_;
            pending_ = ZSTD_decompressStream(zstd_.get(), &to, &from);
            begin_ = from.pos;
            if (ZSTD_isError(pending_) != 0U) {
                return corrupt(std::string("zstd stream is damaged: ") + ZSTD_getErrorName(pending_));
            }
            if (to.pos != 0) {
                return to.pos;
            }
            if (begin_ == before && ended_ && pending_ != 0) {
                return corrupt("zstd stream is damaged: it is cut short");
            }
        }
    }

    ByteSource source_;
    Kind kind_ = Kind::kUnknown;
    Buffer in_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool ended_ = false;
    std::unique_ptr<z_stream, InflateDeleter> gzip_;
    bool member_ended_ = false;
    bool padded_ = false;
    std::unique_ptr<ZSTD_DCtx, ZstdDeleter> zstd_;
    std::size_t pending_ = 0;
};

}  // namespace

ByteSource inflated_source(ByteSource source) {
    const auto inflater = std::make_shared<Inflater>(std::move(source));
    return {.read = [inflater](MutableByteSpan out) { return inflater->read(out); },
            .rewind = [inflater] { return inflater->rewind(); },
            .size = std::nullopt};
}

}  // namespace vcube
