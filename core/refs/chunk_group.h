// Where the chunks of one array are: records in order of addition while they are collected, then either a dense grid
// without keys or records sorted by key, whichever is smaller. 16 bytes a chunk in a grid, 4 more a dimension
// otherwise. Not thread-safe while it is filled; thread-safe for reading once finished.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/refs/pod_vector.h"
#include "vcube/byte_range.h"
#include "vcube/shape.h"

namespace vcube {

/// The URL's number of an entry without bytes, and of one whose range is one of the manifest's own bytes.
constexpr std::uint32_t kNoUrl = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kInlineUrl = kNoUrl - 1;

/// Where the bytes of one key are. For inline bytes the range is one of the arena.
struct Entry {
    std::uint32_t url = kNoUrl;
    ByteRange range{0, 0};
};

class ChunkGroup {
public:
    ChunkGroup(std::string prefix, char separator, std::size_t rank)
        : prefix_(std::move(prefix)), separator_(separator), rank_(static_cast<std::uint32_t>(rank)) {}

    [[nodiscard]] const std::string& prefix() const { return prefix_; }
    [[nodiscard]] char separator() const { return separator_; }
    [[nodiscard]] std::size_t rank() const { return rank_; }

    /// `at`: rank() coordinates.
    void add(const std::uint32_t* at, const Entry& entry) {
        std::uint32_t* const added = words_.extend(rank_ + kEntryWords);
        for (std::size_t d = 0; d < rank_; ++d) {
            added[d] = at[d];
        }
        pack(entry, added + rank_);
        ordered_ =
            ordered_ && (words_.size() == rank_ + kEntryWords || compare(added - rank_ - kEntryWords, added) < 0);
    }
    /// Orders what was added; of equal keys the last one stays. Nothing is added after that.
    void finish();

    /// Number of different keys. Only once finished.
    [[nodiscard]] std::size_t count() const { return count_; }
    /// Only once finished.
    [[nodiscard]] std::optional<Entry> find(const std::uint32_t* at) const;

private:
    /// An entry in words of 32 bits: url, begin (2 words), length. A length that does not fit stands in wide_, at the
    /// number that `begin` holds.
    static constexpr std::size_t kEntryWords = 4;
    static constexpr std::uint32_t kToEnd = 0xFFFFFFFFU;
    static constexpr std::uint32_t kWide = 0xFFFFFFFEU;
    static constexpr std::uint32_t kUnset = 0xFFFFFFFDU;  // a cell of the grid whose key was never added

    void pack(const Entry& entry, std::uint32_t* words);
    [[nodiscard]] Entry unpack(const std::uint32_t* words) const;
    [[nodiscard]] std::size_t stride() const { return rank_ + kEntryWords; }
    [[nodiscard]] std::size_t records() const { return words_.size() / stride(); }
    [[nodiscard]] const std::uint32_t* record(std::size_t i) const { return words_.data() + i * stride(); }
    std::uint32_t* record(std::size_t i) { return words_.data() + i * stride(); }
    [[nodiscard]] int compare(const std::uint32_t* a, const std::uint32_t* b) const {
        for (std::size_t d = 0; d < rank_; ++d) {
            if (a[d] != b[d]) {
                return a[d] < b[d] ? -1 : 1;
            }
        }
        return 0;
    }
    /// Cell of the grid; `at` lies inside.
    [[nodiscard]] std::size_t cell(const std::uint32_t* at) const {
        std::size_t out = 0;
        for (std::size_t d = 0; d < rank_; ++d) {
            out = out * extents_[d] + at[d];
        }
        return out;
    }

    void measure();
    bool make_grid();
    void sort();
    [[nodiscard]] std::vector<std::uint64_t> sorted_order() const;
    void permute(std::vector<std::uint64_t> order);

    std::string prefix_;
    char separator_ = '.';
    std::uint32_t rank_ = 0;
    bool ordered_ = true;
    bool grid_ = false;
    std::size_t count_ = 0;
    std::array<std::uint64_t, kMaxDimensions> extents_{};  // largest coordinate + 1
    PodVector<std::uint32_t> words_;
    std::vector<ByteRange> wide_;
};

}  // namespace vcube
