// What HttpClient tells of a body before all of it is here.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/unit/fetch/http_client_support.h"

namespace vcube {
namespace {

using namespace std::chrono_literals;
using testing_support::Fault;
using testing_support::FaultRule;
using testing_support::HttpServer;
using testing_support::ServerOptions;
using Marks = std::vector<std::uint64_t>;

/// A request's arrivals and its reply, as they come.
class Watched {
public:
    void submit(HttpClient& client, HttpClient::Group group, HttpRequest request) {
        request.arrived = [this](HttpArrival&& arrival) {
            const std::lock_guard lock(mutex_);
            late_ = late_ || reply_;
            arrivals.push_back(std::move(arrival));
            came_.notify_all();
        };
        client.submit(group, std::move(request), [this](HttpReply&& reply) {
            const std::lock_guard lock(mutex_);
            reply_ = std::move(reply);
            came_.notify_all();
        });
    }
    /// Until arrivals reach a length.
    bool wait_for_bytes(std::uint64_t bytes) {
        std::unique_lock lock(mutex_);
        return came_.wait_for(lock, 20s, [&] { return !arrivals.empty() && arrivals.back().body.size() >= bytes; });
    }
    bool wait_for_reply() {
        std::unique_lock lock(mutex_);
        return came_.wait_for(lock, 20s, [this] { return reply_.has_value(); });
    }
    bool ended() {
        const std::lock_guard lock(mutex_);
        return reply_.has_value();
    }
    HttpReply& reply() { return *reply_; }                 // once it is here
    [[nodiscard]] bool any_late() const { return late_; }  // behind the reply

    std::vector<HttpArrival> arrivals;  // to be looked at when nothing more comes

private:
    std::mutex mutex_;
    std::condition_variable came_;
    std::optional<HttpReply> reply_;
    bool late_ = false;
};

/// Sends pieces in reply to the first request, and closes; on loopback. `wait` is called between pieces.
class Once {
public:
    explicit Once(
        std::vector<std::string> pieces, std::function<void()> wait = [] {})
        : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in place{};
        place.sin_family = AF_INET;
        place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof place;
        auto* const address = reinterpret_cast<sockaddr*>(&place);
        EXPECT_EQ(::bind(socket_, address, size), 0);
        EXPECT_EQ(::listen(socket_, 1), 0);
        EXPECT_EQ(::getsockname(socket_, address, &size), 0);
        port_ = ntohs(place.sin_port);
        thread_ = std::thread([this, pieces = std::move(pieces), wait = std::move(wait)] { answer(pieces, wait); });
    }
    Once(const Once&) = delete;
    Once& operator=(const Once&) = delete;
    ~Once() {
        thread_.join();
        ::close(socket_);
    }
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/a"; }

private:
    void answer(const std::vector<std::string>& pieces, const std::function<void()>& wait) const {
        const int connection = ::accept(socket_, nullptr, nullptr);
        std::string request;
        char byte = 0;
        while (!request.ends_with("\r\n\r\n") && ::recv(connection, &byte, 1, 0) == 1) {
            request.push_back(byte);
        }
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            if (i > 0) {
                wait();
            }
            send(connection, pieces[i]);
        }
        ::close(connection);
    }
    static void send(int connection, std::string_view text) {
        while (!text.empty()) {
            const auto sent = ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                return;
            }
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    int socket_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

class HttpArrivalTest : public testing::Test {
protected:
    HttpArrivalTest() { server_.put("a", content_); }

    static HttpRequest request_of(const std::string& url, ByteRange range, Marks marks) {
        HttpRequest request = vcube::request_of(url, range);
        request.marks = std::move(marks);
        return request;
    }

    void ask(Watched& watched, HttpRequest request) {
        watched.submit(client_, client_.make_group(), std::move(request));
        ASSERT_TRUE(watched.wait_for_reply());
        client_.release(watched.reply().body.size());
        EXPECT_FALSE(watched.any_late());
    }

    const std::string content_ = letters(100'000);
    HttpServer server_{ServerOptions{}};
    HttpClient client_;
};

TEST_F(HttpArrivalTest, TellsEachMarkOnceInOrder) {
    const Marks marks = {1, 1000, 1000, 20'000, 45'000, 45'001, 80'000, 90'000};
    const std::vector<std::uint64_t> lengths = {1500, 30'000, 45'000, 45'001, 85'000, 90'000};  // that come one by one
    const Marks reached = {1000, 20'000, 45'000, 45'001, 80'000};                               // by then
    std::vector<std::string> pieces = {
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 10000-99999/100000\r\n"
        "Content-Length: 90000\r\nETag: \"1\"\r\n\r\n"};
    std::uint64_t before = 0;
    for (const std::uint64_t length : lengths) {
        pieces.push_back(content_.substr(10'000 + before, length - before));
        before = length;
    }
    Watched watched;
    std::size_t waits = 0;
    Once server(pieces, [&] {
        if (waits > 0) {
            EXPECT_TRUE(watched.wait_for_bytes(reached[waits - 1]));
        }
        ++waits;
    });
    ask(watched, request_of(server.url(), {10'000, 100'000}, marks));
    ASSERT_EQ(watched.reply().fault, TransportFault::kNone) << watched.reply().reason;
    EXPECT_EQ(as_text(watched.reply().body.span()), content_.substr(10'000));
    EXPECT_GE(watched.arrivals.size(), 5U);  // a piece may come in more than one
    before = 0;
    for (const HttpArrival& arrival : watched.arrivals) {
        const std::uint64_t size = arrival.body.size();
        const bool any_new =
            std::any_of(marks.begin(), marks.end(), [&](std::uint64_t mark) { return before < mark && mark <= size; });
        EXPECT_TRUE(any_new) << before << " " << size;
        EXPECT_LT(size, 90'000U);  // all of it is the reply
        EXPECT_EQ(as_text(arrival.body.span()), content_.substr(10'000, size));
        EXPECT_EQ(arrival.version.etag, "\"1\"");
        EXPECT_EQ(arrival.version.size, 100'000U);
        before = size;
    }
}

TEST_F(HttpArrivalTest, OfSeveralMarksThatAreReachedTheLongestCounts) {
    server_.set_rules({rule_of(Fault::kStall)});  // with the beginning of the body in one piece
    Watched watched;
    const auto group = client_.make_group();
    watched.submit(client_, group, request_of(server_.url("a"), {500, 1500}, {1, 2, 2, 100, 400, 501, 1000}));
    ASSERT_TRUE(watched.wait_for_bytes(500));
    client_.cancel(group);
    ASSERT_TRUE(watched.wait_for_reply());
    ASSERT_EQ(watched.arrivals.size(), 1U);
    EXPECT_EQ(as_text(watched.arrivals[0].body.span()), content_.substr(500, 500));
}

TEST_F(HttpArrivalTest, WhatHasArrivedOutlivesItsRequest) {
    server_.set_rules({rule_of(Fault::kStall)});
    Watched watched;
    {
        HttpClient client;
        const auto group = client.make_group();
        watched.submit(client, group, request_of(server_.url("a"), {}, {10'000, 40'000, 90'000}));
        ASSERT_TRUE(watched.wait_for_bytes(40'000));
        EXPECT_FALSE(watched.ended());
        client.cancel(group);
        ASSERT_TRUE(watched.wait_for_reply());
        EXPECT_EQ(watched.reply().fault, TransportFault::kCancelled);
        EXPECT_TRUE(watched.reply().body.empty());
        // Other bodies do not take its place.
        server_.set_rules({});
        for (int i = 0; i < 10; ++i) {
            Watched other;
            other.submit(client, group, request_of(server_.url("a"), {50'000, 100'000}, {}));
            ASSERT_TRUE(other.wait_for_reply());
            EXPECT_EQ(as_text(other.reply().body.span()), content_.substr(50'000));
            client.release(50'000);
        }
    }
    for (const HttpArrival& arrival : watched.arrivals) {
        EXPECT_EQ(as_text(arrival.body.span()), content_.substr(0, arrival.body.size()));
    }
}

/// A body of its own memory, and one that is in a slab beside others, when its reply is dropped.
TEST_F(HttpArrivalTest, WhatHasArrivedOutlivesItsReply) {
    const std::string large = letters(6'000'000);
    for (const std::uint64_t size : {std::uint64_t{100'000}, std::uint64_t{6'000'000}}) {
        const std::string length = std::to_string(size);
        Watched watched;
        Once server({"HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n" + large.substr(0, size / 2),
                     large.substr(size / 2, size - size / 2)},
                    [&] { EXPECT_TRUE(watched.wait_for_bytes(size / 2)); });
        ask(watched, request_of(server.url(), {}, {size / 10, size / 2}));
        EXPECT_EQ(watched.reply().body.size(), size);
        watched.reply() = HttpReply();
        ASSERT_FALSE(watched.arrivals.empty());
        for (const HttpArrival& arrival : watched.arrivals) {
            EXPECT_TRUE(as_text(arrival.body.span()) == std::string_view(large).substr(0, arrival.body.size()));
        }
    }
}

TEST_F(HttpArrivalTest, TellsNothingOfACompleteBody) {
    FaultRule slow = rule_of(Fault::kSlow);
    slow.pause = 3ms;
    server_.set_rules({slow});
    Watched watched;
    ask(watched, request_of(server_.url("a"), {5, 50'005}, {50'000}));
    EXPECT_EQ(as_text(watched.reply().body.span()), content_.substr(5, 50'000));
    EXPECT_TRUE(watched.arrivals.empty());
}

TEST_F(HttpArrivalTest, TellsNothingOfAnError) {
    const Marks marks = {1, 10, 100, 1000, 3000};
    for (const int status : {403, 404, 416, 503}) {
        FaultRule rule = rule_of(Fault::kStatus);
        rule.status = status;
        rule.body = letters(3500);
        server_.set_rules({rule});
        Watched watched;
        ask(watched, request_of(server_.url("a"), {0, 50'000}, marks));
        EXPECT_EQ(watched.reply().head.status, status);
        EXPECT_EQ(watched.reply().body.size(), 3500U);
        EXPECT_TRUE(watched.arrivals.empty()) << status;
    }
}

TEST_F(HttpArrivalTest, TellsNothingOfBytesOtherThanThoseWanted) {
    for (const Fault fault : {Fault::kWrongRange, Fault::kShortRange, Fault::kLongBody, Fault::kWebPage}) {
        server_.set_rules({rule_of(fault)});
        Watched watched;
        ask(watched, request_of(server_.url("a"), {10'000, 60'000}, {1, 10, 20'000, 40'000}));
        EXPECT_TRUE(watched.arrivals.empty()) << static_cast<int>(fault);
    }
}

TEST_F(HttpArrivalTest, SkipsWhatStandsBeforeTheRange) {
    ServerOptions options;
    options.ranges = false;
    options.rules = {rule_of(Fault::kStall)};
    HttpServer whole(options);
    whole.put("a", content_);
    Watched watched;
    const auto group = client_.make_group();
    watched.submit(client_, group, request_of(whole.url("a"), {10'000, 60'000}, {1, 39'000, 45'000}));
    ASSERT_TRUE(watched.wait_for_bytes(39'000));
    client_.cancel(group);
    ASSERT_TRUE(watched.wait_for_reply());
    EXPECT_LE(watched.arrivals.back().body.size(), 40'000U);
    for (const HttpArrival& arrival : watched.arrivals) {
        EXPECT_EQ(as_text(arrival.body.span()), content_.substr(10'000, arrival.body.size()));
        EXPECT_EQ(arrival.version.size, 100'000U);
    }
}

/// Whether all came that belongs to it only its end shows.
TEST_F(HttpArrivalTest, TellsNothingOfABodyWhoseLengthIsNotAnnounced) {
    const std::string part = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-49999/100000\r\n";
    const std::string chunk = "6000\r\n" + content_.substr(0, 0x6000) + "\r\n";
    const std::string replies[] = {
        part + "Transfer-Encoding: chunked\r\n\r\n" + chunk + chunk + "0\r\n\r\n",
        part + "Connection: close\r\n\r\n" + content_.substr(0, 40'000),
    };
    for (const std::string& text : replies) {
        Once server({text});
        Watched watched;
        ask(watched, request_of(server.url(), {0, 50'000}, {1, 20'000, 40'000}));
        EXPECT_EQ(watched.reply().head.status, 206) << watched.reply().reason;
        EXPECT_GE(watched.reply().received, 40'000U);
        EXPECT_TRUE(watched.arrivals.empty());
    }
    Once server({part + "Content-Length: 50000\r\n\r\n" + content_.substr(0, 40'000)});
    Watched watched;
    ask(watched, request_of(server.url(), {0, 50'000}, {1, 20'000, 40'000}));
    EXPECT_EQ(watched.reply().fault, TransportFault::kBroken);
    ASSERT_FALSE(watched.arrivals.empty());
    EXPECT_EQ(as_text(watched.arrivals.back().body.span()), content_.substr(0, 40'000));
}

/// Handles are used again.
TEST_F(HttpArrivalTest, RequestsDoNotTellEachOthersMarks) {
    const auto group = client_.make_group();
    for (int i = 0; i < 3; ++i) {
        server_.set_rules({rule_of(Fault::kStall)});
        Watched watched;
        watched.submit(client_, group, request_of(server_.url("a"), {}, {100, 30'000}));
        ASSERT_TRUE(watched.wait_for_bytes(30'000));
        client_.cancel(group);
        ASSERT_TRUE(watched.wait_for_reply());
        server_.set_rules({});
        Watched silent;
        ask(silent, request_of(server_.url("a"), {}, {}));
        EXPECT_EQ(silent.reply().body.size(), 100'000U);
        EXPECT_TRUE(silent.arrivals.empty());
    }
}

}  // namespace
}  // namespace vcube
