// Where files that belong to an array stand: statistics (.aux.xml) and external overviews (.ovr). Beside a reference
// file, folder or zip that is a local file or in memory, so never among the keys of a store; for any other place in the
// folder that OVERVIEW_DIR names (statistics of remote ones also where GDAL_PAM_PROXY_DIR says). Functions run on the
// caller's thread.
#pragma once

#include <string>

#include "driver/entry_points.h"
#include "vcube/result.h"

namespace vcube::driver {

struct CompanionPlace {
    std::string physical;   // of the store: GDAL appends .aux.xml
    std::string base;       // of the array: GDAL appends .ovr
    bool writable = true;   // false: remote or inside an archive, and no OVERVIEW_DIR says where else
    bool reachable = true;  // false: remote; nothing is looked for there
};

/// Whether GDAL may find a file of its own beside that of a path: at a remote one only through GDAL_PAM_PROXY_DIR.
bool may_have_files_beside(const std::string& path);

/// `part` names the array and its choices (array_selection.h).
CompanionPlace companion_place(const OpenContext& context, const std::string& part);

/// Before overviews are written: makes the folder. The error where they cannot be tells of OVERVIEW_DIR.
Status prepare_companion(const OpenContext& context, const CompanionPlace& place);

}  // namespace vcube::driver
