#include "core/fetch/http_memory.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace vcube {
namespace {

// More are not met by honest use; then it is learned anew.
constexpr std::size_t kMaxHosts = 1024;
constexpr std::size_t kMaxRedirects = std::size_t{1} << 16U;
constexpr std::chrono::minutes kRedirectAge{5};
constexpr double kNew = 0.2;                                    // weight of the latest latency
constexpr double kNewBandwidth = 0.5;                           // and bandwidth
constexpr std::uint64_t kMeasured = std::uint64_t{256} << 10U;  // fewer bytes tell nothing of bandwidth
constexpr std::chrono::seconds kMemorable{4};                   // of a burst, what came earlier counts half

struct Redirect {
    std::string url;
    HttpMemory::Clock::time_point until;
};

}  // namespace

/// What is known of the way to a host. A burst is the bodies that flow with no pause between them, over any number of
/// connections.
class Link {
public:
    [[nodiscard]] LinkEstimate estimate() const {
        LinkEstimate out = before_;
        if (bytes_ >= kMeasured && busy_.count() > 0) {
            const double measured = static_cast<double>(bytes_) / Seconds(busy_).count();
            out.bytes_per_second += (measured - out.bytes_per_second) * kNewBandwidth;
        }
        return out;
    }

    void add(const HttpReply& reply) {
        const double weight = std::exchange(met_, true) ? kNew : 1.0;
        const auto latency = (reply.first_byte - before_.latency) * weight;
        before_.latency += std::chrono::duration_cast<std::chrono::microseconds>(latency);
        const Clock::time_point begin = reply.ended - (reply.total - reply.first_byte);
        if (begin > busy_until_) {
            before_ = estimate();
            bytes_ = 0;
            busy_ = {};
        } else if (busy_ > kMemorable) {
            bytes_ /= 2;
            busy_ /= 2;
        }
        bytes_ += reply.received;
        busy_ += std::max(reply.ended - std::max(begin, busy_until_), Clock::duration(0));
        busy_until_ = std::max(busy_until_, reply.ended);
    }

private:
    using Clock = HttpMemory::Clock;
    using Seconds = std::chrono::duration<double>;

    LinkEstimate before_;  // its bandwidth is from before the burst
    bool met_ = false;
    std::uint64_t bytes_ = 0;  // of the burst
    Clock::duration busy_{0};
    Clock::time_point busy_until_{};
};

struct HttpMemory::State {
    std::mutex mutex;
    std::unordered_map<std::string, Link> links;
    std::unordered_map<std::string, Redirect> redirects;             // by location
    std::unordered_map<std::string, Clock::time_point> redirecting;  // hosts, until when that is believed
};

HttpMemory::HttpMemory() = default;

HttpMemory::~HttpMemory() = default;

LinkEstimate HttpMemory::link(const std::string& host) const {
    State& known = state_.get();
    const std::lock_guard lock(known.mutex);
    const auto found = known.links.find(host);
    return found == known.links.end() ? LinkEstimate{} : found->second.estimate();
}

void HttpMemory::note(const std::string& host, const HttpReply& reply) {
    State& known = state_.get();
    const std::lock_guard lock(known.mutex);
    if (known.links.size() >= kMaxHosts && !known.links.contains(host)) {
        known.links.clear();
    }
    known.links[host].add(reply);
}

std::optional<std::string> HttpMemory::redirect(const std::string& location, Clock::time_point now) const {
    State& known = state_.get();
    const std::lock_guard lock(known.mutex);
    const auto found = known.redirects.find(location);
    return found == known.redirects.end() || found->second.until <= now ? std::nullopt
                                                                        : std::optional(found->second.url);
}

void HttpMemory::remember_redirect(const std::string& location, const std::string& host, const std::string& url,
                                   Clock::time_point now) {
    State& known = state_.get();
    const std::lock_guard lock(known.mutex);
    if (known.redirects.size() >= kMaxRedirects && !known.redirects.contains(location)) {
        known.redirects.clear();
    }
    known.redirects[location] = {url, now + kRedirectAge};
    if (known.redirecting.size() >= kMaxHosts && !known.redirecting.contains(host)) {
        known.redirecting.clear();
    }
    known.redirecting[host] = now + kRedirectAge;
}

bool HttpMemory::redirects(const std::string& host, Clock::time_point now) const {
    State& known = state_.get();
    const std::lock_guard lock(known.mutex);
    const auto found = known.redirecting.find(host);
    return found != known.redirecting.end() && found->second > now;
}

void HttpMemory::forget_redirect(const std::string& location) {
    State& known = state_.get();
    const std::lock_guard lock(known.mutex);
    known.redirects.erase(location);
}

}  // namespace vcube
