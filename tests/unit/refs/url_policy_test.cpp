#include "core/refs/url_policy.h"

#include <gtest/gtest.h>

namespace vcube {
namespace {

std::string resolved(std::string_view url, std::string_view location, bool allow_local = false) {
    auto result = resolve_url(url, policy_for(location, allow_local));
    return result.ok() ? result.value() : "error: " + result.error().message;
}

ErrorCode refused(std::string_view url, std::string_view location) {
    const auto result = resolve_url(url, policy_for(location, false));
    EXPECT_FALSE(result.ok()) << url << " gives " << (result.ok() ? result.value() : "");
    return result.ok() ? ErrorCode::kIo : result.error().code;
}

TEST(UrlPolicy, KnowsWhatReachesTheNetwork) {
    for (const char* location :
         {"https://h/x", "HTTP://h/x", "s3://b/x", "gs://b/x", "az://c/x", "abfss://c/x", "/vsicurl/https://h/x",
          "/vsicurl?url=x", "/vsis3/b/x", "/vsigs_streaming/b", "/vsizip//vsicurl/https://h/a.zip/m",
          "/vsizip/vsicurl/https://h/a.zip/m", "/vsitar/{/vsis3/b/a.tar}/m", "/vsisubfile/1_2,/vsis3/b/x",
          "/vsigzip//vsizip//vsicurl/http://h/x", "foo://h/x"}) {
        EXPECT_TRUE(is_remote(location)) << location;
    }
    for (const char* location :
         {"/data/x", "x.json", "file:///x", "FILE:/x", "/vsimem/x", "/vsizip//data/a.zip/m", "C:/x", "a/http/b"}) {
        EXPECT_FALSE(is_remote(location)) << location;
    }
}

TEST(UrlPolicy, JoinsRelativeNamesWithTheFolder) {
    EXPECT_EQ(resolved("a.nc", "/data/refs.json"), "/data/a.nc");
    EXPECT_EQ(resolved("../smos/a b.nc", "/data/k/refs.json"), "/data/k/../smos/a b.nc");
    EXPECT_EQ(resolved("./a.nc", "/data/refs.json"), "/data/a.nc");
    EXPECT_EQ(resolved("a.nc", "refs.json"), "a.nc");
    EXPECT_EQ(resolved("a.nc", "file:///data%20x/refs.json"), "/data x/a.nc");
    EXPECT_EQ(resolved("a.nc", "https://h/d/refs.json?sig=/x/y"), "https://h/d/a.nc");
    EXPECT_EQ(resolved("../e/./a.nc", "https://h/d/refs.json"), "https://h/e/a.nc");
    EXPECT_EQ(resolved("a.nc", "https://h"), "https://h/a.nc");
    EXPECT_EQ(resolved("a.nc", "S3://b/d/refs.json"), "s3://b/d/a.nc");
    EXPECT_EQ(resolved("../a.nc", "/vsimem/d/refs.json"), "/vsimem/a.nc");
    EXPECT_EQ(resolved("m/a.nc", "/vsizip//data/a.zip/refs.json"), "/vsizip//data/a.zip/m/a.nc");
}

TEST(UrlPolicy, LocalReferencesMayNameAnything) {
    EXPECT_EQ(resolved("/etc/x", "/data/refs.json"), "/etc/x");
    EXPECT_EQ(resolved("s3://b/x", "/data/refs.json"), "s3://b/x");
    EXPECT_EQ(resolved("HTTPS://h/x?q", "/data/refs.json"), "https://h/x?q");
    EXPECT_EQ(resolved("/vsimem/x", "/data/refs.json"), "/vsimem/x");
    EXPECT_EQ(resolved("simplecache::s3://b/x", "/data/refs.json"), "s3://b/x");
}

/// RFC 8089, appendix B names these spellings.
TEST(UrlPolicy, ReadsFileUrlsInEverySpelling) {
    for (const char* url : {"file:///d/a b.nc", "file:/d/a b.nc", "FILE://localhost/d/a%20b.nc", "File:///%64/a%20b.nc",
                            "local:///d/a b.nc"}) {
        EXPECT_EQ(resolved(url, "/x/refs.json"), "/d/a b.nc") << url;
        EXPECT_EQ(resolved(url, "https://h/refs.json", true), "/d/a b.nc") << url;
        EXPECT_EQ(refused(url, "https://h/refs.json"), ErrorCode::kDenied) << url;
    }
    EXPECT_EQ(refused("file://server/d/x", "/x/refs.json"), ErrorCode::kUnsupported);
    EXPECT_EQ(refused("file:///a%00b", "/x/refs.json"), ErrorCode::kInvalid);
}

TEST(UrlPolicy, RemoteReferencesStayRemote) {
    const char* const bases[] = {"https://h/d/refs.json", "s3://b/d/refs.json", "/vsicurl/https://h/d/refs.json",
                                 "/vsizip//vsicurl/https://h/d/a.zip/refs.json", "/vsis3/b/d/refs.json"};
    for (const char* base : bases) {
        for (const char* url :
             {"/etc/passwd", "//host/x", "///etc/passwd", "/vsimem/x", "/vsistdin/", "/vsizip//data/a.zip/m",
              "/vsizip/data/a.zip", "/vsicurl/file:///etc/passwd",
              "/vsicurl?header_file=/etc/passwd&url=http%3A%2F%2Fh", "/vsisubfile/0_10,/etc/passwd",
              "/vsisparse//vsicurl/http://h/x", "/vsicrypt/key_file=/etc/x,file=/vsis3/b", "/vsitar/{/etc/a.tar}/m",
              "file:etc/passwd", "file:///etc/passwd", "local:///etc/passwd", "simplecache::file:///etc/passwd",
              "/vsicached?file=/etc/passwd"}) {
            EXPECT_EQ(refused(url, base), ErrorCode::kDenied) << url << " on " << base;
        }
        for (const char* url :
             {"..\\..\\etc", "\\\\server\\x", "C:\\x", "vsimem/x", "x/../y", " file:///etc/passwd", "%2Fetc", "~/x"}) {
            const std::string out = resolved(url, base);
            EXPECT_TRUE(is_remote(out)) << out;
            EXPECT_TRUE(out.starts_with(policy_for(base, false).base)) << out;
        }
        EXPECT_EQ(refused("../../../../../../../../etc/passwd", base), ErrorCode::kDenied) << base;
    }
    EXPECT_EQ(resolved("/vsis3/b/x", "https://h/refs.json"), "/vsis3/b/x");
    EXPECT_EQ(resolved("/vsizip//vsicurl/https://h/a.zip/m", "https://h/refs.json"),
              "/vsizip//vsicurl/https://h/a.zip/m");
    EXPECT_EQ(refused("/etc/passwd", "weird://h/refs.json"), ErrorCode::kDenied);
}

TEST(UrlPolicy, RefusesWhatNobodyReads) {
    EXPECT_EQ(refused("", "/d/refs.json"), ErrorCode::kInvalid);
    EXPECT_EQ(refused(std::string_view("a\0b", 3), "/d/refs.json"), ErrorCode::kInvalid);
    EXPECT_EQ(refused("memory://x", "/d/refs.json"), ErrorCode::kUnsupported);
    EXPECT_EQ(refused("zip://m::s3://b/a.zip", "/d/refs.json"), ErrorCode::kUnsupported);
}

TEST(UrlPolicy, MessagesHoldNoSecrets) {
    EXPECT_EQ(redacted("https://user:pa@ss@h/x?sig=1#f"), "https://h/x");
    EXPECT_EQ(redacted("/vsicurl/https://u:p@h/x?a=b"), "/vsicurl/https://h/x");
    EXPECT_EQ(redacted("https://h/x@y/z"), "https://h/x@y/z");
    EXPECT_EQ(redacted("/data/a?b.nc"), "/data/a?b.nc");
}

}  // namespace
}  // namespace vcube
