// What a dataset name asks for: VCUBE:"LOC", VCUBE:"LOC":/group/array, VCUBE:"LOC":/group/array:time=[3],level=[0],
// VCUBE:DGG, or a bare location. Pure functions; nothing is opened.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vcube/result.h"

namespace vcube::driver {

/// One dimension fixed at an index.
struct Selection {
    std::string dimension;
    std::uint64_t index = 0;
};

struct DatasetName {
    bool prefixed = false;  // written with VCUBE:
    bool dgg = false;       // VCUBE:DGG, the SMOS grid itself; everything below is empty
    std::string location;   // path, /vsi path or URL, as the user wrote it
    std::string path;       // group or array, without leading and trailing slashes; "" where none is named
    std::vector<Selection> selections;
};

inline constexpr std::string_view kPrefix = "VCUBE:";

/// true where `name` starts with the prefix, in any case.
bool has_prefix(std::string_view name);

/// Quotes may be absent (shells eat them): the location then ends at the last ":/" that is not part of "://".
Result<DatasetName> parse_dataset_name(std::string_view name);

/// VCUBE:"location":/path, the form under which subdatasets are listed.
std::string subdataset_name(std::string_view location, std::string_view path);

}  // namespace vcube::driver
