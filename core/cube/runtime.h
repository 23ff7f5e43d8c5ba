// What reads share: worker threads, the decoded-chunk cache, the fetcher. One runtime lives in a process (the driver
// owns it); tests make their own.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "core/base/thread_pool.h"
#include "core/cube/chunk_cache.h"
#include "vcube/fetcher.h"

namespace vcube {

/// Makes the fetcher that a runtime owns; the pool outlives it.
using FetcherFactory = std::function<std::unique_ptr<Fetcher>(ThreadPool&)>;

struct Runtime {
    Runtime(std::size_t workers, std::size_t cache_bytes, std::unique_ptr<Fetcher> fetcher_in)
        : pool(workers), cache(cache_bytes), fetcher(std::move(fetcher_in)) {}
    /// For fetchers that work on the runtime's own pool (LocalFetcher).
    Runtime(std::size_t workers, std::size_t cache_bytes, const FetcherFactory& make_fetcher,
            ThreadPool::Inherit inherit = {})
        : pool(workers, std::move(inherit)), cache(cache_bytes), fetcher(make_fetcher(pool)) {}
    ThreadPool pool;
    ChunkCache cache;
    std::unique_ptr<Fetcher> fetcher;
};

}  // namespace vcube
