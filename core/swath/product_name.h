// What the file name of an SMOS L2 product tells. Pure functions. Form (fixed columns):
//   SM_<class>_<type>_<start>_<stop>_<processor>_<counter>_<site>, as in
//   SM_OPER_MIR_SMUDP2_20230401T150613_20230401T155931_700_001_1
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vcube::swath {

struct ProductName {
    std::string name;             // the name itself, without folders and endings
    std::string file_class;       // OPER, REPR
    std::string type;             // MIR_SMUDP2, MIR_OSUDP2
    std::int64_t start = 0;       // of sensing, seconds since 1970-01-01T00:00:00Z
    std::int64_t stop = 0;        // never before start
    std::uint32_t processor = 0;  // 700
    std::uint32_t counter = 0;    // 1
};

/// From the last part of a path or URL (a query is cut off), whatever endings it has (.nc, .nc.json, .json.gz,
/// .nc.zip); nothing where it is no name of an L2 product.
std::optional<ProductName> parse_product_name(std::string_view location);

/// Seconds since 1970 as ISO 8601: "2023-04-01T15:06:13Z"; "" outside of the years 0 to 9999.
std::string iso_time(std::int64_t seconds);

/// The first moment of an ISO 8601 date or time in UTC ("2023", "2023-04", "2023-04-01", "2023-04-01T15:06:13Z", down
/// to the hour or minute too; fractions of a second are cut off), in seconds since 1970; with `end` the first moment
/// after it. Nothing for other texts.
std::optional<std::int64_t> parse_iso_moment(std::string_view text, bool end = false);

}  // namespace vcube::swath
