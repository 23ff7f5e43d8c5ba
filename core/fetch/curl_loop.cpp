#include "core/fetch/curl_loop.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

#include "core/fetch/curl_options.h"

namespace vcube {

CurlLoop::CurlLoop(std::size_t connections) : multi_((init_curl(), curl_multi_init())) {
    if (::pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) {
        pipe_[0] = pipe_[1] = -1;
    }
    if (!ok()) {
        return;
    }
    watched_.push_back({pipe_[0], POLLIN, 0});
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
    for (const int end : pipe_) {
        if (end >= 0) {
            ::close(end);
        }
    }
}

int CurlLoop::on_socket(CURL* /*easy*/, curl_socket_t socket, int what, void* self, void* /*unused*/) {
    static_cast<CurlLoop*>(self)->watch(socket, what);
    return 0;
}

int CurlLoop::on_timer(CURLM* /*multi*/, long milliseconds, void* self) {
    auto& timer = static_cast<CurlLoop*>(self)->timer_;
    timer = milliseconds < 0 ? std::nullopt : std::optional(Clock::now() + std::chrono::milliseconds(milliseconds));
    return 0;
}

void CurlLoop::watch(curl_socket_t socket, int what) {
    const auto found = places_.find(socket);
    if (what == CURL_POLL_REMOVE) {
        if (found != places_.end()) {
            watched_[found->second] = watched_.back();
            places_[watched_.back().fd] = found->second;
            watched_.pop_back();
            places_.erase(socket);
        }
        return;
    }
    const auto events =
        static_cast<short>(((what & CURL_POLL_IN) != 0 ? POLLIN : 0) | ((what & CURL_POLL_OUT) != 0 ? POLLOUT : 0));
    if (found != places_.end()) {
        watched_[found->second].events = events;
    } else {
        places_[socket] = watched_.size();
        watched_.push_back({socket, events, 0});
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

void CurlLoop::turn(std::optional<Clock::time_point> until) {
    (void)::poll(watched_.data(), watched_.size(), wait_ms(until));
    if (watched_[0].revents != 0) {
        char bytes[64];
        while (::read(pipe_[0], bytes, sizeof(bytes)) > 0) {
        }
        woken_ = false;  // after reading, so that no later byte is lost with it
    }
    // libcurl changes what is watched while it works.
    ready_.clear();
    std::copy_if(watched_.begin() + 1, watched_.end(), std::back_inserter(ready_),
                 [](const pollfd& one) { return one.revents != 0; });
    int running = 0;
    for (const pollfd& one : ready_) {
        const int what = ((one.revents & POLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                         ((one.revents & POLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                         ((one.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0 ? CURL_CSELECT_ERR | CURL_CSELECT_IN : 0);
        if (places_.contains(one.fd)) {
            curl_multi_socket_action(multi_, one.fd, what, &running);
        }
    }
    if (timer_ && *timer_ <= Clock::now()) {
        timer_.reset();
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
