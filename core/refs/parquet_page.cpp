#include "core/refs/parquet_page.h"

#include <brotli/decode.h>
#include <libdeflate.h>
#include <lz4.h>
#include <snappy.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "core/base/inflate.h"
#include "core/refs/parquet_encoding.h"
#include "vcube/shape.h"

namespace vcube::parquet {
namespace {

Error wrong_size(std::size_t stored, std::size_t expected) {
    return corrupt("a page of " + std::to_string(stored) + " bytes does not decompress to the " +
                   std::to_string(expected) + " that its header tells");
}

Status decompress_snappy(ByteSpan stored, MutableByteSpan out) {
    const char* const in = reinterpret_cast<const char*>(stored.data());
    std::size_t size = 0;
    if (!snappy::GetUncompressedLength(in, stored.size(), &size) || size != out.size() ||
        !snappy::RawUncompress(in, stored.size(), reinterpret_cast<char*>(out.data()))) {
        return wrong_size(stored.size(), out.size());
    }
    return {};
}

Status decompress_lz4(ByteSpan stored, MutableByteSpan out) {
    constexpr std::size_t kMost = std::numeric_limits<int>::max();
    if (stored.size() > kMost || out.size() > kMost ||
        LZ4_decompress_safe(reinterpret_cast<const char*>(stored.data()), reinterpret_cast<char*>(out.data()),
                            static_cast<int>(stored.size()),
                            static_cast<int>(out.size())) != static_cast<int>(out.size())) {
        return wrong_size(stored.size(), out.size());
    }
    return {};
}

/// As Hadoop frames LZ4: blocks, each behind its decoded and its stored size, big-endian. Some writers of this codec
/// put a bare block instead.
Status decompress_hadoop_lz4(ByteSpan stored, MutableByteSpan out) {
    const auto big_endian = [](ByteSpan bytes) {
        std::uint32_t value = 0;
        for (const std::byte byte : bytes.first(4)) {
            value = value << 8 | static_cast<std::uint32_t>(byte);
        }
        return value;
    };
    ByteSpan rest = stored;
    MutableByteSpan room = out;
    while (rest.size() >= 8) {
        const std::size_t decoded = big_endian(rest);
        const std::size_t size = big_endian(rest.subspan(4));
        rest = rest.subspan(8);
        if (decoded > room.size() || size > rest.size() ||
            !decompress_lz4(rest.first(size), room.first(decoded)).ok()) {
            break;
        }
        rest = rest.subspan(size);
        room = room.subspan(decoded);
        if (rest.empty() && room.empty()) {
            return {};
        }
    }
    return decompress_lz4(stored, out);
}

Status decompress_brotli(ByteSpan stored, MutableByteSpan out) {
    std::size_t size = out.size();
    const auto result = BrotliDecoderDecompress(stored.size(), reinterpret_cast<const std::uint8_t*>(stored.data()),
                                                &size, reinterpret_cast<std::uint8_t*>(out.data()));
    return result == BROTLI_DECODER_RESULT_SUCCESS && size == out.size() ? Status()
                                                                         : wrong_size(stored.size(), out.size());
}

}  // namespace

Status Budget::take(std::uint64_t count, std::uint64_t size, const std::string& what) {
    const auto bytes = checked_product(count, size);
    if (!bytes || *bytes > left_) {
        return over_limit(what + ": the decoded file exceeds the limit of " + std::to_string(total_) + " bytes");
    }
    left_ -= *bytes;
    return {};
}

Status decompress_page(Compression codec, ByteSpan stored, MutableByteSpan out) {
    switch (codec) {
        case Compression::kNone:
            if (stored.size() != out.size()) {
                return wrong_size(stored.size(), out.size());
            }
            std::memcpy(out.data(), stored.data(), out.size());
            return {};
        case Compression::kSnappy:
            return decompress_snappy(stored, out);
        case Compression::kLz4Raw:
            return decompress_lz4(stored, out);
        case Compression::kLz4:
            return decompress_hadoop_lz4(stored, out);
        case Compression::kBrotli:
            return decompress_brotli(stored, out);
        case Compression::kGzip:
        case Compression::kZstd: {
            VCUBE_ASSIGN(const std::size_t written,
                         codec == Compression::kGzip ? inflate_gzip(stored, out) : decompress_zstd(stored, out));
            return written == out.size() ? Status() : wrong_size(stored.size(), out.size());
        }
        default:
            return unsupported("pages compressed with " + name_of(codec) + " are not read");
    }
}

PageReader::PageReader(ByteSpan file, const Column& column, const ColumnChunk& chunk, std::string what, Budget& budget)
    : rest_(file.subspan(chunk.begin, chunk.size)),
      column_(column),
      chunk_(chunk),
      what_(std::move(what)),
      budget_(budget) {}

Result<ByteSpan> PageReader::decompressed(ByteSpan stored, std::size_t size) {
    scratch_taken_ = false;
    if (size == 0) {
        return ByteSpan();  // whatever a codec makes of nothing
    }
    if (chunk_.codec == Compression::kNone) {
        return stored.size() == size ? Result<ByteSpan>(stored)
                                     : Result<ByteSpan>(with_context(what_, wrong_size(stored.size(), size)));
    }
    // Charged for every page, though the memory is used again: many pages may claim much each.
    VCUBE_TRY(budget_.take(size, 1, what_));
    if (scratch_.size() < size) {
        scratch_ = Buffer();  // before the new one is taken
        scratch_ = Buffer(size);
    }
    const MutableByteSpan out = scratch_.span().first(size);
    if (Status status = decompress_page(chunk_.codec, stored, out); !status.ok()) {
        return with_context(what_, status.error());
    }
    scratch_taken_ = true;
    return ByteSpan(out);
}

Result<Buffer> PageReader::keep(Page& page) {
    if (scratch_taken_) {
        scratch_taken_ = false;
        return std::exchange(scratch_, Buffer());
    }
    VCUBE_TRY(budget_.take(page.values.size(), 1, what_));
    Buffer out(page.values.size());
    std::copy(page.values.begin(), page.values.end(), out.data());
    page.values = out.span();
    return out;
}

Status PageReader::read_levels(const PageHeader& header, ByteSpan levels, Page& page) {
    std::uint32_t value = 0;
    const bool packed = header.type == PageType::kData && header.level_encoding == Encoding::kBitPacked;
    RunReader runs(levels, 1);
    if (!packed && runs.read_constant(page.rows, value)) {
        page.present = value != 0 ? page.rows : 0;
        return {};
    }
    valid_.resize(page.rows);
    if (!(packed ? read_packed_levels(levels, valid_) : runs.read(std::span(valid_)))) {
        return corrupt(what_ + ": the definition levels of a page are damaged");
    }
    page.present = static_cast<std::size_t>(std::count(valid_.begin(), valid_.end(), 1));
    if (page.present != 0 && page.present != page.rows) {
        page.valid = valid_;
    }
    return {};
}

Result<Page> PageReader::data_page(const PageHeader& header, ByteSpan stored, std::size_t rows) {
    if (header.values > rows) {
        return corrupt(what_ + ": a page of " + std::to_string(header.values) + " values where " +
                       std::to_string(rows) + " are left");
    }
    Page page;
    page.encoding = header.encoding;
    page.rows = page.present = header.values;
    ByteSpan levels;
    if (header.type == PageType::kDataV2) {
        const std::size_t before = header.repetition_bytes + header.definition_bytes;
        levels = stored.subspan(header.repetition_bytes, header.definition_bytes);
        const ByteSpan values = stored.subspan(before);
        if (header.compressed) {
            VCUBE_ASSIGN(page.values, decompressed(values, header.size - before));
        } else {
            scratch_taken_ = false;
            page.values = values;
        }
    } else {
        VCUBE_ASSIGN(page.values, decompressed(stored, header.size));
        if (column_.optional) {
            std::size_t size = (page.rows + 7) / 8;  // BIT_PACKED has no length before it
            if (header.level_encoding == Encoding::kRle) {
                if (page.values.size() < 4) {
                    return corrupt(what_ + ": a page without definition levels");
                }
                size = load_le<std::uint32_t>(page.values.data());
                page.values = page.values.subspan(4);
            } else if (header.level_encoding != Encoding::kBitPacked) {
                return unsupported(what_ + ": definition levels in encoding " + name_of(header.level_encoding));
            }
            if (size > page.values.size()) {
                return corrupt(what_ + ": definition levels of " + std::to_string(size) + " bytes in a page of " +
                               std::to_string(page.values.size()));
            }
            levels = page.values.first(size);
            page.values = page.values.subspan(size);
        }
    }
    if (column_.optional) {
        VCUBE_TRY(read_levels(header, levels, page));
    }
    return page;
}

Result<Page> PageReader::next(std::size_t rows) {
    while (true) {
        if (rest_.empty()) {
            return corrupt(what_ + ": its pages end " + std::to_string(rows) + " rows early");
        }
        std::size_t header_size = 0;
        VCUBE_ASSIGN(const PageHeader header, read_page_header(rest_, header_size, what_));
        const ByteSpan stored = rest_.subspan(header_size, header.stored_size);
        rest_ = rest_.subspan(header_size + stored.size());
        if (header.crc && libdeflate_crc32(0, stored.data(), stored.size()) != *header.crc) {
            return corrupt(what_ + ": the CRC of a page of " + std::to_string(stored.size()) + " bytes does not match");
        }
        if (header.type == PageType::kData || header.type == PageType::kDataV2) {
            return data_page(header, stored, rows);
        }
        if (header.type == PageType::kDictionary) {
            Page page;
            page.dictionary = true;
            page.encoding = header.encoding;
            page.rows = page.present = header.values;
            VCUBE_ASSIGN(page.values, decompressed(stored, header.size));
            return page;
        }
    }
}

}  // namespace vcube::parquet
