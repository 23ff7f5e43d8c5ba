// Many HTTP requests at a time: libcurl's multi interface on one thread of its own. Transport only: what a reply means,
// and whether to ask again, is decided by who submitted the request.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/base/per_process.h"
#include "core/fetch/http_judge.h"
#include "core/fetch/http_message.h"

namespace vcube {

/// A host that is silent for so long is not near.
inline constexpr std::chrono::milliseconds kNearLatency{2};

/// The first bytes of a body whose rest is still on its way.
struct HttpArrival {
    Body body;
    ObjectVersion version;  // of the object, as the header tells it
};

struct HttpRequest {
    std::shared_ptr<const HttpTarget> target;
    Expectation wanted;
    std::chrono::milliseconds timeout{30'000};           // without a byte, or until a connection stands
    std::chrono::steady_clock::time_point not_before{};  // of a retry
    std::size_t host_limit = 16;  // sent only while fewer are under way at its host, as it bears them (http_queue.h)
    std::size_t near_limit = 0;   // not 0: only so many until the host has been silent for kNearLatency
    /// Asked on the client's thread right before sending; must be quick. What it gives takes the place of `target` (a
    /// fresh signature, a redirect known by then); null: not wanted any more, ends with kCancelled. Empty: `target`.
    std::function<std::shared_ptr<const HttpTarget>()> latest = nullptr;
    /// Lengths of the body's beginning, ascending, of which each is of use without the rest: `arrived` is told when so
    /// much is here, on the client's thread, and must be quick. Of several that arrive at once the longest only, and
    /// none where the reply is not sure() to be the right one, or is complete. A later attempt begins anew.
    std::vector<std::uint64_t> marks = {};
    std::function<void(HttpArrival&&)> arrived = nullptr;
};

/// Thread-safe. The thread starts with the first request and is joined on destruction, which cancels what is under way.
/// In a forked child a new thread and new connections take the place of the parent's.
class HttpClient {
public:
    /// Called on the client's thread (that of submit() for what cannot be sent at all), exactly once a request; must be
    /// quick and must not block or submit.
    using Done = std::function<void(HttpReply&& reply)>;

    /// Requests of one fetch. Waiting requests of several groups for one host take turns.
    using Group = std::uint64_t;

    /// `max_bytes`: of bodies that are being received or have been given to Done and not been released.
    explicit HttpClient(std::uint64_t max_bytes = std::uint64_t{256} << 20U);
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;
    ~HttpClient();

    /// A number that no other group has.
    Group make_group();
    /// Queues a request. Requests of a group are sent in the order in which they were submitted.
    void submit(Group group, HttpRequest request, Done done);
    /// Those of a group that are waiting or under way end with kCancelled soon.
    void cancel(Group group);
    /// Gives back what a reply's body counts for in `max_bytes`: to be called once with reply.body.size() for every
    /// reply, when its body is done with.
    void release(std::uint64_t bytes);

private:
    struct State;
    PerProcess<State, std::uint64_t> state_;
    std::atomic<Group> groups_{0};
};

}  // namespace vcube
