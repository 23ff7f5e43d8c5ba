#include "core/fetch/local_fetcher.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace vcube {
namespace {

namespace fs = std::filesystem;

class LocalFetcherTest : public testing::Test {
protected:
    LocalFetcherTest() : folder_(fs::temp_directory_path() / ("vcube_fetch_" + std::to_string(::getpid()))) {
        fs::create_directories(folder_);
        for (const char* name : {"a", "b"}) {
            std::ofstream file(folder_ / name, std::ios::binary);
            for (int i = 0; i < 10000; ++i) {
                file.put(static_cast<char>(name[0] + i % 7));
            }
        }
    }
    ~LocalFetcherTest() override { fs::remove_all(folder_); }

    fs::path folder_;
    ThreadPool pool_{2};
    LocalFetcher fetcher_{pool_};
};

TEST_F(LocalFetcherTest, CallsTheSinkOnceARequest) {
    std::vector<FetchRequest> requests;
    for (std::uint64_t i = 0; i < 200; ++i) {
        // Neither sorted nor of one file, some to the file's end.
        const std::uint64_t begin = (i * 7919) % 9000;
        requests.push_back(
            {folder_ / (i % 3 == 0 ? "b" : "a"), {begin, i % 10 == 0 ? ByteRange::kEnd : begin + 1 + i}});
    }
    std::vector<std::atomic<int>> calls(requests.size());
    fetcher_.fetch(requests,
                   [&](std::size_t i, const Result<ByteSpan>& bytes) {
                       ++calls[i];
                       ASSERT_TRUE(bytes.ok()) << bytes.error().message;
                       const ByteRange range = requests[i].range;
                       ASSERT_EQ(bytes.value().size(), (range.bounded() ? range.end : 10000) - range.begin);
                       for (std::size_t k = 0; k < bytes.value().size(); ++k) {
                           const int expected = (i % 3 == 0 ? 'b' : 'a') + static_cast<int>((range.begin + k) % 7);
                           ASSERT_EQ(static_cast<int>(bytes.value()[k]), expected);
                       }
                   },
                   {});
    for (const auto& n : calls) {
        EXPECT_EQ(n.load(), 1);
    }
}

TEST_F(LocalFetcherTest, EachFailureIsItsOwn) {
    const std::vector<FetchRequest> requests = {{folder_ / "a", {0, 4}},
                                                {folder_ / "gone", {0, 4}},
                                                {folder_ / "a", {9990, 10010}},
                                                {"https://host/x?key=secret", {0, 4}},
                                                {folder_ / "a", {20000, ByteRange::kEnd}},
                                                {folder_ / "a", {0, std::uint64_t{1} << 60}},
                                                {folder_ / "b", {4, 8}}};
    std::vector<std::string> got(requests.size());
    fetcher_.fetch(requests,
                   [&](std::size_t i, const Result<ByteSpan>& bytes) {
                       got[i] = bytes.ok()
                                    ? std::string(as_text(bytes.value()))
                                    : std::to_string(static_cast<int>(bytes.error().code)) + bytes.error().message;
                   },
                   {});
    const auto starts = [](ErrorCode code) { return std::to_string(static_cast<int>(code)); };
    EXPECT_EQ(got[0], "abcd");
    EXPECT_EQ(got[1].substr(0, 1), starts(ErrorCode::kNotFound));
    EXPECT_EQ(got[2].substr(0, 1), starts(ErrorCode::kIo));
    EXPECT_EQ(got[3].substr(0, 1), starts(ErrorCode::kUnsupported));
    EXPECT_EQ(got[3].find("secret"), std::string::npos);
    EXPECT_EQ(got[4].substr(0, 1), starts(ErrorCode::kIo));
    EXPECT_EQ(got[5].substr(0, 1), starts(ErrorCode::kIo));
    EXPECT_EQ(got[6], "fghb");
}

TEST_F(LocalFetcherTest, StopsWhenAsked) {
    std::stop_source source;
    const std::vector<FetchRequest> requests(50, {folder_ / "a", {0, 4}});
    std::atomic<int> cancelled{0};
    std::atomic<int> calls{0};
    fetcher_.fetch(requests,
                   [&](std::size_t, const Result<ByteSpan>& bytes) {
                       ++calls;
                       source.request_stop();
                       cancelled += !bytes.ok() && bytes.error().code == ErrorCode::kCancelled ? 1 : 0;
                   },
                   {source.get_token(), 1});
    EXPECT_EQ(calls.load(), 50);
    EXPECT_EQ(cancelled.load(), 49);
}

TEST_F(LocalFetcherTest, GivesOfAClippedRangeWhatThereIs) {
    struct Case {
        ByteRange range;
        std::size_t expected;
    };
    for (const Case& c : {Case{{9990, 10100}, 10}, Case{{0, 20000}, 10000}, Case{{10000, 10001}, 0},
                          Case{{20000, 30000}, 0}, Case{{5, 15}, 10}}) {
        FetchRequest request{folder_ / "a", c.range, true};
        std::size_t got = SIZE_MAX;
        fetcher_.fetch({&request, 1},
                       [&](std::size_t, const Result<ByteSpan>& bytes) {
                           ASSERT_TRUE(bytes.ok()) << bytes.error().message;
                           got = bytes.value().size();
                       },
                       {});
        EXPECT_EQ(got, c.expected) << c.range.begin;
    }
}

TEST_F(LocalFetcherTest, LeavesOutWhatIsNotWanted) {
    const std::vector<FetchRequest> requests(10, {folder_ / "a", {0, 10}});
    FetchOptions options;
    options.wanted = [](std::size_t index) { return index % 2 == 0; };
    std::vector<std::atomic<int>> brought(requests.size()), cancelled(requests.size());
    fetcher_.fetch(
        requests,
        [&](std::size_t i, const Result<ByteSpan>& bytes) {
            ++(bytes.ok() ? brought : cancelled)[i];
            EXPECT_TRUE(bytes.ok() || bytes.error().code == ErrorCode::kCancelled);
        },
        options);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        EXPECT_EQ(brought[i], i % 2 == 0 ? 1 : 0) << i;
        EXPECT_EQ(cancelled[i], i % 2 == 0 ? 0 : 1) << i;
    }
}

TEST_F(LocalFetcherTest, ATickThatSaysNoEndsIt) {
    const std::vector<FetchRequest> requests(1000, {folder_ / "a", {0, 10}});
    const std::thread::id caller = std::this_thread::get_id();
    FetchOptions options;
    options.max_threads = 1;
    int ticks = 0;
    options.tick = [&] {
        EXPECT_EQ(std::this_thread::get_id(), caller);
        return ++ticks < 2;
    };
    int brought = 0;
    int cancelled = 0;
    fetcher_.fetch(
        requests,
        [&](std::size_t, const Result<ByteSpan>& bytes) {
            ++(bytes.ok() ? brought : cancelled);
            std::this_thread::sleep_for(std::chrono::milliseconds(bytes.ok() ? 10 : 0));
        },
        options);
    EXPECT_EQ(ticks, 2);
    EXPECT_EQ(brought + cancelled, 1000);
    EXPECT_GT(cancelled, 900);
}

}  // namespace
}  // namespace vcube
