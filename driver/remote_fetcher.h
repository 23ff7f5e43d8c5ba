// The driver's Fetcher: rewrites locations as the session says, then reads plain paths with pread, what HTTP reaches
// with the HTTP client, and the rest (archives, other protocols, what only GDAL can sign) through GDAL's virtual file
// system. Fetches without a tick of their own end when the thread's call is not wanted any more (patience.h).
// Thread-safe; see vcube/fetcher.h for the contract.
#pragma once

#include <memory>

#include "core/base/thread_pool.h"
#include "core/fetch/http_fetcher.h"
#include "vcube/fetcher.h"

namespace vcube::driver {

/// `pool` must outlive the fetcher.
std::unique_ptr<Fetcher> make_remote_fetcher(ThreadPool& pool, HttpFetcherOptions options);

/// `location`, or what the first rewrite that fits makes of it.
std::string rewritten(const std::string& location, const FetchTuning& tuning);

}  // namespace vcube::driver
