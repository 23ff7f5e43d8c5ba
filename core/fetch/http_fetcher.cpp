#include "core/fetch/http_fetcher.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/fetch/http_batch.h"

namespace vcube {

struct HttpFetcher::State {
    State(ThreadPool& pool, HttpResolver resolver, Fetcher& otherwise_in, HttpFetcherOptions options)
        : shared(pool, std::move(resolver), std::move(options)), otherwise(otherwise_in) {}

    HttpShared shared;
    Fetcher& otherwise;
};

HttpFetcher::HttpFetcher(ThreadPool& pool, HttpResolver resolver, Fetcher& otherwise, HttpFetcherOptions options)
    : state_(std::make_unique<State>(pool, std::move(resolver), otherwise, std::move(options))) {}

HttpFetcher::~HttpFetcher() = default;

void HttpFetcher::fetch(std::span<const FetchRequest> requests, const FetchSink& sink, const FetchOptions& options) {
    std::vector<std::size_t> left = HttpBatch(state_->shared, requests, sink, options).run();
    if (left.empty()) {
        return;
    }
    if (left.size() == requests.size()) {
        state_->otherwise.fetch(requests, sink, options);
        return;
    }
    std::sort(left.begin(), left.end());
    std::vector<FetchRequest> others;
    others.reserve(left.size());
    for (const std::size_t number : left) {
        others.push_back(requests[number]);
    }
    FetchOptions inner = options;
    if (options.wanted) {
        inner.wanted = [&](std::size_t index) { return options.wanted(left[index]); };
    }
    state_->otherwise.fetch(
        others, [&](std::size_t index, Result<ByteSpan> bytes) { sink(left[index], std::move(bytes)); }, inner);
}

}  // namespace vcube
