#include "core/fetch/http_memory.h"

#include <mutex>
#include <unordered_map>

namespace vcube {
namespace {

// More are not met by honest use; then it is learned anew.
constexpr std::size_t kMaxHosts = 1024;
constexpr std::size_t kMaxRedirects = std::size_t{1} << 16U;
constexpr std::chrono::minutes kRedirectAge{5};
constexpr double kNew = 0.2;                                   // weight of the latest reply
constexpr std::uint64_t kMeasured = std::uint64_t{64} << 10U;  // a shorter body tells nothing of bandwidth

struct Redirect {
    std::string url;
    HttpMemory::Clock::time_point until;
};

}  // namespace

struct HttpMemory::State {
    std::mutex mutex;
    std::unordered_map<std::string, LinkEstimate> links;
    std::unordered_map<std::string, Redirect> redirects;             // by location
    std::unordered_map<std::string, Clock::time_point> redirecting;  // hosts, until when that is believed
};

HttpMemory::HttpMemory() = default;

HttpMemory::~HttpMemory() = default;

LinkEstimate HttpMemory::link(const std::string& host) const {
    State& known = state_.get();
    const std::lock_guard lock(known.mutex);
    const auto found = known.links.find(host);
    return found == known.links.end() ? LinkEstimate{} : found->second;
}

void HttpMemory::note(const std::string& host, const HttpReply& reply) {
    using Seconds = std::chrono::duration<double>;
    State& known = state_.get();
    const std::lock_guard lock(known.mutex);
    if (known.links.size() >= kMaxHosts && !known.links.contains(host)) {
        known.links.clear();
    }
    const auto [place, added] = known.links.try_emplace(host);
    LinkEstimate& link = place->second;
    const double weight = added ? 1.0 : kNew;
    link.latency += std::chrono::duration_cast<std::chrono::microseconds>((reply.first_byte - link.latency) * weight);
    const double seconds = Seconds(reply.total - reply.first_byte).count();
    if (reply.received >= kMeasured && seconds > 0) {
        link.bytes_per_second += (static_cast<double>(reply.received) / seconds - link.bytes_per_second) * kNew;
    }
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
