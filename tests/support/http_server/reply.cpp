#include "tests/support/http_server/reply.h"

#include <ctime>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

namespace vcube::testing_support {
namespace {

constexpr std::uint64_t kLongerBy = 1000;
constexpr std::string_view kLogInPage =
    "<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><form action=\"/login\"></form></body></html>\n";

using Fields = std::initializer_list<std::pair<std::string_view, std::string>>;

std::string_view reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 206:
            return "Partial Content";
        case 302:
            return "Found";
        case 304:
            return "Not Modified";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 416:
            return "Range Not Satisfiable";
        case 503:
            return "Service Unavailable";
        default:
            return "Status";
    }
}

/// Fields without a value are left out.
std::string head_text(int status, std::optional<std::uint64_t> content_length, const Fields& fields) {
    std::string out = "HTTP/1.1 " + std::to_string(status) + " ";
    out.append(reason(status)).append("\r\nServer: vcube-test\r\nDate: ").append(http_date(std::time(nullptr)));
    out.append("\r\n");
    if (content_length) {
        out.append("Content-Length: ").append(std::to_string(*content_length)).append("\r\n");
    }
    for (const auto& [name, value] : fields) {
        if (!value.empty()) {
            out.append(name).append(": ").append(value).append("\r\n");
        }
    }
    return out.append("\r\n");
}

std::string content_range(const Span& span, std::uint64_t size) {
    return "bytes " + std::to_string(span.begin) + "-" + std::to_string(span.end - 1) + "/" + std::to_string(size);
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    if (const auto place = text.find(what); place != std::string::npos) {
        text.replace(place, what.size(), with);
    }
    return text;
}

/// Of a body of at least two bytes, and where a range must have been asked for, whether it was.
bool can_befall(Fault fault, bool get, std::uint64_t bytes, bool ranged) {
    switch (fault) {
        case Fault::kResetMiddle:
        case Fault::kShortBody:
        case Fault::kStall:
        case Fault::kSlow:
            return get && bytes >= 2;
        case Fault::kLongBody:
        case Fault::kWholeObject:
        case Fault::kWrongRange:
        case Fault::kShortRange:
            return get && bytes >= 2 && ranged;
        default:
            return true;
    }
}

/// Faults that need no object.
std::optional<Reply> bare_fault(const Request& request, const FaultRule& rule) {
    Reply out;
    switch (rule.fault) {
        case Fault::kStatus:
            out.status = rule.status;
            out.text = rule.body;
            out.head = head_text(rule.status, rule.body.size(),
                                 {{"Content-Type", rule.body.starts_with("<") ? "application/xml" : "text/plain"},
                                  {"Retry-After", rule.retry_after}});
            break;
        case Fault::kRedirect:
            out.status = rule.status >= 300 && rule.status < 400 ? rule.status : 302;
            out.head = head_text(
                out.status, 0,
                {{"Location", replaced(rule.location, "{path}", std::string_view(request.target).substr(1))}});
            break;
        case Fault::kWebPage:
            out = text_reply(200, std::string(kLogInPage), "text/html; charset=utf-8");
            break;
        case Fault::kGarbage:
            out.head = "\x15\x03\x01 this is no HTTP\r\n\r\n";
            out.end = Reply::End::kClose;
            break;
        case Fault::kResetBefore:
            out.end = Reply::End::kReset;
            break;
        case Fault::kSilence:
            out.end = Reply::End::kHang;
            break;
        default:
            return std::nullopt;
    }
    out.fault = rule.fault;
    return out;
}

/// The span that a fault serves in place of the asked one.
Span faulty_span(Fault fault, const Span& asked, std::uint64_t size) {
    switch (fault) {
        case Fault::kWholeObject:
            return {0, size};
        case Fault::kWrongRange:
            return asked.end < size  ? Span{asked.begin + 1, asked.end + 1}
                   : asked.begin > 0 ? Span{asked.begin - 1, asked.end - 1}
                                     : Span{1, size};
        case Fault::kShortRange:
            return {asked.begin, asked.begin + (asked.end - asked.begin) / 2};
        default:
            return asked;
    }
}

/// What a fault does to the body and its end, after the header is written.
void break_body(Reply& reply, const FaultRule& rule) {
    const std::uint64_t half = (reply.span.end - reply.span.begin) / 2;
    switch (rule.fault) {
        case Fault::kShortBody:
            reply.span.end = reply.span.begin + half;
            reply.end = Reply::End::kClose;
            break;
        case Fault::kResetMiddle:
            reply.span.end = reply.span.begin + half;
            reply.end = Reply::End::kReset;
            break;
        case Fault::kStall:
            reply.span.end = reply.span.begin + half;
            reply.end = Reply::End::kHang;
            break;
        case Fault::kLongBody:
            reply.filler = kLongerBy;
            break;
        case Fault::kSlow:
            reply.pause = rule.pause;
            break;
        default:
            break;
    }
}

Reply object_reply(const Request& request, const std::shared_ptr<const Object>& object, FaultRule rule,
                   const ServerOptions& options) {
    const bool get = request.method == "GET";
    const bool other = rule.fault == Fault::kOtherVersion;
    const std::string etag = !options.etags || object->etag.empty() ? ""
                             : other                                ? "\"other-" + object->etag.substr(1)
                                                                    : object->etag;
    if (is_at_hand(request, etag, object->modified)) {
        Reply out;
        out.status = 304;
        out.head = head_text(304, {}, {{"ETag", etag}, {"Last-Modified", object->modified}});
        return out;
    }
    const RangeAsked asked = parse_range(options.ranges ? request.header("range") : "", object->size);
    const bool ranged = asked.kind == RangeAsked::Kind::kSpan;
    if (asked.kind == RangeAsked::Kind::kOutside) {
        Reply out = text_reply(416, "The range is outside the object\n");
        out.head = head_text(416, out.text.size(), {{"Content-Range", "bytes */" + std::to_string(object->size)}});
        return out;
    }
    const Span wanted = ranged ? asked.span : Span{0, object->size};
    if (!can_befall(rule.fault, get, wanted.end - wanted.begin, ranged)) {
        rule.fault = Fault::kNone;
    }
    const bool part = ranged && rule.fault != Fault::kWholeObject;
    Reply out;
    out.fault = rule.fault;
    out.status = part ? 206 : 200;
    out.object = object;
    out.span = faulty_span(rule.fault, wanted, object->size);
    out.filler = other && out.span.end == object->size && !ranged ? 1 : 0;
    const std::uint64_t longer = rule.fault == Fault::kLongBody ? kLongerBy : 0;
    const std::uint64_t size = object->size + longer + (other ? 1 : 0);
    const Span told{out.span.begin, out.span.end + longer};
    out.head = head_text(out.status, out.body_bytes() + longer,
                         {{"Content-Type", object->type},
                          {"Accept-Ranges", options.ranges ? "bytes" : ""},
                          {"Content-Range", part ? content_range(told, size) : ""},
                          {"ETag", etag},
                          {"Last-Modified", object->modified}});
    break_body(out, rule);
    return out;
}

}  // namespace

Reply text_reply(int status, const std::string& text, const std::string& type) {
    Reply out;
    out.status = status;
    out.text = text;
    out.head = head_text(status, text.size(), {{"Content-Type", type}});
    return out;
}

Reply plan_reply(const Request& request, const std::shared_ptr<const Object>& object, const FaultRule& fault,
                 const ServerOptions& options) {
    Reply out;
    const auto colon = options.require_header.find(": ");
    if (std::string name = options.require_header.substr(0, colon);
        colon != std::string::npos && request.header(lower_case(name)) != options.require_header.substr(colon + 2)) {
        out = text_reply(401, "Who are you?\n");
    } else if (std::optional<Reply> bare = bare_fault(request, fault)) {
        out = std::move(*bare);
    } else if (request.method != "GET" && request.method != "HEAD") {
        out = text_reply(405, "Only GET and HEAD\n");
        out.end = Reply::End::kClose;
    } else {
        out = object == nullptr ? text_reply(404, "There is nothing here\n")
                                : object_reply(request, object, fault, options);
    }
    if (request.method == "HEAD") {
        out.text.clear();
        out.span = {};
        out.filler = 0;
    }
    if (out.end == Reply::End::kKeepAlive && !(request.keep_alive && options.keep_alive)) {
        out.end = Reply::End::kClose;
        out.head.insert(out.head.size() - 2, "Connection: close\r\n");
    }
    return out;
}

}  // namespace vcube::testing_support
