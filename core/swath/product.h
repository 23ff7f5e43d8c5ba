// An SMOS L2 product as a table by grid point: the columns, which row holds which cell (row_index.h), and what the file
// says of itself (product_metadata.h). Facts on real products: docs/formats.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/cube/array.h"
#include "core/cube/encoding.h"
#include "core/cube/hierarchy.h"
#include "core/swath/product_metadata.h"
#include "core/swath/row_index.h"
#include "core/swath/smos_encoding.h"
#include "vcube/result.h"

namespace vcube::swath {

struct Variable {
    ArrayMeta array;
    Encoding encoding;  // smos_encoding(): with the quirks of SMOS files resolved

    /// The bytes that stand for "no value" in a raster of this variable: the nodata value, or zeros where it has none.
    [[nodiscard]] std::vector<std::byte> nodata_bytes() const;
};

/// Immutable after open, thread-safe; the id table and columns are read on first use and kept.
class Product {
public:
    static constexpr const char* kIdName = "Grid_Point_ID";

    /// true where the root group holds Grid_Point_ID along one dimension.
    static bool recognise(const Group& root);

    /// Reads metadata only. Errors: no Grid_Point_ID; columns of another length are left out with a warning.
    static Result<std::shared_ptr<const Product>> open(const Group& root, ArraySource source);

    Product(const Product&) = delete;
    Product& operator=(const Product&) = delete;
    ~Product();

    /// Every numeric variable along the grid-point dimension, in name order.
    [[nodiscard]] std::span<const Variable> variables() const;
    [[nodiscard]] const Variable* find(std::string_view name) const;
    /// "A, B, C": those that there are, for messages.
    [[nodiscard]] std::string variable_names() const;
    [[nodiscard]] std::uint32_t row_count() const;
    /// ("ACQUISITION_START", "2023-04-01T15:06:13Z"), ACQUISITION_STOP, ORBIT, PASS (ASCENDING, DESCENDING),
    /// PRODUCT_TYPE ...
    [[nodiscard]] const MetadataItems& metadata() const;
    /// Acquisition start, ISO 8601; "" where the product does not tell.
    [[nodiscard]] const std::string& time() const;

    /// Grid_Point_ID as it stands in the file, row_count() numbers as uint32, valid ids or not (ids_in()); read on
    /// first use and kept.
    [[nodiscard]] Result<std::shared_ptr<const Buffer>> ids() const;
    /// Reads Grid_Point_ID on first use; tells once, through log(), of rows with invalid ids.
    [[nodiscard]] Result<std::shared_ptr<const RowIndex>> rows() const;
    /// A column's stored values in encoding.type, native byte order, row_count() elements; read on first use.
    /// `variable` must be one of this product's.
    [[nodiscard]] Result<std::shared_ptr<const Buffer>> column(const Variable& variable) const;
    /// Which rows hold some cells: one a seqnum (0..kCells), kNoRow where the product has none; as rows() has it. For a
    /// few cells Grid_Point_ID is searched (some 10 us a cell) where rows() would take a table of half a megabyte.
    [[nodiscard]] Result<std::vector<std::uint32_t>> rows_of_cells(std::span<const std::uint32_t> seqnums) const;

    /// What load() reads beside columns.
    enum class Ids { kNone, kColumn, kRows };
    /// Reads what is not there yet of some columns, and for rows_of_cells() or rows(), all at once: several round trips
    /// become one. `variables` must be this product's.
    Status load(std::span<const Variable* const> variables, Ids ids) const;

    /// Whether its columns come from the network: asked of where Grid_Point_ID is.
    [[nodiscard]] bool is_remote() const;

    /// Memory that the product takes with all that has been read of it so far (the metadata by estimate).
    [[nodiscard]] std::size_t held_bytes() const;

private:
    struct State;
    explicit Product(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// What Product::ids() holds.
inline std::span<const std::uint32_t> ids_in(const Buffer& ids) {
    return {reinterpret_cast<const std::uint32_t*>(ids.data()), ids.size() / sizeof(std::uint32_t)};
}

}  // namespace vcube::swath
