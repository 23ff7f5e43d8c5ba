#include "core/cube/region_read.h"

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/cube/convert.h"
#include "core/cube/read_helpers.h"
#include "core/cube/region_plan.h"

namespace vcube {
namespace {

// Bare elements in chunks larger than this are read by parts and not cached.
constexpr std::uint64_t kWholeChunkBytes = std::uint64_t{4} << 20;

class RegionReader {
public:
    RegionReader(const ReadSource& source, const Region& region, const Destination& destination,
                 const ReadOptions& options, Converter converter, Converter fill_copy)
        : source_(source),
          meta_(source.meta),
          region_(region),
          destination_(destination),
          options_(options),
          converter_(converter),
          fill_copy_(fill_copy),
          strides_(chunk_strides(source.meta, source.chain.order())),
          zero_strides_(source.meta.shape.size(), 0) {}

    Status run() {
        prepare();
        PieceLoader loader(source_, options_, plan_,
                           {[this](ByteSpan encoded) { return decode(encoded); },
                            [this](const Piece& piece, const Buffer& chunk) { copy_from(piece, chunk.data(), 0); },
                            [this](const Piece& piece, ByteSpan encoded) { return convert(piece, encoded); },
                            [this](const Piece& piece) { fill(piece); }});
        const auto add = [&](const std::vector<Segment>& segments) -> Status {
            if (!plan_.by_parts) {
                return loader.add({segments, {0, plan_.chunk_bytes}});
            }
            for (Piece& part : split_chunk(segments, region_.step, strides_, meta_.dtype.size)) {
                VCUBE_TRY(loader.add(std::move(part)));
            }
            return {};
        };
        VCUBE_TRY(for_each_chunk(axes_, add));
        return loader.finish();
    }

private:
    void prepare() {
        const std::size_t rank = meta_.shape.size();
        std::uint64_t chunks = 1;
        for (std::size_t d = 0; d < rank; ++d) {
            axes_.push_back(split_axis(region_.start[d], region_.count[d], region_.step[d], meta_.chunks[d]));
            chunks *= axes_.back().size();  // at most the number of elements of the region, which is in memory
        }
        plan_.chunk_bytes = source_.chain.decoded_size();
        plan_.by_parts = meta_.uncompressed() && plan_.chunk_bytes > kWholeChunkBytes;
        const std::optional<std::uint64_t> total = checked_product(chunks, plan_.chunk_bytes);
        plan_.cached = !plan_.by_parts && total && *total <= source_.runtime.cache.max_bytes();
        for (std::size_t d = 0; d < rank; ++d) {
            // Modulo 2^64: a step beyond the chunk is never taken inside it.
            source_strides_.push_back(static_cast<std::ptrdiff_t>(strides_[d] * meta_.dtype.size *
                                                                  static_cast<std::uint64_t>(region_.step[d])));
        }
        direct_ = !plan_.cached && !plan_.by_parts && converter_.same() && destination_takes_chunks();

        fill_.resize(converter_.to_size());
        std::vector<std::byte> stored = meta_.fill;
        stored.resize(meta_.dtype.size);
        converter_.row(stored.data(), 0, fill_.data(), 0, 1);
    }

    /// true where a whole chunk lies in the destination as it lies in the decoded chunk.
    bool destination_takes_chunks() const {
        for (std::size_t d = 0; d < meta_.chunks.size(); ++d) {
            const bool fits =
                meta_.chunks[d] == 1 || (region_.step[d] == 1 && destination_.strides[d] == source_strides_[d]);
            if (!fits) {
                return false;
            }
        }
        return true;
    }

    Result<Buffer> decode(ByteSpan encoded) const {
        Buffer chunk(plan_.chunk_bytes);
        VCUBE_TRY(source_.chain.decode(encoded, chunk.span()));
        return chunk;
    }

    Status convert(const Piece& piece, ByteSpan encoded) const {
        if (plan_.by_parts) {
            return convert_part(piece, encoded);
        }
        if (direct_ && covers_chunk(piece)) {
            return source_.chain.decode(encoded, {destination_.data + target_offset(piece), plan_.chunk_bytes});
        }
        const Scratch scratch(plan_.chunk_bytes);
        VCUBE_TRY(source_.chain.decode(encoded, scratch.span()));
        copy_from(piece, scratch.span().data(), 0);
        return {};
    }

    Status convert_part(const Piece& piece, ByteSpan bytes) const {
        if (bytes.size() != piece.bytes.size()) {
            return corrupt("got " + std::to_string(bytes.size()) + " bytes, expected " +
                           std::to_string(piece.bytes.size()));
        }
        if (source_.chain.is_identity()) {
            copy_from(piece, bytes.data(), piece.bytes.begin);
            return {};
        }
        const Scratch scratch(bytes.size());
        source_.chain.to_native(bytes, scratch.span());
        copy_from(piece, scratch.span().data(), piece.bytes.begin);
        return {};
    }

    /// `data` holds the decoded chunk from its byte `skipped` on.
    void copy_from(const Piece& piece, const std::byte* data, std::uint64_t skipped) const {
        std::uint64_t first = 0;
        for (std::size_t d = 0; d < piece.segments.size(); ++d) {
            first += piece.segments[d].first * strides_[d];
        }
        copy_block(converter_, counts_of(piece), {data + (first * meta_.dtype.size - skipped), source_strides_},
                   {destination_.data + target_offset(piece), destination_.strides});
    }

    void fill(const Piece& piece) const {
        copy_block(fill_copy_, counts_of(piece), {fill_.data(), zero_strides_},
                   {destination_.data + target_offset(piece), destination_.strides});
    }

    struct Counts {
        std::uint64_t values[kMaxDimensions];
        std::size_t rank;
        operator std::span<const std::uint64_t>() const { return {values, rank}; }  // NOLINT: an argument's form
    };
    static Counts counts_of(const Piece& piece) {
        Counts counts;
        counts.rank = piece.segments.size();
        for (std::size_t d = 0; d < counts.rank; ++d) {
            counts.values[d] = piece.segments[d].count;
        }
        return counts;
    }

    std::ptrdiff_t target_offset(const Piece& piece) const {
        std::ptrdiff_t offset = 0;
        for (std::size_t d = 0; d < piece.segments.size(); ++d) {
            offset += static_cast<std::ptrdiff_t>(piece.segments[d].target) * destination_.strides[d];
        }
        return offset;
    }

    bool covers_chunk(const Piece& piece) const {
        for (std::size_t d = 0; d < piece.segments.size(); ++d) {
            if (piece.segments[d].count != meta_.chunks[d]) {
                return false;
            }
        }
        return true;
    }

    const ReadSource& source_;
    const ArrayMeta& meta_;
    const Region& region_;
    const Destination& destination_;
    const ReadOptions& options_;
    const Converter converter_;
    const Converter fill_copy_;
    const std::vector<std::uint64_t> strides_;        // elements, inside a chunk
    const std::vector<std::ptrdiff_t> zero_strides_;  // of the one fill element
    std::vector<std::ptrdiff_t> source_strides_;      // bytes, inside a chunk, times the region's step
    std::vector<std::vector<Segment>> axes_;
    std::vector<std::byte> fill_;  // one element of the destination's type
    LoadPlan plan_;
    bool direct_ = false;  // whole chunks may be decoded where they belong
};

}  // namespace

Status read_region(const ReadSource& source, const Region& region, const Destination& destination,
                   const ReadOptions& options) {
    const std::string what = array_label(source);
    if (source.chain.is_variable()) {
        return unsupported(what + ": elements of variable length are read as text, not as numbers");
    }
    const Result<Converter> converter = Converter::make(source.meta.dtype, destination.type);
    if (!converter.ok()) {
        return with_context(what, converter.error());
    }
    VCUBE_ASSIGN(const Converter fill_copy, Converter::make(destination.type, destination.type));
    try {
        return RegionReader(source, region, destination, options, converter.value(), fill_copy).run();
    } catch (const std::bad_alloc&) {
        return over_limit(what + ": no memory to plan the read");
    }
}

}  // namespace vcube
