#include "tests/support/http_server/connection.h"

#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

namespace vcube::testing_support {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t kMaxHeader = std::size_t{64} << 10U;
constexpr std::uint64_t kLastBytes = std::uint64_t{32} << 10U;  // what a socket takes without waiting for the client
constexpr std::uint64_t kPieces = 16;

/// How a body is cut: pieces of `bytes`, each sent `every` after the one before.
struct Pace {
    std::uint64_t bytes;
    Clock::duration every;
};

Pace pace_of(const Reply& reply, std::uint64_t bytes_per_second) {
    const std::uint64_t all = std::max<std::uint64_t>(reply.body_bytes(), 1);
    if (reply.pause > 0ms) {
        return {std::max<std::uint64_t>(all / kPieces, 1), reply.pause};
    }
    if (bytes_per_second > 0) {
        return {std::max<std::uint64_t>(bytes_per_second / 100, 1), 10ms};
    }
    return {all, 0ms};
}

}  // namespace

Connection::~Connection() {
    ::close(socket_);
}

std::optional<Request> Connection::read_request() {
    std::size_t end = std::string::npos;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
        std::array<char, 4096> buffer;
        const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
        if ((got < 0 && errno != EINTR) || got == 0 || received_.size() > kMaxHeader) {
            return std::nullopt;
        }
        received_.append(buffer.data(), got < 0 ? 0 : static_cast<std::size_t>(got));
    }
    std::optional<Request> out = parse_request(std::string_view(received_).substr(0, end));
    received_.erase(0, end + 4);
    return out;
}

std::optional<std::string> Connection::read_body(std::uint64_t size) {
    while (received_.size() < size) {
        std::array<char, 16384> buffer;
        const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
        if ((got < 0 && errno != EINTR) || got == 0) {
            return std::nullopt;
        }
        received_.append(buffer.data(), got < 0 ? 0 : static_cast<std::size_t>(got));
    }
    std::string out = received_.substr(0, size);
    received_.erase(0, size);
    return out;
}

bool Connection::wait_until(Clock::time_point time) const {
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(time - Clock::now());
        if (left <= 0ns) {
            return true;
        }
        const std::int64_t step = std::min<std::int64_t>(left.count(), 3600'000'000'000);
        pollfd waited{socket_, POLLRDHUP, 0};
        const timespec limit{step / 1'000'000'000, step % 1'000'000'000};
        if (::ppoll(&waited, 1, &limit, nullptr) > 0) {
            return false;
        }
    }
}

bool Connection::send_text(const char* data, std::size_t size, bool more) const {
    while (size > 0) {
        const ssize_t sent = ::send(socket_, data, size, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return false;
        }
        data += sent;
        size -= static_cast<std::size_t>(sent);
    }
    return true;
}

/// Bytes [begin, end) of the body, which is a text, a span of the object, and filler. Returns how many were sent.
std::uint64_t Connection::send_body(const Reply& reply, std::uint64_t begin, std::uint64_t end) const {
    static const std::string filler(4096, '#');
    const std::uint64_t span_begin = reply.text.size();
    const std::uint64_t span_end = span_begin + (reply.span.end - reply.span.begin);
    std::uint64_t at = begin;
    while (at < end) {
        ssize_t sent = -1;
        if (at < span_begin) {
            sent = ::send(socket_, reply.text.data() + at, std::min(end, span_begin) - at, MSG_NOSIGNAL);
        } else if (at >= span_end) {
            sent = ::send(socket_, filler.data(), std::min<std::uint64_t>(end - at, filler.size()), MSG_NOSIGNAL);
        } else {
            const std::uint64_t place = reply.span.begin + (at - span_begin), count = std::min(end, span_end) - at;
            auto offset = static_cast<off_t>(place);
            sent = reply.object->content ? ::send(socket_, reply.object->content->data() + place, count, MSG_NOSIGNAL)
                                         : ::sendfile(socket_, reply.object->file, &offset, count);
        }
        if (sent <= 0 && !(sent < 0 && errno == EINTR)) {
            break;
        }
        at += sent > 0 ? static_cast<std::uint64_t>(sent) : 0;
    }
    return at - begin;
}

std::uint64_t Connection::send(const Reply& reply, std::uint64_t bytes_per_second,
                               const std::function<void()>& at_last) {
    const std::uint64_t all = reply.body_bytes();
    const auto [piece, every] = pace_of(reply, bytes_per_second);
    std::uint64_t sent = 0;
    const bool paced = every > 0ms;
    if (all == 0) {
        at_last();
    }
    bool good = send_text(reply.head.data(), reply.head.size(), all > 0 && !paced);
    Clock::time_point next = Clock::now();
    while (good && sent < all) {
        std::uint64_t end = std::min(all, sent + piece);
        if (end == all && sent + kLastBytes < all && !paced) {
            end = all - kLastBytes;
        }
        if (end == all) {
            at_last();
        }
        const std::uint64_t now = send_body(reply, sent, end);
        good = now == end - sent;
        sent += now;
        good = good && (!paced || sent == all || wait_until(next += every));
    }
    if (reply.end == Reply::End::kHang && good) {
        (void)wait_until(Clock::now() + 24h);
    }
    if (reply.end == Reply::End::kReset) {
        // Closing without lingering sends RST, and drops what the client has not acknowledged.
        const linger at_once{1, 0};
        (void)::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    }
    return sent;
}

}  // namespace vcube::testing_support
