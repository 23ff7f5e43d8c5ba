// From a location to an opened store: what kind of thing it is, its references or metadata, its hierarchy.
#pragma once

#include <memory>
#include <string>

#include "driver/entry_points.h"
#include "driver/runtime_holder.h"
#include "vcube/result.h"

namespace vcube::driver {

/// Opens `location` or finds it in the process's cache. Runs on the caller's thread; reads the file, never its chunks.
Result<std::shared_ptr<const OpenedStore>> open_store(const std::string& location, bool prefixed,
                                                      const OpenOptions& options, const Process& process);

}  // namespace vcube::driver
