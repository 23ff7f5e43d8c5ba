#include "core/fetch/http_batch.h"

#include <algorithm>
#include <stop_token>

namespace vcube {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{100};
// Nothing came and nothing was sent for so long: the caller has time for something else. Before, it would be in the way
// of the thread that sends the requests.
constexpr milliseconds kQuiet{10};
// A request keeps the client's thread busy for about so long: more of them under way than fit into a round trip only
// wait for it.
constexpr std::chrono::microseconds kRequestWork{40};
constexpr std::size_t kFewConnections = 8;
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
      retries_left_(retry_budget(requests.size())),
      meanwhile_(options.meanwhile != nullptr) {}

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
        for (News& news : take_news(resolved_ == objects_.size() || stopped_)) {
            if (news.reply) {
                handle(*news.task, std::move(*news.reply));
            } else {
                handle(*news.task, std::move(news.arrival));
            }
        }
        plan(std::exchange(probed_, {}));
        deliver();
    }
    if (stopped_) {
        otherwise_.clear();
    }
    return std::move(otherwise_);
}

std::size_t HttpBatch::limit_of(const HttpTarget& target) const {
    const std::size_t usual =
        target.object_store ? shared_.options.store_concurrency : shared_.options.host_concurrency;
    return session_.tuning.max_concurrency != 0 ? session_.tuning.max_concurrency : usual;
}

std::size_t HttpBatch::near_limit_of(const std::string& host, std::size_t limit) const {
    const auto busy = static_cast<std::size_t>(shared_.memory.link(host).latency / kRequestWork);
    const std::size_t enough = std::max(busy, kFewConnections);
    return enough < limit && session_.tuning.max_concurrency == 0 ? enough : 0;
}

void HttpBatch::submit(Task& task, Clock::time_point not_before) {
    const Object& object = objects_[task.span->object];
    std::optional<ObjectVersion>& unless = task.wanted.unless;
    if (unless && !shared_.options.disk->has(key_of(task.span->object, task.span->wishes.front(), *unless))) {
        unless.reset();
    }
    HttpRequest request;
    request.target = task.via ? task.via : object.target;
    request.wanted = task.wanted;
    request.timeout = session_.tuning.timeout;
    request.not_before = not_before;
    request.host_limit = limit_of(*object.first);
    request.near_limit = near_limit_of(object.host, request.host_limit);
    request.latest = [this, &task] { return about_to_send(task); };
    request.marks = marks_of(*task.span);
    request.arrived = [this, &task](HttpArrival&& arrival) { tell({&task, std::nullopt, std::move(arrival)}); };
    ++under_way_;
    shared_.client.submit(group_, std::move(request), [this, &task](HttpReply&& reply) {
        tell({&task, std::move(reply), {}});
    });
}

/// Where wishes of a joined span end: they need not wait for those behind them.
std::vector<std::uint64_t> HttpBatch::marks_of(const Span& span) const {
    std::vector<std::uint64_t> marks;
    if (span.wishes.size() > 1 && span.parts == 1 && !span.probe) {
        for (const std::size_t wish : span.wishes) {
            if (answered_[wish] == 0) {
                marks.push_back(requests_[wish].range.end - span.range.begin);
            }
        }
        std::sort(marks.begin(), marks.end());
    }
    return marks;
}

/// On the client's thread.
void HttpBatch::tell(News news) {
    const std::lock_guard lock(inbox_mutex_);
    inbox_.push_back(std::move(news));
    came_.notify_all();  // under the lock: this call may be the last before the batch goes away
}

/// On the client's thread. What has been learned while the request was waiting counts.
HttpBatch::Target HttpBatch::about_to_send(Task& task) {
    if (task.span->over) {
        return nullptr;
    }
    const std::lock_guard lock(targets_mutex_);
    const Object& object = objects_[task.span->object];
    const Clock::time_point now = Clock::now();
    sent_ = now;
    if (!task.asked) {
        task.begun = now;
    }
    task.generation = object.generation;
    task.asked = task.via ? task.via : object.target;
    return task.asked;
}

std::vector<HttpBatch::News> HttpBatch::take_news(bool wait) {
    std::unique_lock lock(inbox_mutex_);
    if (wait && inbox_.empty() && under_way_ > 0) {
        const Clock::time_point begin = Clock::now();
        const auto came = [this] { return !inbox_.empty() || (!stopped_ && options_.stop.stop_requested()); };
        for (Clock::time_point now = begin; !came() && now < next_tick_; now = Clock::now()) {
            const bool idle = stopped_ || !meanwhile_;
            const Clock::time_point quiet = idle ? next_tick_ : std::max(begin, sent_.load()) + kQuiet;
            if (now < quiet) {
                came_.wait_until(lock, std::min(quiet, next_tick_), came);
                continue;
            }
            lock.unlock();
            meanwhile_ = options_.meanwhile();
            lock.lock();
        }
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
    for (Span& span : spans_) {
        if (span.over) {
            continue;
        }
        const bool wanted = std::any_of(span.wishes.begin(), span.wishes.end(), [this](std::size_t wish) {
            return answered_[wish] == 0 && options_.wanted(wish);
        });
        if (!wanted) {
            span.over = true;
            for (const std::size_t wish : span.wishes) {
                answer_error(wish, {ErrorCode::kCancelled, "not wanted any more"});
            }
        }
    }
    bool any_left = !ready_.empty();  // what is here is given to the sink, not cancelled
    for (std::size_t i = 0; i < requests_.size() && !any_left; ++i) {
        any_left = answered_[i] == 0 && options_.wanted(i);
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
    if (is_to_end(range)) {
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
    const ByteSpan bytes = bytes_for(*item.span, item.wish);
    sink_(item.wish, bytes);
    if (item.span->version) {
        keep(*item.span, item.wish, bytes);
    }
    done_with(*item.span);
}

/// Keeps the bytes of a wish on disk, and of which version they are.
void HttpBatch::keep(const Span& span, std::size_t wish, ByteSpan bytes) {
    if (requests_[wish].keep && !bytes.empty()) {
        shared_.options.disk->put(key_of(span.object, wish, *span.version), bytes);
        keep_version(objects_[span.object], *span.version);
    }
}

/// Writes down which version an object has, where disk does not say so, or not that it has it now.
void HttpBatch::keep_version(Object& object, const ObjectVersion& version) {
    const bool dated = shared_.options.disk_max_age.count() > 0;
    if ((dated || object.on_disk != version) && !object.version_kept.exchange(true)) {
        shared_.options.disk->put_version(*object.location, version);
    }
}

/// With one wish of a span, and after the last with its bytes.
void HttpBatch::done_with(Span& span) {
    if (span.left.fetch_sub(1) == 1) {
        drop_body(span);
    }
}

}  // namespace vcube
