// Composites: many products of a step in time made into one value a cell. Work is done on grid points, never on pixels:
// a composite is a table by cell, made block by block as windows ask for it, each block once.
//
// Products are taken in the order of the list (sensing start). A row counts where its cell lies in the box, the filter
// passes it, and its value is one (not nodata, not NaN; flags always count).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/dgg/blocks.h"
#include "core/swath/collection.h"
#include "core/swath/filter.h"
#include "core/swath/product_list.h"
#include "vcube/dtype.h"
#include "vcube/result.h"

namespace vcube::swath {

/// Of the rows that count in a cell: the last, the first, the mean, the smallest and largest value (of equal ones the
/// first), their number, the median (of an even number the mean of the two in the middle), the one of the smallest
/// quality value (of equal ones the last), the most frequent value (of equally frequent ones the smallest), all bits.
enum class Method { kLast, kFirst, kMean, kMin, kMax, kCount, kMedian, kBest, kMode, kOr };

/// The words that COMPOSITE_METHOD and FLAG_METHOD take, by method.
const char* name_of(Method method);

/// What is made of a variable.
struct Recipe {
    std::string variable;
    Method method = Method::kLast;
    std::string quality;  // kBest: the variable whose smallest value wins; rows where it has none do not count
    /// The time of observation in place of the value: that of the row that is chosen (NaN where it tells none), or the
    /// mean of the rows that count and tell one (kMean, kMedian, kCount, kMode, kOr).
    bool observation_time = false;
    Filter filter;

    /// Equal recipes have equal texts.
    [[nodiscard]] std::string text() const;
};

/// How the values of a recipe's table are to be understood.
struct ResultForm {
    DType type;                     // kLast, kFirst, kMin, kMax, kBest, kMode, kOr: the variable's; kMean, kMedian and
                                    // times: float64; kCount: uint32
    std::vector<std::byte> nodata;  // one element: the variable's nodata_bytes(); NaN of float64; 0 of counts
    bool has_nodata = true;  // false where `nodata` is an ordinary value too (flags without an unused bit, counts)
    bool scaled = true;      // whether the variable's scale and offset hold for it (not for counts and times)
};

/// From the collection's sample product. Errors: unknown variable (with those that there are), a method that the
/// variable's kind has none of (MEAN of flags, OR of numbers, BEST without a quality variable), filter names.
Result<ResultForm> form_of(const Product& sample, const Recipe& recipe);

/// The quality variable of BEST: `<variable>_DQX`, `Sigma_<variable>`, or the product's main one (Soil_Moisture_DQX,
/// Sigma_SSS_corr); nothing where there is none of them.
std::optional<std::string> quality_of(const Product& sample, const std::string& variable);

/// Values by cell for some blocks. Immutable once handed out, shared.
class CellTable {
public:
    using Values = std::shared_ptr<const Buffer>;  // kBlockCells elements

    explicit CellTable(ResultForm form) : form_(std::move(form)) {}
    [[nodiscard]] const ResultForm& form() const { return form_; }
    /// Null where the block was not asked for or holds no value at all.
    [[nodiscard]] const std::byte* block(std::uint32_t block) const;
    /// `values` must not be null.
    void set_block(std::uint32_t block, Values values);
    /// Those that hold a value, ascending.
    [[nodiscard]] const std::vector<std::pair<std::uint32_t, Values>>& blocks() const { return blocks_; }

private:
    ResultForm form_;
    std::vector<std::pair<std::uint32_t, Values>> blocks_;
};

/// Makes composites of a collection and keeps them, least recently used out, up to a number of bytes. Single flight by
/// block: two windows that ask for the same at once make it once. Thread-safe; no lock is held while products are read.
class Composer {
public:
    Composer(std::shared_ptr<const Collection> collection, std::size_t cache_bytes = std::size_t{256} << 20U,
             std::size_t work_bytes = std::size_t{256} << 20U);
    Composer(const Composer&) = delete;
    Composer& operator=(const Composer&) = delete;
    ~Composer();

    [[nodiscard]] const Collection& collection() const;

    /// A table that holds at least `blocks` of `period`. Only products that touch blocks that are not there yet are
    /// read, in parallel, each once (in several rounds where all values must be held at once and would not fit
    /// work_bytes: MEDIAN, MODE). Tells what is done and ends with kCancelled as core/base/patience.h has it.
    Result<std::shared_ptr<const CellTable>> table(const Period& period, const Recipe& recipe,
                                                   const dgg::BlockSet& blocks, std::size_t max_threads = 0);

    /// The same of many periods in one go: products of all of them are read in parallel.
    Result<std::vector<std::shared_ptr<const CellTable>>> tables(std::span<const Period> periods, const Recipe& recipe,
                                                                 const dgg::BlockSet& blocks,
                                                                 std::size_t max_threads = 0);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vcube::swath
