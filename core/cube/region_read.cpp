#include "core/cube/region_read.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/log.h"
#include "core/cube/convert.h"
#include "core/cube/read_helpers.h"
#include "core/cube/region_plan.h"
#include "core/refs/url_policy.h"

namespace vcube {
namespace {

constexpr std::uint64_t kBytesInFlight = std::uint64_t{256} << 20;
constexpr std::size_t kPiecesInFlight = std::size_t{1} << 16;
// Bare elements in chunks larger than this are read by parts and not cached.
constexpr std::uint64_t kWholeChunkBytes = std::uint64_t{4} << 20;
// Less than this to copy is not worth waking another thread.
constexpr std::uint64_t kParallelBytes = std::uint64_t{256} << 10;

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
          strides_(chunk_strides(source.meta)),
          zero_strides_(source.meta.shape.size(), 0) {}

    Status run() {
        prepare();
        VCUBE_TRY(enumerate());
        VCUBE_TRY(flush());
        if (const std::uint64_t missing = missing_objects_.load(); missing > 0) {
            log(LogLevel::kWarning, label() + ": " + std::to_string(missing) +
                                        " chunk(s) read as fill value: the object that the reference names is missing");
        }
        return {};
    }

private:
    void prepare() {
        const std::size_t rank = meta_.shape.size();
        std::uint64_t chunks = 1;
        for (std::size_t d = 0; d < rank; ++d) {
            axes_.push_back(split_axis(region_.start[d], region_.count[d], region_.step[d], meta_.chunks[d]));
            chunks *= axes_.back().size();  // at most the number of elements of the region, which is in memory
        }
        grid_ = meta_.chunk_grid();
        chunk_bytes_ = source_.chain.decoded_size();
        by_parts_ = meta_.uncompressed() && chunk_bytes_ > kWholeChunkBytes;
        const std::optional<std::uint64_t> total = checked_product(chunks, chunk_bytes_);
        cached_ = !by_parts_ && total && *total <= source_.runtime.cache.max_bytes();
        for (std::size_t d = 0; d < rank; ++d) {
            // Modulo 2^64: a step beyond the chunk is never taken inside it.
            source_strides_.push_back(static_cast<std::ptrdiff_t>(strides_[d] * meta_.dtype.size *
                                                                  static_cast<std::uint64_t>(region_.step[d])));
        }
        direct_ = !cached_ && !by_parts_ && converter_.same() && destination_takes_chunks();

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

    Status enumerate() {
        const std::size_t rank = axes_.size();
        std::vector<std::size_t> at(rank, 0);
        std::vector<Segment> segments(rank);
        while (true) {
            for (std::size_t d = 0; d < rank; ++d) {
                segments[d] = axes_[d][at[d]];
            }
            VCUBE_TRY(add_chunk(segments));
            std::size_t d = rank;
            while (d > 0 && ++at[d - 1] == axes_[d - 1].size()) {
                at[--d] = 0;
            }
            if (d == 0) {
                return {};
            }
        }
    }

    Status add_chunk(const std::vector<Segment>& segments) {
        if (!by_parts_) {
            return add_piece({segments, {0, chunk_bytes_}});
        }
        for (Piece& part : split_chunk(segments, region_.step, strides_, meta_.dtype.size)) {
            VCUBE_TRY(add_piece(std::move(part)));
        }
        return {};
    }

    Status add_piece(Piece piece) {
        // Encoded and decoded form may both be in memory; what is not kept exists once a thread.
        const std::uint64_t bytes = piece.bytes.size() * (cached_ ? 2 : 1);
        if (!pieces_.empty() && (batch_bytes_ + bytes > kBytesInFlight || pieces_.size() >= kPiecesInFlight)) {
            VCUBE_TRY(flush());
        }
        batch_bytes_ += bytes;
        pieces_.push_back(std::move(piece));
        return {};
    }

    Status flush() {
        if (pieces_.empty()) {
            return {};
        }
        std::vector<std::size_t> wanted;
        std::vector<std::size_t> joined;
        std::vector<std::size_t> present;
        data_.assign(pieces_.size(), nullptr);
        claims_.clear();
        claims_.resize(cached_ ? pieces_.size() : 0);
        for (std::size_t i = 0; i < pieces_.size(); ++i) {
            if (cached_) {
                claims_[i] = source_.runtime.cache.claim(key_of(i));
                data_[i] = claims_[i].hit();
            } else if (!by_parts_) {
                data_[i] = source_.runtime.cache.peek(key_of(i));
            }
            (data_[i] ? present : cached_ && claims_[i].joined() ? joined : wanted).push_back(i);
        }
        copy_present(present);
        VCUBE_TRY(load(wanted));
        VCUBE_TRY(wait_for(joined));
        pieces_.clear();
        batch_bytes_ = 0;
        return {};
    }

    /// Chunks that other reads load. This read's own are done, so those others never wait for this one.
    Status wait_for(const std::vector<std::size_t>& joined) {
        std::vector<std::size_t> arrived;
        std::vector<std::size_t> left;
        for (const std::size_t i : joined) {
            data_[i] = claims_[i].wait();
            (data_[i] ? arrived : left).push_back(i);
        }
        copy_present(arrived);
        return load(left);
    }

    void copy_present(const std::vector<std::size_t>& pieces) {
        run_parallel(pieces.size(), copy_bytes(pieces), [&](std::size_t k) {
            const std::size_t i = pieces[k];
            copy_piece(pieces_[i], *data_[i]);
            data_[i].reset();
        });
    }

    /// Locates, fetches, decodes and copies. Every piece lands, or the first error in reading order is returned.
    Status load(const std::vector<std::size_t>& wanted) {
        if (wanted.empty()) {
            return {};
        }
        if (options_.stop.stop_requested()) {
            return Error{ErrorCode::kCancelled, label() + ": reading was cancelled"};
        }
        std::vector<std::string> keys;
        keys.reserve(wanted.size());
        std::vector<std::uint64_t> index(meta_.shape.size());
        for (const std::size_t i : wanted) {
            for (std::size_t d = 0; d < index.size(); ++d) {
                index[d] = pieces_[i].segments[d].chunk;
            }
            keys.push_back(meta_.chunk_key(index.data()));
        }
        std::vector<ChunkLocation> locations(wanted.size());
        if (const Status located = source_.store.locate(keys, locations); !located.ok()) {
            return with_context(label(), located.error());
        }

        FirstError errors;
        std::vector<std::size_t> at_hand;  // positions in `wanted` whose bytes need no fetching
        std::vector<std::size_t> remote;
        std::vector<FetchRequest> requests;
        for (std::size_t k = 0; k < wanted.size(); ++k) {
            if (auto* place = std::get_if<Remote>(&locations[k])) {
                Result<ByteRange> range = remote_range(pieces_[wanted[k]], place->range);
                if (range.ok()) {
                    remote.push_back(k);
                    requests.push_back({std::move(place->url), range.value()});
                } else {
                    errors.set(wanted[k], with_context(chunk_label(keys[k], place), range.error()));
                }
            } else {
                at_hand.push_back(k);
            }
        }
        run_parallel(at_hand.size(), at_hand.size() * chunk_bytes_, [&](std::size_t j) {
            const std::size_t k = at_hand[j];
            const auto* bytes = std::get_if<Inline>(&locations[k]);
            const Status landed = bytes != nullptr ? land_inline(wanted[k], bytes->bytes) : land_fill(wanted[k]);
            if (!landed.ok()) {
                errors.set(wanted[k], with_context(chunk_label(keys[k], nullptr), landed.error()));
            }
        });
        // Requests of one batch stand together here: this is where neighbours are to be joined.
        const FetchSink sink = [&](std::size_t j, Result<ByteSpan> bytes) {
            const std::size_t i = wanted[remote[j]];
            if (errors.moot(i)) {
                return;
            }
            const Status landed = land_fetched(i, bytes);
            if (!landed.ok()) {
                const Remote place{requests[j].url, requests[j].range};
                errors.set(i, with_context(chunk_label(keys[remote[j]], &place), landed.error()));
            }
        };
        if (!requests.empty()) {
            source_.runtime.fetcher->fetch(requests, sink, {options_.stop, options_.max_threads});
        }
        return errors.status();
    }

    /// The range to ask for; an entry that cannot hold a chunk of bare elements is told here.
    Result<ByteRange> remote_range(const Piece& piece, ByteRange chunk) const {
        if (!by_parts_) {
            return chunk;
        }
        if (chunk.bounded() && chunk.size() != chunk_bytes_) {
            return corrupt("has " + std::to_string(chunk.size()) + " bytes, expected " + std::to_string(chunk_bytes_));
        }
        std::uint64_t end = 0;
        if (__builtin_add_overflow(chunk.begin, piece.bytes.end, &end)) {
            return invalid("starts at byte " + std::to_string(chunk.begin));
        }
        return ByteRange{chunk.begin + piece.bytes.begin, end};
    }

    Status land_fetched(std::size_t i, const Result<ByteSpan>& bytes) {
        if (bytes.ok()) {
            return land_bytes(i, bytes.value());
        }
        if (bytes.error().code == ErrorCode::kNotFound && options_.missing_object_is_fill) {
            missing_objects_.fetch_add(1, std::memory_order_relaxed);
            return land_fill(i);
        }
        return bytes.error();
    }

    Status land_inline(std::size_t i, ByteSpan bytes) {
        if (!by_parts_) {
            return land_bytes(i, bytes);
        }
        if (bytes.size() != chunk_bytes_) {
            return corrupt("has " + std::to_string(bytes.size()) + " bytes, expected " + std::to_string(chunk_bytes_));
        }
        const ByteRange part = pieces_[i].bytes;
        return land_bytes(i, bytes.subspan(part.begin, part.size()));
    }

    Status land_fill(std::size_t i) {
        if (cached_) {
            claims_[i].complete(nullptr);
        }
        const Piece& piece = pieces_[i];
        copy_block(fill_copy_, counts_of(piece), {fill_.data(), zero_strides_},
                   {destination_.data + target_offset(piece), destination_.strides});
        return {};
    }

    Status land_bytes(std::size_t i, ByteSpan bytes) {
        const Piece& piece = pieces_[i];
        try {
            if (by_parts_) {
                return land_part(piece, bytes);
            }
            if (cached_) {
                Buffer chunk(chunk_bytes_);
                VCUBE_TRY(source_.chain.decode(bytes, chunk.span()));
                const auto data = std::make_shared<const Buffer>(std::move(chunk));
                claims_[i].complete(data);
                copy_piece(piece, *data);
                return {};
            }
            if (direct_ && covers_chunk(piece)) {
                return source_.chain.decode(bytes, {destination_.data + target_offset(piece), chunk_bytes_});
            }
            const Scratch scratch(chunk_bytes_);
            VCUBE_TRY(source_.chain.decode(bytes, scratch.span()));
            copy_from(piece, scratch.span().data(), 0);
            return {};
        } catch (const std::bad_alloc&) {
            return over_limit("no memory for a chunk of " + std::to_string(chunk_bytes_) + " bytes");
        }
    }

    Status land_part(const Piece& piece, ByteSpan bytes) {
        if (bytes.size() != piece.bytes.size()) {
            return corrupt("got " + std::to_string(bytes.size()) + " bytes, expected " +
                           std::to_string(piece.bytes.size()));
        }
        const std::uint32_t width = meta_.dtype.swap_width();
        if (meta_.dtype.native() || width < 2) {
            copy_from(piece, bytes.data(), piece.bytes.begin);
            return {};
        }
        const Scratch scratch(bytes.size());
        swap_bytes(bytes, scratch.span(), width);
        copy_from(piece, scratch.span().data(), piece.bytes.begin);
        return {};
    }

    void copy_piece(const Piece& piece, const Buffer& chunk) const { copy_from(piece, chunk.data(), 0); }

    /// `data` holds the decoded chunk from its byte `skipped` on.
    void copy_from(const Piece& piece, const std::byte* data, std::uint64_t skipped) const {
        std::uint64_t first = 0;
        for (std::size_t d = 0; d < piece.segments.size(); ++d) {
            first += piece.segments[d].first * strides_[d];
        }
        copy_block(converter_, counts_of(piece), {data + (first * meta_.dtype.size - skipped), source_strides_},
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

    void run_parallel(std::size_t count, std::uint64_t bytes, const std::function<void(std::size_t)>& body) {
        const std::size_t threads = bytes < kParallelBytes ? 1 : options_.max_threads;
        source_.runtime.pool.parallel_for(count, body, threads);
    }

    std::uint64_t copy_bytes(const std::vector<std::size_t>& pieces) const {
        std::uint64_t bytes = 0;
        for (const std::size_t i : pieces) {
            std::uint64_t elements = 1;
            for (const Segment& segment : pieces_[i].segments) {
                elements *= segment.count;
            }
            bytes += elements * meta_.dtype.size;
        }
        return bytes;
    }

    ChunkKey key_of(std::size_t i) const {
        std::uint64_t chunk = 0;
        for (std::size_t d = 0; d < grid_.size(); ++d) {
            chunk = chunk * grid_[d] + pieces_[i].segments[d].chunk;
        }
        return {source_.array_number, chunk};
    }

    std::string label() const { return std::string(source_.store.name()) + ": array \"" + meta_.path + "\""; }

    std::string chunk_label(const std::string& key, const Remote* place) const {
        std::string text = label() + ", chunk " + key;
        if (place != nullptr) {
            text += " (" + redacted(place->url);
            if (place->range.end != ByteRange::kEnd) {
                text += ", bytes " + std::to_string(place->range.begin) + " to " + std::to_string(place->range.end);
            }
            text += ")";
        }
        return text;
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
    Shape grid_;
    std::vector<std::byte> fill_;  // one element of the destination's type
    std::uint64_t chunk_bytes_ = 0;
    bool by_parts_ = false;  // byte ranges of a large chunk of bare elements
    bool cached_ = false;
    bool direct_ = false;  // whole chunks may be decoded where they belong

    std::vector<Piece> pieces_;  // of the current batch
    std::vector<ChunkCache::Claim> claims_;
    std::vector<ChunkData> data_;
    std::uint64_t batch_bytes_ = 0;
    std::atomic<std::uint64_t> missing_objects_{0};
};

}  // namespace

Status read_region(const ReadSource& source, const Region& region, const Destination& destination,
                   const ReadOptions& options) {
    const std::string what = std::string(source.store.name()) + ": array \"" + source.meta.path + "\"";
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
