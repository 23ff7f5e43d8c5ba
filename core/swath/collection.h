// Products in order of time as one thing: opened when they are needed, footprints and failures remembered. What ends
// because it is not wanted any more (core/base/patience.h) is kCancelled and no failure of a product.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/cube/runtime.h"
#include "core/swath/box.h"
#include "core/swath/footprint.h"
#include "core/swath/product.h"
#include "core/swath/product_list.h"
#include "vcube/result.h"

namespace vcube::swath {

/// Opens a product; called from several threads at once. Must not keep it.
using ProductOpener = std::function<Result<std::shared_ptr<const Product>>(const ProductEntry& entry)>;

/// A product that could not be read, and why.
struct Failure {
    std::uint32_t product = 0;  // its place in the list
    Error error;
};

struct CollectionOptions {
    std::optional<Pass> pass;       // ORBIT_PASS: other products count as if they were not there
    std::optional<LonLatBox> box;   // BBOX: likewise grid points whose cell centre lies outside
    bool failure_is_error = false;  // MISSING_OBJECT=ERROR
    ProductOpener open_ids;         // cheaper where only ids and attributes are wanted; may be empty
    std::size_t product_bytes = std::size_t{128} << 20U;  // of products that are kept open
};

/// Immutable apart from what it has learnt of its products; thread-safe.
class Collection {
public:
    Collection(ProductList list, ProductOpener open, std::unique_ptr<FootprintStore> footprints,
               std::shared_ptr<Runtime> runtime, CollectionOptions options);
    Collection(const Collection&) = delete;
    Collection& operator=(const Collection&) = delete;
    ~Collection();

    [[nodiscard]] const ProductList& list() const;
    [[nodiscard]] const CollectionOptions& options() const;
    [[nodiscard]] Runtime& runtime() const;

    /// Calls body(i) for each i in [0, count), in parallel: on the runtime's pool, or, where products come from the
    /// network, on threads that wait (max_threads does not count these).
    void for_each_product(std::size_t count, const std::function<void(std::size_t)>& body,
                          std::size_t max_threads) const;

    /// The cells that count: null where there is no box. Made on first use.
    [[nodiscard]] const BoxCells* box_cells() const;

    /// The product that tells variables, types and attributes for all: the first that opens. It stays open. Those
    /// before it are failures; the error of the first one where none opens.
    [[nodiscard]] Result<std::shared_ptr<const Product>> sample() const;

    /// Opens a product, or gives the one that is open still: those used last are kept, up to product_bytes. Single
    /// flight. A product that does not open is not tried again: the same error. It becomes one of failures() when the
    /// caller notes it.
    [[nodiscard]] Result<std::shared_ptr<const Product>> product(std::uint32_t index) const;

    /// Known already, or found by opening the product. An error is remembered as that of product() is.
    [[nodiscard]] Result<Footprint> footprint(std::uint32_t index) const;

    /// Of the products [first, first + count) those of the wanted pass that touch `blocks` and have a grid point in the
    /// box, ascending. Footprints that are not known yet are found in parallel (max_threads as
    /// ThreadPool::parallel_for has it) and saved. A product that cannot be read is left out and noted as a failure,
    /// which is an error where failure_is_error.
    [[nodiscard]] Result<std::vector<std::uint32_t>> touching(std::uint32_t first, std::uint32_t count,
                                                              const dgg::BlockSet& blocks,
                                                              std::size_t max_threads = 0) const;

    /// Remembers that a product failed (its columns were damaged): the first error of a product stands, and is told as
    /// a debug message; who shows the collection warns, with the number of failures(). The error itself where
    /// failure_is_error, else ok; kCancelled is handed back and not remembered.
    Status note_failure(std::uint32_t index, const Error& error) const;
    /// So far, in order of products.
    [[nodiscard]] std::vector<Failure> failures() const;

private:
    [[nodiscard]] Result<Footprint> find_footprint(std::uint32_t index, bool only_ids) const;

    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vcube::swath
