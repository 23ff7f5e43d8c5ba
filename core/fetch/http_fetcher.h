// Fetcher of objects on web servers and in object stores: plans ranges (range_plan.h), asks for them (http_client.h),
// judges replies (http_judge.h), retries (retry.h), keeps what came (range_cache.h) and gives it to the sink on the
// pool's threads. See vcube/fetcher.h for the contract.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/thread_pool.h"
#include "core/fetch/http_client.h"
#include "core/fetch/range_cache.h"
#include "vcube/fetcher.h"

namespace vcube {

/// Where the object at a location is asked for; nothing where it is not reached by HTTP. `renew`: what was given before
/// was refused (401, 403), so nothing remembered may be used. Called on the thread that called fetch().
using HttpResolver = std::function<Result<std::optional<HttpTarget>>(const std::string& location, bool renew)>;

struct HttpFetcherOptions {
    std::shared_ptr<RangeCache> disk;      // null: nothing is kept on disk
    std::chrono::seconds disk_max_age{0};  // so long an object's version is believed without asking its server
    std::uint64_t max_bytes = std::uint64_t{256} << 20U;  // in flight, of all callers
    std::size_t store_concurrency = 256;  // requests under way at one object store, where the session does not say ...
    std::size_t host_concurrency = 128;   // ... and at any other host
};

class HttpFetcher : public Fetcher {
public:
    /// `pool` and `otherwise` outlive it. Requests for locations that the resolver has no target for go to `otherwise`.
    HttpFetcher(ThreadPool& pool, HttpResolver resolver, Fetcher& otherwise, HttpFetcherOptions options = {});
    ~HttpFetcher() override;

    void fetch(std::span<const FetchRequest> requests, const FetchSink& sink, const FetchOptions& options) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vcube
