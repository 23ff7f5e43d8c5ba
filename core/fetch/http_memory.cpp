#include "core/fetch/http_memory.h"

namespace vcube {
namespace {

// More are not met by honest use; then it is learned anew.
constexpr std::size_t kMaxHosts = 1024;
constexpr std::size_t kMaxRedirects = std::size_t{1} << 16U;
constexpr std::chrono::minutes kRedirectAge{5};
constexpr double kNew = 0.2;                                   // weight of the latest reply
constexpr std::uint64_t kMeasured = std::uint64_t{64} << 10U;  // a shorter body tells nothing of bandwidth

}  // namespace

LinkEstimate HttpMemory::link(const std::string& host) const {
    const std::lock_guard lock(mutex_);
    const auto found = links_.find(host);
    return found == links_.end() ? LinkEstimate{} : found->second;
}

void HttpMemory::note(const std::string& host, const HttpReply& reply) {
    using Seconds = std::chrono::duration<double>;
    const std::lock_guard lock(mutex_);
    if (links_.size() >= kMaxHosts && !links_.contains(host)) {
        links_.clear();
    }
    const auto [place, added] = links_.try_emplace(host);
    LinkEstimate& link = place->second;
    const double weight = added ? 1.0 : kNew;
    link.latency += std::chrono::duration_cast<std::chrono::microseconds>((reply.first_byte - link.latency) * weight);
    const double seconds = Seconds(reply.total - reply.first_byte).count();
    if (reply.received >= kMeasured && seconds > 0) {
        link.bytes_per_second += (static_cast<double>(reply.received) / seconds - link.bytes_per_second) * kNew;
    }
}

std::optional<std::string> HttpMemory::redirect(const std::string& location, Clock::time_point now) const {
    const std::lock_guard lock(mutex_);
    const auto found = redirects_.find(location);
    return found == redirects_.end() || found->second.until <= now ? std::nullopt : std::optional(found->second.url);
}

void HttpMemory::remember_redirect(const std::string& location, const std::string& host, const std::string& url,
                                   Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    if (redirects_.size() >= kMaxRedirects && !redirects_.contains(location)) {
        redirects_.clear();
    }
    redirects_[location] = {url, now + kRedirectAge};
    if (redirecting_.size() >= kMaxHosts && !redirecting_.contains(host)) {
        redirecting_.clear();
    }
    redirecting_[host] = now + kRedirectAge;
}

bool HttpMemory::redirects(const std::string& host, Clock::time_point now) const {
    const std::lock_guard lock(mutex_);
    const auto found = redirecting_.find(host);
    return found != redirecting_.end() && found->second > now;
}

void HttpMemory::forget_redirect(const std::string& location) {
    const std::lock_guard lock(mutex_);
    redirects_.erase(location);
}

}  // namespace vcube
