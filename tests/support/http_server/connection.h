// One connection's side of HTTP: reads requests from a socket, and sends replies as they were planned.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "tests/support/http_server/reply.h"
#include "tests/support/http_server/request.h"

namespace vcube::testing_support {

/// Used by one thread, which has SIGPIPE blocked. Waits end early when the client goes away or another thread shuts the
/// socket down.
class Connection {
public:
    /// Owns the socket.
    explicit Connection(int socket) : socket_(socket) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    /// The next request; nothing at the end of the connection and for what is no HTTP.
    std::optional<Request> read_request();
    /// The body of the request that was read last.
    std::optional<std::string> read_body(std::uint64_t size);

    /// False where the client goes away before `time`.
    [[nodiscard]] bool wait_until(std::chrono::steady_clock::time_point time) const;

    /// Sends a reply; of one that hangs it returns when the client goes away. `bytes_per_second` 0: as fast as it goes.
    /// `at_last` is called just before the last bytes are sent, and not at all where the client goes away before.
    /// Returns how many bytes of the body were sent.
    std::uint64_t send(const Reply& reply, std::uint64_t bytes_per_second, const std::function<void()>& at_last);

private:
    bool send_text(const char* data, std::size_t size, bool more) const;
    std::uint64_t send_body(const Reply& reply, std::uint64_t begin, std::uint64_t end) const;

    const int socket_;
    std::string received_;  // and not used yet
};

}  // namespace vcube::testing_support
