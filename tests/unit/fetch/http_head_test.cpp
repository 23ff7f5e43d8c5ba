#include "core/fetch/http_head.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace vcube {
namespace {

HttpHead head_of(std::initializer_list<std::string_view> lines) {
    HttpHead head;
    for (const std::string_view line : lines) {
        add_header_line(head, line);
    }
    return head;
}

TEST(HttpHead, TakesEveryFieldThatCounts) {
    const HttpHead head =
        head_of({"HTTP/1.1 206 Partial Content\r\n", "Content-Length: 26012\r\n",
                 "Content-Range: bytes 21010-47021/47022\r\n", "Content-Type: image/gif\r\n", "ETag: W/\"1\"\r\n",
                 "Last-Modified: Wed, 15 Nov 1995 04:58:08 GMT\r\n", "Date: Wed, 15 Nov 1995 06:25:24 GMT\r\n",
                 "Retry-After: 120\r\n", "Location: /a:b\r\n", "Set-Cookie: secret=1\r\n", "\r\n"});
    EXPECT_EQ(head.status, 206);
    EXPECT_EQ(head.content_length, 26012U);
    EXPECT_EQ(head.content_range, "bytes 21010-47021/47022");
    EXPECT_EQ(head.content_type, "image/gif");
    EXPECT_EQ(head.etag, "W/\"1\"");
    EXPECT_EQ(head.last_modified, "Wed, 15 Nov 1995 04:58:08 GMT");
    EXPECT_EQ(head.date, "Wed, 15 Nov 1995 06:25:24 GMT");
    EXPECT_EQ(head.retry_after, "120");
    EXPECT_EQ(head.location, "/a:b");
}

TEST(HttpHead, NamesKnowNoCaseAndValuesNoWhiteSpaceAround) {
    const HttpHead head = head_of({"HTTP/2 200", "CONTENT-LENGTH:7", "etag: \t \"x y\" \t\r\n", "lAsT-mOdIfIeD:\r\n"});
    EXPECT_EQ(head.status, 200);  // HTTP/2 has no reason phrase
    EXPECT_EQ(head.content_length, 7U);
    EXPECT_EQ(head.etag, "\"x y\"");
    EXPECT_EQ(head.last_modified, "");
}

TEST(HttpHead, AStatusLineBeginsANewHeader) {
    const HttpHead head = head_of({"HTTP/1.1 401 Unauthorized", "Content-Length: 5", "ETag: \"page\"", "Location: /in",
                                   "", "HTTP/1.1 200 OK", "Content-Type: text/plain"});
    EXPECT_EQ(head.status, 200);
    EXPECT_FALSE(head.content_length);
    EXPECT_EQ(head.etag, "");
    EXPECT_EQ(head.location, "");
    EXPECT_EQ(head.content_type, "text/plain");
}

TEST(HttpHead, JunkIsAbsent) {
    for (const char* const line : {"HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 abc", "HTTP/1.1 2x0 OK", "HTTP/ 99999999999"}) {
        EXPECT_LE(head_of({line}).status, 999) << line;
        EXPECT_NE(head_of({"HTTP/1.1 206 x", line}).status, 206) << line;
    }
    for (const char* const length :
         {"Content-Length: -5", "Content-Length: 5, 5", "Content-Length: 0x5", "Content-Length: 18446744073709551616",
          "Content-Length:", "Content-Length 5", " Content-Length: 5", "Content-Length : 5", "X-Content-Length: 5"}) {
        EXPECT_FALSE(head_of({"HTTP/1.1 200 OK", length}).content_length) << length;
    }
    EXPECT_EQ(head_of({"HTTP/1.1 200 OK", "ETag: " + std::string(100000, 'x')}).etag, "");
    const std::string signed_address = "https://host/object?signature=" + std::string(8000, 'x');
    EXPECT_EQ(head_of({"HTTP/1.1 302 Found", "Location: " + signed_address}).location, signed_address);
    EXPECT_EQ(head_of({"HTTP/1.1 302 Found", "Location: " + std::string(100000, 'x')}).location, "");
}

}  // namespace
}  // namespace vcube
