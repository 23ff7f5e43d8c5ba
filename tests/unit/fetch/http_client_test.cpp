#include "core/fetch/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/unit/fetch/http_client_support.h"

namespace vcube {
namespace {

using namespace std::chrono_literals;
using testing_support::Fault;
using testing_support::FaultRule;
using testing_support::HttpServer;
using testing_support::ServerOptions;
using Clock = std::chrono::steady_clock;

/// Replies by the number of their request, in the order in which they came.
class Replies {
public:
    HttpClient::Done slot(std::size_t number) {
        return [this, number](HttpReply&& reply) {
            const std::lock_guard lock(mutex_);
            order_.push_back(number);
            replies_[number] = std::move(reply);
            came_.notify_all();
        };
    }
    bool wait(std::size_t count) {
        std::unique_lock lock(mutex_);
        return came_.wait_for(lock, 20s, [&] { return order_.size() >= count; });
    }
    std::size_t count() {
        const std::lock_guard lock(mutex_);
        return order_.size();
    }
    std::vector<std::size_t> order() {
        const std::lock_guard lock(mutex_);
        return order_;
    }
    HttpReply& operator[](std::size_t number) {
        const std::lock_guard lock(mutex_);
        return replies_[number];
    }

private:
    std::mutex mutex_;
    std::condition_variable came_;
    std::vector<std::size_t> order_;
    std::map<std::size_t, HttpReply> replies_;
};

class HttpClientTest : public testing::Test {
protected:
    HttpClientTest() { server_.put("a", content_); }

    HttpReply ask(HttpRequest request) {
        Replies replies;
        client_.submit(client_.make_group(), std::move(request), replies.slot(0));
        EXPECT_TRUE(replies.wait(1));
        client_.release(replies[0].body.size());
        return std::move(replies[0]);
    }

    const std::string content_ = letters(100'000);
    HttpServer server_{ServerOptions{}};
    HttpClient client_;
};

TEST_F(HttpClientTest, BringsARange) {
    const HttpReply reply = ask(request_of(server_.url("a"), {1000, 51'000}));
    EXPECT_EQ(reply.fault, TransportFault::kNone) << reply.reason;
    EXPECT_EQ(reply.head.status, 206);
    EXPECT_EQ(reply.head.content_range, "bytes 1000-50999/100000");
    EXPECT_EQ(reply.head.content_length, 50'000U);
    EXPECT_FALSE(reply.head.etag.empty());
    EXPECT_EQ(as_text(reply.body.span()), content_.substr(1000, 50'000));
    EXPECT_EQ(reply.received, 50'000U);
    EXPECT_EQ(reply.sent, 1U);
    EXPECT_FALSE(reply.cut);
}

TEST_F(HttpClientTest, BringsAWholeObjectAndItsEnd) {
    EXPECT_EQ(as_text(ask(request_of(server_.url("a"))).body.span()), content_);
    EXPECT_EQ(as_text(ask(request_of(server_.url("a"), {99'990, ByteRange::kEnd})).body.span()),
              content_.substr(99'990));
    EXPECT_EQ(as_text(ask(request_of(server_.url("a"), ByteRange::last(7))).body.span()), content_.substr(99'993));
}

TEST_F(HttpClientTest, UsesConnectionsAgain) {
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(ask(request_of(server_.url("a"), {0, 10})).head.status, 206);
    }
    EXPECT_EQ(server_.counts().connections, 1U);
    EXPECT_EQ(ask(request_of(server_.url("absent"))).head.status, 404);
    EXPECT_EQ(ask(request_of(server_.url("a"), {0, 10})).head.status, 206);
    EXPECT_EQ(server_.counts().connections, 1U);
}

TEST_F(HttpClientTest, SendsWhatTheTargetSays) {
    HttpTarget target;
    target.url = server_.url("a?signature=1");
    target.headers = {"X-Thing: 5"};
    target.auth = "BEARER";
    target.bearer = "token";
    HttpSettings settings;
    settings.user_agent = "vcube/test";
    settings.cookie = "a=b";
    target.settings = std::make_shared<const HttpSettings>(settings);
    HttpRequest request = request_of("", {5, 6});
    request.target = std::make_shared<const HttpTarget>(target);
    EXPECT_EQ(as_text(ask(request).body.span()), content_.substr(5, 1));
    auto sent = server_.log().back();
    EXPECT_EQ(sent.method, "GET");
    EXPECT_THAT(sent.path, testing::EndsWith("a?signature=1"));
    EXPECT_EQ(sent.headers["range"], "bytes=5-5");
    EXPECT_EQ(sent.headers["x-thing"], "5");
    EXPECT_EQ(sent.headers["authorization"], "Bearer token");
    EXPECT_EQ(sent.headers["user-agent"], "vcube/test");
    EXPECT_EQ(sent.headers["cookie"], "a=b");
    EXPECT_FALSE(sent.headers.contains("accept-encoding"));

    // The next request has nothing of it.
    (void)ask(request_of(server_.url("a"), {5, 6}));
    sent = server_.log().back();
    EXPECT_FALSE(sent.headers.contains("authorization"));
    EXPECT_FALSE(sent.headers.contains("cookie"));
    EXPECT_FALSE(sent.headers.contains("x-thing"));
}

TEST_F(HttpClientTest, TakesUserAndPassword) {
    HttpTarget target;
    target.url = server_.url("a");
    target.user_password = "Aladdin:open sesame";  // RFC 7617, section 2
    target.auth = "BASIC";
    HttpRequest request = request_of("", {5, 6});
    request.target = std::make_shared<const HttpTarget>(target);
    (void)ask(request);
    EXPECT_EQ(server_.log().back().headers["authorization"], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST_F(HttpClientTest, ReadsAndWritesFilesOfCookies) {
    // The format of Netscape: domain, subdomains, path, secure, expiry (0: of this session), name, value.
    const std::string folder = testing::TempDir() + "vcube_cookies_" + std::to_string(::getpid());
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/in") << "127.0.0.1\tFALSE\t/\tFALSE\t0\tfruit\tapple\n";
    HttpSettings settings;
    settings.cookie_file = folder + "/in";
    settings.cookie_jar = folder + "/out";
    HttpTarget target;
    target.url = server_.url("a");
    target.settings = std::make_shared<const HttpSettings>(settings);
    {
        HttpClient client;
        for (int i = 0; i < 2; ++i) {
            Replies replies;
            HttpRequest request = request_of("", {0, 1});
            request.target = std::make_shared<const HttpTarget>(target);
            client.submit(client.make_group(), std::move(request), replies.slot(0));
            ASSERT_TRUE(replies.wait(1));
            EXPECT_EQ(server_.log().back().headers["cookie"], "fruit=apple");
        }
    }
    std::ifstream jar(folder + "/out");
    const std::string kept{std::istreambuf_iterator<char>(jar), {}};
    EXPECT_THAT(kept, testing::HasSubstr("fruit\tapple"));
    std::filesystem::remove_all(folder);
}

TEST_F(HttpClientTest, RefusesWhatCannotBeAskedFor) {
    for (const char* url : {"", "ftp://127.0.0.1/a", "file:///etc/passwd", "http://", "http://a b/"}) {
        EXPECT_EQ(ask(request_of(url)).fault, TransportFault::kUnusable) << url;
    }
    HttpTarget target;
    target.url = server_.url("a");
    target.headers = {"X-Thing: 5\r\nX-Other: 6"};
    HttpRequest request = request_of("");
    request.target = std::make_shared<const HttpTarget>(target);
    EXPECT_EQ(ask(request).fault, TransportFault::kUnusable);
    target.headers.clear();
    target.auth = "MAGIC";
    request.target = std::make_shared<const HttpTarget>(target);
    EXPECT_EQ(ask(request).fault, TransportFault::kUnusable);
    EXPECT_EQ(server_.counts().requests, 0U);
}

TEST_F(HttpClientTest, NamesFaultsWithoutTheUrl) {
    std::uint16_t closed = 0;
    { closed = HttpServer(ServerOptions{}).port(); }
    const HttpReply unreachable = ask(request_of("http://127.0.0.1:" + std::to_string(closed) + "/a?secret=1"));
    EXPECT_EQ(unreachable.fault, TransportFault::kUnreachable);
    EXPECT_EQ(unreachable.sent, 0U);
    EXPECT_THAT(unreachable.reason, testing::HasSubstr("refused"));
    EXPECT_THAT(unreachable.reason, testing::Not(testing::HasSubstr("secret")));
    EXPECT_THAT(unreachable.reason, testing::Not(testing::HasSubstr("127.0.0.1")));

    for (const Fault fault : {Fault::kResetBefore, Fault::kResetMiddle, Fault::kShortBody, Fault::kGarbage}) {
        server_.set_rules({rule_of(fault)});
        const HttpReply reply = ask(request_of(server_.url("a?secret=1"), {0, 50'000}));
        EXPECT_EQ(reply.fault, TransportFault::kBroken) << static_cast<int>(fault);
        EXPECT_GE(reply.sent, 1U);
        EXPECT_TRUE(reply.body.empty());
        EXPECT_FALSE(reply.reason.empty());
        EXPECT_THAT(reply.reason, testing::Not(testing::HasSubstr("secret")));
    }
    EXPECT_EQ(ask(request_of("http://no-such-name.invalid/a")).fault, TransportFault::kUnreachable);
}

TEST_F(HttpClientTest, NoticesAServerThatStalls) {
    for (const Fault fault : {Fault::kStall, Fault::kSilence}) {
        server_.set_rules({rule_of(fault)});
        HttpRequest request = request_of(server_.url("a"));
        request.timeout = 120ms;
        const HttpReply reply = ask(std::move(request));
        EXPECT_EQ(reply.fault, TransportFault::kStalled);
        EXPECT_THAT(reply.reason, testing::HasSubstr("120 ms"));
    }
    FaultRule slow = rule_of(Fault::kSlow);  // longer than the time-out in all, but never silent for so long
    slow.pause = 80ms;
    server_.set_rules({slow});
    HttpRequest request = request_of(server_.url("a"));
    request.timeout = 1s;
    EXPECT_EQ(as_text(ask(std::move(request)).body.span()), content_);
}

TEST_F(HttpClientTest, EndsABodyThatIsLongerThanWanted) {
    server_.put("large", letters(30'000'000));
    server_.set_rules({rule_of(Fault::kWholeObject)});
    const HttpReply reply = ask(request_of(server_.url("large"), {10, 110}));
    EXPECT_EQ(reply.fault, TransportFault::kNone) << reply.reason;
    EXPECT_EQ(reply.head.status, 200);
    EXPECT_TRUE(reply.cut);
    EXPECT_EQ(as_text(reply.body.span()), letters(110).substr(10));
    EXPECT_LT(reply.received, 10'000'000U);
}

TEST_F(HttpClientTest, KeepsToTheLimitOfAHost) {
    server_.set_latency(20ms);
    Replies replies;
    const auto group = client_.make_group();
    for (std::size_t i = 0; i < 60; ++i) {
        HttpRequest request = request_of(server_.url("a"), {i, i + 1});
        request.host_limit = 5;
        client_.submit(group, std::move(request), replies.slot(i));
    }
    ASSERT_TRUE(replies.wait(60));
    EXPECT_EQ(server_.counts().most_at_once, 5U);
    EXPECT_LE(server_.counts().connections, 5U);
    for (std::size_t i = 0; i < 60; ++i) {
        EXPECT_EQ(as_text(replies[i].body.span()), content_.substr(i, 1));
    }
}

TEST_F(HttpClientTest, SendsInOrderAndGroupsTakeTurns) {
    server_.set_latency(5ms);
    Replies replies;
    const auto first = client_.make_group();
    const auto second = client_.make_group();
    const auto submit = [&](HttpClient::Group group, std::size_t number) {
        HttpRequest request = request_of(server_.url("a"), {number, number + 1});
        request.host_limit = 1;
        client_.submit(group, std::move(request), replies.slot(number));
    };
    for (std::size_t i = 0; i < 20; ++i) {
        submit(first, i);
    }
    for (std::size_t i = 100; i < 110; ++i) {
        submit(second, i);
    }
    ASSERT_TRUE(replies.wait(30));
    std::vector<std::size_t> firsts;
    std::vector<std::size_t> seconds;
    const std::vector<std::size_t> order = replies.order();
    std::copy_if(order.begin(), order.end(), std::back_inserter(firsts), [](std::size_t i) { return i < 100; });
    std::copy_if(order.begin(), order.end(), std::back_inserter(seconds), [](std::size_t i) { return i >= 100; });
    EXPECT_TRUE(std::is_sorted(firsts.begin(), firsts.end()));
    EXPECT_TRUE(std::is_sorted(seconds.begin(), seconds.end()));
    // Those that came later did not wait for all of those before them.
    EXPECT_LT(std::find(order.begin(), order.end(), 109U), std::find(order.begin(), order.end(), 19U));
}

TEST_F(HttpClientTest, WaitsUntilARequestMayBeSent) {
    HttpRequest request = request_of(server_.url("a"), {0, 1});
    const auto due = Clock::now() + 150ms;
    request.not_before = due;
    (void)ask(std::move(request));
    EXPECT_GE(Clock::now(), due);
}

TEST_F(HttpClientTest, BoundsTheBytesInMemory) {
    HttpClient client(100'000);
    Replies replies;
    const auto group = client.make_group();
    for (std::size_t i = 0; i < 10; ++i) {
        client.submit(group, request_of(server_.url("a"), {0, 30'000}), replies.slot(i));
    }
    ASSERT_TRUE(replies.wait(3));
    std::this_thread::sleep_for(100ms);
    EXPECT_EQ(replies.count(), 3U);
    EXPECT_EQ(server_.counts().requests, 3U);
    for (std::size_t i = 0; i < 10; ++i) {
        ASSERT_TRUE(replies.wait(i + 1));
        client.release(30'000);
    }
    // One that is larger than the bound alone comes when nothing else is in memory.
    client.submit(group, request_of(server_.url("a")), replies.slot(10));
    client.submit(group, request_of(server_.url("a"), {0, 100'000}), replies.slot(11));
    ASSERT_TRUE(replies.wait(11));
    client.release(replies[10].body.size());
    ASSERT_TRUE(replies.wait(12));
}

TEST_F(HttpClientTest, AsksForTheLatestTarget) {
    server_.set_latency(10ms);
    Replies replies;
    const auto group = client_.make_group();
    auto now = std::make_shared<std::atomic<int>>(0);
    server_.put("b", "b");
    for (std::size_t i = 0; i < 3; ++i) {
        HttpRequest request = request_of(server_.url("a"), {0, 1});
        request.host_limit = 1;
        request.latest = [now, other = request_of(server_.url("b")).target, same = request.target] {
            const int turn = (*now)++;
            return turn == 0 ? same : turn == 1 ? other : nullptr;
        };
        client_.submit(group, std::move(request), replies.slot(i));
    }
    ASSERT_TRUE(replies.wait(3));
    EXPECT_EQ(as_text(replies[0].body.span()), "a");
    EXPECT_EQ(as_text(replies[1].body.span()), "b");
    EXPECT_EQ(replies[2].fault, TransportFault::kCancelled);
    EXPECT_EQ(server_.counts().requests, 2U);
}

TEST_F(HttpClientTest, CancelsAGroup) {
    server_.set_rules({rule_of(Fault::kSilence)});
    Replies replies;
    const auto group = client_.make_group();
    for (std::size_t i = 0; i < 50; ++i) {
        HttpRequest request = request_of(server_.url("a"), {i, i + 1});
        request.not_before = i % 10 == 0 ? Clock::now() + 1h : Clock::time_point{};
        client_.submit(group, std::move(request), replies.slot(i));
    }
    while (server_.counts().requests < 16) {
        std::this_thread::yield();
    }
    client_.cancel(group);
    ASSERT_TRUE(replies.wait(50));
    for (std::size_t i = 0; i < 50; ++i) {
        EXPECT_EQ(replies[i].fault, TransportFault::kCancelled);
    }
    server_.set_rules({});
    EXPECT_EQ(ask(request_of(server_.url("a"), {0, 1})).head.status, 206);
}

TEST_F(HttpClientTest, DestructionCancelsWhatIsUnderWay) {
    server_.set_rules({rule_of(Fault::kSilence)});
    Replies replies;
    {
        HttpClient client;
        for (std::size_t i = 0; i < 20; ++i) {
            client.submit(client.make_group(), request_of(server_.url("a")), replies.slot(i));
        }
        while (server_.counts().requests < 16) {
            std::this_thread::yield();
        }
    }
    ASSERT_EQ(replies.count(), 20U);
    for (std::size_t i = 0; i < 20; ++i) {
        EXPECT_EQ(replies[i].fault, TransportFault::kCancelled);
    }
}

#if !defined(__SANITIZE_THREAD__)
TEST_F(HttpClientTest, WorksInAForkedChildAndInTheParentAfterIt) {
    (void)ask(request_of(server_.url("a"), {0, 10}));
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        std::promise<bool> right;
        client_.submit(client_.make_group(), request_of(server_.url("a"), {10, 20}), [&](HttpReply&& reply) {
            right.set_value(as_text(reply.body.span()) == std::string_view(content_).substr(10, 10));
        });
        auto answer = right.get_future();
        ::_exit(answer.wait_for(10s) == std::future_status::ready && answer.get() ? 7 : 1);
    }
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(as_text(ask(request_of(server_.url("a"), {20, 30})).body.span()), content_.substr(20, 10));
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 7);
    EXPECT_EQ(server_.counts().connections, 2U);
}
#endif

}  // namespace
}  // namespace vcube
