#include "core/fetch/http_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace vcube {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string origin(const std::string& url) {
    const Result<std::string> out = origin_of(url);
    return out.ok() ? out.value() : "error: " + out.error().message;
}

std::string led(const std::string& location) {
    const Result<std::string> out = redirect_target("http://a/b/c/d;p?q", location);
    return out.ok() ? out.value() : "error: " + out.error().message;
}

TEST(HttpUrl, AnOriginIsSchemeHostAndPort) {
    EXPECT_EQ(origin("https://Example.ORG/a?b#c"), "https://example.org:443");
    EXPECT_EQ(origin("HTTP://example.org"), "http://example.org:80");
    EXPECT_EQ(origin("http://user:secret@example.org:8080/"), "http://example.org:8080");
    EXPECT_EQ(origin("http://[::1]:9000/x"), "http://[::1]:9000");
    // What follows the @ is the host, whatever stands before it.
    EXPECT_EQ(origin("https://good.org@evil.org/"), "https://evil.org:443");
    EXPECT_EQ(origin("https://evil.org#@good.org/"), "https://evil.org:443");
}

TEST(HttpUrl, OtherUrlsHaveNone) {
    for (const char* url :
         {"", "a", "/a/b", "file:///etc/passwd", "ftp://h/x?secret", "http://", "http://a b/secret"}) {
        EXPECT_THAT(origin(url), HasSubstr("error: ")) << url;
        EXPECT_THAT(origin(url), Not(HasSubstr("secret")));
    }
}

TEST(HttpUrl, RedirectsAreResolved) {
    // RFC 3986, section 5.4.1.
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"g?y", "http://a/b/c/g?y"},
        {"../g", "http://a/b/g"},
        {"../../g", "http://a/g"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g;x", "http://a/b/c/g;x"},
        {"http://e/f", "http://e/f"},
        {"https://e/f?g=h", "https://e/f?g=h"},
    };
    for (const auto& [location, expected] : cases) {
        EXPECT_EQ(led(location), expected) << location;
    }
    EXPECT_EQ(led("//g/x"), "http://g/x");
    EXPECT_EQ(led("http://e/f#part"), "http://e/f");  // fragments are not sent
}

TEST(HttpUrl, RedirectsLeadToWebServersOnly) {
    for (const char* location : {"file:///etc/passwd", "FILE:///etc/passwd", "ftp://h/x", "gopher://h:70/_x",
                                 "dict://h/d", "scp://u:secret@h/x", "smb://h/x"}) {
        const Result<std::string> out = redirect_target("https://h/x", location);
        ASSERT_FALSE(out.ok()) << location;
        EXPECT_EQ(out.error().code, ErrorCode::kDenied);
        EXPECT_THAT(out.error().message, Not(HasSubstr("secret")));
    }
    EXPECT_FALSE(redirect_target("https://h/x", "http://").ok());
}

}  // namespace
}  // namespace vcube
