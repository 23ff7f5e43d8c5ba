#include "core/cube/string_read.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstring>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/dtype_text.h"
#include "core/base/utf8.h"
#include "core/cube/region_plan.h"
#include "core/cube/region_read.h"

namespace vcube {
namespace {

using Texts = std::vector<std::string>;

// What an element of variable length is taken to weigh before it is known.
constexpr std::uint64_t kTypicalElement = 32;

Error too_much(std::uint64_t max_bytes) {
    return over_limit("holds more text than the " + std::to_string(max_bytes) + " bytes that are read at once");
}

std::vector<std::size_t> c_strides(const Shape& counts) {
    std::vector<std::size_t> strides(counts.size());
    std::size_t stride = 1;
    for (std::size_t d = counts.size(); d-- > 0;) {
        strides[d] = stride;
        stride *= counts[d];
    }
    return strides;
}

std::string without_trailing_nuls(std::string_view bytes) {
    return std::string(bytes.substr(0, bytes.find_last_not_of('\0') + 1));
}

/// UCS-4 in native byte order, NUL padded.
std::string utf8_of(const std::byte* points, std::size_t count) {
    constexpr std::uint32_t kReplacement = 0xFFFD;
    const auto point_at = [&](std::size_t i) {
        std::uint32_t point = 0;
        std::memcpy(&point, points + i * sizeof point, sizeof point);
        return point;
    };
    while (count > 0 && point_at(count - 1) == 0) {
        --count;
    }
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t point = point_at(i);
        const bool valid = point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
        append_utf8(out, static_cast<char32_t>(valid ? point : kReplacement));
    }
    return out;
}

/// S and U: the elements themselves are read, as any other.
Result<Texts> read_fixed(const ReadSource& source, const Region& region, const ReadOptions& options,
                         std::size_t elements, std::uint64_t max_bytes) {
    const std::uint32_t item = source.meta.dtype.size;
    const std::optional<std::uint64_t> bytes = checked_product(elements, item);
    if (!bytes || *bytes > max_bytes) {
        return with_context(array_label(source), too_much(max_bytes));
    }
    Buffer block(*bytes);
    Destination destination;
    destination.data = block.data();
    destination.type = source.meta.dtype;
    destination.type.little = std::endian::native == std::endian::little;
    for (const std::size_t stride : c_strides(region.count)) {
        destination.strides.push_back(static_cast<std::ptrdiff_t>(stride * item));
    }
    const RegionRead read{region, destination};
    VCUBE_TRY(read_regions(source, {&read, 1}, options));
    Texts out(elements);
    for (std::size_t i = 0; i < elements; ++i) {
        const std::byte* const at = block.data() + i * item;
        out[i] = source.meta.dtype.kind == Kind::kUnicode ? utf8_of(at, item / 4)
                                                          : without_trailing_nuls(as_text({at, item}));
    }
    return out;
}

/// Elements of variable length. A chunk in the cache is what CodecChain::decode_strings gives.
class VariableReader {
public:
    VariableReader(const ReadSource& source, const Region& region, const ReadOptions& options, std::size_t elements,
                   std::uint64_t max_bytes)
        : source_(source),
          region_(region),
          options_(options),
          max_bytes_(max_bytes),
          forms_(source.meta, source.chain),
          target_strides_(c_strides(region.count)),
          out_(elements) {}

    Result<Texts> run() {
        const std::vector<std::vector<Segment>> axes = split_region(region_, source_.meta);
        std::uint64_t chunks = 1;
        for (const std::vector<Segment>& axis : axes) {
            chunks *= axis.size();
        }
        LoadPlan plan;
        plan.chunk_bytes = forms_.largest().elements * kTypicalElement;
        plan.elements = out_.size();
        const std::optional<std::uint64_t> total = checked_product(chunks, plan.chunk_bytes);
        plan.cached = total && *total <= source_.runtime.cache.max_bytes();
        PieceLoader loader(source_, options_, plan,
                           {[this](const Piece& piece, ByteSpan encoded) { return decode(piece, encoded); },
                            [this](const Piece& piece, const Buffer& chunk) { copy(piece, chunk); },
                            [this](const Piece& piece, ByteSpan encoded) -> Status {
                                VCUBE_ASSIGN(const Buffer chunk, decode(piece, encoded));
                                copy(piece, chunk);
                                return {};
                            },
                            [this](const Piece& piece) { fill(piece); }});
        const auto add = [&](const std::vector<Segment>& segments) -> Status {
            VCUBE_ASSIGN(const ChunkForm* const form, form_of(source_, forms_, segments));
            return loader.add({segments, {0, form->elements * kTypicalElement}, form});
        };
        VCUBE_TRY(for_each_chunk(axes, add));
        VCUBE_TRY(loader.finish());
        if (text_bytes_.load() > max_bytes_) {
            return with_context(array_label(source_), too_much(max_bytes_));
        }
        return std::move(out_);
    }

private:
    Result<Buffer> decode(const Piece& piece, ByteSpan encoded) const {
        const std::uint64_t offsets = (piece.form->elements + 1) * sizeof(std::uint64_t);
        VCUBE_ASSIGN(Buffer chunk, piece.form->chain->decode_strings(encoded, offsets + max_bytes_));
        if (chunk.size() < offsets) {
            return corrupt("holds fewer elements than a chunk has");
        }
        return chunk;
    }

    void copy(const Piece& piece, const Buffer& chunk) {
        const std::byte* const text = chunk.data() + (piece.form->elements + 1) * sizeof(std::uint64_t);
        for_each_element(piece, [&](std::size_t from, std::size_t to) {
            std::uint64_t ends[2];
            std::memcpy(ends, chunk.data() + from * sizeof(std::uint64_t), sizeof ends);
            put(to, as_text({text + ends[0], ends[1] - ends[0]}));
        });
    }

    void fill(const Piece& piece) {
        for_each_element(piece, [&](std::size_t, std::size_t to) { put(to, as_text(source_.meta.fill)); });
    }

    /// Once the text is more than asked for, the rest stays empty: the read fails.
    void put(std::size_t to, std::string_view text) {
        if (text_bytes_.fetch_add(text.size(), std::memory_order_relaxed) + text.size() <= max_bytes_) {
            out_[to] = text;
        }
    }

    /// Calls visit(element in the chunk, element in the result).
    template <class Visitor>
    void for_each_element(const Piece& piece, const Visitor& visit) const {
        const std::size_t rank = piece.segments.size();
        std::size_t at[kMaxDimensions] = {};
        while (true) {
            std::size_t from = 0;
            std::size_t to = 0;
            for (std::size_t d = 0; d < rank; ++d) {  // modulo 2^64: right for negative steps too
                const Segment& segment = piece.segments[d];
                from += (segment.first + at[d] * static_cast<std::uint64_t>(region_.step[d])) * piece.form->strides[d];
                to += (segment.target + at[d]) * target_strides_[d];
            }
            visit(from, to);
            std::size_t d = rank;
            while (d > 0 && ++at[d - 1] == piece.segments[d - 1].count) {
                at[--d] = 0;
            }
            if (d == 0) {
                return;
            }
        }
    }

    const ReadSource& source_;
    const Region& region_;
    const ReadOptions& options_;
    const std::uint64_t max_bytes_;
    ChunkForms forms_;
    const std::vector<std::size_t> target_strides_;
    std::atomic<std::uint64_t> text_bytes_{0};
    Texts out_;
};

}  // namespace

Result<Texts> read_text(const ReadSource& source, const Region& region, const ReadOptions& options,
                        std::uint64_t max_bytes) {
    const std::string what = array_label(source);
    const DType& type = source.meta.dtype;
    const bool fixed = type.kind == Kind::kBytes || type.kind == Kind::kUnicode;
    if (!fixed && !source.chain.is_variable()) {
        return unsupported(what + ": elements of type " + dtype_text(type) + " are no text");
    }
    const std::optional<std::uint64_t> elements = checked_product(region.count);
    if (!elements || *elements > max_bytes / kElementCost) {
        return with_context(what, too_much(max_bytes));
    }
    if (*elements == 0) {
        return Texts();
    }
    try {
        return fixed ? read_fixed(source, region, options, *elements, max_bytes)
                     : VariableReader(source, region, options, *elements, max_bytes).run();
    } catch (const std::bad_alloc&) {
        return over_limit(what + ": no memory for " + std::to_string(*elements) + " strings");
    }
}

}  // namespace vcube
