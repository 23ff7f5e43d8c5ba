// Cells in square blocks of a quad, 32 x 32 of them: the unit in which composites are made and swaths are told apart.
// Pure functions and values; thread-safe.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "core/dgg/isea.h"

namespace vcube::dgg {

inline constexpr std::uint32_t kBlockSide = 32;
inline constexpr std::uint32_t kBlockCells = kBlockSide * kBlockSide;
inline constexpr std::uint32_t kBlocksPerSide = kQuadSize / kBlockSide;
inline constexpr std::uint32_t kBlocksPerQuad = kBlocksPerSide * kBlocksPerSide;
/// The two single cells at the ends have blocks of their own: the first and the last one.
inline constexpr std::uint32_t kBlockCount = 10 * kBlocksPerQuad + 2;

/// Where a cell lies: its block, and its number there in 0..kBlockCells - 1.
struct BlockCell {
    std::uint32_t block = 0, cell = 0;
};

/// seqnum must be 1..kCells.
constexpr BlockCell block_cell_of(std::uint32_t seqnum) {
    if (seqnum == 1) {
        return {0, 0};
    }
    if (seqnum == kCells) {
        return {kBlockCount - 1, 0};
    }
    const std::uint32_t at = seqnum - 2;
    const std::uint32_t quad = at / (kQuadSize * kQuadSize);
    const std::uint32_t i = at / kQuadSize % kQuadSize;
    const std::uint32_t j = at % kQuadSize;
    return {1 + quad * kBlocksPerQuad + i / kBlockSide * kBlocksPerSide + j / kBlockSide,
            i % kBlockSide * kBlockSide + j % kBlockSide};
}

/// The inverse; 0 for the cells that the blocks of the two single cells do not have.
constexpr std::uint32_t seqnum_of_block_cell(BlockCell place) {
    if (place.block == 0 || place.block == kBlockCount - 1) {
        return place.cell != 0 ? 0 : place.block == 0 ? 1 : kCells;
    }
    const std::uint32_t at = place.block - 1;
    const std::uint32_t quad = at / kBlocksPerQuad;
    const std::uint32_t i = at % kBlocksPerQuad / kBlocksPerSide * kBlockSide + place.cell / kBlockSide;
    const std::uint32_t j = at % kBlocksPerSide * kBlockSide + place.cell % kBlockSide;
    return 2 + quad * kQuadSize * kQuadSize + i * kQuadSize + j;
}

/// In place of a block: none. No set of blocks contains it.
inline constexpr std::uint32_t kNoBlock = kBlockCount;

/// The place of a Grid_Point_ID; in kNoBlock where no cell has it. Made for long columns in any order: it takes no
/// branch that is not foreseen.
constexpr BlockCell block_cell_of_id(std::uint32_t grid_point_id) {
    const std::uint32_t quad = grid_point_id / kIdStep;
    const std::uint32_t at =
        grid_point_id % kIdStep - (quad == 0 ? 2 : 1);  // the northern single cell stands in quad 0
    if (at < kQuadSize * kQuadSize && quad < 10) {
        const std::uint32_t i = at / kQuadSize;
        const std::uint32_t j = at % kQuadSize;
        return {1 + quad * kBlocksPerQuad + i / kBlockSide * kBlocksPerSide + j / kBlockSide,
                i % kBlockSide * kBlockSide + j % kBlockSide};
    }
    const auto seqnum = seqnum_of_id(grid_point_id);
    return seqnum ? block_cell_of(*seqnum) : BlockCell{kNoBlock, 0};
}

/// A set of blocks.
class BlockSet {
public:
    using Words = std::array<std::uint64_t, (kBlockCount + 63) / 64>;

    BlockSet() = default;
    explicit BlockSet(const Words& words) : words_(words) {}
    static BlockSet all() {
        BlockSet out;
        for (std::uint32_t block = 0; block < kBlockCount; ++block) {
            out.insert(block);
        }
        return out;
    }

    void insert(std::uint32_t block) { words_[block / 64] |= std::uint64_t{1} << block % 64; }
    [[nodiscard]] bool contains(std::uint32_t block) const { return (words_[block / 64] >> block % 64 & 1U) != 0; }
    [[nodiscard]] bool intersects(const BlockSet& other) const {
        for (std::size_t k = 0; k < words_.size(); ++k) {
            if ((words_[k] & other.words_[k]) != 0) {
                return true;
            }
        }
        return false;
    }
    [[nodiscard]] bool empty() const { return words_ == Words{}; }
    [[nodiscard]] std::uint32_t size() const {
        std::uint32_t count = 0;
        for (const std::uint64_t word : words_) {
            count += static_cast<std::uint32_t>(std::popcount(word));
        }
        return count;
    }
    BlockSet& operator|=(const BlockSet& other) {
        for (std::size_t k = 0; k < words_.size(); ++k) {
            words_[k] |= other.words_[k];
        }
        return *this;
    }
    BlockSet& operator&=(const BlockSet& other) {
        for (std::size_t k = 0; k < words_.size(); ++k) {
            words_[k] &= other.words_[k];
        }
        return *this;
    }
    /// Those of this set that `other` lacks.
    [[nodiscard]] BlockSet without(const BlockSet& other) const {
        BlockSet out;
        for (std::size_t k = 0; k < words_.size(); ++k) {
            out.words_[k] = words_[k] & ~other.words_[k];
        }
        return out;
    }
    /// Calls visit(block) for each, in ascending order.
    template <class Visit>
    void for_each(const Visit& visit) const {
        for (std::uint32_t k = 0; k < words_.size(); ++k) {
            for (std::uint64_t word = words_[k]; word != 0; word &= word - 1) {
                visit(k * 64 + static_cast<std::uint32_t>(std::countr_zero(word)));
            }
        }
    }
    [[nodiscard]] const Words& words() const { return words_; }
    friend bool operator==(const BlockSet&, const BlockSet&) = default;

private:
    Words words_{};
};

}  // namespace vcube::dgg
