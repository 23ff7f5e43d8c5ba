// When the bytes of a reply are good before all of them are here.
#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <string>

#include "core/fetch/http_judge.h"

namespace vcube {
namespace {

struct SureCase {
    const char* name;
    int status;
    std::optional<std::uint64_t> length;
    const char* content_range;
    Expectation wanted;
    bool sure;
    const char* content_type = "application/octet-stream";
};

constexpr std::uint64_t kFar = kMaxSkipped + 1;

const SureCase kCases[] = {
    {"the part", 206, 100, "bytes 50-149/1000", {.range = {50, 150}}, true},
    {"the part of an object of unknown size", 206, 100, "bytes 50-149/*", {.range = {50, 150}}, true},
    {"its end", 206, 100, "bytes 900-999/1000", {.range = ByteRange::last(100)}, true},
    {"from a place on", 206, 100, "bytes 900-999/1000", {.range = {900, ByteRange::kEnd}}, true},
    {"what there is", 206, 50, "bytes 950-999/1000", {.range = {950, 1100}, .clip = true}, true},
    {"no length", 206, {}, "bytes 50-149/1000", {.range = {50, 150}}, false},
    {"another length", 206, 99, "bytes 50-149/1000", {.range = {50, 150}}, false},
    {"another place", 206, 100, "bytes 51-150/1000", {.range = {50, 150}}, false},
    {"less", 206, 50, "bytes 50-99/1000", {.range = {50, 150}}, false},
    {"more", 206, 200, "bytes 50-249/1000", {.range = {50, 150}}, false},
    {"less of an unknown size", 206, 50, "bytes 50-99/*", {.range = {50, 150}}, false},
    {"no place", 206, 100, "", {.range = {50, 150}}, false},
    {"several parts", 206, 100, "bytes 50-149/1000", {.range = {50, 150}}, false, "multipart/byteranges; boundary=x"},
    {"an object that is too short", 206, 50, "bytes 950-999/1000", {.range = {950, 1100}}, false},
    {"too much", 206, 100, "bytes 900-999/1000", {.range = {900, ByteRange::kEnd}, .max_bytes = 99}, false},

    {"all", 200, 1000, "", {}, true},
    {"all in place of a part", 200, 1000, "", {.range = {50, 150}}, true},
    {"all in place of its end", 200, 1000, "", {.range = ByteRange::last(100)}, true},
    {"all, of unknown length", 200, {}, "", {}, false},
    {"all in place of a part, of unknown length", 200, {}, "", {.range = {50, 150}}, false},
    {"all in place of a part far away", 200, kFar + 200, "", {.range = {kFar, kFar + 100}}, false},
    {"all of too little", 200, 100, "", {.range = {50, 150}}, false},
    {"a log-in page", 200, 1000, "", {.range = {50, 150}}, false, "text/html"},

    {"a redirect", 302, 100, "", {.range = {0, 100}}, false},
    {"not modified", 304, 100, "", {.range = {0, 100}}, false},
    {"no log-in", 403, 100, "", {.range = {0, 100}}, false},
    {"absent", 404, 100, "", {.range = {0, 100}}, false},
    {"outside", 416, 100, "bytes */50", {.range = {50, 150}}, false},
    {"outside, of what there is", 416, 100, "bytes */50", {.range = {50, 150}, .clip = true}, false},
    {"busy", 503, 100, "", {.range = {0, 100}}, false},
};

TEST(SureBody, IsTheOneAskedForAndItsLengthWasAnnounced) {
    for (const SureCase& c : kCases) {
        SCOPED_TRACE(c.name);
        HttpHead head;
        head.status = c.status;
        head.content_length = c.length;
        head.content_range = c.content_range;
        head.content_type = c.content_type;
        head.etag = "\"1\"";
        const BodyPlan plan = plan_body(head, c.wanted);
        EXPECT_EQ(plan.sure, c.sure);
        if (!plan.sure) {
            continue;
        }
        // When all is here the verdict is no other, and on no other version.
        HttpReply reply;
        reply.head = head;
        reply.body = Buffer(plan.take);
        std::memset(reply.body.data(), 'x', plan.take);
        reply.received = *c.length;
        reply.cut = plan.skip + plan.take < *c.length;
        const Verdict verdict = judge(reply, c.wanted, 0);
        EXPECT_EQ(verdict.kind, Verdict::Kind::kDone) << verdict.error.message;
        EXPECT_EQ(verdict.version, version_of(head));
        EXPECT_EQ(verdict.version.size,
                  c.content_range == std::string("bytes 50-149/*") ? std::nullopt : std::optional<std::uint64_t>(1000));
        EXPECT_EQ(verdict.version.etag, "\"1\"");
    }
}

}  // namespace
}  // namespace vcube
