#include <algorithm>
#include <cstring>
#include <ctime>
#include <iterator>
#include <new>
#include <string_view>

#include "core/base/concat.h"
#include "core/base/redacted.h"
#include "core/fetch/http_batch.h"
#include "core/fetch/http_url.h"

namespace vcube {
namespace {

constexpr unsigned kMaxHops = 10;     // redirects, as browsers and libcurl have it, or less
constexpr unsigned kMaxRefusals = 2;  // of one request: at a remembered place, then with an old signature

std::string attempts_text(unsigned attempts) {
    return attempts < 2 ? std::string() : concat("after ", std::to_string(attempts), " attempts");
}

/// "location: what was wrong (bytes 5 to 9, after 6 attempts)".
Error described(const std::string& location, const ByteRange& range, unsigned attempts, const Error& error,
                std::string_view remark) {
    std::string notes;
    const auto add = [&notes](std::string_view note) {
        if (!note.empty()) {
            notes.append(notes.empty() ? " (" : ", ").append(note);
        }
    };
    if (range != ByteRange{} && error.message.find("wanted ") == std::string::npos) {
        add(range.suffix != 0  ? concat("the last ", std::to_string(range.suffix), " bytes")
            : !range.bounded() ? concat("from byte ", std::to_string(range.begin))
                               : concat("bytes ", std::to_string(range.begin), " to ", std::to_string(range.end)));
    }
    add(attempts_text(attempts));
    add(remark);
    return {error.code, concat(redacted(location), ": ", error.message, notes, notes.empty() ? "" : ")")};
}

/// Whether a reply says no to the request as such, not to its range and not for a while.
bool is_refusal(const HttpReply& reply, const Verdict& verdict) {
    return verdict.kind == Verdict::Kind::kRenew ||
           (verdict.kind == Verdict::Kind::kFail && reply.fault == TransportFault::kNone && reply.head.status >= 400 &&
            reply.head.status != 416);
}

}  // namespace

std::shared_ptr<const HttpTarget> other_target(const HttpTarget& target, const std::string& url) {
    auto out = std::make_shared<HttpTarget>(target);
    out->url = url;
    const Result<std::string> from = origin_of(target.url);
    const Result<std::string> to = origin_of(url);
    if (from.ok() && to.ok() && from.value() == to.value()) {
        return out;
    }
    out->headers.clear();
    out->user_password.clear();
    out->auth.clear();
    out->bearer.clear();
    if (out->settings && !out->settings->cookie.empty()) {
        auto settings = std::make_shared<HttpSettings>(*out->settings);
        settings->cookie.clear();
        out->settings = std::move(settings);
    }
    return out;
}

void HttpBatch::handle(Task& task, HttpReply reply) {
    --under_way_;
    session_.counters.requests += reply.sent;
    session_.counters.bytes += reply.received;
    if (stopped_ || task.span->over) {
        shared_.client.release(reply.body.size());
        return;
    }
    if (reply.fault == TransportFault::kNone) {
        hosts_[objects_[task.span->object].host].heard = Clock::now();
    }
    const Verdict verdict = judge(reply, task.wanted, std::time(nullptr));
    if (verdict.kind == Verdict::Kind::kDone || verdict.kind == Verdict::Kind::kUnchanged) {
        accept(task, reply, verdict);
        return;
    }
    shared_.client.release(reply.body.size());
    if (start_over(task, reply, verdict)) {
        return;
    }
    switch (verdict.kind) {
        case Verdict::Kind::kRetry:
            retry(task, reply, verdict);
            break;
        case Verdict::Kind::kRedirect:
            follow(task, verdict);
            break;
        case Verdict::Kind::kRenew:
            renew(task, verdict);
            break;
        default:
            refuse(task, reply, verdict);
    }
}

/// The beginning of a joined span: wishes that lie in it have their bytes.
void HttpBatch::handle(Task& task, HttpArrival arrival) {
    Span& span = *task.span;
    if (stopped_ || span.over || !versions_->note(*objects_[span.object].location, arrival.version).ok()) {
        return;  // the reply as a whole, when it is here, says what is wrong
    }
    span.length = span.got = arrival.body.size();
    span.body = std::move(arrival.body);
    note_version_for_disk(span);
    span.over = make_ready(span, false).empty();  // of an object that is read whole, the rest may be of no use
}

void HttpBatch::accept(Task& task, HttpReply& reply, const Verdict& verdict) {
    Span& span = *task.span;
    Object& object = objects_[span.object];
    const std::uint64_t counted = reply.body.size();
    if (const Status same = versions_->note(*object.location, verdict.version); !same.ok()) {
        shared_.client.release(counted);
        fail(task, same.error());
        return;
    }
    shared_.memory.note(object.host, reply);
    if (task.via && task.generation == object.generation && task.via->url != object.first->url) {
        shared_.memory.remember_redirect(*object.location, object.host, task.via->url, Clock::now());
        set_target(object, task.via);
    }
    if (span.probe || verdict.kind == Verdict::Kind::kUnchanged) {
        shared_.client.release(counted);
        end_probe(span);
        return;
    }
    if (span.parts > 1) {
        const Status placed = place_part(task, reply, verdict);
        // Given back at once: that the other parts come must not depend on this one being done with.
        shared_.client.release(counted);
        if (!placed.ok()) {
            fail(task, placed.error());
            return;
        }
    } else {
        span.length = span.got = counted;
        span.counted = counted;
        span.body = std::move(reply.body);
    }
    if (--span.parts_left == 0) {
        complete(span);
    }
}

/// The version of an object is known now, or cannot be known: what is wanted of it may be on disk.
void HttpBatch::end_probe(Span& span) {
    span.over = true;
    for (const std::size_t wish : span.wishes) {
        probed_.push_back({span.object, wish});
    }
}

/// Copies a part into the span's buffer.
Status HttpBatch::place_part(const Task& task, const HttpReply& reply, const Verdict& verdict) {
    Span& span = *task.span;
    if (span.body.empty()) {
        const std::uint64_t size = verdict.version.size.value_or(ByteRange::kEnd);
        const std::uint64_t end = std::max(std::min(span.range.end, size), span.range.begin);
        try {
            span.body = Buffer(end - span.range.begin);
        } catch (const std::bad_alloc&) {
            return over_limit(concat("no memory for ", std::to_string(end - span.range.begin), " bytes"));
        }
    }
    const std::uint64_t offset = task.wanted.range.begin - span.range.begin;
    const std::uint64_t bytes = reply.body.size();
    if (bytes == 0) {
        return {};
    }
    if (offset > span.body.size() || bytes > span.body.size() - offset) {
        return io_error("sent parts of objects of different sizes");
    }
    std::memcpy(span.body.data() + offset, reply.body.data(), bytes);
    span.got += bytes;
    span.length = std::max(span.length, offset + bytes);
    return {};
}

void HttpBatch::note_version_for_disk(Span& span) {
    if (shared_.options.disk) {
        span.version = versions_->find(*objects_[span.object].location);
        if (span.version && !RangeCache::can_keep(*span.version)) {
            span.version.reset();
        }
    }
}

/// Wishes whose bytes are all here are ready; where nothing more comes those that take what there is are, too. Returns
/// the others.
std::vector<std::size_t> HttpBatch::make_ready(Span& span, bool ended) {
    std::vector<std::size_t> others;
    const bool alone = span.wishes.size() == 1 && span.parts == 1;
    for (const std::size_t wish : span.wishes) {
        if (answered_[wish] != 0) {
            continue;
        }
        const FetchRequest& request = requests_[wish];
        const bool whole = is_to_end(request.range) || bytes_for(span, wish).size() == request.range.size();
        if (alone || (span.got == span.length && (whole || (ended && request.clip)))) {
            answered_[wish] = 1;
            ++span.left;
            ready_.push_back({&span, wish});
        } else {
            others.push_back(wish);
        }
    }
    return others;
}

/// All of a span is here that comes.
void HttpBatch::complete(Span& span) {
    span.over = true;
    note_version_for_disk(span);
    const std::vector<std::size_t> short_of = make_ready(span, true);
    drop_body(span);
    ask_singly(span, short_of);
}

/// Nobody needs its bytes any more but those who are still to be given theirs.
void HttpBatch::drop_body(Span& span) {
    if (span.left == 0) {
        span.body = Body();
        shared_.client.release(std::exchange(span.counted, 0));
    }
}

/// What a joined span could not bring for all is asked for one by one: each wish then has its own reply, or error.
void HttpBatch::ask_singly(const Span& span, const std::vector<std::size_t>& wishes) {
    std::vector<Task*> tasks;
    for (const std::size_t wish : wishes) {
        if (answered_[wish] == 0) {
            add_span(span.object, requests_[wish].range, {wish}, 1, tasks);
        }
    }
    for (Task* task : tasks) {
        submit(*task);
    }
}

void HttpBatch::fail(Task& task, const Error& error, const char* remark) {
    Span& span = *task.span;
    span.over = true;
    drop_body(span);
    for (const std::size_t wish : span.wishes) {
        answer_error(wish,
                     described(*objects_[span.object].location, requests_[wish].range, task.attempts, error, remark));
    }
}

void HttpBatch::refuse(Task& task, const HttpReply& reply, const Verdict& verdict) {
    Span& span = *task.span;
    if (const Status same = versions_->note(*objects_[span.object].location, verdict.version); !same.ok()) {
        fail(task, same.error());
        return;
    }
    const int status = reply.fault == TransportFault::kNone ? reply.head.status : 0;
    if (span.probe && (status == 200 || status == 206 || status == 416)) {
        end_probe(span);
        return;
    }
    if (span.wishes.size() > 1 && (status == 200 || status == 206 || status == 416)) {
        span.over = true;
        drop_body(span);
        ask_singly(span, span.wishes);
        return;
    }
    fail(task, verdict.error);
    give_up_host(task, reply, verdict.error);
}

/// Where a request got no reply, not even after all attempts, and no other has from that host since, the others would
/// only wait as long.
void HttpBatch::give_up_host(const Task& task, const HttpReply& reply, const Error& error) {
    const bool silent = reply.fault == TransportFault::kUnreachable || reply.fault == TransportFault::kStalled ||
                        reply.fault == TransportFault::kTls;
    const Object& object = objects_[task.span->object];
    Host& host = hosts_[object.host];
    if (!silent || host.down || task.asked != object.first || host.heard >= task.begun) {
        return;
    }
    host.down = error;
    for (Span& span : spans_) {
        const Object& other = objects_[span.object];
        if (span.over || other.host != object.host) {
            continue;
        }
        span.over = true;
        for (const std::size_t wish : span.wishes) {
            answer_error(wish, described(*other.location, requests_[wish].range, 0, error, "like another request"));
        }
    }
}

/// Of a joined span, another attempt brings what the one before did not. False where nothing is wanted any more.
bool HttpBatch::leave_out_given(Task& task) {
    Span& span = *task.span;
    if (span.wishes.size() < 2 || span.parts > 1 || span.probe) {
        return true;
    }
    deliver();  // of the span as it was
    if (stopped_ || span.over) {
        return false;
    }
    std::erase_if(span.wishes, [this](std::size_t wish) { return answered_[wish] != 0; });
    ByteRange rest{span.range.end, span.range.begin};
    for (const std::size_t wish : span.wishes) {
        rest.begin = std::min(rest.begin, requests_[wish].range.begin);
        rest.end = std::max(rest.end, std::min(requests_[wish].range.end, span.range.end));
    }
    span.range = task.wanted.range = rest;
    return true;
}

void HttpBatch::retry(Task& task, const HttpReply& reply, const Verdict& verdict) {
    RetryRule rule;
    rule.retries = session_.tuning.retries;
    const Clock::time_point now = Clock::now();
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - task.begun);
    const double random = std::generate_canonical<double, 32>(random_);
    const auto delay = retry_delay(rule, task.attempts, elapsed, verdict.retry_after, random);
    if (!delay || retries_left_ == 0) {
        fail(task, verdict.error, delay ? "too many requests of this read failed" : "");
        give_up_host(task, reply, verdict.error);
        return;
    }
    if (!leave_out_given(task)) {
        return;
    }
    --retries_left_;
    ++task.attempts;
    ++session_.counters.retries;
    submit(task, now + *delay);
}

/// A place that was learned from an earlier redirect says no: what led there may lead elsewhere by now.
bool HttpBatch::start_over(Task& task, const HttpReply& reply, const Verdict& verdict) {
    Object& object = objects_[task.span->object];
    if (task.via || !task.asked || task.asked->url == object.first->url || !is_refusal(reply, verdict) ||
        task.refusals >= kMaxRefusals) {
        return false;
    }
    ++task.refusals;
    ++session_.counters.retries;
    shared_.memory.forget_redirect(*object.location);
    if (object.target == task.asked) {
        set_target(object, object.first);
    }
    submit(task);
    return true;
}

void HttpBatch::follow(Task& task, const Verdict& verdict) {
    if (++task.hops > kMaxHops) {
        fail(task, io_error(concat("redirected more than ", std::to_string(kMaxHops), " times")));
        return;
    }
    const Result<std::string> url = redirect_target(task.asked->url, verdict.location);
    if (!url.ok()) {
        fail(task, url.error());
        return;
    }
    task.via = other_target(*objects_[task.span->object].first, url.value());
    submit(task);
}

/// Its wishes to the fetcher of what HTTP does not reach.
void HttpBatch::hand_over(Span& span) {
    span.over = true;
    drop_body(span);
    const std::size_t before = otherwise_.size();
    std::copy_if(span.wishes.begin(), span.wishes.end(), std::back_inserter(otherwise_),
                 [this](std::size_t wish) { return answered_[wish] == 0; });
    session_.counters.ranges -= otherwise_.size() - before;  // which the other fetcher counts
}

/// With a fresh signature, once an object.
void HttpBatch::renew(Task& task, const Verdict& verdict) {
    Object& object = objects_[task.span->object];
    if (object.elsewhere) {
        hand_over(*task.span);
        return;
    }
    if (task.refusals >= kMaxRefusals) {
        fail(task, verdict.error);
        return;
    }
    if (task.generation == object.generation) {
        if (object.renewed || !resolve(object, true)) {
            object.elsewhere ? hand_over(*task.span) : fail(task, verdict.error);
            return;
        }
        object.renewed = true;
    }
    ++task.refusals;
    ++session_.counters.retries;
    task.hops = 0;
    task.via = nullptr;
    submit(task);
}

}  // namespace vcube
