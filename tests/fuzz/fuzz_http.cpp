// Replies of web servers, hostile: the input's first line is what was asked for ("begin end suffix clip max_bytes
// body_bytes fault at_hand", "*" for no end; at_hand 1: with a condition), then come header lines, an empty line and
// the begin of the body. What is checked: no more is taken than was asked for; a reply is done only with exactly that;
// what may be used as it comes is good when all of it is here; messages hold nothing that was sent but numbers and
// short codes; what was parsed survives being written and parsed again; redirects lead to web servers only.
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "core/fetch/http_head.h"
#include "core/fetch/http_judge.h"
#include "core/fetch/http_url.h"

namespace vcube {
namespace {

constexpr std::size_t kMostBody = 65536;  // of memory; more is said to have been received

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

std::string_view cut_off(std::string_view& text, char end) {
    const std::string_view first = text.substr(0, text.find(end));
    text.remove_prefix(std::min(text.size(), first.size() + 1));
    return first;
}

std::uint64_t number(std::string_view& line) {
    const std::string_view word = cut_off(line, ' ');
    std::uint64_t value = 0;
    std::from_chars(word.data(), word.data() + word.size(), value);
    return word == "*" ? ByteRange::kEnd : value;
}

void check_fields(const HttpHead& head) {
    if (const auto sent = parse_content_range(head.content_range)) {
        require(sent->part || sent->size);
        std::string again = "bytes *";
        if (sent->part) {
            require(sent->part->begin < sent->part->end && sent->part->bounded() && sent->part->suffix == 0);
            require(!sent->size || *sent->size >= sent->part->end);
            const std::string asked = range_header(*sent->part);  // "bytes=5-9"
            again = "bytes " + asked.substr(asked.find('=') + 1);
        }
        const auto parsed = parse_content_range(again + "/" + (sent->size ? std::to_string(*sent->size) : "*"));
        require(parsed && parsed->part == sent->part && parsed->size == sent->size);
    }
    if (const auto wait = parse_retry_after(head, 0)) {
        require(wait->count() >= 0 && *wait <= std::chrono::seconds(std::int64_t{1} << 31));
    }
}

/// The reply as a client hands it over, by the plan.
HttpReply received(const HttpHead& head, const BodyPlan& plan, std::string_view body, std::uint64_t body_bytes) {
    HttpReply reply;
    reply.head = head;
    reply.received = body_bytes;
    if (plan.stop) {
        reply.cut = true;
        return reply;
    }
    const std::uint64_t left = body_bytes - std::min(body_bytes, plan.skip);
    reply.body = Buffer(std::min({left, plan.take, std::uint64_t{kMostBody}}));
    std::memset(reply.body.data(), '<', reply.body.size());
    std::copy_n(body.begin(), std::min(body.size(), reply.body.size()), reinterpret_cast<char*>(reply.body.data()));
    reply.cut = left > plan.take;
    return reply;
}

/// Bytes that were used as they came are those of the reply when all of it is here.
void check_sure(const HttpHead& head, const Expectation& wanted, const BodyPlan& plan) {
    require(!plan.stop && (head.status == 200 || head.status == 206) && head.content_length.has_value());
    require(plan.skip <= *head.content_length && plan.take <= *head.content_length - plan.skip);
    if (wanted.range.bounded() && wanted.range.suffix == 0 && !wanted.clip) {
        require(plan.take == wanted.range.size());
    }
    if (plan.take <= kMostBody) {
        const Verdict verdict = judge(received(head, plan, "", *head.content_length), wanted, 784111777);
        require(verdict.kind == Verdict::Kind::kDone && verdict.version == version_of(head));
    }
}

void check_plan(const HttpHead& head, const Expectation& wanted, const BodyPlan& plan) {
    const std::uint64_t most = wanted.range.bounded() ? wanted.range.size() : wanted.max_bytes;
    if (plan.stop) {
        require(plan.skip == 0 && plan.take == 0);
    } else if (head.status == 200 || head.status == 206) {
        require(plan.take <= most && plan.skip <= kMaxSkipped);
        require(plan.skip == 0 || head.status == 200);
    } else {
        require(plan.take <= kErrorTextBytes && plan.skip == 0);
    }
    if (plan.sure) {
        check_sure(head, wanted, plan);
    }
}

void check_done(const HttpReply& reply, const Expectation& wanted, const BodyPlan& plan) {
    const int status = reply.head.status;
    const std::uint64_t size = reply.body.size();
    require(reply.fault == TransportFault::kNone && !plan.stop && size <= plan.take);
    require(status == 200 || status == 206 || (status == 416 && size == 0));
    if (wanted.range.bounded()) {
        require(wanted.clip ? size <= wanted.range.size() : size == wanted.range.size());
    } else {
        require(size <= wanted.max_bytes && (!reply.cut || status == 416));  // whose text is dropped
    }
    if (status == 206) {
        const auto sent = parse_content_range(reply.head.content_range);
        require(sent && sent->part && sent->part->size() == size && !reply.cut);
        require(wanted.range.suffix != 0 || sent->part->begin == wanted.range.begin);
    }
}

void check_unchanged(const Verdict& verdict, const HttpReply& reply, const Expectation& wanted) {
    require(reply.fault == TransportFault::kNone && reply.head.status == 304 && wanted.unless.has_value());
    const ObjectVersion told{{}, reply.head.etag, reply.head.last_modified};
    require(verdict.version == *wanted.unless || (verdict.version == told && !agree(told, *wanted.unless)));
}

/// A header line that is sent back is one line, and as the server sent it.
void check_condition(const ObjectVersion& version) {
    const std::string line = condition_header(version);
    require(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    require(line.empty() || line == "If-None-Match: " + version.etag ||
            line == "If-Modified-Since: " + version.modified);
}

void check_verdict(const Verdict& verdict, const HttpReply& reply, const Expectation& wanted, const BodyPlan& plan) {
    if (verdict.kind == Verdict::Kind::kDone) {
        check_done(reply, wanted, plan);
        return;
    }
    if (verdict.kind == Verdict::Kind::kUnchanged) {
        check_unchanged(verdict, reply, wanted);
        return;
    }
    const std::string& message = verdict.error.message;
    require(!message.empty() && message.size() < 200);
    require(std::all_of(message.begin(), message.end(), [](char c) { return c >= ' ' && c <= '~'; }));
    require(message.find('<') == std::string::npos && message.find("://") == std::string::npos);
    if (verdict.kind == Verdict::Kind::kRedirect) {
        require(!verdict.location.empty() && reply.head.status / 100 == 3);
        const auto target = redirect_target("https://host.example/folder/object?signature=1", verdict.location);
        require(target.ok() ? origin_of(target.value()).ok() : !target.error().message.empty());
    }
    require(verdict.kind != Verdict::Kind::kRetry || verdict.version == ObjectVersion{} || reply.head.status == 416);
}

void check(std::string_view text) {
    std::string_view line = cut_off(text, '\n');
    Expectation wanted;
    wanted.range.begin = number(line);
    wanted.range.end = number(line);
    wanted.range.suffix = number(line);
    wanted.clip = number(line) % 2 == 1;
    wanted.max_bytes = number(line);
    const std::uint64_t body_bytes = number(line);
    const std::uint64_t fault = number(line);
    if (number(line) % 2 == 1) {
        wanted.unless = ObjectVersion{100, "\"a\"", "Sun, 06 Nov 1994 08:49:37 GMT"};
    }
    if (wanted.range.suffix == 0 && wanted.range.begin >= wanted.range.end) {
        return;  // empty ranges are not asked for
    }
    HttpHead head;
    while (!text.empty()) {
        const std::string_view field = cut_off(text, '\n');
        if (field.empty() || field == "\r") {
            break;
        }
        add_header_line(head, field);
    }
    check_fields(head);
    check_condition({head.content_length, head.etag, head.last_modified});
    const BodyPlan plan = plan_body(head, wanted);
    check_plan(head, wanted, plan);
    HttpReply reply = received(head, plan, text, body_bytes);
    reply.fault = static_cast<TransportFault>(fault % 7);
    check_verdict(judge(reply, wanted, 784111777), reply, wanted, plan);
}

}  // namespace
}  // namespace vcube

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    vcube::check({reinterpret_cast<const char*>(data), size});
    return 0;
}
