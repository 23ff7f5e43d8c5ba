#include "core/fetch/http_queue.h"

#include <algorithm>
#include <utility>

namespace vcube {

void HttpQueue::push(Job job) {
    if (job->request.not_before != Clock::time_point{}) {
        not_yet_.emplace(job->request.not_before, std::move(job));
        return;
    }
    hosts_[job->host].waiting[job->group].push_back(std::move(job));
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
            if (place.under_way >= std::max<std::size_t>(jobs.front()->request.host_limit, 1)) {
                continue;
            }
            if (jobs.front()->cost > room) {
                short_of_room_ = true;
                return nullptr;
            }
            Job job = std::move(jobs.front());
            jobs.pop_front();
            ++place.under_way;
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

void HttpQueue::finished(const std::string& host) {
    const auto found = hosts_.find(host);
    if (found != hosts_.end() && --found->second.under_way == 0 && found->second.waiting.empty()) {
        hosts_.erase(found);
    }
}

std::vector<HttpQueue::Job> HttpQueue::take(std::optional<HttpClient::Group> group) {
    std::vector<Job> out;
    for (auto host = hosts_.begin(); host != hosts_.end();) {
        auto& waiting = host->second.waiting;
        const auto first = group ? waiting.find(*group) : waiting.begin();
        const auto last = group && first != waiting.end() ? std::next(first) : waiting.end();
        for (auto jobs = first; jobs != last; ++jobs) {
            std::move(jobs->second.begin(), jobs->second.end(), std::back_inserter(out));
        }
        waiting.erase(first, last);
        host = waiting.empty() && host->second.under_way == 0 ? hosts_.erase(host) : std::next(host);
    }
    for (auto job = not_yet_.begin(); job != not_yet_.end();) {
        if (group && job->second->group != *group) {
            ++job;
            continue;
        }
        out.push_back(std::move(job->second));
        job = not_yet_.erase(job);
    }
    return out;
}

std::optional<HttpQueue::Clock::time_point> HttpQueue::next_due() const {
    return not_yet_.empty() ? std::nullopt : std::optional(not_yet_.begin()->first);
}

}  // namespace vcube
