#include "core/refs/url_policy.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

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

/// What each spelling of a URL becomes, by where the reference file lies. "-" is a refusal that names the option, "^"
/// one of a name that climbs out, "?" a URL that nobody reads.
struct Spelling {
    const char* url;
    const char* local;    // in /d/k/refs.json
    const char* remote;   // in https://h/d/refs.json
    const char* zip;      // in the zip file /d/a.zip, folder k
    const char* far_zip;  // in the zip file https://h/d/a.zip, folder k
};

constexpr const char* kZipBase = "/vsizip/{/d/a.zip}/k/";
constexpr const char* kFarZipBase = "/vsizip/{/vsicurl/https://h/d/a.zip}/k/";

std::string outcome(const char* url, const UrlPolicy& policy) {
    const auto result = resolve_url(url, policy);
    if (result.ok()) {
        return result.value();
    }
    const std::string& message = result.error().message;
    if (result.error().code != ErrorCode::kDenied) {
        return "?";
    }
    return message.find("ALLOW_LOCAL_REFERENCES=YES") != std::string::npos ? "-" : "^";
}

TEST(UrlPolicy, TreatsEverySpellingByWhereItStands) {
    const std::string zip = kZipBase;
    const std::string far_zip = kFarZipBase;
    const std::vector<Spelling> spellings = {
        {"a.nc", "/d/k/a.nc", "https://h/d/a.nc", "/vsizip/{/d/a.zip}/k/a.nc",
         "/vsizip/{/vsicurl/https://h/d/a.zip}/k/a.nc"},
        {"./a.nc", "/d/k/a.nc", "https://h/d/a.nc", "/vsizip/{/d/a.zip}/k/a.nc",
         "/vsizip/{/vsicurl/https://h/d/a.zip}/k/a.nc"},
        {"../a.nc", "/d/k/../a.nc", "https://h/a.nc", "/vsizip/{/d/a.zip}/a.nc",
         "/vsizip/{/vsicurl/https://h/d/a.zip}/a.nc"},
        {"../../a.nc", "/d/k/../../a.nc", "^", "^", "^"},
        {"x/../../../a.nc", "/d/k/x/../../../a.nc", "^", "^", "^"},
        {"/etc/passwd", "/etc/passwd", "-", "/etc/passwd", "-"},
        {"//etc/passwd", "//etc/passwd", "-", "//etc/passwd", "-"},
        {"file:///etc/passwd", "/etc/passwd", "-", "/etc/passwd", "-"},
        {"file:/etc/passwd", "/etc/passwd", "-", "/etc/passwd", "-"},
        {"FILE:/etc/passwd", "/etc/passwd", "-", "/etc/passwd", "-"},
        {"file://localhost/etc/passwd", "/etc/passwd", "-", "/etc/passwd", "-"},
        {"FiLe://LocalHost/etc/passwd", "/etc/passwd", "-", "/etc/passwd", "-"},
        {"file:///%65tc/p%61sswd", "/etc/passwd", "-", "/etc/passwd", "-"},
        {"file:///etc%2Fpasswd", "/etc/passwd", "-", "/etc/passwd", "-"},
        {"file:///a%zz", "/a%zz", "-", "/a%zz", "-"},
        {"file:////etc/passwd", "//etc/passwd", "-", "//etc/passwd", "-"},
        {"file:a.nc", "/d/k/a.nc", "-", "/vsizip/{/d/a.zip}/k/a.nc", "-"},
        {"file://other/etc/passwd", "?", "-", "?", "-"},
        {"local:///etc/passwd", "/etc/passwd", "-", "/etc/passwd", "-"},
        {"simplecache::file:///etc/passwd", "/etc/passwd", "-", "/etc/passwd", "-"},
        {"blockcache::filecache::/etc/passwd", "/etc/passwd", "-", "/etc/passwd", "-"},
        {"zip://m::file:///d/a.zip", "?", "?", "?", "?"},
        {"memory://x", "?", "?", "?", "?"},
        {"gopher://h/x", "?", "?", "?", "?"},
        {"", "?", "?", "?", "?"},
        {"/vsimem/x", "/vsimem/x", "-", "/vsimem/x", "-"},
        {"/vsistdin/", "/vsistdin/", "-", "/vsistdin/", "-"},
        {"/vsizip//etc/a.zip/m", "/vsizip//etc/a.zip/m", "-", "/vsizip//etc/a.zip/m", "-"},
        {"/vsizip/{/etc/a.zip}/m", "/vsizip/{/etc/a.zip}/m", "-", "/vsizip/{/etc/a.zip}/m", "-"},
        {"/vsizip//vsimem/a.zip/m", "/vsizip//vsimem/a.zip/m", "-", "/vsizip//vsimem/a.zip/m", "-"},
        {"/vsizip//vsicurl/https://g/a.zip/m", "/vsizip//vsicurl/https://g/a.zip/m",
         "/vsizip//vsicurl/https://g/a.zip/m", "/vsizip//vsicurl/https://g/a.zip/m",
         "/vsizip//vsicurl/https://g/a.zip/m"},
        {"/vsizip/vsicurl/https://g/a.zip/m", "/vsizip/vsicurl/https://g/a.zip/m", "/vsizip/vsicurl/https://g/a.zip/m",
         "/vsizip/vsicurl/https://g/a.zip/m", "/vsizip/vsicurl/https://g/a.zip/m"},
        {"/vsizip//vsicurl/file:///etc/a.zip/m", "/vsizip//vsicurl/file:///etc/a.zip/m", "-",
         "/vsizip//vsicurl/file:///etc/a.zip/m", "-"},
        {"/vsigzip//vsizip//vsis3/b/a.zip/m.gz", "/vsigzip//vsizip//vsis3/b/a.zip/m.gz",
         "/vsigzip//vsizip//vsis3/b/a.zip/m.gz", "/vsigzip//vsizip//vsis3/b/a.zip/m.gz",
         "/vsigzip//vsizip//vsis3/b/a.zip/m.gz"},
        {"/vsisubfile/0_10,/etc/passwd", "/vsisubfile/0_10,/etc/passwd", "-", "/vsisubfile/0_10,/etc/passwd", "-"},
        {"/vsisubfile/0_10,/vsis3/b/x", "/vsisubfile/0_10,/vsis3/b/x", "/vsisubfile/0_10,/vsis3/b/x",
         "/vsisubfile/0_10,/vsis3/b/x", "/vsisubfile/0_10,/vsis3/b/x"},
        {"/vsisubfile/0_10,/vsisubfile/0_9,/etc/x", "/vsisubfile/0_10,/vsisubfile/0_9,/etc/x", "-",
         "/vsisubfile/0_10,/vsisubfile/0_9,/etc/x", "-"},
        {"/vsicurl/file:///etc/passwd", "/vsicurl/file:///etc/passwd", "-", "/vsicurl/file:///etc/passwd", "-"},
        {"/vsicurl?url=https%3A%2F%2Fg&header_file=/etc/x", "/vsicurl?url=https%3A%2F%2Fg&header_file=/etc/x", "-",
         "/vsicurl?url=https%3A%2F%2Fg&header_file=/etc/x", "-"},
        {"/vsicrypt//etc/x", "/vsicrypt//etc/x", "-", "/vsicrypt//etc/x", "-"},
        {"/vsisparse//vsis3/b/x", "/vsisparse//vsis3/b/x", "-", "/vsisparse//vsis3/b/x", "-"},
        {"/VSIS3/b/x", "/VSIS3/b/x", "-", "/VSIS3/b/x", "-"},
        {"s3://b/x", "s3://b/x", "s3://b/x", "s3://b/x", "s3://b/x"},
        {"S3://b/../x", "s3://b/../x", "s3://b/../x", "s3://b/../x", "s3://b/../x"},
        {"https://g/x?q=/etc", "https://g/x?q=/etc", "https://g/x?q=/etc", "https://g/x?q=/etc", "https://g/x?q=/etc"},
    };
    for (const Spelling& spelling : spellings) {
        SCOPED_TRACE(spelling.url);
        EXPECT_EQ(outcome(spelling.url, policy_for("/d/k/refs.json", false)), spelling.local);
        EXPECT_EQ(outcome(spelling.url, policy_for("https://h/d/refs.json", false)), spelling.remote);
        EXPECT_EQ(outcome(spelling.url, {zip, false, false}), spelling.zip);
        EXPECT_EQ(outcome(spelling.url, {far_zip, true, false}), spelling.far_zip);
        // The option makes a remote file as free as a local one; nothing else changes.
        const std::string freed = outcome(spelling.url, {far_zip, true, true});
        EXPECT_NE(freed, "-");
        if (std::string(spelling.far_zip) != "-") {
            EXPECT_EQ(freed, spelling.far_zip);
        }
    }
}

TEST(UrlPolicy, NeverWritesOddNamesOutOfTheFolder) {
    for (const char* url :
         {"..\\..\\etc", "\\\\server\\x", "C:\\x", "C:/x", "vsimem/x", " file:///etc/passwd", "\tfile:///x", "%2Fetc",
          "%2e%2e/x", "~/x", "etc/passwd", "fi\nle:///x", "@/etc", "|cat /etc/passwd"}) {
        for (const std::string base : {kZipBase, kFarZipBase, "https://h/d/", "/vsis3/b/d/", "s3://b/d/"}) {
            const std::string out = outcome(url, {base, is_remote(base), false});
            EXPECT_TRUE(out.starts_with(base)) << url << " on " << base << " gives " << out;
        }
    }
}

TEST(UrlPolicy, KnowsTheFolderOfWhatLiesInAnotherFile) {
    EXPECT_EQ(policy_for("/vsigzip//d/refs.json.gz", false).base, "/d/");
    EXPECT_EQ(policy_for("/vsigzip//vsicurl/https://h/d/refs.json.gz", false).base, "/vsicurl/https://h/d/");
    EXPECT_TRUE(policy_for("/vsigzip//vsicurl/https://h/d/refs.json.gz", false).remote_base);
    EXPECT_EQ(policy_for("/vsisubfile/0_10,/d/refs.json", false).base, "/d/");
    EXPECT_EQ(policy_for("/d/x.parq/", false).base, "/d/");
    EXPECT_EQ(policy_for("https://h/x.parq/?sig=1", false).base, "https://h/");
    EXPECT_EQ(policy_for("https://h/", false).base, "https://h/");
    EXPECT_EQ(policy_for("/", false).base, "/");
    for (const char* base :
         {"/vsizip//d/a.zip/", "/vsizip//d/a.zip/k/", "/vsitar//vsis3/b/a.TAR.GZ/k/", "/vsizip/d/a.zip/"}) {
        EXPECT_EQ(outcome("../../x", {base, is_remote(base), false}), "^") << base;
    }
}

TEST(UrlPolicy, KnowsNamesThatStayBelow) {
    for (const char* name : {"a", "a/b", ".zgroup", "a/.zarray", "a..b/c", "...", "a b/\xC3\xA4", "c/0/1"}) {
        EXPECT_TRUE(stays_below(name)) << name;
    }
    for (const std::string& name : {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"),
                                    std::string(".."), std::string("../a"), std::string("a/.."), std::string("a/../b"),
                                    std::string("./a"), std::string("a\\b"), std::string("a\0b", 3)}) {
        EXPECT_FALSE(stays_below(name)) << name;
    }
}

TEST(UrlPolicy, MessagesHoldNoSecrets) {
    EXPECT_EQ(redacted("https://user:pa@ss@h/x?sig=1#f"), "https://h/x");
    EXPECT_EQ(redacted("/vsicurl/https://u:p@h/x?a=b"), "/vsicurl/https://h/x");
    EXPECT_EQ(redacted("https://h/x@y/z"), "https://h/x@y/z");
    EXPECT_EQ(redacted("/data/a?b.nc"), "/data/a?b.nc");
}

}  // namespace
}  // namespace vcube
