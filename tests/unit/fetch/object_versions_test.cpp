#include "core/fetch/object_versions.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace vcube {
namespace {

const ObjectVersion kFirst{100, "\"abc\"", "Sun, 06 Nov 1994 08:49:37 GMT"};

TEST(ObjectVersions, KnowsWhatWasNoted) {
    ObjectVersions table;
    EXPECT_FALSE(table.find("https://h/a"));
    EXPECT_TRUE(table.note("https://h/a", kFirst).ok());
    EXPECT_EQ(table.find("https://h/a"), kFirst);
    EXPECT_FALSE(table.find("https://h/b"));
    EXPECT_TRUE(table.note("https://h/a", kFirst).ok());
    EXPECT_FALSE(table.changed());
}

TEST(ObjectVersions, NothingTellsNothing) {
    ObjectVersions table;
    EXPECT_TRUE(table.note("a", {}).ok());
    EXPECT_FALSE(table.find("a"));
    EXPECT_TRUE(table.note("a", kFirst).ok());
    EXPECT_TRUE(table.note("a", {}).ok());
    EXPECT_EQ(table.find("a"), kFirst);
}

TEST(ObjectVersions, ComparesWhatBothTell) {
    const std::string later = "Sun, 06 Nov 1994 08:49:38 GMT";
    struct Case {
        const char* name;
        ObjectVersion was, is;
        std::string message;  // "": the same
    };
    for (const Case& c : {
             Case{"size", {100, "", ""}, {101, "", ""}, "has changed since it was first read: size was 100, is 101"},
             Case{"size, though the ETag is the same", {100, "\"a\"", ""}, {99, "\"a\"", ""}, "size was 100, is 99"},
             Case{"ETag",
                  {100, "\"a\"", ""},
                  {100, "\"b\"", ""},
                  "has changed since it was first read: ETag was \"a\", is \"b\""},
             Case{"ETags know case", {{}, "\"a\"", ""}, {{}, "\"A\"", ""}, "ETag was"},
             Case{
                 "date",
                 {100, "", kFirst.modified},
                 {100, "", later},
                 "has changed since it was first read: Last-Modified was Sun, 06 Nov 1994 08:49:37 GMT, is Sun, 06 Nov "
                 "1994 08:49:38 GMT"},
             Case{"date, one ETag", {100, "\"a\"", kFirst.modified}, {100, "", later}, "Last-Modified was"},
             // A copy on another server may be younger and the same (RFC 9110, 8.8.1: ETags are the better validator).
             Case{"date, same ETag", {100, "\"a\"", kFirst.modified}, {100, "\"a\"", later}, ""},
             // RFC 9110, 8.8.3.2, the examples of weak comparison.
             Case{"both weak", {{}, "W/\"1\"", ""}, {{}, "W/\"1\"", ""}, ""},
             Case{"other weak", {{}, "W/\"1\"", ""}, {{}, "W/\"2\"", ""}, "ETag was W/\"1\", is W/\"2\""},
             Case{"one weak", {{}, "W/\"1\"", ""}, {{}, "\"1\"", ""}, ""},
             Case{"both strong", {{}, "\"1\"", ""}, {{}, "\"1\"", ""}, ""},
             Case{"w is no weakness", {{}, "w/\"1\"", ""}, {{}, "\"1\"", ""}, "ETag was"},
             Case{"nothing in common", {100, "", ""}, {{}, "\"a\"", later}, ""},
             Case{"size of nothing", {0, "", ""}, {5, "", ""}, "size was 0, is 5"},
         }) {
        SCOPED_TRACE(c.name);
        ObjectVersions table;
        EXPECT_TRUE(table.note("https://h/a?sig=1", c.was).ok());
        EXPECT_TRUE(table.note("https://h/b", c.is).ok());  // another object
        EXPECT_FALSE(table.changed());
        const Status status = table.note("https://h/a?sig=1", c.is);
        EXPECT_EQ(status.ok(), c.message.empty());
        EXPECT_EQ(table.changed(), !c.message.empty());
        if (!status.ok()) {
            EXPECT_EQ(status.error().code, ErrorCode::kIo);
            EXPECT_NE(status.error().message.find(c.message), std::string::npos) << status.error().message;
            EXPECT_EQ(status.error().message.find("sig"), std::string::npos);
            EXPECT_EQ(table.find("https://h/a?sig=1"), c.was);  // what was first counts
            EXPECT_TRUE(table.note("https://h/a?sig=1", c.was).ok());
            EXPECT_TRUE(table.changed());
        }
    }
}

TEST(ObjectVersions, LearnsWhatWasNotTold) {
    ObjectVersions table;
    EXPECT_TRUE(table.note("a", {100, "", ""}).ok());  // as an index records it
    EXPECT_TRUE(table.note("a", {{}, "\"1\"", ""}).ok());
    EXPECT_TRUE(table.note("a", {{}, "", kFirst.modified}).ok());
    EXPECT_EQ(table.find("a"), (ObjectVersion{100, "\"1\"", kFirst.modified}));
    EXPECT_FALSE(table.note("a", {100, "\"2\"", ""}).ok());
    EXPECT_FALSE(table.note("a", {101, "", ""}).ok());
}

TEST(ObjectVersions, ShowsNoRubbishInMessages) {
    ObjectVersions table;
    EXPECT_TRUE(table.note("a", {{}, "\"\n\x1b[31m\xff\"", ""}).ok());
    const Status status = table.note("a", {{}, std::string(5000, 'e'), ""});
    ASSERT_FALSE(status.ok());
    EXPECT_NE(status.error().message.find("ETag was \"??[31m?\", is eee"), std::string::npos);
    EXPECT_LT(status.error().message.size(), 200U);
}

TEST(ObjectVersions, ForgetsTheFirstOnes) {
    ObjectVersions table(3);
    for (const char* const name : {"a", "b", "c"}) {
        EXPECT_TRUE(table.note(name, kFirst).ok());
    }
    EXPECT_TRUE(table.note("a", kFirst).ok());  // noted first all the same
    EXPECT_TRUE(table.note("d", kFirst).ok());
    EXPECT_FALSE(table.find("a"));
    for (const char* const name : {"b", "c", "d"}) {
        EXPECT_TRUE(table.find(name)) << name;
    }
    EXPECT_TRUE(table.note("a", {7, "", ""}).ok());  // begins anew
    EXPECT_EQ(table.find("a")->size, 7U);
    EXPECT_FALSE(table.find("b"));
}

TEST(ObjectVersions, ManyThreadsSeeOneVersion) {
    constexpr int kThreads = 8, kObjects = 200;
    ObjectVersions table;
    // Each thread has a version of its own for every object; one of them is first and is the only one accepted.
    std::vector<std::atomic<int>> accepted(kObjects);
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < kObjects; ++i) {
                    const std::string location = "https://h/" + std::to_string(i);
                    accepted[static_cast<std::size_t>(i)] +=
                        table.note(location, {{}, "\"" + std::to_string(t) + "\"", ""}).ok() ? 1 : 0;
                    ASSERT_TRUE(table.find(location));
                }
            });
        }
    }
    for (const auto& count : accepted) {
        EXPECT_EQ(count, 1);
    }
    EXPECT_TRUE(table.changed());
}

}  // namespace
}  // namespace vcube
