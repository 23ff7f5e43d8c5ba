// The header fields that http_judge.h takes apart.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "core/fetch/http_judge.h"

namespace vcube {
namespace {

using std::chrono::seconds;

// RFC 9110, 5.6.7 names this moment in its three forms; `date -u -d '1994-11-06 08:49:37' +%s` has its number.
constexpr std::time_t kSunday = 784111777;

TEST(RangeHeader, CountsTheLastByteIn) {
    EXPECT_EQ(range_header({0, 500}), "bytes=0-499");       // RFC 9110, 14.1.2: the first 500 bytes
    EXPECT_EQ(range_header({500, 1000}), "bytes=500-999");  // the second 500 bytes
    EXPECT_EQ(range_header(ByteRange::last(500)), "bytes=-500");
    EXPECT_EQ(range_header({9500, ByteRange::kEnd}), "bytes=9500-");
    EXPECT_EQ(range_header({}), "");
    EXPECT_EQ(range_header({0, 1}), "bytes=0-0");
    EXPECT_EQ(range_header({ByteRange::kEnd - 2, ByteRange::kEnd - 1}),
              "bytes=18446744073709551613-18446744073709551613");
}

TEST(ConditionHeader, NamesTheTagElseTheDate) {
    const std::string date = "Sat, 29 Oct 1994 19:43:31 GMT";  // RFC 9110, 13.1.3
    const std::string since = "If-Modified-Since: " + date;
    struct Case {
        std::string etag, modified, expected;
    };
    for (const Case& c : {
             Case{"\"xyzzy\"", "", "If-None-Match: \"xyzzy\""},  // 13.1.2
             Case{"\"xyzzy\"", date, "If-None-Match: \"xyzzy\""},
             Case{"W/\"xyzzy\"", date, "If-None-Match: W/\"xyzzy\""},
             Case{"\"\"", date, "If-None-Match: \"\""},  // 8.8.3
             Case{"\"\x80,*\"", date, "If-None-Match: \"\x80,*\""},
             Case{"", date, since},
             // No tags: a bare word, a star that would stand for any version, what could be two, what ends a line.
             Case{"xyzzy", date, since},
             Case{"*", date, since},
             Case{"\"", date, since},
             Case{"W/", date, since},
             Case{"w/\"xyzzy\"", date, since},
             Case{"\"a\", \"b\"", date, since},
             Case{"\"a b\"", date, since},
             Case{"\"a\r\nX: \"", date, since},
             Case{"\"a\x7f\"", date, since},
             Case{"xyzzy", "", ""},
             Case{"", "", ""},
             Case{"", date + "\r\nX: 1", ""},
         }) {
        EXPECT_EQ(condition_header({100, c.etag, c.modified}), c.expected) << c.etag << "; " << c.modified;
    }
    EXPECT_EQ(condition_header({100, std::string("\"a\0b\"", 5), date}), since);
}

TEST(ContentRange, TakesApartWhatTheRfcShows) {
    struct Case {
        const char* text;
        std::optional<ByteRange> part;
        std::optional<std::uint64_t> size;
    };
    for (const Case& c :
         {Case{"bytes 42-1233/1234", ByteRange{42, 1234}, 1234},  // RFC 9110, 14.4
          Case{"bytes 42-1233/*", ByteRange{42, 1234}, {}},       //
          Case{"bytes */1234", {}, 1234},                         //
          Case{"bytes 0-0/1", ByteRange{0, 1}, 1},                //
          Case{"Bytes 5-9/10", ByteRange{5, 10}, 10},             // names of units know no case (14.1)
          Case{" bytes  5-9/10 ", ByteRange{5, 10}, 10},
          // last-pos 2^64 - 3 is the highest whose end differs from ByteRange::kEnd
          Case{"bytes 0-18446744073709551613/*", ByteRange{0, 18446744073709551614U}, {}},
          Case{"bytes 0-1/18446744073709551615", ByteRange{0, 2}, 18446744073709551615U}, Case{"bytes */0", {}, 0}}) {
        const auto range = parse_content_range(c.text);
        ASSERT_TRUE(range) << c.text;
        EXPECT_EQ(range->part, c.part) << c.text;
        EXPECT_EQ(range->size, c.size) << c.text;
    }
}

TEST(ContentRange, RefusesJunkAndWhatContradictsItself) {
    for (const char* const text : {"",
                                   "bytes",
                                   "bytes ",
                                   "bytes 5-9",
                                   "bytes 5-/10",
                                   "bytes -9/10",
                                   "bytes 5/10",
                                   "bytes 9-5/10",
                                   "bytes 5-9/9",
                                   "bytes 5-9/0",
                                   "bytes */*",
                                   "bytes */",
                                   "bytes 5-9/",
                                   "bytes 5-9/x",
                                   "bytes 5-9/10 x",
                                   "bytes 5 - 9/10",
                                   "bytes +5-9/10",
                                   "bytes 5--9/10",
                                   "bytes 0x5-9/10",
                                   "bytes 5-9/1e3",
                                   "items 5-9/10",
                                   "bytes=5-9/10",
                                   "5-9/10",
                                   "bytes 5-9,11-12/20",
                                   "bytes 0-18446744073709551614/*",
                                   "bytes 0-18446744073709551615/*",
                                   "bytes 0-18446744073709551616/*",
                                   "bytes 0-99999999999999999999999/*",
                                   "bytes 0-1/18446744073709551616",
                                   "bytes 18446744073709551616-18446744073709551617/*",
                                   "bytes */18446744073709551616"}) {
        EXPECT_FALSE(parse_content_range(text)) << text;
    }
}

TEST(RetryAfter, IsSecondsOrADate) {
    const auto parsed = [](std::string text, std::string date = {}, std::time_t now = kSunday) {
        HttpHead head;
        head.retry_after = std::move(text);
        head.date = std::move(date);
        return parse_retry_after(head, now);
    };
    EXPECT_EQ(parsed("120"), seconds(120));  // RFC 9110, 10.2.3
    EXPECT_EQ(parsed(" 0 "), seconds(0));
    // More than any number holds is for ever: 2^31 seconds (RFC 9111, 1.2.2), not a wrapped number.
    EXPECT_EQ(parsed("18446744073709551617"), seconds(2147483648));
    EXPECT_EQ(parsed("9999999999"), seconds(2147483648));
    // The three forms of RFC 9110, 5.6.7, 37 seconds after `now`.
    for (const char* const date :
         {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
        EXPECT_EQ(parsed(date, "", kSunday - 37), seconds(37)) << date;
        EXPECT_EQ(parsed(date, "", kSunday), seconds(0)) << date;
        EXPECT_EQ(parsed(date, "", kSunday + 5), seconds(0)) << date;
        // The server's own clock counts: it says that it is a minute earlier, whatever the clock here says.
        EXPECT_EQ(parsed("Sun, 06 Nov 1994 08:50:37 GMT", date, 0), seconds(60)) << date;
        EXPECT_EQ(parsed("Sun, 06 Nov 1994 08:50:37 GMT", date, kSunday + 100000), seconds(60)) << date;
    }
    EXPECT_EQ(parsed("Sun, 06 Nov 1994 08:50:37 GMT", "yesterday"), seconds(60));  // a Date that is none
    EXPECT_EQ(parsed("Fri, 31 Dec 9999 23:59:59 GMT"), seconds(2147483648));
    for (const char* const junk : {"", "  ", "-5", "1.5", "5 s", "soon", "1994-11-06", "Sun, 06 Nov", "\x80\xff"}) {
        EXPECT_FALSE(parsed(junk)) << junk;
    }
}

}  // namespace
}  // namespace vcube
