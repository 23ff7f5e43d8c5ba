#include "core/fetch/curl_loop.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdint>

#include "core/fetch/curl_options.h"

namespace vcube {

CurlLoop::CurlLoop(std::size_t connections) : multi_((init_curl(), curl_multi_init())) {
    if (::pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) {
        pipe_[0] = pipe_[1] = -1;
    }
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (!ok()) {
        return;
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = pipe_[0];
    (void)::epoll_ctl(epoll_, EPOLL_CTL_ADD, pipe_[0], &event);
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(connections));
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

CurlLoop::~CurlLoop() {
    if (multi_ != nullptr) {
        curl_multi_cleanup(multi_);
    }
    for (const int own : {pipe_[0], pipe_[1], epoll_}) {
        if (own >= 0) {
            ::close(own);
        }
    }
}

int CurlLoop::on_socket(CURL* /*easy*/, curl_socket_t socket, int what, void* self, void* /*unused*/) {
    static_cast<CurlLoop*>(self)->watch(socket, what);
    return 0;
}

bool CurlLoop::add(CURL* easy) {
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &CurlLoop::on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
    return curl_multi_add_handle(multi_, easy) == CURLM_OK;
}

/// libcurl may tell that a socket is to be forgotten after it was closed: its number may be somebody else's by then.
int CurlLoop::on_close(void* self, curl_socket_t socket) {
    static_cast<CurlLoop*>(self)->forget(socket);
    return ::close(socket);
}

int CurlLoop::on_timer(CURLM* /*multi*/, long milliseconds, void* self) {
    auto& timer = static_cast<CurlLoop*>(self)->timer_;
    timer = milliseconds < 0 ? std::nullopt : std::optional(Clock::now() + std::chrono::milliseconds(milliseconds));
    return 0;
}

void CurlLoop::watch(curl_socket_t socket, int what) {
    if (what == CURL_POLL_REMOVE) {
        forget(socket);
        return;
    }
    epoll_event event{};
    event.events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
    event.data.fd = socket;
    const bool fresh = watched_.insert(socket).second;
    // A socket that was closed and opened again under the same number is not watched any more.
    if (::epoll_ctl(epoll_, fresh ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event) != 0) {
        (void)::epoll_ctl(epoll_, fresh ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
    }
}

void CurlLoop::forget(curl_socket_t socket) {
    if (watched_.erase(socket) > 0) {
        (void)::epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
    }
}

int CurlLoop::wait_ms(std::optional<Clock::time_point> until) const {
    if (timer_ && (!until || *timer_ < *until)) {
        until = timer_;
    }
    if (!until) {
        return -1;
    }
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(wait, 0, INT_MAX));
}

void CurlLoop::turn(std::optional<Clock::time_point> until, const std::function<void()>& between) {
    std::array<epoll_event, 256> events;
    const int count = std::max(::epoll_wait(epoll_, events.data(), events.size(), wait_ms(until)), 0);
    std::partition(events.begin(), events.begin() + count,
                   [](const epoll_event& event) { return (event.events & EPOLLOUT) != 0; });
    act_on_time();
    for (int i = 0; i < count; ++i) {
        act(events[static_cast<std::size_t>(i)]);
        between();
        act_on_time();
    }
    between();
}

void CurlLoop::act(const epoll_event& event) {
    if (event.data.fd == pipe_[0]) {
        char bytes[64];
        while (::read(pipe_[0], bytes, sizeof(bytes)) > 0) {
        }
        woken_ = false;                             // after reading, so that no later byte is lost with it
    } else if (watched_.contains(event.data.fd)) {  // libcurl may have let go of it meanwhile
        const std::uint32_t flags = event.events;
        const int what = ((flags & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                         ((flags & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                         ((flags & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR | CURL_CSELECT_IN : 0);
        int running = 0;
        curl_multi_socket_action(multi_, event.data.fd, what, &running);
    }
}

void CurlLoop::act_on_time() {
    if (timer_ && *timer_ <= Clock::now()) {
        timer_.reset();
        int running = 0;
        curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

void CurlLoop::wake() {
    if (!woken_.exchange(true)) {
        const char byte = 0;
        (void)!::write(pipe_[1], &byte, 1);
    }
}

CURL* CurlLoop::ended(CURLcode& code) {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg == CURLMSG_DONE) {
            code = message->data.result;
            return message->easy_handle;
        }
    }
    return nullptr;
}

}  // namespace vcube
