// The driver's Fetcher: plain local paths with pread, everything else (URLs, /vsi paths) through GDAL's virtual file
// system, in parallel on the pool. Thread-safe; see vcube/fetcher.h for the contract.
#pragma once

#include <memory>

#include "core/base/thread_pool.h"
#include "vcube/fetcher.h"

namespace vcube::driver {

/// `pool` must outlive the fetcher. Handles of network files are kept open, a few per process.
std::unique_ptr<Fetcher> make_vsi_fetcher(ThreadPool& pool);

}  // namespace vcube::driver
