// What a dataset name asks for. Pure functions; nothing is opened, and no GDAL header is needed.
//
//   name     = "VCUBE:DGG" | "VCUBE:" location [ ":" arrays ] | location
//   location = "\"" any but quotes "\"" | text up to the last ":/" that is not part of "://"
//   arrays   = array *( "," array ) | selections
//   array    = "/" path [ ":" selections ]
//
// Selections (core/cube/selection.h) hold for the arrays named before them that have none yet: "/a,/b:time=[0]" fixes
// time of both, or of the one that has it. A path ends where ":dimension=", ":dimension~" or ",/" follows; quotes keep
// such in a path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/cube/selection.h"
#include "vcube/result.h"

namespace vcube::driver {

struct NamedArray {
    std::string path;  // group or array, without leading and trailing slashes; "" where none is named
    std::vector<Selection> selections;
};

struct DatasetName {
    bool prefixed = false;              // written with VCUBE:
    bool dgg = false;                   // VCUBE:DGG, the SMOS grid itself; everything below is empty
    std::string location;               // path, /vsi path or URL, as the user wrote it
    std::string path;                   // of the first array
    std::vector<Selection> selections;  // of the first array
    std::vector<NamedArray> others;     // the arrays after the first
};

inline constexpr std::string_view kPrefix = "VCUBE:";

/// true where `name` starts with the prefix, in any case.
bool has_prefix(std::string_view name);

/// Quotes around the location may be absent (shells eat them).
Result<DatasetName> parse_dataset_name(std::string_view name);

/// VCUBE:"location":/path, the form under which subdatasets are listed; parse_dataset_name gives both back.
std::string subdataset_name(std::string_view location, std::string_view path);

}  // namespace vcube::driver
