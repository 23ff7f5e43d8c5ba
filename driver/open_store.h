// From a location to an opened store, in steps: what stands there (file or folder), what kind of thing it is, a store
// of it, its hierarchy.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/refs/url_policy.h"
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

/// Opens the SMOS product whose file (.nc) or references (any other ending) `location` names, and keeps nothing.
/// `policy`: what references may name. `session`: of all that is read of it. `only_ids`: the product may know of no
/// column but its ids. May run on any thread; errors name the location.
Result<std::shared_ptr<const swath::Product>> open_product(const std::string& location, const UrlPolicy& policy,
                                                           const OpenOptions& options,
                                                           const std::shared_ptr<Runtime>& runtime,
                                                           const std::shared_ptr<FetchSession>& session, bool only_ids);

}  // namespace vcube::driver
