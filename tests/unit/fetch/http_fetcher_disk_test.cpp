// What HttpFetcher keeps on disk, and how it asks whether that is good still.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/base/concat.h"
#include "core/fetch/http_fetcher.h"
#include "core/fetch/object_versions.h"
#include "tests/unit/fetch/http_fetcher_support.h"

namespace vcube {
namespace {

using namespace std::chrono_literals;
using namespace http_fetcher_test;
using testing::HasSubstr;
using testing_support::ServedRequest;

class HttpFetcherDiskTest : public HttpFetcherTest {
protected:
    HttpFetcherDiskTest() : folder_(testing::TempDir() + "vcube_ranges_" + std::to_string(::getpid())) {
        auto cache = RangeCache::open(folder_, std::uint64_t{1} << 30U);
        EXPECT_TRUE(cache.ok());
        fetcher_options_.disk = std::move(cache).value();
        session_->tuning.coalesce_gap = 0;
        server_.put("b", content_);
        for (std::uint64_t i = 0; i < 20; ++i) {
            requests_.push_back({server_.url(i % 2 == 0 ? "a" : "b"), {i * 1000, i * 1000 + 100}});
        }
        requests_.push_back({server_.url("b"), {399'900, 400'100}, true});
    }
    ~HttpFetcherDiskTest() override { std::filesystem::remove_all(folder_); }

    /// Reads all with a session of its own.
    std::shared_ptr<FetchSession> read_anew(const std::string& of_a) {
        session_ = std::make_shared<FetchSession>();
        session_->versions = std::make_shared<ObjectVersions>();
        session_->tuning.coalesce_gap = 0;
        options_.session = session_;
        server_.reset_counts();
        read(of_a);
        return session_;
    }
    void read(const std::string& of_a) {
        const std::vector<Answer> answers = get(requests_);
        for (std::size_t i = 0; i < answers.size(); ++i) {
            EXPECT_FALSE(answers[i].error) << answers[i].error->message;
            const std::string& content = requests_[i].url.ends_with('a') ? of_a : content_;
            EXPECT_EQ(answers[i].bytes, content.substr(requests_[i].range.begin, requests_[i].range.size())) << i;
        }
    }

    const std::string folder_;
    std::vector<FetchRequest> requests_;
};

TEST_F(HttpFetcherDiskTest, KeepsRangesForLaterSessions) {
    read(content_);
    EXPECT_EQ(server_.counts().requests, requests_.size());  // nothing is there: no version is asked for first
    EXPECT_EQ(session_->counters.disk_hits, 0U);

    read_anew(content_);
    EXPECT_EQ(server_.counts().requests, 2U);  // of which version the two objects are
    EXPECT_EQ(session_->counters.disk_hits, requests_.size());
    EXPECT_EQ(session_->counters.disk_bytes, requests_.size() * 100);
    EXPECT_EQ(session_->counters.requests, 2U);
    EXPECT_EQ(session_->counters.ranges, requests_.size());

    read(content_);  // the session knows
    EXPECT_EQ(server_.counts().requests, 2U);
    EXPECT_EQ(session_->counters.disk_hits, 2 * requests_.size());
}

TEST_F(HttpFetcherDiskTest, DoesNotUseAnotherVersion) {
    read(content_);
    const std::string other = numbers(400'000, 9);
    server_.put("a", other);
    read_anew(other);
    EXPECT_EQ(session_->counters.disk_hits, requests_.size() - 10);
    read_anew(other);
    EXPECT_EQ(session_->counters.disk_hits, requests_.size());
    // A session that has seen the former version keeps to it.
    session_->versions = std::make_shared<ObjectVersions>();
    EXPECT_FALSE(get_one(requests_[0]).error);
    server_.put("a", content_);
    EXPECT_EQ(get_one(requests_[0]).bytes, other.substr(0, 100));
    EXPECT_THAT(get_error({server_.url("a"), {70'000, 70'001}}), HasSubstr("has changed since it was first read"));
}

TEST_F(HttpFetcherDiskTest, BelievesAVersionForSomeTimeWhereThatIsWanted) {
    fetcher_options_.disk_max_age = 1h;
    read(content_);
    read_anew(content_);
    EXPECT_EQ(server_.counts().requests, 0U);
    EXPECT_EQ(session_->counters.disk_hits, requests_.size());
}

TEST_F(HttpFetcherDiskTest, TellsThatAnObjectIsGone) {
    read(content_);
    FaultRule gone = status_rule(404);
    gone.path_contains = "a";
    server_.set_rules({gone});
    session_->versions = std::make_shared<ObjectVersions>();
    const std::vector<Answer> answers = get(requests_);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const bool there = !requests_[i].url.ends_with('a');
        EXPECT_EQ(answers[i].error.has_value(), !there);
        if (!there) {
            EXPECT_EQ(answers[i].error->code, ErrorCode::kNotFound);
        }
    }
}

/// Objects that are read whole.
class WholeObjectsTest : public HttpFetcherDiskTest {
protected:
    static constexpr std::size_t kCount = 10;

    WholeObjectsTest() {
        for (std::size_t i = 0; i < kCount; ++i) {
            contents_.push_back(numbers(1000 + 100 * i, static_cast<unsigned>(i)));
            server_.put(name(i), contents_[i]);
            all_ += contents_[i].size();
        }
    }
    static std::string name(std::size_t i) { return concat("o/", std::to_string(i)); }

    std::vector<FetchRequest> requests(const std::string& prefix = "") const {
        std::vector<FetchRequest> out;
        for (std::size_t i = 0; i < kCount; ++i) {
            out.push_back({server_.url(prefix + name(i)), {}});
        }
        return out;
    }
    /// What another process does that uses the same folder.
    void begin_anew() {
        fetcher_.reset();
        auto cache = RangeCache::open(folder_, std::uint64_t{1} << 30U);
        ASSERT_TRUE(cache.ok());
        fetcher_options_.disk = std::move(cache).value();
        session_ = std::make_shared<FetchSession>();
        session_->versions = std::make_shared<ObjectVersions>();
        options_.session = session_;
        server_.reset_counts();
    }
    void read_all(const std::string& prefix = "") {
        const std::vector<Answer> answers = get(requests(prefix));
        for (std::size_t i = 0; i < kCount; ++i) {
            EXPECT_FALSE(answers[i].error) << answers[i].error->message;
            EXPECT_EQ(answers[i].bytes, contents_[i]) << i;
        }
    }
    std::size_t with_condition(int status = 0) const {
        const std::vector<ServedRequest> log = server_.log();
        return static_cast<std::size_t>(std::count_if(log.begin(), log.end(), [status](const ServedRequest& request) {
            return request.headers.contains("if-none-match") && (status == 0 || request.status == status);
        }));
    }
    void expect_traffic(std::size_t requests, std::size_t conditions, std::uint64_t bytes) const {
        EXPECT_EQ(server_.counts().requests, requests);
        EXPECT_EQ(with_condition(), conditions);
        EXPECT_EQ(server_.counts().body_bytes, bytes);
    }
    void expect_hits(std::uint64_t hits, std::uint64_t bytes) const {
        EXPECT_EQ(session_->counters.disk_hits, hits);
        EXPECT_EQ(session_->counters.disk_bytes, bytes);
    }
    void for_entries(const std::function<void(const std::filesystem::path&)>& act) const {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
            if (entry.path().extension() == ".range") {
                act(entry.path());
            }
        }
    }
    void evict() const {
        for_entries([](const std::filesystem::path& path) { std::filesystem::remove(path); });
    }

    std::vector<std::string> contents_;
    std::uint64_t all_ = 0;  // bytes
};

TEST_F(WholeObjectsTest, AnotherProcessAsksOnceWhetherTheyAreAsTheyWere) {
    read_all();
    expect_traffic(kCount, 0, all_);
    expect_hits(0, 0);

    begin_anew();
    read_all();
    expect_traffic(kCount, kCount, 0);
    EXPECT_EQ(with_condition(304), kCount);
    expect_hits(kCount, all_);
    EXPECT_EQ(session_->counters.requests, kCount);
    EXPECT_EQ(session_->counters.bytes, 0U);
    EXPECT_EQ(session_->counters.retries, 0U);
    EXPECT_EQ(session_->counters.failures, 0U);

    server_.reset_counts();
    read_all();  // the session knows
    expect_traffic(0, 0, 0);
    expect_hits(2 * kCount, 2 * all_);
}

TEST_F(WholeObjectsTest, AreBelievedForSomeTimeWhereThatIsWanted) {
    fetcher_options_.disk_max_age = 1h;
    read_all();
    begin_anew();
    read_all();
    expect_traffic(0, 0, 0);
    expect_hits(kCount, all_);
}

TEST_F(WholeObjectsTest, AnAnswerIsBelievedForSomeTimeToo) {
    fetcher_options_.disk_max_age = 1s;
    read_all();
    std::this_thread::sleep_for(2100ms);
    begin_anew();
    read_all();
    expect_traffic(kCount, kCount, 0);
    fetcher_options_.disk_max_age = 1h;
    begin_anew();
    read_all();
    expect_traffic(0, 0, 0);
}

TEST_F(WholeObjectsTest, ARewrittenOneIsReadAndKeptInItsPlace) {
    read_all();
    const std::uint64_t before = contents_[3].size();
    contents_[3] = numbers(5000, 77);
    server_.put(name(3), contents_[3]);
    begin_anew();
    read_all();
    expect_traffic(kCount, kCount, 5000);
    EXPECT_EQ(with_condition(304), kCount - 1);
    expect_hits(kCount - 1, all_ - before);
    begin_anew();
    read_all();
    expect_traffic(kCount, kCount, 0);
    expect_hits(kCount, all_ - before + 5000);
}

TEST_F(WholeObjectsTest, WhatIsNotThereAnyMoreIsAskedForWithoutACondition) {
    read_all();
    evict();
    begin_anew();
    read_all();
    expect_traffic(kCount, 0, all_);
    begin_anew();
    read_all();
    expect_traffic(kCount, kCount, 0);
}

TEST_F(WholeObjectsTest, WhatIsDamagedIsAskedForOnceMore) {
    read_all();
    for_entries([](const std::filesystem::path& path) {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(500);
        const int byte = file.get();
        file.seekp(500);
        file.put(static_cast<char>(byte ^ 1));
    });
    begin_anew();
    read_all();
    expect_traffic(2 * kCount, kCount, all_);
    EXPECT_EQ(with_condition(304), kCount);
    expect_hits(0, 0);
    begin_anew();
    read_all();
    expect_traffic(kCount, kCount, 0);
}

TEST_F(WholeObjectsTest, AskByDateWhereThereIsNoTag) {
    const std::filesystem::path root = folder_ + "_served";
    const auto write = [&](const std::string& text, int hours_ago) {
        std::filesystem::create_directories(root);
        std::ofstream(root / "f") << text;
        std::filesystem::last_write_time(root / "f",
                                         std::filesystem::file_time_type::clock::now() - std::chrono::hours(hours_ago));
    };
    write("first", 5);
    ServerOptions options;
    options.root = root.string();
    options.etags = false;
    HttpServer dated(options);
    const FetchRequest request{dated.url("f"), {}};
    EXPECT_EQ(get_one(request).bytes, "first");
    begin_anew();
    EXPECT_EQ(get_one(request).bytes, "first");
    EXPECT_EQ(dated.log().back().status, 304);
    EXPECT_TRUE(dated.log().back().headers.contains("if-modified-since"));
    expect_hits(1, 5);
    write("second", 2);
    begin_anew();
    EXPECT_EQ(get_one(request).bytes, "second");
    EXPECT_EQ(dated.counts().requests, 3U);
    std::filesystem::remove_all(root);
}

TEST_F(WholeObjectsTest, A304ThatWasNotAskedForIsAnError) {
    server_.set_rules({status_rule(304)});
    EXPECT_THAT(get_error(requests()[0]), HasSubstr("HTTP 304 Not Modified"));
    EXPECT_THAT(get_error({server_.url("a"), {0, 10}}), HasSubstr("HTTP 304 Not Modified"));
    EXPECT_EQ(server_.counts().requests, 2U);
    // Nor does a range with two ends, which is not asked for with a condition, take it for an answer.
    server_.set_rules({});
    read(content_);
    begin_anew();
    server_.set_rules({status_rule(304)});
    EXPECT_THAT(get_error(requests_[0]), HasSubstr("HTTP 304 Not Modified"));
}

TEST_F(WholeObjectsTest, AChangeWithinASessionIsAnErrorStill) {
    read_all();
    server_.put(name(0), "rewritten");
    EXPECT_EQ(get_one(requests()[0]).bytes, contents_[0]);  // that is on disk
    evict();
    EXPECT_THAT(get_error(requests()[0]), HasSubstr("has changed since it was first read"));
    EXPECT_TRUE(session_->versions->changed());

    begin_anew();
    EXPECT_EQ(get_one(requests()[0]).bytes, "rewritten");
    begin_anew();
    EXPECT_EQ(get_one(requests()[0]).bytes, "rewritten");
    EXPECT_EQ(with_condition(304), 1U);  // which tells the session the version
    server_.put(name(0), "and once more");
    evict();
    EXPECT_THAT(get_error(requests()[0]), HasSubstr("has changed since it was first read"));
}

TEST_F(WholeObjectsTest, AbsentOnesAreNotKept) {
    const FetchRequest late{server_.url("late"), {}};
    EXPECT_EQ(get_one(late).error->code, ErrorCode::kNotFound);
    server_.put("late", "here");
    begin_anew();
    EXPECT_EQ(get_one(late).bytes, "here");
    EXPECT_EQ(with_condition(), 0U);

    FaultRule gone = status_rule(404);
    gone.path_contains = "late";
    server_.set_rules({gone});
    begin_anew();
    EXPECT_EQ(get_one(late).error->code, ErrorCode::kNotFound);
    expect_traffic(1, 1, 0);
}

TEST_F(WholeObjectsTest, TheConditionLastsThroughAnotherAttempt) {
    read_all();
    begin_anew();
    server_.set_rules({status_rule(503, 3)});
    read_all();
    expect_traffic(kCount + 3, kCount + 3, 0);
    EXPECT_EQ(session_->counters.retries, 3U);
}

TEST_F(WholeObjectsTest, ACopyThatIsGoneInTheMeantimeIsBroughtAgain) {
    options_.tick = [this] {
        evict();
        return true;
    };
    FaultRule later = status_rule(503);
    later.retry_after = "1";
    for (const std::uint64_t times : {1U, 2U}) {
        server_.set_rules({});
        read_all();
        begin_anew();
        later.times = times;
        server_.set_rules({later});
        EXPECT_EQ(get_one(requests()[0]).bytes, contents_[0]);
        // Gone when the answer comes, or when the question is asked once more.
        expect_traffic(3, 2, contents_[0].size());
        EXPECT_EQ(with_condition(304), times == 1 ? 1U : 0U);
    }
}

TEST_F(WholeObjectsTest, TheConditionFollowsRedirects) {
    HttpServer other(ServerOptions{});
    other.put("b", "elsewhere");
    server_.set_rules({redirect_rule("away", other.url("b"))});
    const FetchRequest away{server_.url("away"), {}};
    EXPECT_EQ(get_one(away).bytes, "elsewhere");
    begin_anew();
    other.reset_counts();
    EXPECT_EQ(get_one(away).bytes, "elsewhere");
    expect_traffic(1, 1, 0);
    EXPECT_EQ(other.counts().requests, 1U);
    EXPECT_EQ(other.log().back().status, 304);
    begin_anew();
    other.put("b", "rewritten");
    EXPECT_EQ(get_one(away).bytes, "rewritten");
}

TEST_F(WholeObjectsTest, TheConditionGoesOutWithAFreshSignature) {
    read_all();
    begin_anew();
    renewed_url_ = server_.url(name(0) + "?signature=2");
    server_.set_rules({status_rule(403, 1)});
    EXPECT_EQ(get_one(requests()[0]).bytes, contents_[0]);
    expect_traffic(2, 2, 0);
    EXPECT_THAT(server_.log().back().path, HasSubstr("signature=2"));
}

TEST_F(WholeObjectsTest, LastBytesAndTheRestAreKeptLikewise) {
    const std::vector<FetchRequest> ends = {{server_.url("a"), ByteRange::last(16)},
                                            {server_.url("a"), {399'000, ByteRange::kEnd}},
                                            {server_.url("a"), {}}};
    const auto right = [&] {
        const std::vector<Answer> answers = get(ends);
        EXPECT_EQ(answers[0].bytes, content_.substr(399'984));
        EXPECT_EQ(answers[1].bytes, content_.substr(399'000));
        EXPECT_EQ(answers[2].bytes, content_);
    };
    right();
    begin_anew();
    right();
    expect_traffic(3, 3, 0);
    expect_hits(3, 401'016);
    // What is a range with two ends to one reader may be one to the end for another.
    begin_anew();
    EXPECT_EQ(get_one({server_.url("a"), {399'000, 400'000}}).bytes, content_.substr(399'000));
    expect_hits(1, 1000);
}

TEST_F(WholeObjectsTest, AndPartsOfThemInOneRead) {
    std::vector<FetchRequest> mixed = {{server_.url("a"), {}}, {server_.url("a"), {5, 10}}, {server_.url("a"), {7, 7}}};
    for (int round = 0; round < 3; ++round) {
        const std::vector<Answer> answers = get(mixed);
        EXPECT_EQ(answers[0].bytes, content_);
        EXPECT_EQ(answers[1].bytes, content_.substr(5, 5));
        EXPECT_EQ(answers[2].bytes, "");
        begin_anew();
    }
}

TEST_F(WholeObjectsTest, WhatMustNotBeKeptIsNot) {
    FetchRequest secret = requests()[0];
    secret.keep = false;
    EXPECT_EQ(get_one(secret).bytes, contents_[0]);
    for_entries([](const std::filesystem::path& path) { ADD_FAILURE() << path; });
    begin_anew();
    EXPECT_EQ(get_one(secret).bytes, contents_[0]);
    expect_traffic(1, 0, contents_[0].size());
}

}  // namespace
}  // namespace vcube
