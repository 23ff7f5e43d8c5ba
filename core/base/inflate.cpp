#include "core/base/inflate.h"

#include <libdeflate.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>

namespace vcube {
namespace {

struct DeflateDeleter {
    void operator()(libdeflate_decompressor* state) const { libdeflate_free_decompressor(state); }
};
struct ZstdDeleter {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
using ZstdContext = std::unique_ptr<ZSTD_DCtx, ZstdDeleter>;

// One decompressor a thread: allocating its tables costs as much as inflating a small chunk.
libdeflate_decompressor* thread_decompressor() {
    thread_local const std::unique_ptr<libdeflate_decompressor, DeflateDeleter> state(libdeflate_alloc_decompressor());
    return state.get();
}

ZSTD_DCtx* thread_zstd() {
    thread_local const ZstdContext context(ZSTD_createDCtx());
    return context.get();
}

Error no_memory(const char* format) {
    return over_limit(std::string("no memory for a ") + format + " decompressor");
}

Error too_small(const char* format, std::size_t in, std::size_t capacity) {
    return over_limit(std::string(format) + " stream of " + std::to_string(in) + " bytes decodes to more than " +
                      std::to_string(capacity) + " bytes");
}

Error damaged(const char* format, std::size_t in, const char* why) {
    return corrupt(std::string(format) + " stream of " + std::to_string(in) + " bytes is damaged: " + why);
}

// A valid pointer also for a buffer of no bytes: the libraries may do arithmetic on it.
std::byte* writable(MutableByteSpan out, std::byte& spare) {
    return out.empty() ? &spare : out.data();
}

struct Consumed {
    std::size_t in = 0;
    std::size_t out = 0;
};

Error deflate_error(libdeflate_result result, const char* format, std::size_t in, std::size_t capacity) {
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
        return too_small(format, in, capacity);
    }
    return damaged(format, in, in == 0 ? "it is empty" : "not valid, cut short or with a wrong checksum");
}

// The first member of `in`.
Result<Consumed> inflate_member(ByteSpan in, MutableByteSpan out) {
    libdeflate_decompressor* const state = thread_decompressor();
    if (state == nullptr) {
        return no_memory("gzip");
    }
    std::byte spare{};
    Consumed used;
    const libdeflate_result result = libdeflate_gzip_decompress_ex(state, in.data(), in.size(), writable(out, spare),
                                                                   out.size(), &used.in, &used.out);
    if (result != LIBDEFLATE_SUCCESS) {
        return deflate_error(result, "gzip", in.size(), out.size());
    }
    return used;
}

// Zeros may follow the last member (padding of tapes and block devices), as gzip itself accepts.
bool only_zeros(ByteSpan bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

Result<Buffer> allocate(std::size_t size) {
    try {
        return Buffer(size);
    } catch (const std::bad_alloc&) {
        return over_limit("no memory for " + std::to_string(size) + " decoded bytes");
    }
}

// A buffer twice as large, up to max_bytes, that begins with the first `used` bytes of `old`.
Result<Buffer> grow(const Buffer& old, std::size_t used, std::size_t max_bytes) {
    const std::size_t wanted = old.size() > max_bytes / 2 ? max_bytes : std::max<std::size_t>(2 * old.size(), 4096);
    VCUBE_ASSIGN(Buffer next, allocate(std::min(wanted, max_bytes)));
    if (used > 0) {
        std::memcpy(next.data(), old.data(), used);
    }
    return next;
}

// Size of the buffer to begin with: what the stream claims, where its format could hold that much in so few bytes.
std::size_t first_size(std::uint64_t claimed, std::size_t in, std::uint64_t max_ratio, std::size_t max_bytes) {
    constexpr std::uint64_t kBlind = 64U << 20;  // above this a claim alone allocates nothing
    const std::uint64_t possible = std::min<std::uint64_t>(claimed, kBlind);
    const std::uint64_t believable = std::min<std::uint64_t>(possible, in * max_ratio + 64);
    return static_cast<std::size_t>(std::min<std::uint64_t>(believable, max_bytes));
}

std::uint32_t little_u32(ByteSpan bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        value |= static_cast<std::uint32_t>(bytes[i]) << (8 * i);
    }
    return value;
}

}  // namespace

Result<std::size_t> inflate_zlib(ByteSpan in, MutableByteSpan out) {
    libdeflate_decompressor* const state = thread_decompressor();
    if (state == nullptr) {
        return no_memory("zlib");
    }
    std::byte spare{};
    Consumed used;
    // Bytes after the stream's checksum are ignored, as zlib's own readers do.
    const libdeflate_result result = libdeflate_zlib_decompress_ex(state, in.data(), in.size(), writable(out, spare),
                                                                   out.size(), &used.in, &used.out);
    if (result != LIBDEFLATE_SUCCESS) {
        return deflate_error(result, "zlib", in.size(), out.size());
    }
    return used.out;
}

Result<std::size_t> inflate_raw(ByteSpan in, MutableByteSpan out) {
    libdeflate_decompressor* const state = thread_decompressor();
    if (state == nullptr) {
        return no_memory("deflate");
    }
    std::byte spare{};
    Consumed used;
    const libdeflate_result result = libdeflate_deflate_decompress_ex(state, in.data(), in.size(), writable(out, spare),
                                                                      out.size(), &used.in, &used.out);
    if (result != LIBDEFLATE_SUCCESS) {
        return deflate_error(result, "deflate", in.size(), out.size());
    }
    return used.out;
}

Result<std::size_t> inflate_gzip(ByteSpan in, MutableByteSpan out) {
    const ByteSpan whole = in;
    std::size_t written = 0;
    do {
        Result<Consumed> used = inflate_member(in, out.subspan(written));
        if (!used.ok()) {
            return used.error().code == ErrorCode::kLimit ? too_small("gzip", whole.size(), out.size()) : used.error();
        }
        written += used.value().out;
        in = in.subspan(used.value().in);
    } while (!in.empty() && !only_zeros(in));
    return written;
}

Result<Buffer> inflate_gzip_all(ByteSpan in, std::size_t max_bytes) {
    const ByteSpan whole = in;
    const std::uint64_t claimed = in.size() >= 18 ? little_u32(in.last(4)) : 0;
    VCUBE_ASSIGN(Buffer out, allocate(first_size(claimed, in.size(), 1032, max_bytes)));
    std::size_t written = 0;
    do {
        const Result<Consumed> used = inflate_member(in, out.span().subspan(written));
        if (used.ok()) {
            written += used.value().out;
            in = in.subspan(used.value().in);
            continue;
        }
        if (used.error().code != ErrorCode::kLimit) {
            return used.error();
        }
        if (out.size() >= max_bytes) {
            return too_small("gzip", whole.size(), max_bytes);
        }
        VCUBE_ASSIGN(out, grow(out, written, max_bytes));
    } while (!in.empty() && !only_zeros(in));
    out.shrink(written);
    return out;
}

Result<std::size_t> decompress_zstd(ByteSpan in, MutableByteSpan out) {
    ZSTD_DCtx* const context = thread_zstd();
    if (context == nullptr) {
        return no_memory("zstd");
    }
    if (in.empty()) {
        return damaged("zstd", 0, "it is empty");
    }
    std::byte spare{};
    const std::size_t written = ZSTD_decompressDCtx(context, writable(out, spare), out.size(), in.data(), in.size());
    if (ZSTD_isError(written) == 0U) {
        return written;
    }
    switch (ZSTD_getErrorCode(written)) {
        case ZSTD_error_dstSize_tooSmall:
            return too_small("zstd", in.size(), out.size());
        case ZSTD_error_memory_allocation:
            return no_memory("zstd");
        default:
            return damaged("zstd", in.size(), ZSTD_getErrorName(written));
    }
}

Result<Buffer> decompress_zstd_all(ByteSpan in, std::size_t max_bytes) {
    if (in.empty()) {
        return damaged("zstd", 0, "it is empty");
    }
    // A context of its own: the window of a long stream is not kept for the life of the thread.
    const ZstdContext context(ZSTD_createDCtx());
    if (!context) {
        return no_memory("zstd");
    }
    const unsigned long long claimed = ZSTD_getFrameContentSize(in.data(), in.size());
    const bool known = claimed != ZSTD_CONTENTSIZE_UNKNOWN && claimed != ZSTD_CONTENTSIZE_ERROR;
    const std::uint64_t first = known ? claimed : 4 * static_cast<std::uint64_t>(in.size());
    VCUBE_ASSIGN(Buffer out, allocate(first_size(first, in.size(), 1U << 15, max_bytes)));
    ZSTD_inBuffer source{in.data(), in.size(), 0};
    std::size_t written = 0;
    std::size_t pending = 1;  // 0 exactly at the end of a frame
    std::byte spare{};
    while (source.pos < source.size || pending != 0) {
        ZSTD_outBuffer target{writable(out.span(), spare), out.size(), written};
        const std::size_t before = source.pos;
        pending = ZSTD_decompressStream(context.get(), &target, &source);
        if (ZSTD_isError(pending) != 0U) {
            return damaged("zstd", in.size(), ZSTD_getErrorName(pending));
        }
        const bool moved = source.pos != before || target.pos != written;
        written = target.pos;
        if (written == out.size() && (pending != 0 || source.pos < source.size)) {
            if (out.size() < max_bytes) {
                VCUBE_ASSIGN(out, grow(out, written, max_bytes));
            } else if (!moved) {
                return too_small("zstd", in.size(), max_bytes);
            }
        } else if (!moved) {
            return damaged("zstd", in.size(), "it is cut short");
        }
    }
    out.shrink(written);
    return out;
}

}  // namespace vcube
