#include "core/fetch/http_queue.h"

#include <algorithm>
#include <utility>

namespace vcube {
namespace {

// What is known of more hosts than these is forgotten once they are idle.
constexpr std::size_t kMaxHosts = 64;

}  // namespace

void HttpQueue::push(Job job) {
    if (job->request.not_before != Clock::time_point{}) {
        not_yet_.emplace(job->request.not_before, std::move(job));
        return;
    }
    Host& place = hosts_[job->host];
    if (!place.has_refused) {
        place.allowed = std::max(place.allowed, job->request.host_limit);
    }
    place.waiting[job->group].push_back(std::move(job));
}

/// Those that had to wait go before the others of their group: they were wanted earlier.
void HttpQueue::wake_due(Clock::time_point now) {
    std::vector<Job> due;
    while (!not_yet_.empty() && not_yet_.begin()->first <= now) {
        due.push_back(std::move(not_yet_.begin()->second));
        not_yet_.erase(not_yet_.begin());
    }
    for (auto job = due.rbegin(); job != due.rend(); ++job) {
        hosts_[(*job)->host].waiting[(*job)->group].push_front(std::move(*job));
    }
}

HttpQueue::Job HttpQueue::next(Clock::time_point now, std::uint64_t room) {
    wake_due(now);
    short_of_room_ = false;
    silent_.reset();
    auto host = hosts_.upper_bound(served_);
    for (std::size_t hosts = hosts_.size(); hosts > 0; --hosts, ++host) {
        if (host == hosts_.end()) {
            host = hosts_.begin();
        }
        Host& place = host->second;
        auto group = place.waiting.upper_bound(place.served);
        for (std::size_t groups = place.waiting.size(); groups > 0; --groups, ++group) {
            if (group == place.waiting.end()) {
                group = place.waiting.begin();
            }
            std::deque<Job>& jobs = group->second;
            const std::size_t limit = std::min(place.allowed, jobs.front()->request.host_limit);
            if (place.under_way >= std::max<std::size_t>(limit, 1) || keeps_to_near(place, *jobs.front(), now)) {
                continue;
            }
            if (jobs.front()->cost > room) {
                short_of_room_ = true;
                return nullptr;
            }
            Job job = std::move(jobs.front());
            jobs.pop_front();
            job->sent = now;
            if (place.under_way++ == 0) {
                place.heard = now;
                place.far = false;
            }
            place.served = group->first;
            served_ = host->first;
            if (jobs.empty()) {
                place.waiting.erase(group);
            }
            return job;
        }
    }
    return nullptr;
}

/// Whether a job waits because its host answers so soon that no more than near_limit are of use.
bool HttpQueue::keeps_to_near(Host& host, const HttpJob& job, Clock::time_point now) {
    if (host.far || job.request.near_limit == 0 || host.under_way < job.request.near_limit) {
        return false;
    }
    const Clock::time_point silent = host.heard + kNearLatency;
    host.far = silent <= now;
    if (!host.far) {
        silent_ = std::min(silent_.value_or(silent), silent);
    }
    return !host.far;
}

void HttpQueue::heard(const HttpJob& job, Clock::time_point now) {
    if (const auto found = hosts_.find(job.host); found != hosts_.end()) {
        found->second.heard = now;
    }
}

void HttpQueue::finished(const HttpJob& job, Ending ending, Clock::time_point now) {
    const auto found = hosts_.find(job.host);
    if (found == hosts_.end()) {
        return;
    }
    Host& place = found->second;
    if (ending == Ending::kServed) {
        place.allowed = std::max(place.allowed, std::min(place.allowed + 1, job.request.host_limit));
    } else if (ending == Ending::kRefused && job.sent >= place.eased) {
        place.allowed = std::max<std::size_t>(std::min(place.allowed, place.under_way) / 2, 1);
        place.has_refused = true;
        place.eased = now;
    }
    --place.under_way;
    forget_idle();
}

void HttpQueue::forget_idle() {
    if (hosts_.size() > kMaxHosts) {
        std::erase_if(hosts_, [](const auto& entry) { return is_idle(entry.second); });
    }
}

std::vector<HttpQueue::Job> HttpQueue::take(std::optional<HttpClient::Group> group) {
    std::vector<Job> out;
    for (auto& [name, host] : hosts_) {
        auto& waiting = host.waiting;
        const auto first = group ? waiting.find(*group) : waiting.begin();
        const auto last = group && first != waiting.end() ? std::next(first) : waiting.end();
        for (auto jobs = first; jobs != last; ++jobs) {
            std::move(jobs->second.begin(), jobs->second.end(), std::back_inserter(out));
        }
        waiting.erase(first, last);
    }
    for (auto job = not_yet_.begin(); job != not_yet_.end();) {
        if (group && job->second->group != *group) {
            ++job;
            continue;
        }
        out.push_back(std::move(job->second));
        job = not_yet_.erase(job);
    }
    forget_idle();
    return out;
}

std::optional<HttpQueue::Clock::time_point> HttpQueue::next_due() const {
    if (not_yet_.empty()) {
        return silent_;
    }
    const Clock::time_point due = not_yet_.begin()->first;
    return std::min(silent_.value_or(due), due);
}

}  // namespace vcube
