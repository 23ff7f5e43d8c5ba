// libcurl's multi handle and the wait for its sockets: many transfers on one thread. Only those sockets are looked at
// that have something (epoll), so a turn costs no more where hundreds are open. wake() may be called from any thread,
// all else by one.
#pragma once

#include <curl/curl.h>
#include <sys/epoll.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <unordered_set>

namespace vcube {

class CurlLoop {
public:
    using Clock = std::chrono::steady_clock;

    /// `connections`: kept open for later transfers.
    explicit CurlLoop(std::size_t connections);
    CurlLoop(const CurlLoop&) = delete;
    CurlLoop& operator=(const CurlLoop&) = delete;
    ~CurlLoop();

    /// Whether there is what it needs of the system; nothing else may be called otherwise.
    [[nodiscard]] bool ok() const { return multi_ != nullptr && pipe_[0] >= 0 && epoll_ >= 0; }

    bool add(CURL* easy);
    void remove(CURL* easy) { curl_multi_remove_handle(multi_, easy); }

    /// Waits for sockets, libcurl's own time-outs, wake(), or `until`, and lets libcurl do what there is to do: first
    /// with the sockets that can take bytes, as requests are short and answers come late. `between` is called after
    /// each of them, so that what has ended does not wait for the others; it may add and remove transfers.
    void turn(std::optional<Clock::time_point> until, const std::function<void()>& between);
    /// Ends the wait of a turn. What the caller wrote before is seen after that turn.
    void wake();

    /// A transfer that has ended and how; null where there is none (any more).
    CURL* ended(CURLcode& code);

private:
    static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* unused);
    static int on_close(void* self, curl_socket_t socket);
    static int on_timer(CURLM* multi, long milliseconds, void* self);
    void watch(curl_socket_t socket, int what);
    void forget(curl_socket_t socket);
    int wait_ms(std::optional<Clock::time_point> until) const;
    void act(const epoll_event& event);
    void act_on_time();

    CURLM* multi_;
    int pipe_[2] = {-1, -1};
    std::atomic<bool> woken_{false};
    int epoll_ = -1;
    std::unordered_set<curl_socket_t> watched_;
    std::optional<Clock::time_point> timer_;
};

}  // namespace vcube
