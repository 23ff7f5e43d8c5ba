#include "driver/remote_fetcher.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/concat.h"
#include "core/base/patience.h"
#include "core/base/per_process.h"
#include "core/fetch/local_fetcher.h"
#include "driver/http_targets.h"
#include "driver/vsi_fetcher.h"
#include "driver/vsi_files.h"
#include "driver/vsi_sources.h"

namespace vcube::driver {
namespace {

/// Some of a caller's requests, for a fetcher of their kind.
struct Part {
    std::vector<FetchRequest> requests;
    std::vector<std::size_t> numbers;  // the caller's

    void add(FetchRequest request, std::size_t number) {
        requests.push_back(std::move(request));
        numbers.push_back(number);
    }

    void fetch(Fetcher& fetcher, const FetchSink& sink, const FetchOptions& options) const {
        if (requests.empty()) {
            return;
        }
        FetchOptions own = options;
        if (options.wanted) {
            own.wanted = [this, &options](std::size_t k) { return options.wanted(numbers[k]); };
        }
        fetcher.fetch(
            requests, [this, &sink](std::size_t k, Result<ByteSpan> bytes) { sink(numbers[k], std::move(bytes)); },
            own);
    }
};

class RemoteFetcher final : public Fetcher {
public:
    RemoteFetcher(ThreadPool& pool, HttpFetcherOptions options)
        : local_(pool),
          vsi_(make_vsi_fetcher(pool)),
          http_(
              pool, [this](const std::string& location, bool renew) { return targets_.get().resolve(location, renew); },
              *vsi_, std::move(options)) {}

    void fetch(std::span<const FetchRequest> requests, const FetchSink& sink, const FetchOptions& given) override {
        FetchOptions options = given;
        if (!options.tick) {
            options.tick = is_wanted;
        }
        const bool rewrites = options.session && !options.session->tuning.rewrites.empty();
        const auto is_local = [](const FetchRequest& request) { return is_plain_path(request.url); };
        if (!rewrites && std::all_of(requests.begin(), requests.end(), is_local)) {
            local_.fetch(requests, sink, options);
            return;
        }
        if (!rewrites && std::none_of(requests.begin(), requests.end(), is_local)) {
            http_.fetch(requests, sink, options);
            return;
        }
        Part local;
        Part remote;
        for (std::size_t i = 0; i < requests.size(); ++i) {
            FetchRequest request = requests[i];
            if (rewrites) {
                request.url = rewritten(request.url, options.session->tuning);
            }
            (is_local(request) ? local : remote).add(std::move(request), i);
        }
        local.fetch(local_, sink, options);
        remote.fetch(http_, sink, options);
    }

private:
    LocalFetcher local_;
    PerProcess<HttpTargets> targets_;
    std::unique_ptr<Fetcher> vsi_;
    HttpFetcher http_;
};

}  // namespace

std::unique_ptr<Fetcher> make_remote_fetcher(ThreadPool& pool, HttpFetcherOptions options) {
    return std::make_unique<RemoteFetcher>(pool, std::move(options));
}

std::string rewritten(const std::string& location, const FetchTuning& tuning) {
    for (const UrlRewrite& rewrite : tuning.rewrites) {
        if (location.starts_with(rewrite.from)) {
            // A local file has no query.
            const bool web = is_http(location) && is_plain_path(rewrite.to);
            const std::string_view rest = std::string_view(web ? path_part(location) : location);
            std::string text = concat(rewrite.to, rest.substr(std::min(rewrite.from.size(), rest.size())));
            std::string path = vsi_path_of(text);
            return is_plain_path(path) ? path : text;
        }
    }
    return location;
}

}  // namespace vcube::driver
