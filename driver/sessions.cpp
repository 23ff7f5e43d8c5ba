#include "driver/sessions.h"

#include <array>
#include <atomic>
#include <utility>

#include "core/base/concat.h"
#include "core/base/redacted.h"
#include "core/fetch/object_versions.h"
#include "cpl_error.h"

namespace vcube::driver {
namespace {

class SessionFetcher final : public Fetcher {
public:
    SessionFetcher(std::shared_ptr<Fetcher> inner, std::shared_ptr<FetchSession> session)
        : inner_(std::move(inner)), session_(std::move(session)) {}

    void fetch(std::span<const FetchRequest> requests, const FetchSink& sink, const FetchOptions& options) override {
        if (options.session != nullptr) {
            inner_->fetch(requests, sink, options);
            return;
        }
        FetchOptions own = options;
        own.session = session_;
        inner_->fetch(requests, sink, own);
    }

private:
    const std::shared_ptr<Fetcher> inner_;
    const std::shared_ptr<FetchSession> session_;
};

using Counter = std::atomic<std::uint64_t> FetchCounters::*;

struct Item {
    const char* name;
    Counter counter;
};

constexpr std::array<Item, 9> kItems = {{{"RANGES", &FetchCounters::ranges},
                                         {"REQUESTS", &FetchCounters::requests},
                                         {"BYTES", &FetchCounters::bytes},
                                         {"RETRIES", &FetchCounters::retries},
                                         {"FAILURES", &FetchCounters::failures},
                                         {"DISK_HITS", &FetchCounters::disk_hits},
                                         {"DISK_BYTES", &FetchCounters::disk_bytes},
                                         {"CHUNK_HITS", &FetchCounters::chunk_hits},
                                         {"CHUNK_MISSES", &FetchCounters::chunk_misses}}};

}  // namespace

std::shared_ptr<FetchSession> make_session(const FetchTuning& tuning, std::shared_ptr<ObjectVersions> versions) {
    auto out = std::make_shared<FetchSession>();
    out->tuning = tuning;
    out->versions = versions != nullptr ? std::move(versions) : std::make_shared<ObjectVersions>();
    return out;
}

std::shared_ptr<Fetcher> with_session(std::shared_ptr<Fetcher> fetcher, std::shared_ptr<FetchSession> session) {
    return std::make_shared<SessionFetcher>(std::move(fetcher), std::move(session));
}

std::string tuning_key(const FetchTuning& tuning) {
    std::string out = concat(std::to_string(tuning.max_concurrency), " ",
                             tuning.coalesce_gap ? std::to_string(*tuning.coalesce_gap) : "-", " ",
                             std::to_string(tuning.retries), " ", std::to_string(tuning.timeout.count()));
    for (const UrlRewrite& rewrite : tuning.rewrites) {
        out.append("\n").append(rewrite.from).append("\n").append(rewrite.to);
    }
    return out;
}

Statistics::Statistics(const OpenContext& context)
    : name_(concat(redacted(context.name.location), context.name.path.empty() ? "" : ", /", context.name.path)),
      own_(context.session),
      shared_(context.source       ? context.source->session
              : context.collection ? context.collection->session
                                   : nullptr) {}

CPLStringList Statistics::items() const {
    const auto sum = [this](Counter counter) {
        std::uint64_t out = 0;
        for (const auto* session : {own_.get(), shared_.get()}) {
            out += session != nullptr ? (session->counters.*counter).load(std::memory_order_relaxed) : 0;
        }
        return out;
    };
    CPLStringList out;
    bool any = false;
    for (const Item& item : kItems) {
        const std::uint64_t count = sum(item.counter);
        any = any || count > 0;
        out.SetNameValue(item.name, std::to_string(count).c_str());
    }
    out.SetNameValue("SECONDS_WAITED", CPLSPrintf("%.6f", static_cast<double>(sum(&FetchCounters::waited_us)) * 1e-6));
    return any ? out : CPLStringList();
}

void Statistics::tell() const {
    const CPLStringList counts = items();
    std::string text;
    for (int i = 0; i < counts.size(); ++i) {
        text.append(i == 0 ? "" : ", ").append(counts[i]);
    }
    if (!text.empty()) {
        CPLDebug("VCUBE", "%s: %s", name_.c_str(), text.c_str());
    }
}

}  // namespace vcube::driver
