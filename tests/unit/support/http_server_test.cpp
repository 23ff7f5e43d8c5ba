#include "tests/support/http_server/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <numeric>
#include <thread>

#include "tests/support/http_server/fault_names.h"

namespace vcube::testing_support {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

enum class Ending { kClosed, kReset, kSilent };

struct Heard {
    std::string text;
    Ending ending = Ending::kClosed;

    [[nodiscard]] std::string body() const {
        const auto blank = text.find("\r\n\r\n");
        return blank == std::string::npos ? "" : text.substr(blank + 4);
    }
};

/// Sends one request on a connection of its own and hears until the server ends it, or is silent for 0.2 seconds.
Heard ask(const HttpServer& server, const std::string& line, const std::string& headers = "Connection: close\r\n") {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    const timeval limit{0, 200'000};
    (void)::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    const std::string request = line + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
    EXPECT_EQ(::send(socket, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
    Heard out;
    std::array<char, 4096> buffer;
    ssize_t got = 0;
    while ((got = ::recv(socket, buffer.data(), buffer.size(), 0)) > 0) {
        out.text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    if (got < 0) {
        out.ending = errno == ECONNRESET ? Ending::kReset : Ending::kSilent;
    }
    ::close(socket);
    return out;
}

std::string thousand_bytes() {
    std::string out(1000, '\0');
    std::iota(out.begin(), out.end(), '\0');
    return out;
}

constexpr const char* kRange = "Range: bytes=100-299\r\nConnection: close\r\n";

TEST(HttpServer, ServesRangesOfObjects) {
    HttpServer server({});
    const std::string content = thousand_bytes();
    server.put("a/b.bin", content);
    const Heard part = ask(server, "GET /a/b.bin?x=1", kRange);
    EXPECT_THAT(part.text, StartsWith("HTTP/1.1 206 "));
    EXPECT_THAT(part.text, HasSubstr("\r\nContent-Range: bytes 100-299/1000\r\n"));
    EXPECT_EQ(part.body(), content.substr(100, 200));
    EXPECT_EQ(ask(server, "GET /a%2Fb.bin", "Range: bytes=-4\r\nConnection: close\r\n").body(), content.substr(996));
    EXPECT_EQ(ask(server, "GET /a/b.bin").body(), content);
    EXPECT_EQ(ask(server, "HEAD /a/b.bin").body(), "");
    EXPECT_THAT(ask(server, "GET /a/b.bin", "Range: bytes=1000-\r\nConnection: close\r\n").text,
                HasSubstr("\r\nContent-Range: bytes */1000\r\n"));
    EXPECT_THAT(ask(server, "GET /a").text, StartsWith("HTTP/1.1 404 "));
    EXPECT_THAT(ask(server, "GET /../etc/passwd").text, StartsWith("HTTP/1.1 404 "));
    const ServerCounts counts = server.counts();
    EXPECT_EQ(counts.requests, 7U);
    EXPECT_EQ(counts.connections, 7U);
    EXPECT_EQ(counts.most_at_once, 1U);
    EXPECT_EQ(server.log().front().path, "/a/b.bin?x=1");
    EXPECT_EQ(server.log().front().headers.at("range"), "bytes=100-299");
    EXPECT_EQ(server.log().front().body_bytes, 200U);
}

TEST(HttpServer, SendsNothingThatTheClientHas) {
    HttpServer server({});
    server.put("a", "abc");  // ETag "put-1"
    const auto heard = [&](const std::string& header) {
        return ask(server, "GET /a", header + "\r\nConnection: close\r\n");
    };
    const std::string whole = heard("Accept: */*").text;
    const auto place = whole.find("Last-Modified: ") + 15;
    const std::string modified = whole.substr(place, whole.find("\r\n", place) - place);
    for (const std::string& header :
         {std::string("If-None-Match: \"put-1\""), std::string("If-None-Match: \"x\", W/\"put-1\""),
          std::string("If-None-Match: *"), std::string("If-None-Match: \"put-1\"\r\nRange: bytes=0-1"),
          "If-Modified-Since: " + modified, std::string("If-Modified-Since: Fri, 20 Nov 2099 19:12:50 GMT")}) {
        const Heard reply = heard(header);
        EXPECT_THAT(reply.text, StartsWith("HTTP/1.1 304 Not Modified\r\n")) << header;
        EXPECT_THAT(reply.text, HasSubstr("\r\nETag: \"put-1\"\r\n")) << header;
        EXPECT_EQ(reply.body(), "") << header;
    }
    for (const std::string& header :
         {std::string("If-None-Match: \"put-2\""), std::string("If-None-Match: \"put\""),
          "If-None-Match: \"x\"\r\nIf-Modified-Since: " + modified,
          std::string("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"), std::string("If-Modified-Since: today")}) {
        EXPECT_EQ(heard(header).body(), "abc") << header;
    }
    EXPECT_THAT(ask(server, "GET /b", "If-None-Match: *\r\nConnection: close\r\n").text, StartsWith("HTTP/1.1 404 "));
}

struct Broken {
    Fault fault;
    std::string beginning;  // of what is heard
    std::string header;     // a line in it
    std::size_t body;
    Ending ending;
};

class Faults : public ::testing::TestWithParam<Broken> {};

TEST_P(Faults, AreAsTheyAreCalled) {
    const Broken& wanted = GetParam();
    FaultRule rule;
    rule.fault = wanted.fault;
    rule.retry_after = "7";
    rule.body = "busy";
    rule.location = "http://localhost/{path}";
    rule.pause = 1ms;
    rule.times = 1;
    ServerOptions options;
    options.rules = {rule};
    HttpServer server(options);
    server.put("a", thousand_bytes());
    const Heard heard = ask(server, "GET /a", kRange);
    EXPECT_THAT(heard.text, StartsWith(wanted.beginning));
    EXPECT_THAT(heard.text, HasSubstr(wanted.header));
    EXPECT_EQ(heard.body().size(), wanted.body);
    EXPECT_EQ(heard.ending, wanted.ending);
    const ServerCounts counts = server.counts();
    EXPECT_EQ(counts.by_fault, (std::map<std::string, std::uint64_t>{{std::string(fault_name(wanted.fault)), 1}}));
    EXPECT_EQ(ask(server, "GET /a", kRange).body(), thousand_bytes().substr(100, 200)) << "once only";
}

INSTANTIATE_TEST_SUITE_P(
    All, Faults,
    ::testing::Values(Broken{Fault::kStatus, "HTTP/1.1 503 ", "\r\nRetry-After: 7\r\n", 4, Ending::kClosed},
                      Broken{Fault::kResetBefore, "", "", 0, Ending::kReset},
                      Broken{Fault::kShortBody, "HTTP/1.1 206 ", "Length: 200\r\n", 100, Ending::kClosed},
                      Broken{Fault::kLongBody, "HTTP/1.1 206 ", "bytes 100-1299/2000\r\n", 1200, Ending::kClosed},
                      Broken{Fault::kWholeObject, "HTTP/1.1 200 ", "Length: 1000\r\n", 1000, Ending::kClosed},
                      Broken{Fault::kWrongRange, "HTTP/1.1 206 ", "bytes 101-300/1000\r\n", 200, Ending::kClosed},
                      Broken{Fault::kShortRange, "HTTP/1.1 206 ", "bytes 100-199/1000\r\n", 100, Ending::kClosed},
                      Broken{Fault::kWebPage, "HTTP/1.1 200 ", "text/html", 106, Ending::kClosed},
                      Broken{Fault::kGarbage, "\x15", "", 0, Ending::kClosed},
                      Broken{Fault::kStall, "HTTP/1.1 206 ", "Length: 200\r\n", 100, Ending::kSilent},
                      Broken{Fault::kSilence, "", "", 0, Ending::kSilent},
                      Broken{Fault::kSlow, "HTTP/1.1 206 ", "Length: 200\r\n", 200, Ending::kClosed},
                      Broken{Fault::kOtherVersion, "HTTP/1.1 206 ", "bytes 100-299/1001\r\n", 200, Ending::kClosed},
                      Broken{Fault::kRedirect, "HTTP/1.1 302 ", "Location: http://localhost/a\r\n", 0,
                             Ending::kClosed}),
    [](const auto& instance) { return std::string(fault_name(instance.param.fault)); });

TEST(HttpServer, ResetsInTheMiddle) {
    ServerOptions options;
    options.rules = {{.fault = Fault::kResetMiddle}};
    HttpServer server(options);
    server.put("a", thousand_bytes());
    const Heard heard = ask(server, "GET /a", kRange);
    EXPECT_EQ(heard.ending, Ending::kReset);
    EXPECT_LE(heard.body().size(), 100U);  // a reset drops what was not received yet
    EXPECT_EQ(server.counts().body_bytes, 100U);
}

TEST(HttpServer, AnswersSideBySideAndEndsWithConnectionsOpen) {
    ServerOptions options;
    options.latency = 100ms;
    options.require_header = "Authorization: Bearer abc";
    HttpServer server(options);
    server.put("a", "A");
    std::vector<std::thread> clients;
    for (int i = 0; i < 20; ++i) {
        clients.emplace_back([&server] {
            EXPECT_EQ(ask(server, "GET /a", "Authorization: Bearer abc\r\n").body(), "A");  // and is kept alive
        });
    }
    for (std::thread& client : clients) {
        client.join();
    }
    EXPECT_GT(server.counts().most_at_once, 1U);
    EXPECT_THAT(ask(server, "GET /a").text, StartsWith("HTTP/1.1 401 "));
}

}  // namespace
}  // namespace vcube::testing_support
