// What a web server's reply means for a range that was asked of it. Pure: RFC 9110 sections 13 (conditions), 14 (range
// requests), 15 (status codes) and 10.2.3 (Retry-After).
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "core/fetch/http_message.h"
#include "core/fetch/object_versions.h"
#include "vcube/byte_range.h"
#include "vcube/result.h"

namespace vcube {

/// What was asked for.
struct Expectation {
    ByteRange range;                                     // whole objects: {0, ByteRange::kEnd}
    bool clip = false;                                   // as in FetchRequest
    std::uint64_t max_bytes = std::uint64_t{4} << 30U;   // of an unbounded range
    std::optional<ObjectVersion> unless = std::nullopt;  // of this version the bytes are at hand: none are wanted
};

/// Value of the Range header for a range ("bytes=0-99", "bytes=-4"), "" where the whole object is wanted. A range here
/// and below is not empty: HTTP cannot ask for no bytes.
std::string range_header(const ByteRange& range);

/// The header line that asks for bytes only unless the object is of a version: "If-None-Match: ..." where it has an
/// ETag that can be sent (RFC 9110, 8.8.3), else "If-Modified-Since: ...", else "".
std::string condition_header(const ObjectVersion& version);

/// "bytes 5-9/100", "bytes 5-9/*", "bytes */100" taken apart.
struct ContentRange {
    std::optional<ByteRange> part;
    std::optional<std::uint64_t> size;
};
std::optional<ContentRange> parse_content_range(std::string_view text);

/// Seconds, or a date that is compared with the reply's own Date (`now` where it has none). Nothing where it is
/// neither.
std::optional<std::chrono::milliseconds> parse_retry_after(const HttpHead& head, std::time_t now);

/// What to do with the body, decided as soon as the header is here.
struct BodyPlan {
    std::uint64_t skip = 0;  // bytes to drop first
    std::uint64_t take = 0;  // bytes to keep then; of what follows nothing is read
    bool stop = false;       // the reply is of no use: end it here
    bool sure = false;       // the bytes kept are those asked for, and their number was announced: each is good as soon
                             // as it is here, whatever becomes of the rest
};

/// A server that sends the whole object in place of a range (200) is used where the range begins within the first
/// kMaxSkipped bytes. Of replies that report an error some text is taken, for the code that object stores put there.
inline constexpr std::uint64_t kMaxSkipped = std::uint64_t{16} << 20U;
inline constexpr std::uint64_t kErrorTextBytes = 4096;
BodyPlan plan_body(const HttpHead& head, const Expectation& wanted);

struct Verdict {
    enum class Kind {
        kDone,       // reply.body holds the bytes
        kUnchanged,  // the object is of the version wanted.unless: no bytes were sent
        kRedirect,   // ask at `location` instead
        kRetry,      // worth another attempt, not before `retry_after`
        kRenew,      // 401, 403, an expired token, a bucket in another region: worth one more attempt with a fresh
                     // signature
        kFail
    };
    Kind kind = Kind::kFail;
    Error error;           // unless done or unchanged: what was wrong, in words that may follow "URL: "; without URLs
    std::string location;  // of a redirect, as sent
    std::optional<std::chrono::milliseconds> retry_after;
    ObjectVersion version;  // what the reply tells of the object, where it can be believed: not of a retry. kUnchanged:
                            // wanted.unless, or what the reply tells where that does not agree with it
};

/// What a reply with status 200 or 206 tells of the object.
ObjectVersion version_of(const HttpHead& head);

/// 404 and 410 are kNotFound. A body shorter or longer than announced or asked for, a range other than the wanted one,
/// a web page (text/html) in place of a range (unless `clip` holds: who takes what there is looks at it), and faults of
/// the transport are worth another attempt; an object that ends before the range does is not, nor is a server that is
/// not trusted (kTls). Where `clip` holds, or the range begins at the object's end and has none of its own, a 416 is an
/// empty body. `reply.body` is what plan_body() took.
Verdict judge(const HttpReply& reply, const Expectation& wanted, std::time_t now);

}  // namespace vcube
