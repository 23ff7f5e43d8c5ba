// The one runtime of the process (worker threads, chunk cache, fetcher, disk cache) and what is shared beside it. Made
// at the first Open, made anew in a forked child, torn down when GDAL unloads the driver. Thread-safe.
#pragma once

#include <memory>

#include "core/cube/runtime.h"
#include "driver/store_cache.h"
#include "vcube/result.h"

namespace vcube::driver {

struct Process {
    std::shared_ptr<Runtime> runtime;
    std::shared_ptr<StoreCache> stores;
    std::shared_ptr<CollectionCache> collections;
};

/// The process's runtime, opened stores and collections. Fails where VCUBE_CACHE_SIZE or one of VCUBE_DISK_CACHE_DIR,
/// _SIZE and _MAX_AGE, which are read when the runtime is made, is unusable.
Result<Process> process();

/// Drops them and joins the workers once the last dataset is closed.
void shut_down_process();

}  // namespace vcube::driver
