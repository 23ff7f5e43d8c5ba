// FILTER: which grid points of a product count, by comparisons on its own variables.
//
//   filter     = comparison *( ("," | "AND" | "&&") comparison )
//   comparison = variable ( "<" | "<=" | ">" | ">=" | "==" | "=" | "!=" ) number
//              | variable "&" bits [ ( "==" | "=" | "!=" ) ( number | bits ) ]      without a comparison: != 0
//   bits       = bit *( "|" bit ) | "(" bits ")"      bit = flag name of that variable | integer (0x.. too)
//
// Values are compared as users see them: with scale and offset applied. A grid point whose variable holds no value
// there (nodata, NaN) does not pass a comparison. Names are case-sensitive. Immutable values, pure functions:
// thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/swath/product.h"
#include "vcube/result.h"

namespace vcube::swath {

/// One value a row: 1 where the grid point counts.
using RowMask = std::vector<std::uint8_t>;

class Filter {
public:
    /// Passes everything.
    Filter() = default;
    /// Errors point at the place in the text. At most 64 comparisons.
    static Result<Filter> parse(std::string_view text);

    [[nodiscard]] bool empty() const { return terms_.empty(); }
    /// Names of the variables that it reads, each once.
    [[nodiscard]] std::vector<std::string> variables() const;
    /// The text in one spelling: equal filters have equal texts. "" for the empty one.
    [[nodiscard]] std::string text() const;

    /// Whether a product of these variables can be filtered so: kNotFound for an unknown variable or flag, with the
    /// list of those that there are.
    [[nodiscard]] Status check(const Product& product) const;
    /// Reads the columns that it needs and gives a mask of product.row_count() rows; of an empty filter all ones.
    [[nodiscard]] Result<RowMask> rows(const Product& product) const;

private:
    struct Term {
        std::string variable;
        enum class Operator { kLess, kLessEqual, kGreater, kGreaterEqual, kEqual, kNotEqual } op{};
        double number = 0;
        bool on_bits = false;
        std::vector<std::string> bits, wanted_bits;  // names or integers as text; `wanted_bits` in place of `number`
    };
    std::vector<Term> terms_;
};

}  // namespace vcube::swath
