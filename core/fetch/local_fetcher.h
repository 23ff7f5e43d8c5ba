// Fetcher of local files: one pread a request, on the pool's threads, each with a buffer of its own that is reused.
// Takes plain paths; a location with a scheme ("https://...") is an error.
#pragma once

#include <cstddef>
#include <span>

#include "core/base/thread_pool.h"
#include "core/fetch/local_files.h"
#include "vcube/fetcher.h"

namespace vcube {

/// Thread-safe. `pool` outlives it. The sink is called on the thread that read the bytes, so decoding goes on in
/// parallel with reading and finds the bytes in that core's cache.
class LocalFetcher : public Fetcher {
public:
    explicit LocalFetcher(ThreadPool& pool, std::size_t max_open = 64) : pool_(pool), files_(max_open) {}

    void fetch(std::span<const FetchRequest> requests, const FetchSink& sink, const FetchOptions& options) override;

    [[nodiscard]] LocalFiles& files() { return files_; }

private:
    ThreadPool& pool_;
    LocalFiles files_;
};

}  // namespace vcube
