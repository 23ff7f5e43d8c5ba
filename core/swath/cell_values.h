// Where the values of a raster come from: cell -> stored element, from a product's column or from a table by cell.
// Views: what they refer to outlives them. Immutable, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/dgg/isea.h"
#include "core/dgg/mapper.h"
#include "core/swath/row_index.h"
#include "vcube/bytes.h"

namespace vcube::swath {

/// Tables by cell are cut into pages of 32 cells that follow each other in a row of a quad; so rows of blocks
/// (core/dgg/blocks.h) are pages as they stand. Page 0 holds seqnum 1 at its last place and no other cell.
struct CellPages {
    static constexpr std::uint32_t kPageCells = 32;
    /// The page of a seqnum in 0..kCells, and its place there.
    static constexpr std::uint32_t page_of(std::uint32_t seqnum) { return (seqnum + kPageCells - 2) / kPageCells; }
    static constexpr std::uint32_t place_of(std::uint32_t seqnum) { return (seqnum + kPageCells - 2) % kPageCells; }
    static constexpr std::size_t kPageCount = (dgg::kCells + kPageCells - 2) / kPageCells + 1;
};

/// The two ways to find an element as CellValues::visit() hands them over: find() gives `otherwise` for cells without
/// an element and for seqnum 0.
template <class T>
struct ColumnElements {
    const RowIndex& rows;
    const T* column;
    [[nodiscard]] const T* find(std::uint32_t seqnum, const T* otherwise) const {
        const std::uint32_t row = rows.row_of(seqnum);
        return row == RowIndex::kNoRow ? otherwise : column + row;
    }
};

template <class T>
struct PageElements {
    const std::byte* const* pages;
    [[nodiscard]] const T* find(std::uint32_t seqnum, const T* otherwise) const {
        const std::byte* const page = pages[CellPages::page_of(seqnum)];
        return page == nullptr ? otherwise : reinterpret_cast<const T*>(page) + CellPages::place_of(seqnum);
    }
};

class CellValues {
public:
    /// A product's column: rows.row_count() elements, aligned.
    CellValues(const RowIndex& rows, ByteSpan column) : rows_(&rows), column_(column), cells_(&rows.cells()) {}

    /// A table: kPageCount pages, each of kPageCells aligned elements or null where no cell of it has one. Places of no
    /// cell (seqnum 0 among them) hold nodata. `cells`, if not null, has every cell with an element and lets windows be
    /// drawn where they are only.
    explicit CellValues(std::span<const std::byte* const> pages, const dgg::CellSet* cells = nullptr)
        : pages_(pages.data()), cells_(cells) {}

    /// Cells outside of which there is no element; null where that is not known.
    [[nodiscard]] const dgg::CellSet* cells() const { return cells_; }

    /// Calls use(elements) with ColumnElements<T> or PageElements<T>: code that is made once for each kind, so that
    /// nothing is decided pixel by pixel.
    template <class T, class Use>
    void visit(const Use& use) const {
        if (rows_ != nullptr) {
            use(ColumnElements<T>{*rows_, reinterpret_cast<const T*>(column_.data())});
        } else {
            use(PageElements<T>{pages_});
        }
    }

private:
    const RowIndex* rows_ = nullptr;
    ByteSpan column_;
    const std::byte* const* pages_ = nullptr;
    const dgg::CellSet* cells_ = nullptr;
};

}  // namespace vcube::swath
