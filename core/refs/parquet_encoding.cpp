#include "core/refs/parquet_encoding.h"

#include <array>
#include <limits>

namespace vcube::parquet {
namespace {

/// 64 bits from byte `at` on; beyond the end they are 0.
std::uint64_t load_bits(ByteSpan in, std::size_t at) {
    if (at + 8 <= in.size()) {
        return load_le<std::uint64_t>(in.data() + at);
    }
    std::uint64_t out = 0;
    for (std::size_t i = at; i < in.size(); ++i) {
        out |= std::uint64_t{static_cast<std::uint8_t>(in[i])} << (8 * (i - at));
    }
    return out;
}

std::int64_t unzigzag(std::uint64_t raw) {
    return static_cast<std::int64_t>((raw >> 1U) ^ (~(raw & 1U) + 1U));
}

/// Bytes that `count` values of `width` bits take. Both are far below where the product wraps.
std::uint64_t packed_bytes(std::uint64_t count, unsigned width) {
    return (count * width + 7) / 8;
}

}  // namespace

bool read_uleb(ByteSpan& in, std::uint64_t& out, unsigned bits) {
    out = 0;
    for (unsigned shift = 0; shift < bits; shift += 7) {
        if (in.empty()) {
            return false;
        }
        const auto byte = static_cast<std::uint8_t>(in.front());
        in = in.subspan(1);
        const std::uint64_t part = byte & 0x7FU;
        if (bits - shift < 7 && (part >> (bits - shift)) != 0) {
            return false;
        }
        out |= part << shift;
        if ((byte & 0x80U) == 0) {
            return true;
        }
    }
    return false;
}

template <class T>
void unpack_bits(ByteSpan in, unsigned width, std::size_t count, T* out) {
    if (width == 0) {
        std::fill_n(out, count, T{0});
        return;
    }
    if (width == 8 && sizeof(T) == 1) {
        std::memcpy(out, in.data(), count);
        return;
    }
    const std::uint64_t mask = width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
    std::size_t i = 0;
    std::uint64_t bit = 0;
    if (width <= 57) {
        // The last values, whose 8 bytes would reach beyond the end, are left to the second loop.
        const std::size_t safe = in.size() < 8 ? 0 : std::min<std::size_t>(count, (in.size() - 7) * 8 / width);
        for (; i < safe && bit / 8 + 8 <= in.size(); ++i, bit += width) {
            out[i] = static_cast<T>((load_le<std::uint64_t>(in.data() + bit / 8) >> (bit % 8)) & mask);
        }
    }
    for (; i < count; ++i, bit += width) {
        const std::size_t at = bit / 8;
        const unsigned shift = bit % 8;
        std::uint64_t value = load_bits(in, at) >> shift;
        if (shift + width > 64) {
            value |= std::uint64_t{static_cast<std::uint8_t>(in[at + 8])} << (64 - shift);
        }
        out[i] = static_cast<T>(value & mask);
    }
}

template void unpack_bits(ByteSpan, unsigned, std::size_t, std::uint8_t*);
template void unpack_bits(ByteSpan, unsigned, std::size_t, std::uint32_t*);
template void unpack_bits(ByteSpan, unsigned, std::size_t, std::uint64_t*);

bool RunReader::next_run() {
    std::uint64_t header = 0;
    if (!read_uleb(in_, header, 32)) {
        return false;
    }
    packed_ = (header & 1U) != 0;
    left_ = header >> 1U;
    if (packed_) {
        left_ *= 8;
        // Some writers leave the padding of the last group out.
        const std::size_t bytes =
            static_cast<std::size_t>(std::min<std::uint64_t>(packed_bytes(left_, width_), in_.size()));
        bits_ = in_.first(bytes);
        in_ = in_.subspan(bytes);
        done_ = 0;
        return true;
    }
    const std::size_t bytes = (width_ + 7) / 8;
    if (in_.size() < bytes) {
        return false;
    }
    value_ = static_cast<std::uint32_t>(load_bits(in_.first(bytes), 0));
    in_ = in_.subspan(bytes);
    return width_ == 32 || (value_ >> width_) == 0;
}

template <class T>
bool RunReader::read(std::span<T> out) {
    if (width_ == 0) {
        std::fill(out.begin(), out.end(), T{0});  // there may be no bytes at all
        return true;
    }
    // A run may be empty; each costs at least a byte, so this ends.
    while (!out.empty()) {
        if (left_ == 0 && !next_run()) {
            return false;
        }
        const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, out.size()));
        if (!packed_) {
            std::fill_n(out.data(), count, static_cast<T>(value_));
        } else {
            if (packed_bytes(done_ + count, width_) > bits_.size()) {
                return false;
            }
            // Whole groups of 8 values begin at a byte.
            const std::size_t ahead = done_ % 8;
            const ByteSpan rest = bits_.subspan(done_ / 8 * width_);
            if (ahead == 0) {
                unpack_bits(rest, width_, count, out.data());
            } else {
                std::array<std::uint32_t, 8> group{};
                const std::size_t whole = rest.size() * 8 / width_;
                unpack_bits(rest, width_, std::min<std::size_t>(8, whole), group.data());
                const std::size_t taken = std::min(count, 8 - ahead);
                for (std::size_t i = 0; i < taken; ++i) {
                    out[i] = static_cast<T>(group[ahead + i]);
                }
                done_ += taken;
                left_ -= taken;
                out = out.subspan(taken);
                continue;
            }
            done_ += count;
        }
        left_ -= count;
        out = out.subspan(count);
    }
    return true;
}

template bool RunReader::read(std::span<std::uint8_t>);
template bool RunReader::read(std::span<std::uint32_t>);

bool RunReader::read_constant(std::size_t count, std::uint32_t& value) {
    if (width_ == 0) {
        value = 0;
        return true;
    }
    const RunReader before = *this;
    if ((left_ != 0 || next_run()) && !packed_ && left_ >= count) {
        left_ -= count;
        value = value_;
        return true;
    }
    *this = before;
    return false;
}

bool read_deltas(ByteSpan& in, std::span<std::int64_t> out, bool narrow) {
    constexpr std::uint64_t kMaxBlock = 1U << 20;
    std::uint64_t block = 0;
    std::uint64_t miniblocks = 0;
    std::uint64_t total = 0;
    std::uint64_t raw = 0;
    if (!read_uleb(in, block) || !read_uleb(in, miniblocks) || !read_uleb(in, total) || !read_uleb(in, raw)) {
        return false;
    }
    if (total != out.size() || miniblocks == 0 || block > kMaxBlock || block % miniblocks != 0) {
        return false;
    }
    const auto per_miniblock = static_cast<std::size_t>(block / miniblocks);
    if (per_miniblock == 0 || per_miniblock % 8 != 0) {
        return false;
    }
    if (out.empty()) {
        return true;
    }
    const auto wrapped = [narrow](std::uint64_t value) {
        return narrow ? static_cast<std::int64_t>(static_cast<std::int32_t>(static_cast<std::uint32_t>(value)))
                      : static_cast<std::int64_t>(value);
    };
    auto last = static_cast<std::uint64_t>(unzigzag(raw));
    out[0] = wrapped(last);
    std::size_t done = 1;
    std::array<std::uint64_t, 64> unpacked{};
    while (done < out.size()) {
        if (!read_uleb(in, raw) || in.size() < miniblocks) {
            return false;
        }
        const auto least = static_cast<std::uint64_t>(unzigzag(raw));
        const ByteSpan widths = in.first(static_cast<std::size_t>(miniblocks));
        in = in.subspan(widths.size());
        for (std::size_t m = 0; m < widths.size() && done < out.size(); ++m) {
            const auto width = static_cast<unsigned>(widths[m]);
            const std::size_t count = std::min(per_miniblock, out.size() - done);
            if (width > 64 || packed_bytes(count, width) > in.size()) {
                return false;
            }
            const ByteSpan bits = in.first(
                static_cast<std::size_t>(std::min<std::uint64_t>(packed_bytes(per_miniblock, width), in.size())));
            in = in.subspan(bits.size());
            // 64 values at a time: the first of each begins at a byte.
            for (std::size_t i = 0; i < count; i += unpacked.size()) {
                const std::size_t part = std::min(unpacked.size(), count - i);
                unpack_bits(bits.subspan(i / 8 * width), width, part, unpacked.data());
                for (std::size_t k = 0; k < part; ++k) {
                    last += least + unpacked[k];
                    out[done++] = wrapped(last);
                }
            }
        }
    }
    return true;
}

bool read_packed_levels(ByteSpan in, std::span<std::uint8_t> out) {
    if (in.size() < packed_bytes(out.size(), 1)) {
        return false;
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = static_cast<std::uint8_t>((static_cast<std::uint8_t>(in[i / 8]) >> (7 - i % 8)) & 1U);
    }
    return true;
}

void join_byte_streams(ByteSpan in, std::size_t width, MutableByteSpan out) {
    const std::size_t count = in.size() / width;
    for (std::size_t b = 0; b < width; ++b) {
        for (std::size_t i = 0; i < count; ++i) {
            out[i * width + b] = in[b * count + i];
        }
    }
}

}  // namespace vcube::parquet
