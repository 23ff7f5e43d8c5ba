#include "driver/runtime_holder.h"

#include <pthread.h>

#include <mutex>

#include "cpl_conv.h"
#include "cpl_multiproc.h"
#include "cpl_string.h"
#include "driver/open_options.h"
#include "driver/vsi_fetcher.h"

namespace vcube::driver {
namespace {

constexpr std::size_t kKeptStores = 16;
constexpr std::size_t kKeptCollections = 2;  // each holds products and composites of up to some hundred megabytes

/// Thread-local configuration of the thread that starts a loop, for as long as a worker works for it.
class BorrowedConfig {
public:
    explicit BorrowedConfig(CSLConstList wanted) : own_(CPLGetThreadLocalConfigOptions()) {
        CPLSetThreadLocalConfigOptions(wanted);
    }
    BorrowedConfig(const BorrowedConfig&) = delete;
    BorrowedConfig& operator=(const BorrowedConfig&) = delete;
    ~BorrowedConfig() { CPLSetThreadLocalConfigOptions(own_.List()); }

private:
    const CPLStringList own_;
};

ThreadPool::Around inherit_config() {
    CPLStringList config(CPLGetThreadLocalConfigOptions());
    if (config.Count() == 0) {
        return {};
    }
    return [config = std::move(config)](const std::function<void()>& work) {
        const BorrowedConfig borrowed(config.List());
        work();
    };
}

struct Holder {
    std::mutex mutex;
    Process current;
};

/// Never destroyed: GDAL's unload callback tears down what it holds, static destructors come too late.
Holder*& holder_slot() {
    static Holder* slot = new Holder;
    return slot;
}

/// In a forked child the parent's threads are gone and its locks are in an unknown state: the child keeps the inherited
/// holder untouched, for datasets that it inherited, and starts with a new one.
Holder& holder() {
    static const int registered = pthread_atfork(nullptr, nullptr, [] { holder_slot() = new Holder; });
    static_cast<void>(registered);
    return *holder_slot();
}

}  // namespace

Result<Process> process() {
    Holder& held = holder();
    const std::lock_guard lock(held.mutex);
    if (!held.current.runtime) {
        VCUBE_ASSIGN(const std::size_t cache_bytes, chunk_cache_bytes());
        const int cpus = CPLGetNumCPUs();
        const std::size_t workers = cpus > 1 ? static_cast<std::size_t>(cpus - 1) : 0;
        held.current.runtime = std::make_shared<Runtime>(
            workers, cache_bytes, FetcherFactory([](ThreadPool& pool) { return make_vsi_fetcher(pool); }),
            ThreadPool::Inherit(inherit_config));
        held.current.stores = std::make_shared<StoreCache>(kKeptStores);
        held.current.collections = std::make_shared<CollectionCache>(kKeptCollections);
    }
    return held.current;
}

void shut_down_process() {
    Process last;
    {
        Holder& held = holder();
        const std::lock_guard lock(held.mutex);
        std::swap(last, held.current);
    }
    last.collections.reset();
    last.stores.reset();
    last.runtime.reset();
}

}  // namespace vcube::driver
