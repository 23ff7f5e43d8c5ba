#include "core/refs/path_pattern.h"

#include <gtest/gtest.h>

namespace vcube {
namespace {

bool matches(const std::string& pattern, const std::string& path) {
    const auto parsed = PathPattern::parse("/data/" + pattern);
    EXPECT_TRUE(parsed.ok());
    EXPECT_EQ(parsed.value().base(), "/data") << pattern;
    return parsed.value().matches(path);
}

TEST(PathPattern, FindsWildcards) {
    for (const char* text : {"/a/*.nc", "/a?/b", "/a[0-9]/b", "s3://bucket/a?b", "https://h/*/b?x=1", "**"}) {
        EXPECT_TRUE(has_wildcard(text)) << text;
    }
    for (const char* text : {"/a/b.nc", "https://h/b?x=*", "/vsicurl/https://h/b?x=[1]", "/a[b", "/a]b[", ""}) {
        EXPECT_FALSE(has_wildcard(text)) << text;
    }
}

TEST(PathPattern, SplitsAtTheFirstWildcard) {
    const auto base_of = [](const char* text) { return PathPattern::parse(text).value().base(); };
    EXPECT_EQ(base_of("/data/2023/*/SM_*.nc"), "/data/2023");
    EXPECT_EQ(base_of("/data/2023/SM_*.nc"), "/data/2023");
    EXPECT_EQ(base_of("/*/x"), "/");
    EXPECT_EQ(base_of("*.nc"), "");
    EXPECT_EQ(base_of("days/*.nc"), "days");
    EXPECT_EQ(base_of("s3://bucket/SMOS/**/*.nc"), "s3://bucket/SMOS");
    EXPECT_EQ(base_of("https://h.example/a/*.nc?x=/y"), "https://h.example/a");
    EXPECT_EQ(base_of("/vsizip/{/a/b.zip}/*/x"), "/vsizip/{/a/b.zip}");
}

TEST(PathPattern, MatchesPartsAsShellsDo) {
    EXPECT_TRUE(matches("*.nc", "a.nc"));
    EXPECT_FALSE(matches("*.nc", "a.nc.json"));
    EXPECT_FALSE(matches("*.nc", "b/a.nc"));
    EXPECT_FALSE(matches("*.nc", ".a.nc"));
    EXPECT_TRUE(matches("a?c", "abc"));
    EXPECT_FALSE(matches("a?c", "ac"));
    EXPECT_FALSE(matches("a?c", "a/c"));
    EXPECT_TRUE(matches("[a-c]x", "bx"));
    EXPECT_FALSE(matches("[a-c]x", "dx"));
    EXPECT_TRUE(matches("[!a-c]x", "dx"));
}

TEST(PathPattern, WildcardsStandInAnyPart) {
    const auto parsed = PathPattern::parse("/data/20*/04/[0-2]?/x.nc").value();
    EXPECT_TRUE(parsed.matches("2023/04/17/x.nc"));
    EXPECT_FALSE(parsed.matches("2023/05/17/x.nc"));
    EXPECT_FALSE(parsed.matches("2023/04/31/x.nc"));
    EXPECT_FALSE(parsed.matches("2023/04/x.nc"));
}

TEST(PathPattern, TwoStarsStandForAnyDepth) {
    for (const char* path : {"x.nc", "a/x.nc", "a/b/c/d/x.nc"}) {
        EXPECT_TRUE(matches("**/*.nc", path)) << path;
        EXPECT_TRUE(matches("**/**/*.nc", path)) << path;
        EXPECT_TRUE(matches("**", path)) << path;
    }
    EXPECT_TRUE(matches("**/04/**/*.nc", "2023/04/17/x.nc"));
    EXPECT_TRUE(matches("**/04/**/*.nc", "04/x.nc"));
    EXPECT_FALSE(matches("**/04/**/*.nc", "2023/05/x.nc"));
    EXPECT_FALSE(matches("**/*.nc", ".hidden/x.nc"));
}

TEST(PathPattern, AFolderThatMatchesIsTakenWhole) {
    EXPECT_TRUE(matches("0[45]", "04/17/x.nc"));
    EXPECT_TRUE(matches("0[45]/", "05/x.nc"));
    EXPECT_FALSE(matches("0[45]", "06/x.nc"));
    const PathPattern tree = PathPattern::tree("/data");
    EXPECT_TRUE(tree.matches("x.nc"));
    EXPECT_TRUE(tree.matches("a/b/x.nc"));
    EXPECT_FALSE(tree.matches("a/.b/x.nc"));
}

TEST(PathPattern, TellsWhereNothingCanMatch) {
    const auto pattern = PathPattern::parse("/data/20*/04/*.nc").value();
    const auto year = pattern.next(pattern.start(), "2023", true);
    EXPECT_NE(year, 0U);
    EXPECT_FALSE(pattern.any_depth(year));
    EXPECT_EQ(pattern.next(year, "05", true), 0U);
    EXPECT_EQ(pattern.next(pattern.start(), "1999", true), 0U);
    EXPECT_TRUE(PathPattern::tree("").any_depth(PathPattern::tree("").start()));
}

TEST(PathPattern, ManyStarsDoNotTakeForever) {
    std::string pattern;
    std::string path;
    for (int k = 0; k < 25; ++k) {
        pattern += "**/a/";
        path += "a/";
    }
    EXPECT_FALSE(matches(pattern + "x.nc", path + path + "y.nc"));
    EXPECT_FALSE(PathPattern::parse("*/" + pattern + pattern + pattern).ok());
}

}  // namespace
}  // namespace vcube
