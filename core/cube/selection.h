// Positions along dimensions as a dataset name chooses them: "time=2023-04-01,level=850,station=[-1]". Pure functions.
//
//   selections = selection *( "," selection )
//   selection  = dimension ( "=" | "~" ) choice *( "," choice )
//   choice     = "[" item *( "," item ) "]"     item: an index from 0, from the end where negative, or a slice
//                                               start:stop:step as Python has it
//              | value                          with "=": equal; with "~": nearest
//              | [ value ] "/" [ value ]        with "=" only: from the first to the last value, both included
//
// Dimensions and values are text up to the next delimiter. Quotes ("...") keep delimiters in them; a backslash keeps
// the character after it. A colon delimits nothing here, so that times need no quotes; what follows a comma is a choice
// of the same dimension unless it has the form of a selection. After a comma, a "/" ends the list: an array's path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vcube/result.h"

namespace vcube {

/// One way of choosing positions along a dimension.
struct Choice {
    enum class By : std::uint8_t { kIndex, kSlice, kValue, kNearest, kRange };
    By by = By::kIndex;
    std::optional<std::int64_t> start, stop, step;  // kIndex: start; kSlice: as written
    std::string first, last;                        // kValue, kNearest: first; kRange: both, "" is open
};

struct Selection {
    std::string dimension;
    std::vector<Choice> choices;  // at least one
    std::string text;             // as written, for messages
    bool shared = false;          // by several arrays: those without the dimension are left as they are

    /// true where the dimension stays, as bands: several choices, a slice or a range.
    [[nodiscard]] bool several() const;
    /// true where coordinate values are needed to understand it.
    [[nodiscard]] bool by_value() const;
};

struct Selections {
    std::vector<Selection> list;
    std::string_view rest;  // from the "/" of the next array's path, or ""
};

/// Errors tell the selection and what was expected; a dimension that is named twice is one.
Result<Selections> parse_selections(std::string_view text);

/// true where `text` starts with a dimension and "=" or "~".
bool starts_selection(std::string_view text);

/// Takes text up to the first of `delimiters` that is neither quoted nor escaped; quotes and backslashes are taken off.
/// `text` then starts at the delimiter, or is empty. An error where a quote is not closed.
Result<std::string> take_text(std::string_view& text, std::string_view delimiters);

/// Positions of an index or slice in a dimension of `size` elements, in the order that they are chosen; slices are cut
/// to the dimension as Python cuts them. Errors tell what there is. Only for choices by index.
Result<std::vector<std::uint64_t>> positions_of(const Choice& choice, std::uint64_t size);

}  // namespace vcube
