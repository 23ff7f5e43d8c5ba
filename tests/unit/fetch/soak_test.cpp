// Twenty thousand requests to a server of which one in twenty goes wrong, in every way that there is.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "core/fetch/http_fetcher.h"
#include "core/fetch/object_versions.h"
#include "tests/support/http_server/fault_names.h"
#include "tests/support/http_server/http_server.h"

namespace vcube {
namespace {

using namespace std::chrono_literals;
using testing_support::Fault;
using testing_support::FaultRule;
using testing_support::HttpServer;
using testing_support::ServerCounts;
using testing_support::ServerOptions;

constexpr std::size_t kObjects = 20, kRanges = 1000, kStride = 3000, kThreads = 4;

char byte_at(std::size_t object, std::size_t place) {
    const std::uint64_t word = (place / 8 + 1) * (2 * object + 1) * 0x9E3779B97F4A7C15U;
    return static_cast<char>((word ^ word >> 29U) >> 8 * (place % 8));
}

std::string object_name(std::size_t object) {
    return "object" + std::to_string(object);
}

/// Every fault that can be survived: a rewritten object cannot.
std::vector<FaultRule> faults() {
    constexpr std::array kinds = {Fault::kStatus,   Fault::kResetBefore, Fault::kResetMiddle, Fault::kShortBody,
                                  Fault::kLongBody, Fault::kWholeObject, Fault::kWrongRange,  Fault::kShortRange,
                                  Fault::kWebPage,  Fault::kGarbage,     Fault::kStall,       Fault::kSilence,
                                  Fault::kSlow,     Fault::kRedirect};
    std::vector<FaultRule> rules;
    for (const Fault kind : kinds) {
        FaultRule& rule = rules.emplace_back();
        rule.fault = kind;
        rule.share = 0.05 / static_cast<double>(kinds.size());
        rule.pause = 1ms;
        rule.location = "/{path}?moved";
    }
    return rules;
}

std::ptrdiff_t open_descriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

class Soak : public testing::Test {
protected:
    Soak() {
        for (std::size_t object = 0; object < kObjects; ++object) {
            std::string content(kRanges * kStride, '\0');
            for (std::size_t place = 0; place < content.size(); ++place) {
                content[place] = byte_at(object, place);
            }
            server_.put(object_name(object), std::move(content));
        }
        session_->versions = std::make_shared<ObjectVersions>();
        session_->tuning.coalesce_gap = 0;
        session_->tuning.max_concurrency = 64;
        session_->tuning.retries = 10;
        session_->tuning.timeout = 1s;
    }

    /// All ranges of one object in one call. Wrong bytes and errors count.
    void read(HttpFetcher& fetcher, std::size_t object) {
        std::vector<FetchRequest> requests;
        for (std::size_t i = 0; i < kRanges; ++i) {
            const std::uint64_t begin = i * kStride + i % 97;
            requests.push_back({server_.url(object_name(object)), {begin, begin + 500 + i % 1900}});
        }
        FetchOptions options;
        options.session = session_;
        fetcher.fetch(
            requests,
            [&](std::size_t i, Result<ByteSpan> bytes) {
                ++answers_;
                if (!bytes.ok()) {
                    ++errors_;
                    ADD_FAILURE() << bytes.error().message;
                    return;
                }
                bool right = bytes.value().size() == requests[i].range.size();
                for (std::size_t k = 0; right && k < bytes.value().size(); ++k) {
                    right = static_cast<char>(bytes.value()[k]) == byte_at(object, requests[i].range.begin + k);
                }
                wrong_ += right ? 0 : 1;
                wanted_bytes_ += requests[i].range.size();
            },
            options);
    }

    void read_all(HttpFetcher& fetcher) {
        std::vector<std::jthread> threads;
        for (std::size_t t = 0; t < kThreads; ++t) {
            threads.emplace_back([&, t] {
                for (std::size_t object = t; object < kObjects; object += kThreads) {
                    read(fetcher, object);
                }
            });
        }
    }

    HttpServer server_{ServerOptions{}};
    ThreadPool pool_{2};
    std::shared_ptr<FetchSession> session_ = std::make_shared<FetchSession>();
    std::atomic<std::size_t> answers_{0}, errors_{0}, wrong_{0};
    std::atomic<std::uint64_t> wanted_bytes_{0};
};

class Nowhere : public Fetcher {
public:
    void fetch(std::span<const FetchRequest> /*unused*/, const FetchSink& /*unused*/,
               const FetchOptions& /*unused*/) override {}
};

TEST_F(Soak, EveryByteIsRightAndCountersAddUp) {
    pool_.parallel_for(3, [](std::size_t) {});
    const std::ptrdiff_t descriptors = open_descriptors();
    {
        Nowhere nowhere;
        HttpFetcherOptions options;
        options.max_bytes = std::uint64_t{1} << 20U;  // far less than passes through: what is not given back is missed
        HttpFetcher fetcher(
            pool_,
            [](const std::string& location, bool) -> Result<std::optional<HttpTarget>> {
                HttpTarget target;
                target.url = location;
                return std::optional(std::move(target));
            },
            nowhere, options);
        server_.set_rules(faults());
        read_all(fetcher);
        EXPECT_EQ(answers_, kObjects * kRanges);
        EXPECT_EQ(errors_, 0U);
        EXPECT_EQ(wrong_, 0U);

        const FetchCounters& counters = session_->counters;
        const ServerCounts counts = server_.counts();
        EXPECT_EQ(counters.ranges, kObjects * kRanges);
        EXPECT_EQ(counters.failures, 0U);
        EXPECT_EQ(counters.requests, counts.requests);
        // Redirects and dead connections are other requests, not retries.
        EXPECT_LE(counters.ranges + counters.retries, counters.requests);
        EXPECT_GE(counters.retries, kObjects * kRanges / 50);
        for (const FaultRule& rule : faults()) {
            EXPECT_TRUE(counts.by_fault.contains(std::string(fault_name(rule.fault)))) << fault_name(rule.fault);
        }
        // Of a body that broke off, the client may have seen less than the server sent.
        std::uint64_t whole = 0;
        for (const auto& served : server_.log()) {
            whole += served.fault == Fault::kNone ? served.body_bytes : 0;
        }
        EXPECT_GE(counters.bytes, whole);
        EXPECT_GE(counters.bytes, wanted_bytes_);
        EXPECT_LE(counters.bytes, counts.body_bytes);

        // Were much of what was counted not given back, few would come at a time.
        server_.set_rules({});
        server_.set_latency(20ms);
        server_.reset_counts();
        read(fetcher, 0);
        EXPECT_GE(server_.counts().most_at_once, 16U);
        EXPECT_EQ(server_.counts().requests, kRanges);
    }
    for (int i = 0; i < 500 && open_descriptors() != descriptors; ++i) {  // the server closes its side in its own time
        std::this_thread::sleep_for(10ms);
    }
    EXPECT_EQ(open_descriptors(), descriptors);
}

}  // namespace
}  // namespace vcube
