// Which products make a collection, in order of time, and how they fall into the steps of a composite. Pure functions
// on values: nothing is opened.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/swath/product_name.h"
#include "vcube/result.h"

namespace vcube::swath {

/// A product as a listing shows it.
struct ProductEntry {
    std::string location;  // what the opener takes: a path, /vsi path or URL of the file or of its reference
    ProductName name;
    std::uint64_t size = 0;     // of the file that `location` names; 0 where the listing does not tell
    std::int64_t modified = 0;  // likewise, any unit that changes when the file does
};

/// Half open: [start, stop) in seconds since 1970.
struct TimeRange {
    std::int64_t start = INT64_MIN, stop = INT64_MAX;
    friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

/// "2023-04-01/2023-04-30" (both days whole), "2023-04", "2023-04-01T06:00/2023-04-01T18:00", "../2023", "2023/..".
/// An end is as long as it is written: a whole year, day or minute. The error shows the forms.
Result<TimeRange> parse_time_range(std::string_view text);

struct ProductList {
    std::vector<ProductEntry> products;  // by start, then stop, then name
    std::uint32_t superseded = 0;        // left out: another version of the same product is newer
};

/// Those whose start lies in `range`, of one product (type, start, stop) the one of the highest processor version, then
/// counter, then class REPR before OPER, then a reference before the product's own file (.nc), then the last location
/// in the order of text. All must be of one type (MIR_SMUDP2 or MIR_OSUDP2): otherwise an error that counts both,
/// unless `type` chooses one.
Result<ProductList> choose_products(std::vector<ProductEntry> entries, const TimeRange& range,
                                    const std::optional<std::string>& type = std::nullopt);

/// COMPOSITE: how long one step is.
struct CompositeStep {
    enum class Unit { kNone, kDay, kMonth, kYear, kAll };
    Unit unit = Unit::kNone;
    std::uint32_t count = 1;  // of days
    friend bool operator==(const CompositeStep&, const CompositeStep&) = default;
};

/// "NONE", "DAY", "3DAY", "MONTH", "YEAR", "ALL", in any case; the error lists them.
Result<CompositeStep> parse_composite_step(std::string_view text);

/// One step in time: one band.
struct Period {
    TimeRange time;                      // of a product: its sensing start and stop
    std::uint32_t first = 0, count = 0;  // of its products in the list, one after the other
};

/// The steps that hold a product, in order. A product belongs to the step in which its sensing starts; days, months and
/// years are UTC's. Steps of several days are counted from the day of `origin` (of the first product where it is
/// absent). kNone: one step a product. kAll: from the first start to the last stop.
std::vector<Period> make_periods(const ProductList& list, const CompositeStep& step,
                                 std::optional<std::int64_t> origin = std::nullopt);

}  // namespace vcube::swath
