// Fetcher of what only GDAL's virtual file system reaches (archives, memory, other protocols, log-ins that are not in a
// URL), with a few threads that wait side by side. Thread-safe; see vcube/fetcher.h for the contract.
#pragma once

#include <memory>

#include "core/base/thread_pool.h"
#include "vcube/fetcher.h"

namespace vcube::driver {

/// `pool` must outlive the fetcher. Handles of network files are kept open, a few per process.
std::unique_ptr<Fetcher> make_vsi_fetcher(ThreadPool& pool);

}  // namespace vcube::driver
