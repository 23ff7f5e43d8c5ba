#include "core/fetch/http_judge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace vcube {
namespace {

using std::chrono::seconds;
using Kind = Verdict::Kind;

constexpr std::time_t kSunday = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT

HttpHead head_of(int status, std::optional<std::uint64_t> length = {}, std::string range = {}) {
    HttpHead head;
    head.status = status;
    head.content_length = length;
    head.content_range = std::move(range);
    head.content_type = "application/octet-stream";
    return head;
}

Expectation bytes(std::uint64_t begin, std::uint64_t end, bool clip = false) {
    return {.range = {begin, end}, .clip = clip};
}
Expectation last(std::uint64_t count, bool clip = false) {
    return {.range = ByteRange::last(count), .clip = clip};
}

/// The reply that a client hands over when the server sends `body_bytes` in its body and then ends it well.
HttpReply received(const HttpHead& head, const Expectation& wanted, std::uint64_t body_bytes) {
    HttpReply reply;
    reply.head = head;
    const BodyPlan plan = plan_body(head, wanted);
    if (!plan.stop) {
        const std::uint64_t left = body_bytes > plan.skip ? body_bytes - plan.skip : 0;
        reply.body = Buffer(std::min(left, plan.take));
        std::memset(reply.body.data(), 'x', reply.body.size());
        reply.cut = left > plan.take;
    } else {
        reply.cut = true;
    }
    reply.received = body_bytes;
    return reply;
}

Verdict judged(const HttpHead& head, const Expectation& wanted, std::uint64_t body_bytes) {
    return judge(received(head, wanted, body_bytes), wanted, kSunday);
}

Verdict judged_text(const HttpHead& head, const Expectation& wanted, const std::string& text) {
    HttpReply reply;
    reply.head = head;
    reply.body = Buffer(text.size());
    std::memcpy(reply.body.data(), text.data(), text.size());
    reply.received = text.size();
    return judge(reply, wanted, kSunday);
}

struct BodyCase {
    const char* name;
    HttpHead head;
    Expectation wanted;
    std::uint64_t body_bytes;  // that the server sends
    // expected
    bool stop;
    std::uint64_t skip, take;
    Kind kind;
    std::string message;  // where not done: part of it
    std::optional<std::uint64_t> size = {};
};

void check(const BodyCase& c) {
    SCOPED_TRACE(c.name);
    const BodyPlan plan = plan_body(c.head, c.wanted);
    EXPECT_EQ(plan.stop, c.stop);
    EXPECT_EQ(plan.skip, c.skip);
    EXPECT_EQ(plan.take, c.take);
    const Verdict verdict = judged(c.head, c.wanted, c.body_bytes);
    EXPECT_EQ(verdict.kind, c.kind) << verdict.error.message;
    EXPECT_EQ(verdict.version.size, c.size);
    if (c.kind == Kind::kDone) {
        EXPECT_EQ(verdict.error.message, "");
    } else {
        EXPECT_NE(verdict.error.message.find(c.message), std::string::npos) << verdict.error.message;
    }
}

TEST(Judge, TakesThePartThatWasAskedFor) {
    for (const BodyCase& c : {
             BodyCase{"exact", head_of(206, 5, "bytes 5-9/100"), bytes(5, 10), 5, false, 0, 5, Kind::kDone, "", 100},
             BodyCase{"at the end", head_of(206, 5, "bytes 95-99/100"), bytes(95, 100), 5, false, 0, 5, Kind::kDone, "",
                      100},
             BodyCase{"chunked", head_of(206, {}, "bytes 5-9/100"), bytes(5, 10), 5, false, 0, 5, Kind::kDone, "", 100},
             BodyCase{"size unknown", head_of(206, 5, "bytes 5-9/*"), bytes(5, 10), 5, false, 0, 5, Kind::kDone, ""},
             BodyCase{"suffix", head_of(206, 8, "bytes 92-99/100"), last(8), 8, false, 0, 8, Kind::kDone, "", 100},
             BodyCase{"suffix, size unknown", head_of(206, 8, "bytes 92-99/*"), last(8), 8, false, 0, 8, Kind::kDone,
                      ""},
             BodyCase{"to the end", head_of(206, 60, "bytes 40-99/100"), bytes(40, ByteRange::kEnd), 60, false, 0, 60,
                      Kind::kDone, "", 100},
             BodyCase{"to an unknown end", head_of(206, 60, "bytes 40-99/*"), bytes(40, ByteRange::kEnd), 60, false, 0,
                      60, Kind::kDone, ""},
             BodyCase{"clipped", head_of(206, 20, "bytes 80-99/100"), bytes(80, 300, true), 20, false, 0, 20,
                      Kind::kDone, "", 100},
             BodyCase{"clipped suffix", head_of(206, 100, "bytes 0-99/100"), last(300, true), 100, false, 0, 100,
                      Kind::kDone, "", 100},
         }) {
        check(c);
    }
}

TEST(Judge, RefusesPartsThatAreWrong) {
    const Expectation wanted = bytes(50, 100);
    for (const BodyCase& c : {
             BodyCase{"another place", head_of(206, 50, "bytes 0-49/1000"), wanted, 50, true, 0, 0, Kind::kRetry,
                      "sent bytes 0 to 50, wanted bytes 50 to 100"},
             BodyCase{"first half", head_of(206, 25, "bytes 50-74/1000"), wanted, 25, true, 0, 0, Kind::kRetry,
                      "sent bytes 50 to 75, wanted bytes 50 to 100"},
             BodyCase{"first half, size unknown", head_of(206, 25, "bytes 50-74/*"), wanted, 25, true, 0, 0,
                      Kind::kRetry, "sent bytes 50 to 75"},
             // Where the size is not told, a shorter part may be the object's end or half of what was wanted.
             BodyCase{"clipped, size unknown", head_of(206, 25, "bytes 50-74/*"), bytes(50, 100, true), 25, true, 0, 0,
                      Kind::kRetry, "sent bytes 50 to 75"},
             BodyCase{"clipped, too early", head_of(206, 25, "bytes 50-74/1000"), bytes(50, 100, true), 25, true, 0, 0,
                      Kind::kRetry, "sent bytes 50 to 75"},
             BodyCase{"more", head_of(206, 60, "bytes 50-109/1000"), wanted, 60, true, 0, 0, Kind::kRetry,
                      "sent bytes 50 to 110"},
             BodyCase{"earlier", head_of(206, 60, "bytes 40-99/1000"), wanted, 60, true, 0, 0, Kind::kRetry,
                      "sent bytes 40 to 100"},
             BodyCase{"suffix of another length", head_of(206, 9, "bytes 91-99/100"), last(8), 9, true, 0, 0,
                      Kind::kRetry, "sent bytes 91 to 100, wanted the last 8"},
             BodyCase{"the same, size unknown", head_of(206, 9, "bytes 91-99/*"), last(8), 9, true, 0, 0, Kind::kRetry,
                      "sent bytes 91 to 100 of an object of unknown size, wanted the last 8"},
             BodyCase{"no suffix", head_of(206, 8, "bytes 0-7/100"), last(8), 8, true, 0, 0, Kind::kRetry,
                      "sent bytes 0 to 8, wanted the last 8"},
             BodyCase{"not to the end", head_of(206, 10, "bytes 40-49/100"), bytes(40, ByteRange::kEnd), 10, true, 0, 0,
                      Kind::kRetry, "sent bytes 40 to 50, wanted from byte 40"},
             BodyCase{"no Content-Range", head_of(206, 50), wanted, 50, true, 0, 0, Kind::kRetry,
                      "without saying which"},
             BodyCase{"Content-Range of no part", head_of(206, 50, "bytes */100"), wanted, 50, true, 0, 0, Kind::kRetry,
                      "without saying which"},
             BodyCase{"length that is another", head_of(206, 70, "bytes 50-99/1000"), wanted, 70, true, 0, 0,
                      Kind::kRetry, "sent bytes 50 to 100 in 70 bytes"},
             // chunked bodies that do not keep to the Content-Range
             BodyCase{"shorter body", head_of(206, {}, "bytes 50-99/1000"), wanted, 49, false, 0, 50, Kind::kRetry,
                      "sent 49 of 50 bytes"},
             BodyCase{"longer body", head_of(206, {}, "bytes 50-99/1000"), wanted, 51, false, 0, 50, Kind::kRetry,
                      "more than the 50 bytes"},
             BodyCase{"empty body", head_of(206, {}, "bytes 50-99/1000"), wanted, 0, false, 0, 50, Kind::kRetry,
                      "sent 0 of 50 bytes"},
         }) {
        check(c);
    }
    HttpHead several = head_of(206, 500);
    several.content_type = "Multipart/ByteRanges; boundary=THIS_STRING_SEPARATES";
    check({"multipart", several, wanted, 500, true, 0, 0, Kind::kRetry, "several ranges"});
    several.content_range = "bytes 50-99/1000";  // RFC 9110, 15.3.7.2 forbids that
    several.content_length = 50;
    check({"multipart with a range", several, wanted, 50, true, 0, 0, Kind::kRetry, "several ranges"});
}

TEST(Judge, AnObjectThatEndsBeforeTheRangeIsAnErrorThatTellsBothSizes) {
    for (const BodyCase& c : {
             BodyCase{"part", head_of(206, 30, "bytes 50-79/80"), bytes(50, 100), 30, true, 0, 0, Kind::kFail,
                      "has 80 bytes, wanted bytes 50 to 100", 80},
             BodyCase{"suffix", head_of(206, 80, "bytes 0-79/80"), last(100), 80, true, 0, 0, Kind::kFail,
                      "has 80 bytes, wanted the last 100", 80},
             BodyCase{"whole", head_of(200, 80), bytes(50, 100), 80, true, 0, 0, Kind::kFail,
                      "has 80 bytes, wanted bytes 50 to 100", 80},
             BodyCase{"whole for a suffix", head_of(200, 80), last(100), 80, true, 0, 0, Kind::kFail,
                      "has 80 bytes, wanted the last 100", 80},
             BodyCase{"whole from beyond", head_of(200, 80), bytes(81, ByteRange::kEnd), 80, true, 0, 0, Kind::kFail,
                      "has 80 bytes, wanted from byte 81", 80},
             BodyCase{"416", head_of(416, 0, "bytes */80"), bytes(90, 100), 0, false, 0, kErrorTextBytes, Kind::kFail,
                      "has 80 bytes, wanted bytes 90 to 100", 80},
             BodyCase{"416 from beyond", head_of(416, 0, "bytes */80"), bytes(81, ByteRange::kEnd), 0, false, 0,
                      kErrorTextBytes, Kind::kFail, "has 80 bytes, wanted from byte 81", 80},
             BodyCase{"416 without size", head_of(416, 9), bytes(90, 100), 9, false, 0, kErrorTextBytes, Kind::kFail,
                      "fewer bytes than wanted (bytes 90 to 100; HTTP 416)"},
             BodyCase{"416 inside", head_of(416, 0, "bytes */200"), bytes(90, 100), 0, false, 0, kErrorTextBytes,
                      Kind::kRetry, "refused a range inside its 200 bytes", 200},
         }) {
        check(c);
        EXPECT_EQ(judged(c.head, c.wanted, c.body_bytes).error.code, ErrorCode::kIo);
    }
    const Verdict s3 = judged_text(head_of(416), bytes(90, 100),
                                   "<Error><Code>InvalidRange</Code><ActualObjectSize>80</ActualObjectSize></Error>");
    EXPECT_EQ(s3.kind, Kind::kFail);
    EXPECT_EQ(s3.error.message, "has 80 bytes, wanted bytes 90 to 100");
    EXPECT_EQ(s3.version.size, 80U);
}

TEST(Judge, NothingIsThereBeyondTheEnd) {
    for (const BodyCase& c : {
             BodyCase{"clipped", head_of(416, 0, "bytes */80"), bytes(80, 100, true), 0, false, 0, 0, Kind::kDone, "",
                      80},
             BodyCase{"clipped, size unknown", head_of(416, 300), bytes(0, 100, true), 300, false, 0, 0, Kind::kDone,
                      ""},
             BodyCase{"suffix of nothing", head_of(416, 0, "bytes */0"), last(8, true), 0, false, 0, 0, Kind::kDone, "",
                      0},
             BodyCase{"from the end", head_of(416, 0, "bytes */80"), bytes(80, ByteRange::kEnd), 0, false, 0, 0,
                      Kind::kDone, "", 80},
             BodyCase{"clipped 200", head_of(200, 80), bytes(90, 100, true), 80, false, 80, 0, Kind::kDone, "", 80},
             BodyCase{"empty object", head_of(200, 0), Expectation{}, 0, false, 0, 0, Kind::kDone, "", 0},
         }) {
        check(c);
    }
}

TEST(Judge, UsesTheWholeObjectInPlaceOfAPart) {
    const std::uint64_t far = kMaxSkipped + 1;
    for (const BodyCase& c : {
             BodyCase{"whole", head_of(200, 100), Expectation{}, 100, false, 0, 100, Kind::kDone, "", 100},
             BodyCase{"whole in a part", head_of(206, 100, "bytes 0-99/100"), Expectation{}, 100, false, 0, 100,
                      Kind::kDone, "", 100},
             BodyCase{"inside", head_of(200, 100), bytes(5, 10), 10, false, 5, 5, Kind::kDone, "", 100},
             BodyCase{"inside, unknown length", head_of(200), bytes(5, 10), 1000, false, 5, 5, Kind::kDone, ""},
             BodyCase{"to the end", head_of(200, 100), bytes(40, ByteRange::kEnd), 100, false, 40, 60, Kind::kDone, "",
                      100},
             BodyCase{"suffix", head_of(200, 100), last(8), 100, false, 92, 8, Kind::kDone, "", 100},
             BodyCase{"clipped", head_of(200, 100), bytes(90, 200, true), 100, false, 90, 10, Kind::kDone, "", 100},
             BodyCase{"clipped, unknown length", head_of(200), bytes(90, 200, true), 100, false, 90, 110, Kind::kDone,
                      ""},
             BodyCase{"last that is skipped to", head_of(200, 2 * far), bytes(far - 1, far), 2 * far, false, far - 1, 1,
                      Kind::kDone, "", 2 * far},
             BodyCase{"too far", head_of(200, 2 * far), bytes(far, far + 5), 2 * far, true, 0, 0, Kind::kRetry,
                      "does not serve byte ranges: sent the whole object, wanted bytes 16777217 to 16777222"},
             BodyCase{"suffix too far", head_of(200, far + 8), last(8), far + 8, true, 0, 0, Kind::kRetry,
                      "does not serve byte ranges"},
             BodyCase{"suffix, unknown length", head_of(200), last(8), 100, true, 0, 0, Kind::kRetry,
                      "does not serve byte ranges"},
             BodyCase{"short", head_of(200, 100), bytes(5, 10), 8, false, 5, 5, Kind::kRetry, "sent 3 of 5 bytes"},
             BodyCase{"short, unknown length", head_of(200), bytes(5, 10), 8, false, 5, 5, Kind::kRetry,
                      "sent 3 of 5 bytes"},
             BodyCase{"ends while skipping", head_of(200, 100), bytes(5, 10), 3, false, 5, 5, Kind::kRetry,
                      "sent 0 of 5 bytes"},
             BodyCase{"short whole", head_of(200, 100), Expectation{}, 99, false, 0, 100, Kind::kRetry,
                      "sent 99 of 100 bytes"},
             BodyCase{"long whole", head_of(200, 100), Expectation{}, 101, false, 0, 100, Kind::kRetry,
                      "more than the 100 bytes"},
         }) {
        check(c);
    }
}

TEST(Judge, BoundsWhatHasNoBounds) {
    const Expectation all{.range = {}, .max_bytes = 50};
    const Expectation rest{.range = {10, ByteRange::kEnd}, .max_bytes = 50};
    for (const BodyCase& c : {
             BodyCase{"at the limit", head_of(200, 50), all, 50, false, 0, 50, Kind::kDone, "", 50},
             BodyCase{"over it", head_of(200, 51), all, 51, true, 0, 0, Kind::kFail, "longer than the 50 bytes", 51},
             BodyCase{"unknown, at the limit", head_of(200), all, 50, false, 0, 50, Kind::kDone, ""},
             BodyCase{"unknown, below", head_of(200), all, 20, false, 0, 50, Kind::kDone, ""},
             BodyCase{"unknown, nothing", head_of(200), all, 0, false, 0, 50, Kind::kDone, ""},
             BodyCase{"unknown, over it", head_of(200), all, 51, false, 0, 50, Kind::kFail, "longer than the 50 bytes"},
             BodyCase{"the rest", head_of(200, 60), rest, 60, false, 10, 50, Kind::kDone, "", 60},
             BodyCase{"too much rest", head_of(206, 51, "bytes 10-60/61"), rest, 51, true, 0, 0, Kind::kFail,
                      "longer than the 50 bytes", 61},
             BodyCase{"too much rest, size unknown", head_of(206, 51, "bytes 10-60/*"), rest, 51, true, 0, 0,
                      Kind::kFail, "longer than the 50 bytes"},
             BodyCase{"ends before the rest", head_of(200), rest, 9, false, 10, 50, Kind::kRetry, "sent 0 of 50"},
         }) {
        check(c);
    }
    EXPECT_EQ(judged(head_of(200, 51), all, 51).error.code, ErrorCode::kLimit);
    EXPECT_EQ(judged(head_of(200), all, 51).error.code, ErrorCode::kLimit);
}

TEST(Judge, AWebPageIsNotAPart) {
    HttpHead page = head_of(200, 4000);
    for (const char* const type : {"text/html", "text/html; charset=utf-8", "Text/HTML", " text/html"}) {
        page.content_type = type;
        check({type, page, bytes(5, 10), 4000, true, 0, 0, Kind::kRetry, "sent a web page (a log-in may be needed)"});
    }
    page.etag = "\"page\"";
    EXPECT_EQ(judged(page, bytes(5, 10), 4000).version, ObjectVersion{});  // tells nothing of the object
    check({"whatever is there is wanted", page, Expectation{{0, 10}, true}, 10, false, 0, 10, Kind::kDone, "", 4000});
    check({"a page is wanted", page, Expectation{}, 4000, false, 0, 4000, Kind::kDone, "", 4000});
    page = head_of(206, 5, "bytes 5-9/4000");
    page.content_type = "text/html";
    check({"part of a page", page, bytes(5, 10), 5, false, 0, 5, Kind::kDone, "", 4000});
}

TEST(Judge, TellsTheVersion) {
    HttpHead head = head_of(206, 5, "bytes 5-9/100");
    head.etag = "W/\"abc\"";
    head.last_modified = "Sun, 06 Nov 1994 08:49:37 GMT";
    EXPECT_EQ(judged(head, bytes(5, 10), 5).version, (ObjectVersion{100, head.etag, head.last_modified}));
    head.content_range = "bytes 5-9/*";
    EXPECT_EQ(judged(head, bytes(5, 10), 5).version, (ObjectVersion{{}, head.etag, head.last_modified}));
    head.status = 200;
    head.content_length = 77;  // a 200 has no Content-Range that counts
    EXPECT_EQ(judged(head, bytes(5, 10), 77).version, (ObjectVersion{77, head.etag, head.last_modified}));
    head.status = 404;  // the ETag of an error page
    EXPECT_EQ(judged(head, bytes(5, 10), 77).version, ObjectVersion{});
}

TEST(Judge, EveryStatusHasItsMeaning) {
    struct Case {
        int status;
        Kind kind;
        const char* message;
    };
    for (const Case& c : {
             Case{0, Kind::kFail, "HTTP 0"},
             Case{100, Kind::kFail, "HTTP 100"},
             Case{201, Kind::kFail, "HTTP 201"},
             Case{202, Kind::kFail, "HTTP 202"},
             Case{203, Kind::kFail, "HTTP 203"},  // a proxy changed the bytes
             Case{204, Kind::kFail, "HTTP 204 No Content"},
             Case{300, Kind::kFail, "HTTP 300"},
             Case{304, Kind::kFail, "HTTP 304 Not Modified"},
             Case{400, Kind::kFail, "HTTP 400 Bad Request"},
             Case{401, Kind::kRenew, "HTTP 401 Unauthorized"},
             Case{402, Kind::kFail, "HTTP 402"},
             Case{403, Kind::kRenew, "HTTP 403 Forbidden"},
             Case{404, Kind::kFail, "HTTP 404 Not Found"},
             Case{405, Kind::kFail, "HTTP 405 Method Not Allowed"},
             Case{407, Kind::kFail, "HTTP 407 Proxy Authentication Required"},
             Case{408, Kind::kRetry, "HTTP 408 Request Timeout"},
             Case{410, Kind::kFail, "HTTP 410 Gone"},
             Case{412, Kind::kFail, "HTTP 412 Precondition Failed"},
             Case{421, Kind::kRetry, "HTTP 421 Misdirected Request"},
             Case{425, Kind::kRetry, "HTTP 425 Too Early"},
             Case{429, Kind::kRetry, "HTTP 429 Too Many Requests"},
             Case{451, Kind::kFail, "HTTP 451"},
             Case{500, Kind::kRetry, "HTTP 500 Internal Server Error"},
             Case{501, Kind::kFail, "HTTP 501 Not Implemented"},
             Case{502, Kind::kRetry, "HTTP 502 Bad Gateway"},
             Case{503, Kind::kRetry, "HTTP 503 Service Unavailable"},
             Case{504, Kind::kRetry, "HTTP 504 Gateway Timeout"},
             Case{505, Kind::kFail, "HTTP 505 HTTP Version Not Supported"},
             Case{520, Kind::kRetry, "HTTP 520"},
             Case{999, Kind::kFail, "HTTP 999"},
         }) {
        for (const Expectation& wanted : {bytes(5, 10), bytes(5, 10, true), last(8), Expectation{}}) {
            const BodyPlan plan = plan_body(head_of(c.status, 100000), wanted);
            EXPECT_FALSE(plan.stop) << c.status;
            EXPECT_EQ(plan.skip, 0U) << c.status;
            EXPECT_EQ(plan.take, kErrorTextBytes) << c.status;
            const Verdict verdict = judged(head_of(c.status, 100000), wanted, 100000);
            EXPECT_EQ(verdict.kind, c.kind) << c.status;
            EXPECT_EQ(verdict.error.message, c.message);
            EXPECT_EQ(verdict.error.code, c.status == 404 || c.status == 410 ? ErrorCode::kNotFound : ErrorCode::kIo)
                << c.status;
        }
    }
}

TEST(Judge, FollowsLocationsOnly) {
    for (const int status : {301, 302, 303, 307, 308}) {
        HttpHead head = head_of(status);
        EXPECT_EQ(judged(head, bytes(5, 10), 0).kind, Kind::kRenew) << status;
        EXPECT_NE(judged(head, bytes(5, 10), 0).error.message.find("without a Location"), std::string::npos) << status;
        head.location = " https://user:word@elsewhere/a?sig=1 ";
        const Verdict verdict = judged(head, bytes(5, 10), 0);
        EXPECT_EQ(verdict.kind, Kind::kRedirect) << status;
        EXPECT_EQ(verdict.location, "https://user:word@elsewhere/a?sig=1");
        EXPECT_EQ(verdict.error.message.find("elsewhere"), std::string::npos);  // no URL in a message
    }
    for (const int status : {200, 300, 304, 305, 306, 404, 503}) {
        HttpHead head = head_of(status, 100);
        head.location = "https://elsewhere/a";
        EXPECT_NE(judged(head, bytes(5, 10), 100).kind, Kind::kRedirect) << status;
    }
}

TEST(Judge, ReadsTheCodesOfObjectStores) {
    struct Case {
        int status;
        const char* code;
        Kind kind;
        ErrorCode error;
    };
    for (const Case& c : {
             Case{503, "SlowDown", Kind::kRetry, ErrorCode::kIo},
             Case{400, "RequestTimeout", Kind::kRetry, ErrorCode::kIo},
             Case{400, "ExpiredToken", Kind::kRenew, ErrorCode::kIo},
             Case{400, "TokenRefreshRequired", Kind::kRenew, ErrorCode::kIo},
             Case{400, "InvalidToken", Kind::kRenew, ErrorCode::kIo},
             Case{400, "AuthorizationQueryParametersError", Kind::kRenew, ErrorCode::kIo},
             Case{400, "AuthorizationHeaderMalformed", Kind::kRenew, ErrorCode::kIo},
             Case{403, "RequestTimeTooSkewed", Kind::kRenew, ErrorCode::kIo},
             Case{403, "AccessDenied", Kind::kRenew, ErrorCode::kIo},
             Case{403, "SignatureDoesNotMatch", Kind::kRenew, ErrorCode::kIo},  // as its status
             Case{403, "InvalidObjectState", Kind::kFail, ErrorCode::kIo},
             Case{404, "NoSuchKey", Kind::kFail, ErrorCode::kNotFound},
             Case{404, "NoSuchBucket", Kind::kFail, ErrorCode::kNotFound},
             Case{400, "NoSuchBucket", Kind::kFail, ErrorCode::kNotFound},
             Case{400, "InvalidArgument", Kind::kFail, ErrorCode::kIo},  // as its status
         }) {
        const std::string text = std::string("<?xml version=\"1.0\"?><Error><Code>") + c.code +
                                 "</Code><Message>the key AKIASECRET of https://b/o?sig=secret</Message></Error>";
        const Verdict verdict = judged_text(head_of(c.status), bytes(5, 10), text);
        EXPECT_EQ(verdict.kind, c.kind) << c.code;
        EXPECT_EQ(verdict.error.code, c.error) << c.code;
        EXPECT_NE(verdict.error.message.find(c.code), std::string::npos) << verdict.error.message;
        EXPECT_EQ(verdict.error.message.find("ecret"), std::string::npos) << verdict.error.message;
        EXPECT_EQ(verdict.error.message.find("SECRET"), std::string::npos) << verdict.error.message;
    }
    // What is no code is not told: it may be what the client sent.
    for (const char* const text :
         {"<Code>AKIA1234SECRET</Code>", "<Code>SlowDown", "<Code></Code>", "<Code>a b</Code>", "<Code><a></Code>",
          "<Code>abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz</Code>", "</Code><Code>", "SlowDown"}) {
        EXPECT_EQ(judged_text(head_of(404), bytes(5, 10), text).error.message, "HTTP 404 Not Found") << text;
    }
}

TEST(Judge, NotModifiedAnswersAConditionOnly) {
    constexpr const char* kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
    struct Case {
        const char* name;
        ObjectVersion at_hand;
        std::string etag, modified;  // in the reply
        ObjectVersion expected;
    };
    const ObjectVersion strong{100, "\"a\"", kDate}, weak{100, "W/\"a\"", ""}, dated{100, "", kDate};
    for (const Case& c : {
             Case{"same tag", strong, "\"a\"", "", strong},
             Case{"same tag, other date", strong, "\"a\"", "Mon, 07 Nov 1994 08:49:37 GMT", strong},
             Case{"tag made weak", strong, "W/\"a\"", "", strong},
             Case{"tag made strong", weak, "\"a\"", "", weak},
             Case{"nothing told", strong, "", "", strong},
             Case{"same date", dated, "", kDate, dated},
             Case{"a tag that was not known", dated, "\"a\"", kDate, dated},
             Case{"another tag", strong, "\"b\"", kDate, {{}, "\"b\"", kDate}},
             Case{"another date", dated, "", "today", {{}, "", "today"}},
         }) {
        SCOPED_TRACE(c.name);
        HttpHead head = head_of(304, 100);  // the length that a 200 would have
        head.etag = c.etag;
        head.last_modified = c.modified;
        for (const ByteRange& range : {ByteRange{}, ByteRange{10, ByteRange::kEnd}, ByteRange::last(4)}) {
            Expectation wanted{.range = range};
            EXPECT_EQ(judged(head, wanted, 0).kind, Kind::kFail);
            EXPECT_EQ(judged(head, wanted, 0).version, ObjectVersion{});
            wanted.unless = c.at_hand;
            const Verdict verdict = judged(head, wanted, 0);
            EXPECT_EQ(verdict.kind, Kind::kUnchanged);
            EXPECT_EQ(verdict.version, c.expected);
            EXPECT_EQ(verdict.error.message, "");
        }
    }
    // Other replies mean what they always do.
    Expectation wanted;
    wanted.unless = strong;
    EXPECT_EQ(judged(head_of(200, 5), wanted, 5).kind, Kind::kDone);
    EXPECT_EQ(judged(head_of(200, 5), wanted, 4).kind, Kind::kRetry);
    EXPECT_EQ(judged(head_of(404), wanted, 0).error.code, ErrorCode::kNotFound);
    EXPECT_EQ(judged(head_of(412), wanted, 0).kind, Kind::kFail);
    EXPECT_EQ(judged(head_of(503), wanted, 0).kind, Kind::kRetry);
}

TEST(Judge, PassesOnHowLongToWait) {
    HttpHead head = head_of(503);
    head.retry_after = "7";
    EXPECT_EQ(judged(head, bytes(5, 10), 0).retry_after, seconds(7));
    head.status = 429;
    head.retry_after = "Sun, 06 Nov 1994 08:49:47 GMT";
    EXPECT_EQ(judged(head, bytes(5, 10), 0).retry_after, seconds(10));
    head.status = 404;
    EXPECT_FALSE(judged(head, bytes(5, 10), 0).retry_after);
}

TEST(Judge, FaultsOfTheTransport) {
    struct Case {
        TransportFault fault;
        Kind kind;
        ErrorCode code;
    };
    for (const Case& c : {
             Case{TransportFault::kUnreachable, Kind::kRetry, ErrorCode::kIo},
             Case{TransportFault::kTls, Kind::kFail, ErrorCode::kIo},
             Case{TransportFault::kStalled, Kind::kRetry, ErrorCode::kIo},
             Case{TransportFault::kBroken, Kind::kRetry, ErrorCode::kIo},
             Case{TransportFault::kCancelled, Kind::kFail, ErrorCode::kCancelled},
             Case{TransportFault::kUnusable, Kind::kFail, ErrorCode::kInvalid},
         }) {
        // Even where the header was fine and all bytes seem to be here.
        HttpReply reply = received(head_of(206, 5, "bytes 5-9/100"), bytes(5, 10), 5);
        reply.fault = c.fault;
        reply.reason = "because of the weather";
        const Verdict verdict = judge(reply, bytes(5, 10), kSunday);
        EXPECT_EQ(verdict.kind, c.kind);
        EXPECT_EQ(verdict.error.code, c.code);
        EXPECT_NE(verdict.error.message.find(": because of the weather"), std::string::npos);
        EXPECT_EQ(verdict.version, ObjectVersion{});
        reply.reason.clear();
        const std::string plain = judge(reply, bytes(5, 10), kSunday).error.message;
        EXPECT_FALSE(plain.empty() || plain.ends_with(": "));
    }
}

}  // namespace
}  // namespace vcube
