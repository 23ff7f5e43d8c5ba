#include "core/fetch/http_judge.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/concat.h"
#include "core/fetch/http_text.h"

namespace vcube {
namespace {

using Kind = Verdict::Kind;

/// What was asked for, as in "wanted bytes 5 to 10" (the end is not included, as in all messages of VCube).
std::string words(const ByteRange& range) {
    if (range.suffix != 0) {
        return "the last " + std::to_string(range.suffix);
    }
    if (range.end == ByteRange::kEnd) {
        return range.begin == 0 ? "all" : "from byte " + std::to_string(range.begin);
    }
    return "bytes " + std::to_string(range.begin) + " to " + std::to_string(range.end);
}

Verdict refusal(Kind kind, Error error) {
    Verdict verdict;
    verdict.kind = kind;
    verdict.error = std::move(error);
    return verdict;
}

Verdict too_short(std::uint64_t size, const Expectation& wanted) {
    return refusal(Kind::kFail, io_error("has " + std::to_string(size) + " bytes, wanted " + words(wanted.range)));
}

Verdict too_long(std::uint64_t max_bytes) {
    return refusal(Kind::kFail, over_limit("is longer than the " + std::to_string(max_bytes) + " bytes allowed"));
}

/// What of a successful reply's body is wanted, or why nothing is.
struct Reading {
    std::uint64_t skip = 0, take = 0;
    bool may_end = false;  // the object's size is not known: a body that ends well before `take` is all there is
    bool may_cut = false;  // what follows `take` is not wanted
    std::optional<Verdict> refused;
};

/// The part of an object of `size` bytes that is wanted, or that it is too short.
Reading place(std::uint64_t size, const Expectation& wanted) {
    const ByteRange& range = wanted.range;
    const bool enough = range.suffix != 0 ? range.suffix <= size
                        : range.bounded() ? range.end <= size
                                          : range.begin <= size;
    Reading reading;
    if (!enough && !(wanted.clip && range.bounded())) {
        reading.refused = too_short(size, wanted);
        return reading;
    }
    if (range.suffix != 0) {
        reading.take = std::min(range.suffix, size);
        reading.skip = size - reading.take;
    } else {
        reading.skip = std::min(range.begin, size);
        reading.take = std::max(std::min(range.end, size), reading.skip) - reading.skip;
    }
    if (!range.bounded() && reading.take > wanted.max_bytes) {
        reading.refused = too_long(wanted.max_bytes);
    }
    return reading;
}

/// Status 206.
Reading read_part(const HttpHead& head, const Expectation& wanted) {
    const auto other = [&](const std::string& what) {
        Reading reading;
        reading.refused = refusal(Kind::kRetry, io_error(what + ", wanted " + words(wanted.range)));
        return reading;
    };
    if (begins_with_any_case(head.content_type, "multipart/")) {
        return other("sent several ranges");
    }
    const std::optional<ContentRange> sent = parse_content_range(head.content_range);
    if (!sent || !sent->part) {
        return other("sent a part without saying which (HTTP 206)");
    }
    const ByteRange part = *sent->part;
    if (head.content_length && *head.content_length != part.size()) {
        return other("sent " + words(part) + " in " + std::to_string(*head.content_length) + " bytes");
    }
    if (sent->size) {
        Reading reading = place(*sent->size, wanted);
        if (!reading.refused && (part.begin != reading.skip || part.size() != reading.take)) {
            return other("sent " + words(part));
        }
        reading.skip = 0;
        return reading;
    }
    const ByteRange& range = wanted.range;
    const bool fits = range.suffix != 0 ? part.size() == range.suffix
                      : range.bounded() ? part == range
                                        : part.begin == range.begin;
    if (!fits) {
        return other("sent " + words(part) + " of an object of unknown size");
    }
    Reading reading;
    reading.take = part.size();
    if (!range.bounded() && part.size() > wanted.max_bytes) {
        reading.refused = too_long(wanted.max_bytes);
    }
    return reading;
}

/// Status 200: the whole object.
Reading read_whole(const HttpHead& head, const Expectation& wanted) {
    const ByteRange& range = wanted.range;
    const bool all = range == ByteRange{};
    Reading reading;
    // Who takes what there is looks what stands there: it may be the page of a folder.
    if (!all && !wanted.clip && begins_with_any_case(trimmed(head.content_type), "text/html")) {
        reading.refused =
            refusal(Kind::kRetry, io_error("sent a web page (a log-in may be needed), wanted " + words(range)));
        return reading;
    }
    if (head.content_length) {
        reading = place(*head.content_length, wanted);
    } else if (range.suffix == 0) {
        reading.skip = range.begin;
        reading.take = range.bounded() ? range.size() : wanted.max_bytes;
        reading.may_end = !range.bounded() || wanted.clip;
    }
    reading.may_cut = range.bounded();
    if (!reading.refused && (reading.skip > kMaxSkipped || (range.suffix != 0 && !head.content_length))) {
        reading.refused = refusal(
            Kind::kRetry, io_error("does not serve byte ranges: sent the whole object, wanted " + words(range)));
    }
    return reading;
}

/// Whether status 416 means that nothing of the object is wanted: it ends before the range begins, and may.
bool is_empty_part(const HttpHead& head, const Expectation& wanted) {
    const std::optional<ContentRange> sent = parse_content_range(head.content_range);
    if (!sent || !sent->size) {
        return wanted.clip && wanted.range.bounded();
    }
    const Reading reading = place(*sent->size, wanted);
    return !reading.refused && reading.take == 0;
}

struct StatusRow {
    int status;
    Kind kind;
    const char* words;
};

/// RFC 9110 section 15, RFC 6585 section 4 (429), RFC 8470 (425). Others: 5xx are worth another attempt, the rest not.
constexpr std::array kStatuses = {
    StatusRow{204, Kind::kFail, "No Content"},
    StatusRow{301, Kind::kRedirect, "Moved Permanently"},
    StatusRow{302, Kind::kRedirect, "Found"},
    StatusRow{303, Kind::kRedirect, "See Other"},
    StatusRow{304, Kind::kFail, "Not Modified"},
    StatusRow{307, Kind::kRedirect, "Temporary Redirect"},
    StatusRow{308, Kind::kRedirect, "Permanent Redirect"},
    StatusRow{400, Kind::kFail, "Bad Request"},
    StatusRow{401, Kind::kRenew, "Unauthorized"},
    StatusRow{403, Kind::kRenew, "Forbidden"},
    StatusRow{404, Kind::kFail, "Not Found"},
    StatusRow{405, Kind::kFail, "Method Not Allowed"},
    StatusRow{407, Kind::kFail, "Proxy Authentication Required"},
    StatusRow{408, Kind::kRetry, "Request Timeout"},
    StatusRow{410, Kind::kFail, "Gone"},
    StatusRow{412, Kind::kFail, "Precondition Failed"},
    StatusRow{416, Kind::kFail, "Range Not Satisfiable"},
    StatusRow{421, Kind::kRetry, "Misdirected Request"},
    StatusRow{425, Kind::kRetry, "Too Early"},
    StatusRow{429, Kind::kRetry, "Too Many Requests"},
    StatusRow{500, Kind::kRetry, "Internal Server Error"},
    StatusRow{501, Kind::kFail, "Not Implemented"},
    StatusRow{502, Kind::kRetry, "Bad Gateway"},
    StatusRow{503, Kind::kRetry, "Service Unavailable"},
    StatusRow{504, Kind::kRetry, "Gateway Timeout"},
    StatusRow{505, Kind::kFail, "HTTP Version Not Supported"},
};

struct CodeRow {
    std::string_view code;
    Kind kind;
    ErrorCode error = ErrorCode::kIo;
};

/// Codes in the XML bodies of S3, Google and Azure that tell more than the status.
constexpr std::array kStoreCodes = {
    CodeRow{"SlowDown", Kind::kRetry},
    CodeRow{"ServerBusy", Kind::kRetry},
    CodeRow{"RequestTimeout", Kind::kRetry},
    CodeRow{"OperationTimedOut", Kind::kRetry},
    CodeRow{"InternalError", Kind::kRetry},
    CodeRow{"AccessDenied", Kind::kRenew},
    CodeRow{"AuthenticationFailed", Kind::kRenew},
    CodeRow{"ExpiredToken", Kind::kRenew},
    CodeRow{"RequestTimeTooSkewed", Kind::kRenew},
    CodeRow{"TokenRefreshRequired", Kind::kRenew},
    CodeRow{"InvalidToken", Kind::kRenew},
    CodeRow{"AuthorizationQueryParametersError", Kind::kRenew},  // signed for another region than the bucket's
    CodeRow{"AuthorizationHeaderMalformed", Kind::kRenew},
    CodeRow{"InvalidObjectState", Kind::kFail},  // archived: a fresh signature does not bring it back
    CodeRow{"NoSuchKey", Kind::kFail, ErrorCode::kNotFound},
    CodeRow{"NoSuchBucket", Kind::kFail, ErrorCode::kNotFound},
    CodeRow{"BlobNotFound", Kind::kFail, ErrorCode::kNotFound},
    CodeRow{"ContainerNotFound", Kind::kFail, ErrorCode::kNotFound},
};

/// What stands between <name> and </name> in an object store's error, "" where that is not there or is long.
std::string_view xml_text(std::string_view text, std::string_view name) {
    constexpr std::size_t kLongest = 40;
    const std::size_t tag = text.find(concat("<", name, ">"));
    if (tag == std::string_view::npos) {
        return {};
    }
    text.remove_prefix(tag + name.size() + 2);
    const std::size_t end = text.find(concat("</", name, ">"));
    return end > kLongest ? std::string_view() : text.substr(0, end);  // npos, where it does not end, is longer too
}

/// The code of an object store's error. Letters only: it goes into messages, where nothing may stand that a server
/// echoes.
std::string_view store_code(std::string_view text) {
    const std::string_view code = xml_text(text, "Code");
    const bool letters =
        std::all_of(code.begin(), code.end(), [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); });
    return letters ? code : std::string_view();
}

Verdict judge_fault(const HttpReply& reply) {
    const auto told = [&](Kind kind, ErrorCode code, std::string_view what) {
        return refusal(kind, {code, reply.reason.empty() ? std::string(what) : concat(what, ": ", reply.reason)});
    };
    switch (reply.fault) {
        case TransportFault::kUnreachable:
            return told(Kind::kRetry, ErrorCode::kIo, "the server cannot be reached");
        case TransportFault::kTls:
            return told(Kind::kFail, ErrorCode::kIo, "the server is not trusted");
        case TransportFault::kStalled:
            return told(Kind::kRetry, ErrorCode::kIo, "the server sent nothing for too long");
        case TransportFault::kCancelled:
            return told(Kind::kFail, ErrorCode::kCancelled, "reading was cancelled");
        case TransportFault::kUnusable:
            return told(Kind::kFail, ErrorCode::kInvalid, "cannot be asked for");
        default:
            return told(Kind::kRetry, ErrorCode::kIo, "the reply broke off");
    }
}

/// Status 416. The size that it tells is worth knowing: the object may have been rewritten. S3 tells it in the body.
Verdict judge_outside(const HttpReply& reply, const Expectation& wanted) {
    const std::optional<ContentRange> sent = parse_content_range(reply.head.content_range);
    const std::optional<std::uint64_t> size =
        sent ? sent->size : parse_number<std::uint64_t>(xml_text(as_text(reply.body.span()), "ActualObjectSize"));
    Verdict verdict;
    if (is_empty_part(reply.head, wanted) && reply.body.empty()) {
        verdict.kind = Kind::kDone;
    } else if (!size) {
        verdict.error = io_error("has fewer bytes than wanted (" + words(wanted.range) + "; HTTP 416)");
    } else if (Reading reading = place(*size, wanted); reading.refused) {
        verdict = std::move(*reading.refused);
    } else {
        verdict = refusal(Kind::kRetry, io_error("refused a range inside its " + std::to_string(*size) +
                                                 " bytes, wanted " + words(wanted.range) + " (HTTP 416)"));
    }
    verdict.version.size = size;
    return verdict;
}

/// Status 200 or 206.
Verdict judge_body(const HttpReply& reply, const Reading& reading, const Expectation& wanted) {
    const std::uint64_t got = reply.body.size();
    if (got > reading.take || (reply.cut && !reading.may_cut)) {
        return wanted.range.bounded() || !reading.may_end
                   ? refusal(Kind::kRetry, io_error("sent more than the " + std::to_string(reading.take) +
                                                    " bytes that it announced"))
                   : too_long(wanted.max_bytes);
    }
    const bool skipped = reading.skip == 0 || got > 0 || reply.received >= reading.skip || wanted.clip;
    if (got < reading.take && !(reading.may_end && skipped)) {
        return refusal(Kind::kRetry,
                       io_error("sent " + std::to_string(got) + " of " + std::to_string(reading.take) + " bytes"));
    }
    Verdict verdict;
    verdict.kind = Kind::kDone;
    return verdict;
}

/// Status 304 to a request with a condition.
Verdict judge_unchanged(const HttpHead& head, const ObjectVersion& at_hand) {
    const ObjectVersion told{std::nullopt, head.etag, head.last_modified};
    Verdict verdict;
    verdict.kind = Kind::kUnchanged;
    verdict.version = agree(told, at_hand) ? at_hand : told;
    return verdict;
}

Verdict judge_status(const HttpReply& reply, std::time_t now) {
    const HttpHead& head = reply.head;
    const auto* const row = std::find_if(kStatuses.begin(), kStatuses.end(),
                                         [&](const StatusRow& known) { return known.status == head.status; });
    const std::string_view code = store_code(as_text(reply.body.span()));
    const auto* const store_row =
        std::find_if(kStoreCodes.begin(), kStoreCodes.end(), [&](const CodeRow& known) { return known.code == code; });
    Verdict verdict;
    verdict.kind = row != kStatuses.end() ? row->kind : head.status / 100 == 5 ? Kind::kRetry : Kind::kFail;
    verdict.error.code = head.status == 404 || head.status == 410 ? ErrorCode::kNotFound : ErrorCode::kIo;
    verdict.error.message = "HTTP " + std::to_string(head.status);
    if (row != kStatuses.end()) {
        verdict.error.message.append(" ").append(row->words);
    }
    if (!code.empty()) {
        verdict.error.message.append(" (").append(code).append(")");
    }
    if (head.status >= 400 && store_row != kStoreCodes.end()) {
        verdict.kind = store_row->kind;
        verdict.error.code = store_row->error;
    }
    if (verdict.kind == Kind::kRedirect) {
        verdict.location = trimmed(head.location);
        if (verdict.location.empty()) {
            verdict.kind = Kind::kRenew;  // S3, of a bucket in another region
            verdict.error.message.append(" without a Location");
        }
    }
    if (verdict.kind == Kind::kRetry) {
        verdict.retry_after = parse_retry_after(head, now);
    }
    return verdict;
}

}  // namespace

std::string range_header(const ByteRange& range) {
    if (range.suffix != 0) {
        return "bytes=-" + std::to_string(range.suffix);
    }
    if (range == ByteRange{}) {
        return {};
    }
    std::string text = "bytes=" + std::to_string(range.begin) + "-";
    return range.bounded() ? text.append(std::to_string(range.end - 1)) : text;
}

std::string condition_header(const ObjectVersion& version) {
    std::string_view tag = version.etag;
    tag.remove_prefix(tag.starts_with("W/") ? 2 : 0);
    const bool quoted = tag.size() >= 2 && tag.front() == '"' && tag.back() == '"';
    const auto may_stand = [](unsigned char c) { return c > ' ' && c != '"' && c != 0x7F; };
    if (quoted && std::all_of(tag.begin() + 1, tag.end() - 1, may_stand)) {
        return concat("If-None-Match: ", version.etag);
    }
    const std::string_view date = version.modified;
    const bool printable = std::all_of(date.begin(), date.end(), [](char c) { return c >= ' ' && c <= '~'; });
    return date.empty() || !printable ? std::string() : concat("If-Modified-Since: ", date);
}

std::optional<ContentRange> parse_content_range(std::string_view text) {
    text = trimmed(text);
    if (!begins_with_any_case(text, "bytes ")) {
        return std::nullopt;
    }
    text = trimmed(text.substr(5));
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view place = text.substr(0, slash);
    const std::string_view size = text.substr(slash + 1);
    ContentRange range;
    if (size != "*") {
        range.size = parse_number<std::uint64_t>(size);
        if (!range.size) {
            return std::nullopt;
        }
    }
    if (place == "*") {
        return range.size ? std::optional(range) : std::nullopt;
    }
    const std::size_t dash = place.find('-');
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    const std::optional<std::uint64_t> first = parse_number<std::uint64_t>(place.substr(0, dash));
    const std::optional<std::uint64_t> last = parse_number<std::uint64_t>(place.substr(dash + 1));
    // An end of 2^64 - 1 would mean "to the end of the object".
    if (!first || !last || *last < *first || *last >= ByteRange::kEnd - 1 || (range.size && *range.size <= *last)) {
        return std::nullopt;
    }
    range.part = ByteRange{*first, *last + 1};
    return range;
}

std::optional<std::chrono::milliseconds> parse_retry_after(const HttpHead& head, std::time_t now) {
    constexpr std::uint64_t kForever = std::uint64_t{1} << 31U;  // RFC 9111, 1.2.2, of seconds that overflow
    const std::string text(trimmed(head.retry_after));
    if (text.empty()) {
        return std::nullopt;
    }
    if (text.find_first_not_of("0123456789") == std::string::npos) {
        return std::chrono::seconds(std::min(parse_number<std::uint64_t>(text).value_or(kForever), kForever));
    }
    // All three forms of a date have a time of day (RFC 9110, 5.6.7); curl_getdate takes much that has none.
    const auto date = [](const std::string& words) {
        return words.find(':') == std::string::npos ? std::time_t{-1} : curl_getdate(words.c_str(), nullptr);
    };
    const std::time_t until = date(text);
    if (until < 0) {
        return std::nullopt;
    }
    const std::time_t sent = date(head.date);
    const std::time_t from = sent < 0 ? now : sent;
    return std::chrono::seconds(until <= from ? 0 : std::min<std::uint64_t>(until - from, kForever));
}

BodyPlan plan_body(const HttpHead& head, const Expectation& wanted) {
    BodyPlan plan;
    if (head.status == 200 || head.status == 206) {
        const Reading reading = head.status == 200 ? read_whole(head, wanted) : read_part(head, wanted);
        if (reading.refused) {
            plan.stop = true;
        } else {
            plan.skip = reading.skip;
            plan.take = reading.take;
            plan.sure = head.content_length.has_value();
        }
    } else if (head.status != 416 || !is_empty_part(head, wanted)) {
        plan.take = kErrorTextBytes;
    }
    return plan;
}

ObjectVersion version_of(const HttpHead& head) {
    ObjectVersion version{head.content_length, head.etag, head.last_modified};
    if (head.status != 200) {
        const std::optional<ContentRange> sent = parse_content_range(head.content_range);
        version.size = sent ? sent->size : std::nullopt;
    }
    return version;
}

Verdict judge(const HttpReply& reply, const Expectation& wanted, std::time_t now) {
    const HttpHead& head = reply.head;
    if (reply.fault != TransportFault::kNone) {
        return judge_fault(reply);
    }
    if (head.status == 416) {
        return judge_outside(reply, wanted);
    }
    if (head.status == 304 && wanted.unless) {
        return judge_unchanged(head, *wanted.unless);
    }
    if (head.status != 200 && head.status != 206) {
        return judge_status(reply, now);
    }
    Reading reading = head.status == 200 ? read_whole(head, wanted) : read_part(head, wanted);
    Verdict verdict = reading.refused ? std::move(*reading.refused) : judge_body(reply, reading, wanted);
    if (verdict.kind != Kind::kRetry) {  // a reply that is wrong may tell of another object
        verdict.version = version_of(head);
    }
    return verdict;
}

}  // namespace vcube
