#include "core/refs/chunk_group.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace vcube {

void ChunkGroup::pack(const Entry& entry, std::uint32_t* words) {
    std::uint64_t begin = entry.range.begin;
    std::uint32_t length = kToEnd;
    if (entry.range.end != ByteRange::kEnd) {
        const std::uint64_t size = entry.range.end - begin;
        length = static_cast<std::uint32_t>(size);
        if (size >= kUnset) {
            length = kWide;
            begin = wide_.size();
            wide_.push_back(entry.range);
        }
    }
    words[0] = entry.url;
    words[1] = static_cast<std::uint32_t>(begin);
    words[2] = static_cast<std::uint32_t>(begin >> 32U);
    words[3] = length;
}

Entry ChunkGroup::unpack(const std::uint32_t* words) const {
    const std::uint64_t begin = (std::uint64_t{words[2]} << 32U) | words[1];
    if (words[3] == kWide) {
        return {words[0], wide_[static_cast<std::size_t>(begin)]};
    }
    return {words[0], {begin, words[3] == kToEnd ? ByteRange::kEnd : begin + words[3]}};
}

void ChunkGroup::finish() {
    measure();
    if (!make_grid()) {
        sort();
        count_ = records();
    }
    words_.shrink_to_fit();
    wide_.shrink_to_fit();
}

std::optional<Entry> ChunkGroup::find(const std::uint32_t* at) const {
    if (grid_) {
        for (std::size_t d = 0; d < rank_; ++d) {
            if (at[d] >= extents_[d]) {
                return std::nullopt;
            }
        }
        const std::uint32_t* const words = words_.data() + cell(at) * kEntryWords;
        return words[3] == kUnset ? std::nullopt : std::optional<Entry>(unpack(words));
    }
    std::size_t low = 0;
    std::size_t high = records();
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        const int order = compare(record(middle), at);
        if (order == 0) {
            return unpack(record(middle) + rank_);
        }
        (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
    }
    return std::nullopt;
}

void ChunkGroup::measure() {
    extents_.fill(0);
    for (std::size_t i = 0; i < records(); ++i) {
        const std::uint32_t* const at = record(i);
        for (std::size_t d = 0; d < rank_; ++d) {
            extents_[d] = std::max<std::uint64_t>(extents_[d], std::uint64_t{at[d]} + 1);
        }
    }
}

/// Entries in C order, where that takes no more memory than records with their keys.
bool ChunkGroup::make_grid() {
    std::uint64_t cells = 1;
    for (std::size_t d = 0; d < rank_; ++d) {
        if (__builtin_mul_overflow(cells, extents_[d], &cells)) {
            return false;
        }
    }
    if (cells > words_.size() / kEntryWords) {
        return false;
    }
    if (ordered_ && cells == records()) {
        // Every cell once and in order: the keys are squeezed out where they stand.
        std::uint32_t* const words = words_.data();
        for (std::size_t i = 0; i < cells; ++i) {
            std::copy_n(words + i * stride() + rank_, kEntryWords, words + i * kEntryWords);
        }
        words_.truncate(cells * kEntryWords);
        count_ = cells;
        grid_ = true;
        return true;
    }
    PodVector<std::uint32_t> grid;
    std::fill_n(grid.extend(cells * kEntryWords), cells * kEntryWords, kUnset);
    for (std::size_t i = 0; i < records(); ++i) {
        std::uint32_t* const place = grid.data() + cell(record(i)) * kEntryWords;
        count_ += place[3] == kUnset ? 1 : 0;
        std::copy_n(record(i) + rank_, kEntryWords, place);
    }
    words_ = std::move(grid);
    grid_ = true;
    return true;
}

/// Record numbers in order of the coordinates, equal ones in the order of their addition.
std::vector<std::uint64_t> ChunkGroup::sorted_order() const {
    std::vector<std::uint64_t> order(records());
    // Coordinates and record number in one word of 64 bits, where they fit, sort several times faster.
    std::array<unsigned, kMaxDimensions> widths{};
    unsigned bits = 0;
    for (std::size_t d = 0; d < rank_; ++d) {
        widths[d] = static_cast<unsigned>(std::bit_width(extents_[d] - 1));
        bits += widths[d];
    }
    const auto low = static_cast<unsigned>(std::bit_width(order.size()));
    if (bits + low > 64) {
        for (std::size_t i = 0; i < order.size(); ++i) {
            order[i] = i;
        }
        std::stable_sort(order.begin(), order.end(),
                         [&](std::uint64_t a, std::uint64_t b) { return compare(record(a), record(b)) < 0; });
        return order;
    }
    for (std::size_t i = 0; i < order.size(); ++i) {
        std::uint64_t key = 0;
        for (std::size_t d = 0; d < rank_; ++d) {
            key = (key << widths[d]) | record(i)[d];
        }
        order[i] = (key << low) | i;
    }
    std::sort(order.begin(), order.end());
    for (std::uint64_t& key : order) {
        key &= (std::uint64_t{1} << low) - 1;
    }
    return order;
}

/// Puts record order[i] at place i, following the permutation's cycles, so that no second copy is needed.
void ChunkGroup::permute(std::vector<std::uint64_t> order) {
    std::vector<std::uint32_t> held(stride());
    for (std::size_t start = 0; start < order.size(); ++start) {
        if (order[start] == start) {
            continue;
        }
        std::copy_n(record(start), stride(), held.data());
        std::size_t place = start;
        while (order[place] != start) {
            const auto source = static_cast<std::size_t>(std::exchange(order[place], place));
            std::copy_n(record(source), stride(), record(place));
            place = source;
        }
        std::copy_n(held.data(), stride(), record(place));
        order[place] = place;
    }
}

void ChunkGroup::sort() {
    if (ordered_) {
        return;
    }
    permute(sorted_order());
    std::size_t kept = 0;
    const std::size_t all = records();
    for (std::size_t i = 0; i < all; ++i) {
        // Of equal keys the last one added stays.
        if (i + 1 < all && compare(record(i), record(i + 1)) == 0) {
            continue;
        }
        if (kept != i) {
            std::copy_n(record(i), stride(), record(kept));
        }
        ++kept;
    }
    words_.truncate(kept * stride());
    ordered_ = true;
}

}  // namespace vcube
