// What reads share: worker threads, the decoded-chunk cache, the fetcher. One runtime lives in a process (the driver
// owns it); tests make their own.
#pragma once

#include <cstddef>
#include <memory>

#include "core/base/thread_pool.h"
#include "core/cube/chunk_cache.h"
#include "vcube/fetcher.h"

namespace vcube {

struct Runtime {
    Runtime(std::size_t workers, std::size_t cache_bytes, std::unique_ptr<Fetcher> fetcher_in)
        : pool(workers), cache(cache_bytes), fetcher(std::move(fetcher_in)) {}
    ThreadPool pool;
    ChunkCache cache;
    std::unique_ptr<Fetcher> fetcher;
};

}  // namespace vcube
