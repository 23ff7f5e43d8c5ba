#include "driver/runtime_holder.h"

#include <pthread.h>

#include <charconv>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/concat.h"
#include "cpl_conv.h"
#include "cpl_multiproc.h"
#include "cpl_string.h"
#include "driver/open_options.h"
#include "driver/option_values.h"
#include "driver/remote_fetcher.h"

namespace vcube::driver {
namespace {

constexpr std::size_t kKeptStores = 16;
constexpr std::uint64_t kDefaultDiskBytes = std::uint64_t{1} << 30;
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

/// A configuration option as `parse` understands it; nothing where it is not set.
template <class T>
Result<std::optional<T>> config_value(const char* name, std::optional<T> (*parse)(std::string_view), const char* what) {
    const std::string text = CPLGetConfigOption(name, "");
    if (text.empty()) {
        return std::optional<T>();
    }
    if (const std::optional<T> value = parse(text)) {
        return value;
    }
    return invalid(concat(name, "=", text, ": expected ", what));
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
    const auto bytes = parse_count(text);
    return bytes && *bytes > 0 ? bytes : std::nullopt;
}

std::optional<std::chrono::seconds> parse_age(std::string_view text) {
    std::uint32_t seconds = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    return problem == std::errc() && end == text.data() + text.size() ? std::optional(std::chrono::seconds(seconds))
                                                                      : std::nullopt;
}

/// VCUBE_DISK_CACHE_DIR, _SIZE and _MAX_AGE.
Result<HttpFetcherOptions> fetcher_options() {
    HttpFetcherOptions out;
    VCUBE_ASSIGN(const auto size, config_value("VCUBE_DISK_CACHE_SIZE", parse_bytes,
                                               "a number of bytes, or a number with KB, MB or GB"));
    VCUBE_ASSIGN(const auto age, config_value("VCUBE_DISK_CACHE_MAX_AGE", parse_age, "whole seconds"));
    out.disk_max_age = age.value_or(std::chrono::seconds(0));
    const std::string folder = CPLGetConfigOption("VCUBE_DISK_CACHE_DIR", "");
    if (!folder.empty()) {
        auto cache = RangeCache::open(folder, size.value_or(kDefaultDiskBytes));
        if (!cache.ok()) {
            return with_context("VCUBE_DISK_CACHE_DIR", cache.error());
        }
        out.disk = std::move(cache).value();
    }
    return out;
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
        VCUBE_ASSIGN(HttpFetcherOptions fetching, fetcher_options());
        const int cpus = CPLGetNumCPUs();
        const std::size_t workers = cpus > 1 ? static_cast<std::size_t>(cpus - 1) : 0;
        held.current.runtime = std::make_shared<Runtime>(workers, cache_bytes, FetcherFactory([&](ThreadPool& pool) {
                                                             return make_remote_fetcher(pool, std::move(fetching));
                                                         }),
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
