// An SMOS L2 product as a table by grid point: which row holds which cell, the columns, and what the file says of
// itself. Facts on real products: docs/formats.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/cube/array.h"
#include "core/cube/encoding.h"
#include "core/cube/hierarchy.h"
#include "core/dgg/mapper.h"
#include "vcube/result.h"

namespace vcube::swath {

/// seqnum -> row, in pages of 512 cells so that a half orbit costs what it covers. Immutable.
class RowIndex {
public:
    static constexpr std::uint32_t kNoRow = 0xFFFFFFFFU;
    /// From the Grid_Point_ID column; rows with an invalid id are counted and left out; of a repeated id the first row
    /// stands.
    explicit RowIndex(std::span<const std::uint32_t> grid_point_ids);
    /// kNoRow where the product has no such cell; any seqnum in 0..kCells.
    [[nodiscard]] std::uint32_t row_of(std::uint32_t seqnum) const {
        return rows_[pages_[seqnum >> 9U] + (seqnum & 511U)];
    }
    [[nodiscard]] std::uint32_t invalid_ids() const { return invalid_; }
    [[nodiscard]] std::uint32_t repeated_ids() const { return repeated_; }
    [[nodiscard]] const dgg::CellSet& cells() const { return *cells_; }

private:
    std::vector<std::uint32_t> pages_;  // offset into rows_ of each page; untouched pages share one
    std::vector<std::uint32_t> rows_;
    std::shared_ptr<const dgg::CellSet> cells_;
    std::uint32_t invalid_ = 0, repeated_ = 0;
};

struct Variable {
    ArrayMeta array;
    Encoding encoding;  // with the quirks of SMOS files resolved; flags never have 0 as nodata
};

/// Immutable after open, thread-safe; the id table and columns are read on first use and kept.
class Product {
public:
    /// true where the root group holds Grid_Point_ID along one dimension.
    static bool recognise(const Group& root);

    /// Reads metadata only. Errors: no Grid_Point_ID; columns of another length are left out with a warning.
    static Result<std::shared_ptr<const Product>> open(const Group& root, std::shared_ptr<const Store> store,
                                                       std::shared_ptr<Runtime> runtime);

    Product(const Product&) = delete;
    Product& operator=(const Product&) = delete;
    ~Product();

    /// Every variable along the grid-point dimension, in file order of names.
    [[nodiscard]] std::span<const Variable> variables() const;
    [[nodiscard]] const Variable* find(std::string_view name) const;
    [[nodiscard]] std::uint32_t row_count() const;
    /// ("ACQUISITION_START", "2023-04-01T15:06:13Z"), ACQUISITION_STOP, ORBIT, PASS (ASCENDING, DESCENDING),
    /// PRODUCT_TYPE ...
    [[nodiscard]] std::span<const std::pair<std::string, std::string>> metadata() const;
    /// Acquisition start, ISO 8601; "" where the product does not tell.
    [[nodiscard]] const std::string& time() const;

    /// Reads Grid_Point_ID on first use; tells once, through log(), of rows with invalid ids.
    [[nodiscard]] Result<std::shared_ptr<const RowIndex>> rows() const;
    /// A column's stored values in encoding.type, native byte order, row_count() elements; read on first use.
    [[nodiscard]] Result<std::shared_ptr<const Buffer>> column(const Variable& variable) const;

private:
    struct State;
    explicit Product(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace vcube::swath
