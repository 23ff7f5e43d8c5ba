// FILTER: which grid points of a product count, by comparisons on its own variables.
//
//   filter     = comparison *( ("," | "AND" | "&&") comparison )
//   comparison = variable ( "<" | "<=" | ">" | ">=" ) number
//              | variable ( "==" | "=" | "!=" ) ( number | flag )
//              | variable "&" bits [ ( "==" | "=" | "!=" ) bits ]     without a comparison: any of the bits is set
//   bits       = bit *( "|" bit ) | "(" bits ")"      bit = flag | integer (0x.. too)
//
// Values are compared as users see them: with scale and offset applied. A number stands for the nearest value that an
// unscaled float32 variable can hold. A grid point whose variable holds no value there (nodata, NaN) does not pass; but
// 0 is a number in integers, though products name it as their fill value: N_Strong_RFI==0 asks for undisturbed points.
// Names are case-sensitive; a flag is one of the variable before it. Immutable values, pure functions: thread-safe.
#pragma once

#include <cstdint>
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
    enum class Operator { kLess, kLessEqual, kGreater, kGreaterEqual, kEqual, kNotEqual };
    /// One comparison as it was written: names are resolved for each product.
    struct Term {
        std::string variable;
        Operator op = Operator::kNotEqual;
        double number = 0;                // where neither of those below says what to compare with
        std::vector<std::string> mask;    // bits: names or integers as text; empty: the whole value is compared
        std::vector<std::string> wanted;  // bits or one flag, likewise
    };

    /// Passes everything.
    Filter() = default;
    /// Errors point at the place in the text. At most 64 comparisons.
    static Result<Filter> parse(std::string_view text);

    [[nodiscard]] bool empty() const { return terms_.empty(); }
    /// Names of the variables that it reads, each once, in the order of the text.
    [[nodiscard]] std::vector<std::string> variables() const;
    /// In one spelling: equal filters have equal texts, and parse() of it gives the filter back. "" for the empty one.
    [[nodiscard]] std::string text() const;

    /// Whether a product of these variables can be filtered so: kNotFound for an unknown variable or flag, with those
    /// that there are; kInvalid for bits of a variable that has none.
    [[nodiscard]] Status check(const Product& product) const;
    /// Reads the columns that it needs and gives a mask of product.row_count() rows; of an empty filter all ones.
    [[nodiscard]] Result<RowMask> rows(const Product& product) const;

private:
    std::vector<Term> terms_;
};

}  // namespace vcube::swath
