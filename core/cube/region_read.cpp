#include "core/cube/region_read.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/cube/convert.h"
#include "core/cube/destination_memory.h"
#include "core/cube/read_helpers.h"
#include "core/cube/region_plan.h"

namespace vcube {
namespace {

// Bare elements in chunks larger than this are read by parts and not cached.
constexpr std::uint64_t kWholeChunkBytes = std::uint64_t{4} << 20;

/// Whether bare elements are read by parts of chunks.
bool reads_parts(const ReadSource& source) {
    return source.meta.uncompressed() && source.chain.decoded_size() > kWholeChunkBytes;
}

Result<Buffer> decode(const Piece& piece, ByteSpan encoded) {
    Buffer chunk(piece.form->bytes);
    VCUBE_TRY(piece.form->chain->decode(encoded, chunk.span()));
    return chunk;
}

class RegionReader {
public:
    RegionReader(const ReadSource& source, std::span<const RegionRead> reads, const ReadOptions& options,
                 Converter converter, Converter fill_copy)
        : source_(source),
          meta_(source.meta),
          reads_(reads),
          options_(options),
          converter_(converter),
          fill_copy_(fill_copy),
          forms_(source.meta, source.chain),
          memory_(reads),
          zero_strides_(source.meta.shape.size(), 0) {}

    Status run() {
        prepare();
        PieceLoader loader(
            source_, options_, plan_,
            {decode, [this](const Piece& piece, const Buffer& chunk) { copy_from(piece, chunk.data(), 0); },
             [this](const Piece& piece, ByteSpan encoded) { return convert(piece, encoded); },
             [this](const Piece& piece) { fill(piece); }, [this] { return memory_.prepare_some(); }});
        for (std::size_t part = 0; part < reads_.size(); ++part) {
            const auto add = [&](const std::vector<Segment>& segments) -> Status {
                VCUBE_ASSIGN(const ChunkForm* const form, form_of(source_, forms_, segments));
                if (!plan_.by_parts) {
                    return loader.add({segments, {0, form->bytes}, form, part});
                }
                for (Piece& piece : split_chunk(segments, reads_[part].region.step, *form, meta_.dtype.size)) {
                    piece.part = part;
                    VCUBE_TRY(loader.add(std::move(piece)));
                }
                return {};
            };
            VCUBE_TRY(for_each_chunk(split_region(reads_[part].region, meta_), add));
        }
        return loader.finish();
    }

private:
    void prepare() {
        std::uint64_t chunks = 0;  // at most the number of elements of the regions, which are in memory
        for (const RegionRead& read : reads_) {
            std::uint64_t of_region = 1;
            std::uint64_t elements = 1;
            for (const std::vector<Segment>& axis : split_region(read.region, meta_)) {
                of_region *= axis.size();
            }
            for (const std::uint64_t count : read.region.count) {
                elements *= count;
            }
            chunks += of_region;
            plan_.elements += elements;
        }
        plan_.chunk_bytes = source_.chain.decoded_size();
        plan_.by_parts = reads_parts(source_);
        plan_.cached = !plan_.by_parts && worth_caching(chunks);
        direct_ = forms_.regular() && !plan_.cached && !plan_.by_parts && converter_.same();

        fill_.resize(converter_.to_size());
        std::vector<std::byte> stored = meta_.fill;
        stored.resize(meta_.dtype.size);
        converter_.row(stored.data(), 0, fill_.data(), 0, 1);
    }

    /// Chunks that do not all fit into the cache are not kept. Nor are those of a read that takes most of what they
    /// hold and would fill more than half of the cache: fresh memory for them costs as much as decoding, and they would
    /// drive out what smaller reads come back to.
    bool worth_caching(std::uint64_t chunks) const {
        const std::uint64_t room = source_.runtime.cache.max_bytes();
        const std::optional<std::uint64_t> total = checked_product(chunks, plan_.chunk_bytes);
        const bool takes_most = total && plan_.elements * meta_.dtype.size >= *total / 2;
        return total && *total <= (takes_most ? room / 2 : room);
    }

    const Destination& destination_of(const Piece& piece) const { return reads_[piece.part].destination; }

    /// true where the piece is a whole chunk that lies in its destination as it lies in the decoded chunk.
    bool lies_as_chunk(const Piece& piece) const {
        const ChunkForm& form = *piece.form;
        for (std::size_t d = 0; d < form.shape.size(); ++d) {
            const bool fits = form.shape[d] == 1 || (reads_[piece.part].region.step[d] == 1 &&
                                                     destination_of(piece).strides[d] == source_stride(piece, d));
            if (!fits || piece.segments[d].count != form.shape[d]) {
                return false;
            }
        }
        return true;
    }

    /// Bytes of a decoded chunk from one selected element to the next. Modulo 2^64: a step beyond the chunk is never
    /// taken inside it.
    std::ptrdiff_t source_stride(const Piece& piece, std::size_t d) const {
        return static_cast<std::ptrdiff_t>(piece.form->strides[d] * meta_.dtype.size *
                                           static_cast<std::uint64_t>(reads_[piece.part].region.step[d]));
    }

    Status convert(const Piece& piece, ByteSpan encoded) const {
        if (plan_.by_parts) {
            return convert_part(piece, encoded);
        }
        if (direct_ && lies_as_chunk(piece)) {
            return source_.chain.decode(encoded,
                                        {destination_of(piece).data + target_offset(piece), plan_.chunk_bytes});
        }
        const Scratch scratch(piece.form->bytes);
        VCUBE_TRY(piece.form->chain->decode(encoded, scratch.span()));
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
        const std::size_t rank = piece.segments.size();
        std::uint64_t first = 0;
        std::ptrdiff_t strides[kMaxDimensions];
        for (std::size_t d = 0; d < rank; ++d) {
            first += piece.segments[d].first * piece.form->strides[d];
            strides[d] = source_stride(piece, d);
        }
        copy_block(converter_, counts_of(piece), {data + (first * meta_.dtype.size - skipped), {strides, rank}},
                   {destination_of(piece).data + target_offset(piece), destination_of(piece).strides});
    }

    void fill(const Piece& piece) const {
        copy_block(fill_copy_, counts_of(piece), {fill_.data(), zero_strides_},
                   {destination_of(piece).data + target_offset(piece), destination_of(piece).strides});
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
            offset += static_cast<std::ptrdiff_t>(piece.segments[d].target) * destination_of(piece).strides[d];
        }
        return offset;
    }

    const ReadSource& source_;
    const ArrayMeta& meta_;
    const std::span<const RegionRead> reads_;
    const ReadOptions& options_;
    const Converter converter_;
    const Converter fill_copy_;
    ChunkForms forms_;
    DestinationMemory memory_;
    const std::vector<std::ptrdiff_t> zero_strides_;  // of the one fill element
    std::vector<std::byte> fill_;                     // one element of the destination's type
    LoadPlan plan_;
    bool direct_ = false;  // whole chunks may be decoded where they belong
};

}  // namespace

Status read_regions(const ReadSource& source, std::span<const RegionRead> reads, const ReadOptions& options) {
    const std::string what = array_label(source);
    if (source.chain.is_variable()) {
        return unsupported(what + ": elements of variable length are read as text, not as numbers");
    }
    const DType& type = reads.front().destination.type;
    const Result<Converter> converter = Converter::make(source.meta.dtype, type);
    if (!converter.ok()) {
        return with_context(what, converter.error());
    }
    VCUBE_ASSIGN(const Converter fill_copy, Converter::make(type, type));
    try {
        return RegionReader(source, reads, options, converter.value(), fill_copy).run();
    } catch (const std::bad_alloc&) {
        return over_limit(what + ": no memory to plan the read");
    }
}

Status prefetch_regions(const ReadSource& source, std::span<const RegionRead> reads, const ReadOptions& options) {
    if (source.chain.is_variable() || reads_parts(source)) {
        return {};
    }
    LoadPlan plan;
    plan.chunk_bytes = source.chain.decoded_size();
    plan.cached = true;
    const std::size_t most = source.runtime.cache.max_bytes() / std::max<std::uint64_t>(plan.chunk_bytes, 1);
    const auto nowhere = [](const Piece&, const auto&...) {};
    std::size_t count = 0;
    try {
        ChunkForms forms(source.meta, source.chain);
        PieceLoader loader(source, options, plan, {decode, nowhere, {}, nowhere});
        for (const RegionRead& read : reads) {
            const auto add = [&](const std::vector<Segment>& segments) -> Status {
                if (count++ >= most) {
                    return {};
                }
                VCUBE_ASSIGN(const ChunkForm* const form, form_of(source, forms, segments));
                return loader.add({segments, {0, form->bytes}, form});
            };
            VCUBE_TRY(for_each_chunk(split_region(read.region, source.meta), add));
        }
        return loader.finish();
    } catch (const std::bad_alloc&) {
        return over_limit(array_label(source) + ": no memory to plan the read");
    }
}

}  // namespace vcube
