// A table by blocks of cells as pages that are drawn: the rows of blocks are pages as they stand. Immutable,
// thread-safe.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/swath/cell_values.h"
#include "core/swath/composite.h"

namespace vcube::swath {

class TablePages {
public:
    /// `table` must outlive it. Some 50 us for a table of all blocks.
    explicit TablePages(const CellTable& table);

    /// For CellValues.
    [[nodiscard]] std::span<const std::byte* const> span() const { return pages_; }

private:
    std::vector<const std::byte*> pages_;
    std::vector<std::byte> first_;  // the page of seqnum 1, which no row of a block is
};

}  // namespace vcube::swath
