// Which waiting request is sent next: hosts take turns, and the groups that wait for one host; within a group the order
// of submission holds. Decides only; not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/fetch/http_client.h"

namespace vcube {

/// A request with what it takes to end it.
struct HttpJob {
    HttpClient::Group group = 0;
    HttpRequest request;
    HttpClient::Done done;
    std::string host;                              // those of one host count together for its limit
    std::uint64_t cost = 0;                        // bytes that its body may take
    std::chrono::steady_clock::time_point sent{};  // when its turn came
};

class HttpQueue {
public:
    using Clock = std::chrono::steady_clock;
    using Job = std::unique_ptr<HttpJob>;

    void push(Job job);

    /// The job whose turn it is, which counts as under way at its host from then on; null where none may be sent. One
    /// that costs more than `room` blocks the others until there is room, lest it wait for ever: `short_of_room`.
    Job next(Clock::time_point now, std::uint64_t room);
    [[nodiscard]] bool short_of_room() const { return short_of_room_; }

    /// The reply to a job that next() gave begins.
    void heard(const HttpJob& job, Clock::time_point now);

    /// How a job ended, as far as its host is concerned.
    enum class Ending {
        kServed,
        kRefused,  // the host has too much to do: 429, 503, no connection
        kOther
    };

    /// A job that next() gave is under way no longer. A host that refuses is asked for half as many at a time, and for
    /// one more with each reply that it serves then, up to the requests' host_limit. Refusals of jobs that were under
    /// way together count once.
    void finished(const HttpJob& job, Ending ending, Clock::time_point now);

    /// Takes the waiting jobs of a group, or all, out of the queue.
    std::vector<Job> take(std::optional<HttpClient::Group> group);

    /// When the first of the jobs that must not be sent yet may be, as far as time alone decides. Valid after next().
    [[nodiscard]] std::optional<Clock::time_point> next_due() const;

private:
    struct Host {
        std::map<HttpClient::Group, std::deque<Job>> waiting;  // no deque is empty
        HttpClient::Group served = 0;                          // whose turn it was
        std::size_t under_way = 0;
        std::size_t allowed = 0;  // at a time, as far as the host bears it
        bool has_refused = false;
        bool far = false;           // was silent for kNearLatency since a first request was sent
        Clock::time_point heard{};  // from when on its silence counts
        Clock::time_point eased{};  // when `allowed` was halved last
    };
    static bool is_idle(const Host& host) { return host.under_way == 0 && host.waiting.empty(); }
    bool keeps_to_near(Host& host, const HttpJob& job, Clock::time_point now);
    void forget_idle();
    void wake_due(Clock::time_point now);

    std::map<std::string, Host, std::less<>> hosts_;
    std::string served_;                             // the host whose turn it was
    std::multimap<Clock::time_point, Job> not_yet_;  // by not_before
    std::optional<Clock::time_point> silent_;        // when a host that was believed near is found to be far
    bool short_of_room_ = false;
};

}  // namespace vcube
