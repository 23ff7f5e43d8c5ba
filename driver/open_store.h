// From a location to an opened store, in steps: what stands there (file or folder), what kind of thing it is, a store
// of it, its hierarchy.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "driver/entry_points.h"
#include "driver/runtime_holder.h"
#include "vcube/result.h"

namespace vcube::driver {

/// Opens `location` or finds it in the process's cache. Runs on the caller's thread; reads metadata and references,
/// never chunks. `wanted`: paths of the arrays that are opened; they matter where a place can neither be listed nor has
/// consolidated metadata.
Result<std::shared_ptr<const OpenedStore>> open_store(const std::string& location, bool prefixed,
                                                      const OpenOptions& options, const Process& process,
                                                      const std::vector<std::string>& wanted = {});

}  // namespace vcube::driver
