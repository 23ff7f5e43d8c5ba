// What the tests of HttpFetcher share: contents, rules of a server that misbehaves, and a fetcher at such a server.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/fetch/http_fetcher.h"
#include "core/fetch/object_versions.h"
#include "tests/support/http_server/http_server.h"

namespace vcube::http_fetcher_test {

using testing_support::Fault;
using testing_support::FaultRule;
using testing_support::HttpServer;
using testing_support::ServerOptions;

/// Content in which every place differs from those around it.
inline std::string numbers(std::size_t size, unsigned seed = 0) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        const std::size_t word = (i / 4 + seed) * 2654435761U;
        text[i] = static_cast<char>(word >> (8 * (i % 4)));
    }
    return text;
}

inline FaultRule rule_of(Fault fault, std::uint64_t times = UINT64_MAX) {
    FaultRule rule;
    rule.fault = fault;
    rule.times = times;
    return rule;
}

inline FaultRule status_rule(int status, std::uint64_t times = UINT64_MAX) {
    FaultRule rule = rule_of(Fault::kStatus, times);
    rule.status = status;
    return rule;
}

inline FaultRule redirect_rule(const std::string& path, const std::string& location) {
    FaultRule rule = rule_of(Fault::kRedirect);
    rule.path_contains = path;
    rule.location = location;
    return rule;
}

/// A fetcher that remembers what it was asked for.
class Elsewhere : public Fetcher {
public:
    void fetch(std::span<const FetchRequest> requests, const FetchSink& sink, const FetchOptions& options) override {
        for (std::size_t i = 0; i < requests.size(); ++i) {
            asked.push_back(requests[i].url);
            if (options.wanted && !options.wanted(i)) {
                sink(i, Error{ErrorCode::kCancelled, "not wanted"});
            } else {
                sink(i, as_byte_span(requests[i].url));
            }
        }
    }
    std::vector<std::string> asked;
};

struct Answer {
    void take(const Result<ByteSpan>& given) {
        ++calls;
        if (given.ok()) {
            bytes = as_text(given.value());
        } else {
            error = given.error();
        }
    }

    int calls = 0;
    std::string bytes;
    std::optional<Error> error;
};

class HttpFetcherTest : public testing::Test {
protected:
    HttpFetcherTest() {
        server_.put("a", content_);
        session_->versions = std::make_shared<ObjectVersions>();
        session_->tuning.timeout = std::chrono::seconds(10);
        options_.session = session_;
    }

    HttpResolver resolver() {
        return [this](const std::string& location, bool renew) -> Result<std::optional<HttpTarget>> {
            const std::lock_guard lock(resolving_);
            ++resolved_[location];
            renewed_ += renew ? 1 : 0;
            if (location.starts_with("/")) {
                return std::optional<HttpTarget>();
            }
            if (location.starts_with("bad:")) {
                return unsupported("of no use");
            }
            if (renew && renewed_url_ == "elsewhere") {
                return std::optional<HttpTarget>();
            }
            HttpTarget target = target_;
            target.url = renew && !renewed_url_.empty() ? renewed_url_ : location;
            return std::optional(std::move(target));
        };
    }

    HttpFetcher& fetcher() {
        if (!fetcher_) {
            fetcher_.emplace(pool_, resolver(), elsewhere_, fetcher_options_);
        }
        return *fetcher_;
    }

    std::vector<Answer> get(const std::vector<FetchRequest>& requests) {
        std::vector<Answer> answers(requests.size());
        fetcher().fetch(
            requests, [&](std::size_t i, Result<ByteSpan> bytes) { answers[i].take(bytes); }, options_);
        for (const Answer& answer : answers) {
            EXPECT_EQ(answer.calls, 1);
        }
        return answers;
    }

    Answer get_one(const FetchRequest& request) { return get({request})[0]; }
    std::string get_error(const FetchRequest& request) {
        const Answer answer = get_one(request);
        EXPECT_TRUE(answer.error);
        return answer.error ? answer.error->message : "";
    }

    const std::string content_ = numbers(400'000);
    HttpServer server_{ServerOptions{}};
    ThreadPool pool_{2};
    Elsewhere elsewhere_;
    HttpTarget target_;
    std::string renewed_url_;
    std::mutex resolving_;
    std::map<std::string, int> resolved_;
    int renewed_ = 0;
    std::shared_ptr<FetchSession> session_ = std::make_shared<FetchSession>();
    FetchOptions options_;
    HttpFetcherOptions fetcher_options_;
    std::optional<HttpFetcher> fetcher_;
};

}  // namespace vcube::http_fetcher_test
