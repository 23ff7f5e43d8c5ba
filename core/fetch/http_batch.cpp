#include "core/fetch/http_batch.h"

#include <algorithm>
#include <map>
#include <new>
#include <stop_token>
#include <string_view>
#include <unordered_map>

#include "core/base/concat.h"
#include "core/base/redacted.h"
#include "core/fetch/http_url.h"

namespace vcube {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{100};
// Locations are resolved so long before what is known by then is asked for.
constexpr milliseconds kResolving{5};
// A signature that runs out sooner is not relied on.
constexpr std::chrono::seconds kExpiryMargin{30};
constexpr std::size_t kDelivered = 64;  // at a time, so that the caller looks up now and then

Error cancelled() {
    return {ErrorCode::kCancelled, "reading was cancelled"};
}

}  // namespace

HttpBatch::HttpBatch(HttpShared& shared, std::span<const FetchRequest> requests, const FetchSink& sink,
                     const FetchOptions& options)
    : shared_(shared),
      requests_(requests),
      sink_(sink),
      options_(options),
      session_(options.session ? *options.session : own_session_),
      versions_(session_.versions ? session_.versions : std::make_shared<ObjectVersions>()),
      group_(shared.client.make_group()),
      answered_(requests.size(), 0),
      retries_left_(retry_budget(requests.size())) {}

std::vector<std::size_t> HttpBatch::run() {
    const std::stop_callback wake(options_.stop, [this] {
        const std::lock_guard lock(inbox_mutex_);
        came_.notify_all();
    });
    next_tick_ = Clock::now() + kTick;
    find_objects();
    while ((resolved_ < objects_.size() && !stopped_) || under_way_ > 0) {
        watch();
        if (!stopped_) {
            resolve_some();
        }
        for (auto& [task, reply] : take_replies(resolved_ == objects_.size() || stopped_)) {
            handle(*task, std::move(reply));
        }
        deliver();
    }
    if (stopped_) {
        otherwise_.clear();
    }
    return std::move(otherwise_);
}

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
    std::vector<std::size_t> resolved;
    while (resolved_ < objects_.size() && (resolved.empty() || Clock::now() < until)) {
        const std::size_t number = resolved_++;
        if (resolve(objects_[number], false)) {
            resolved.push_back(number);
            session_.counters.ranges += objects_[number].wishes.size();
        }
    }
    if (!resolved.empty()) {
        plan(resolved);
    }
}

/// Whether the object is reached by HTTP. Where it is not, its wishes are somebody else's, or have failed; a renewal
/// that brings nothing changes nothing.
bool HttpBatch::resolve(Object& object, bool renew) {
    auto result = shared_.resolver(*object.location, renew);
    Result<std::string> host = std::string();
    if (result.ok() && result.value()) {
        host = origin_of(result.value()->url);
    }
    if (!result.ok() || !host.ok() || !result.value()) {
        if (object.first) {
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
        needed[span.object] |= static_cast<char>(!span.over);
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

void HttpBatch::plan(const std::vector<std::size_t>& objects) {
    std::map<std::string_view, std::vector<ObjectWish>> by_host;
    std::vector<Task*> tasks;
    for (const std::size_t number : objects) {
        const Object& object = objects_[number];
        for (const std::size_t wish : object.wishes) {
            const ByteRange& range = requests_[wish].range;
            if (!range.bounded() || range.suffix != 0) {
                add_span(number, range, {wish}, 1, tasks);
            } else if (range.end > range.begin) {
                by_host[object.host].push_back({number, wish});
            } else if (range.end == range.begin) {
                answered_[wish] = 1;
                sink_(wish, ByteSpan());
            } else {
                answer_error(wish, invalid(redacted(*object.location) + ": the byte range ends before it begins"));
            }
        }
    }
    for (auto& [host, wishes] : by_host) {
        plan_host(std::string(host), wishes, tasks);
    }
    std::stable_sort(tasks.begin(), tasks.end(),
                     [](const Task* a, const Task* b) { return a->span->wishes.front() < b->span->wishes.front(); });
    for (Task* task : tasks) {
        submit(*task);
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
        const ByteRange& range = requests_[wish].range;
        const std::uint64_t size = sizes[place->second].value_or(ByteRange::kEnd);
        const bool clipped = requests_[wish].clip && range.begin < size;
        ranges.push_back({place->second, range.begin, clipped ? std::min(range.end, size) : range.end});
    }
    const PlanRule rule = plan_rule(shared_.memory.link(host), limit_of(*objects_[wishes.front().object].first),
                                    requests_.size(), wanted_bytes_, session_.tuning.coalesce_gap);
    const RangePlan plan = plan_ranges(ranges, sizes, rule);
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
    // Of a joined span, what lies inside the object serves the wishes that do.
    const bool clip = wishes.size() > 1 || requests_[wishes.front()].clip;
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

std::size_t HttpBatch::limit_of(const HttpTarget& target) const {
    const std::size_t usual =
        target.object_store ? shared_.options.store_concurrency : shared_.options.host_concurrency;
    return session_.tuning.max_concurrency != 0 ? session_.tuning.max_concurrency : usual;
}

void HttpBatch::submit(Task& task, Clock::time_point not_before) {
    const Object& object = objects_[task.span->object];
    HttpRequest request;
    request.target = task.via ? task.via : object.target;
    request.wanted = task.wanted;
    request.timeout = session_.tuning.timeout;
    request.not_before = not_before;
    request.host_limit = limit_of(*object.first);
    request.latest = [this, &task] { return about_to_send(task); };
    ++under_way_;
    shared_.client.submit(group_, std::move(request), [this, &task](HttpReply&& reply) {
        const std::lock_guard lock(inbox_mutex_);
        inbox_.emplace_back(&task, std::move(reply));
        came_.notify_all();  // under the lock: this call may be the last before the batch goes away
    });
}

/// On the client's thread. What has been learned while the request was waiting counts.
HttpBatch::Target HttpBatch::about_to_send(Task& task) {
    if (task.span->over) {
        return nullptr;
    }
    const std::lock_guard lock(targets_mutex_);
    const Object& object = objects_[task.span->object];
    if (!task.asked) {
        task.begun = Clock::now();
    }
    task.generation = object.generation;
    task.asked = task.via ? task.via : object.target;
    return task.asked;
}

std::vector<std::pair<HttpBatch::Task*, HttpReply>> HttpBatch::take_replies(bool wait) {
    std::unique_lock lock(inbox_mutex_);
    if (wait && inbox_.empty() && under_way_ > 0) {
        const Clock::time_point begin = Clock::now();
        came_.wait_until(lock, next_tick_,
                         [this] { return !inbox_.empty() || (!stopped_ && options_.stop.stop_requested()); });
        const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
        session_.counters.waited_us += static_cast<std::uint64_t>(waited.count());
    }
    return std::exchange(inbox_, {});
}

/// What the caller wants in the meantime.
void HttpBatch::watch() {
    if (stopped_) {
        next_tick_ = Clock::now() + kTick;
        return;
    }
    if (options_.stop.stop_requested()) {
        stop();
    } else if (const Clock::time_point now = Clock::now(); now >= next_tick_) {
        next_tick_ = now + kTick;
        if (options_.tick && !options_.tick()) {
            stop();
            return;
        }
        drop_unwanted();
        renew_expiring();
    }
}

void HttpBatch::stop() {
    stopped_ = true;
    shared_.client.cancel(group_);
    for (std::size_t i = 0; i < requests_.size(); ++i) {
        answer_error(i, cancelled());
    }
}

void HttpBatch::drop_unwanted() {
    if (!options_.wanted) {
        return;
    }
    bool any_left = resolved_ < objects_.size();
    for (Span& span : spans_) {
        if (span.over) {
            continue;
        }
        const bool wanted = std::any_of(span.wishes.begin(), span.wishes.end(),
                                        [this](std::size_t wish) { return options_.wanted(wish); });
        any_left |= wanted;
        if (!wanted) {
            span.over = true;
            for (const std::size_t wish : span.wishes) {
                answer_error(wish, {ErrorCode::kCancelled, "not wanted any more"});
            }
        }
    }
    if (!any_left) {
        stop();
    }
}

/// Calls the sink, unless it was called for this request.
void HttpBatch::answer_error(std::size_t wish, Error error) {
    if (std::exchange(answered_[wish], 1) != 0) {
        return;
    }
    session_.counters.failures += error.code == ErrorCode::kCancelled ? 0 : 1;
    sink_(wish, std::move(error));
}

/// The bytes of a wish that have come: fewer than it is long where the object ends before.
ByteSpan HttpBatch::bytes_for(const Span& span, std::size_t wish) const {
    const ByteRange& range = requests_[wish].range;
    const ByteSpan body = span.body.span().first(span.length);
    if (!range.bounded() || range.suffix != 0) {
        return body;
    }
    const std::uint64_t offset = std::min<std::uint64_t>(range.begin - span.range.begin, body.size());
    return body.subspan(offset, std::min<std::uint64_t>(range.size(), body.size() - offset));
}

/// Gives what is complete to the sink, on as many threads as may be used. Bodies of the loop wait for nothing.
void HttpBatch::deliver() {
    std::size_t begin = 0;
    while (begin < ready_.size() && !stopped_) {
        const std::size_t count = std::min(kDelivered, ready_.size() - begin);
        shared_.pool.parallel_for(
            count, [this, begin](std::size_t i) { give(ready_[begin + i]); }, options_.max_threads);
        begin += count;
        watch();
    }
    for (; begin < ready_.size(); ++begin) {
        sink_(ready_[begin].wish, cancelled());
        done_with(*ready_[begin].span);
    }
    ready_.clear();
}

void HttpBatch::give(const Item& item) {
    Span& span = *item.span;
    sink_(item.wish, bytes_for(span, item.wish));
    done_with(span);
}

/// With one wish of a span, and after the last with its bytes.
void HttpBatch::done_with(Span& span) {
    if (span.left.fetch_sub(1) == 1) {
        span.body = Buffer();
        shared_.client.release(std::exchange(span.counted, 0));
    }
}

}  // namespace vcube
