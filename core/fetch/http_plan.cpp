#include <algorithm>
#include <map>
#include <string_view>
#include <unordered_map>

#include "core/base/redacted.h"
#include "core/fetch/http_batch.h"
#include "core/fetch/http_url.h"

namespace vcube {
namespace {

// Locations are resolved so long before what is known by then is asked for.
constexpr std::chrono::milliseconds kResolving{5};
// A signature that runs out sooner is not relied on.
constexpr std::chrono::seconds kExpiryMargin{30};
constexpr std::chrono::hours kAnyAge{24 * 365 * 10};
// Ranges that are looked up on disk at a time.
constexpr std::size_t kLookedUp = 256;

}  // namespace

void HttpBatch::find_objects() {
    std::unordered_map<std::string_view, std::size_t> numbers;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
        const FetchRequest& request = requests_[i];
        const auto [place, added] = numbers.try_emplace(request.url, objects_.size());
        if (added) {
            objects_.emplace_back().location = &request.url;
        }
        objects_[place->second].wishes.push_back(i);
        if (request.range.bounded() && request.range.suffix == 0 && request.range.end > request.range.begin) {
            wanted_bytes_ += std::min(request.range.size(), ByteRange::kEnd - wanted_bytes_);
        }
    }
}

/// The next locations, and requests for what they hold: these are under way while further ones are resolved.
void HttpBatch::resolve_some() {
    const Clock::time_point until = Clock::now() + kResolving;
    std::vector<ObjectWish> known;
    std::vector<Task*> tasks;
    bool any = false;
    while (resolved_ < objects_.size() && (!any || Clock::now() < until)) {
        const std::size_t number = resolved_++;
        any = true;
        if (!resolve(objects_[number], false)) {
            continue;
        }
        session_.counters.ranges += objects_[number].wishes.size();
        if (const std::optional<Error>& down = hosts_[objects_[number].host].down) {
            for (const std::size_t wish : objects_[number].wishes) {
                answer_error(wish, with_context(redacted(*objects_[number].location), *down));
            }
            continue;
        }
        look_for_version(objects_[number]);
        std::vector<std::size_t> wishes = ask_at_once(number, tasks);
        if (needs_probe(objects_[number], wishes)) {
            add_probe(number, std::move(wishes), tasks);
            continue;
        }
        for (const std::size_t wish : wishes) {
            known.push_back({number, wish});
        }
    }
    submit_in_order(tasks);
    plan(known);
}

/// Whether the object is reached by HTTP. Where it is not, its wishes are somebody else's, or have failed; after a
/// renewal that brings nothing, the wishes of a request that is refused are.
bool HttpBatch::resolve(Object& object, bool renew) {
    auto result = shared_.resolver(*object.location, renew);
    Result<std::string> host = std::string();
    if (result.ok() && result.value()) {
        host = origin_of(result.value()->url);
    }
    if (!result.ok() || !host.ok() || !result.value()) {
        if (object.first) {
            object.elsewhere = result.ok() && host.ok();
            return false;
        }
        if (result.ok() && host.ok()) {
            otherwise_.insert(otherwise_.end(), object.wishes.begin(), object.wishes.end());
            return false;
        }
        const Error& error = result.ok() ? host.error() : result.error();
        for (const std::size_t wish : object.wishes) {
            answer_error(wish, with_context(redacted(*object.location), error));
        }
        return false;
    }
    object.first = std::make_shared<const HttpTarget>(std::move(*result.value()));
    object.host = host.value();
    first_expiry_ = std::min(first_expiry_, object.first->expires);
    const auto redirect = shared_.memory.redirect(*object.location, Clock::now());
    Target target = redirect && !renew ? other_target(*object.first, *redirect) : object.first;
    const std::lock_guard lock(targets_mutex_);
    object.target = std::move(target);
    ++object.generation;
    return true;
}

void HttpBatch::set_target(Object& object, Target target) {
    const std::lock_guard lock(targets_mutex_);
    object.target = std::move(target);
}

/// Signatures that are about to run out, while requests that need them are waiting to be sent.
void HttpBatch::renew_expiring() {
    const Clock::time_point soon = Clock::now() + kExpiryMargin;
    if (first_expiry_ > soon) {
        return;
    }
    first_expiry_ = Clock::time_point::max();
    std::vector<char> needed(objects_.size(), 0);
    for (const Span& span : spans_) {
        if (!span.over) {
            needed[span.object] = 1;
        }
    }
    for (std::size_t i = 0; i < resolved_; ++i) {
        Object& object = objects_[i];
        if (needed[i] == 0 || !object.first) {
            continue;
        }
        // What is given with less time to go than the margin is not asked for again and again.
        if (object.first->expires > soon || !resolve(object, false) || object.first->expires <= soon) {
            first_expiry_ = std::min(first_expiry_, std::max(object.first->expires, soon + std::chrono::seconds(1)));
        }
    }
}

/// Finds out of which version disk has ranges of an object, and whether that is to be believed.
void HttpBatch::look_for_version(Object& object) {
    const std::shared_ptr<RangeCache>& disk = shared_.options.disk;
    const bool any = std::any_of(object.wishes.begin(), object.wishes.end(),
                                 [this](std::size_t wish) { return requests_[wish].keep; });
    if (!disk || !any) {
        return;
    }
    object.on_disk = disk->version(*object.location, kAnyAge);
    object.in_doubt = object.on_disk && !versions_->find(*object.location);
    if (object.in_doubt && shared_.options.disk_max_age.count() > 0) {
        const auto recent = disk->version(*object.location, shared_.options.disk_max_age);
        object.in_doubt = !recent || !versions_->note(*object.location, *recent).ok();
    }
}

/// Wishes to an object's end are requests of their own, with a condition where disk may have the bytes; empty ones are
/// none. Returns the others, and those that disk may have without a question.
std::vector<std::size_t> HttpBatch::ask_at_once(std::size_t number, std::vector<Task*>& out) {
    const Object& object = objects_[number];
    std::vector<std::size_t> left;
    for (const std::size_t wish : object.wishes) {
        const ByteRange& range = requests_[wish].range;
        if (is_to_end(range) && (!object.on_disk || object.in_doubt)) {
            add_span(number, range, {wish}, 1, out);
            if (object.on_disk && !condition_header(*object.on_disk).empty()) {
                out.back()->wanted.unless = object.on_disk;
            }
        } else if (is_to_end(range) || range.end > range.begin) {
            left.push_back(wish);
        } else if (range.end == range.begin) {
            answered_[wish] = 1;
            sink_(wish, ByteSpan());
        } else {
            answer_error(wish, invalid(redacted(*object.location) + ": the byte range ends before it begins"));
        }
    }
    return left;
}

/// Whether the object's server is to be asked for its version, or the way to it, before the ranges are: what is on disk
/// is good if it is of that version; and where a host leads elsewhere, one request learns where.
bool HttpBatch::needs_probe(const Object& object, const std::vector<std::size_t>& wishes) const {
    if (object.in_doubt) {
        return !wishes.empty();
    }
    return wishes.size() > 1 && object.target == object.first && shared_.memory.redirects(object.host, Clock::now());
}

void HttpBatch::add_probe(std::size_t number, std::vector<std::size_t> wishes, std::vector<Task*>& out) {
    add_span(number, {0, 1}, std::move(wishes), 1, out);
    out.back()->wanted.clip = false;
    out.back()->span->probe = true;
}

/// Asks for what disk does not have.
void HttpBatch::plan(const std::vector<ObjectWish>& wishes) {
    look_up(wishes);
    if (stopped_) {
        return;
    }
    std::map<std::string_view, std::vector<ObjectWish>> by_host;
    std::vector<Task*> tasks;
    for (const ObjectWish& one : wishes) {
        if (answered_[one.wish] != 0) {
            continue;
        }
        if (const ByteRange& range = requests_[one.wish].range; is_to_end(range)) {
            add_span(one.object, range, {one.wish}, 1, tasks);
        } else {
            by_host[objects_[one.object].host].push_back(one);
        }
    }
    for (auto& [host, bounded] : by_host) {
        plan_host(std::string(host), bounded, tasks);
    }
    submit_in_order(tasks);
}

/// The range of a wish. Where the object's size is known, without what lies behind its end, if that does not matter,
/// and with both ends if it is to the object's end.
ByteRange HttpBatch::clipped(std::size_t wish, std::optional<std::uint64_t> size) const {
    ByteRange range = requests_[wish].range;
    if (size && range.suffix != 0 && range.suffix <= *size) {
        return {*size - range.suffix, *size};
    }
    if (size && (requests_[wish].clip || !range.bounded()) && range.begin < *size) {
        range.end = std::min(range.end, *size);
    }
    return range;
}

RangeKey HttpBatch::key_of(std::size_t object, std::size_t wish, const ObjectVersion& version) const {
    return {*objects_[object].location, version, clipped(wish, version.size)};
}

/// Gives the sink what disk has of objects in the versions that they have now.
void HttpBatch::look_up(const std::vector<ObjectWish>& wishes) {
    if (!shared_.options.disk) {
        return;
    }
    for (std::size_t begin = 0; begin < wishes.size() && !stopped_; begin += kLookedUp) {
        const auto look = [&](std::size_t i) {
            const auto [number, wish] = wishes[begin + i];
            const Object& object = objects_[number];
            const auto version = object.on_disk ? versions_->find(*object.location) : std::nullopt;
            if (version) {
                give_from_disk(number, wish, *version);
            }
        };
        shared_.pool.parallel_for(std::min(kLookedUp, wishes.size() - begin), look, options_.max_threads);
        watch();
    }
}

void HttpBatch::give_from_disk(std::size_t object, std::size_t wish, const ObjectVersion& version) {
    const std::optional<Buffer> bytes = shared_.options.disk->get(key_of(object, wish, version));
    if (!bytes || std::exchange(answered_[wish], 1) != 0) {
        return;
    }
    ++session_.counters.disk_hits;
    session_.counters.disk_bytes += bytes->size();
    sink_(wish, bytes->span());
    if (objects_[object].in_doubt) {
        keep_version(objects_[object], version);  // which its server has just told
    }
}

/// Spans of bounded ranges at one host.
void HttpBatch::plan_host(const std::string& host, std::vector<ObjectWish>& wishes, std::vector<Task*>& out) {
    std::sort(wishes.begin(), wishes.end(), [](const ObjectWish& a, const ObjectWish& b) { return a.wish < b.wish; });
    std::vector<RangeWish> ranges;
    std::vector<std::optional<std::uint64_t>> sizes;
    std::vector<std::size_t> numbers;  // of the objects in this plan
    std::unordered_map<std::size_t, std::size_t> places;
    for (const auto& [object, wish] : wishes) {
        const auto [place, added] = places.try_emplace(object, numbers.size());
        if (added) {
            numbers.push_back(object);
            const auto version = versions_->find(*objects_[object].location);
            sizes.push_back(version ? version->size : std::nullopt);
        }
        const ByteRange range = clipped(wish, sizes[place->second]);
        ranges.push_back({place->second, range.begin, range.end});
    }
    const std::size_t limit = limit_of(*objects_[wishes.front().object].first);
    const std::size_t near = near_limit_of(host, limit);
    const std::size_t connections = near == 0 ? limit : near;
    const PlanRule rule = plan_rule(shared_.memory.link(host), connections, requests_.size(), wanted_bytes_,
                                    session_.tuning.coalesce_gap);
    const RangePlan plan = plan_rounds(ranges, sizes, rule, connections);
    for (const PlannedSpan& span : plan.spans) {
        std::vector<std::size_t> inside(span.count);
        for (std::size_t i = 0; i < span.count; ++i) {
            inside[i] = wishes[plan.order[span.first + i]].wish;
        }
        add_span(numbers[span.object], {span.begin, span.end}, std::move(inside), span.parts, out);
    }
}

void HttpBatch::add_span(std::size_t object, ByteRange range, std::vector<std::size_t> wishes, std::size_t parts,
                         std::vector<Task*>& out) {
    const bool clip =
        std::all_of(wishes.begin(), wishes.end(), [this](std::size_t wish) { return requests_[wish].clip; });
    Span& span = spans_.emplace_back();
    span.object = object;
    span.range = range;
    span.wishes = std::move(wishes);
    span.parts = span.parts_left = parts;
    for (std::size_t part = 0; part < parts; ++part) {
        Task& task = tasks_.emplace_back();
        task.span = &span;
        task.wanted.range = parts == 1 ? range : part_of({object, range.begin, range.end, 0, 0, parts}, part);
        task.wanted.clip = clip;
        out.push_back(&task);
    }
}

/// What is wanted first is asked for first.
void HttpBatch::submit_in_order(std::vector<Task*>& tasks) {
    std::stable_sort(tasks.begin(), tasks.end(),
                     [](const Task* a, const Task* b) { return a->span->wishes.front() < b->span->wishes.front(); });
    for (Task* task : tasks) {
        submit(*task);
    }
}

}  // namespace vcube
