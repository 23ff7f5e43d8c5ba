#include "core/refs/zip.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>

#include "core/base/base64.h"
#include "core/base/fetch_bytes.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/refs/manifest.h"
#include "tests/unit/refs/memory_objects.h"

namespace vcube {
namespace {

using test::MemoryObjects;

constexpr const char* kUrl = "https://h/a.zip";
constexpr std::uint64_t kMany = 1 << 20;

std::string decoded(const Json& text) {
    std::string out;
    EXPECT_TRUE(decode_base64(text.get<std::string>(), out));
    return out;
}

/// What zipfile wrote, and what it reads from that (tests/data/refs/make_zips.py).
const Json& cases() {
    static const Json all = [] {
        std::ifstream file(std::string(VCUBE_TEST_DATA) + "/refs/zips.json");
        std::stringstream text;
        text << file.rdbuf();
        return Json::parse(text.str())["cases"];
    }();
    return all;
}

const Json& case_named(const std::string& name) {
    for (const Json& entry : cases()) {
        if (entry["name"] == name) {
            return entry;
        }
    }
    throw std::runtime_error("no case " + name);
}

struct Opened {
    std::shared_ptr<MemoryObjects> objects = std::make_shared<MemoryObjects>();
    Result<ZipContents> contents = not_found("nothing opened");
};

Opened open_bytes(std::string bytes, const ZipLimits& limits = {}) {
    Opened out;
    out.objects->objects[kUrl] = std::move(bytes);
    out.contents = open_zip_contents(kUrl, out.objects, "a.zip", limits);
    return out;
}

Opened open_case(const std::string& name, const ZipLimits& limits = {}) {
    return open_bytes(decoded(case_named(name)["zip"]), limits);
}

/// A member's bytes the way a chunk is read; "error: ..." where there are none.
std::string member(const Opened& opened, const std::string& key) {
    ChunkLocation place;
    const Status status = opened.contents.value().files->locate({&key, 1}, {&place, 1});
    if (!status.ok()) {
        return "error: " + status.error().message;
    }
    const Result<Buffer> bytes = fetch_location(*opened.objects, place, kMany);
    return bytes.ok() ? std::string(as_text(bytes.value().span())) : "error: " + bytes.error().message;
}

class ZipCase : public testing::TestWithParam<std::size_t> {};

TEST_P(ZipCase, ReadsWhatZipfileReads) {
    const Json& expected = cases()[GetParam()];
    SCOPED_TRACE(expected["name"].get<std::string>());
    const Opened opened = open_bytes(decoded(expected["zip"]));
    ASSERT_TRUE(opened.contents.ok()) << opened.contents.error().message;
    const ZipContents& contents = opened.contents.value();
    EXPECT_EQ(contents.root, expected["root"].get<std::string>());
    EXPECT_EQ(contents.references, expected["references"].get<std::string>());
    EXPECT_EQ(contents.has_other_members, expected["other"].get<bool>());
    std::vector<std::string> keys;
    std::vector<std::string> metadata;
    for (const auto& [key, text] : expected["members"].items()) {
        EXPECT_EQ(member(opened, key), decoded(text)) << key;
        const auto found = contents.files->metadata(key);
        ASSERT_TRUE(found.ok() && found.value()) << key;
        EXPECT_EQ(*found.value(), decoded(text)) << key;
        keys.push_back(key);
        if (is_metadata_key(key)) {
            metadata.push_back(key);
        }
    }
    std::sort(metadata.begin(), metadata.end());
    const auto listed = contents.files->metadata_keys();
    ASSERT_TRUE(listed.ok());
    if (expected["name"] != "two hierarchies") {
        EXPECT_EQ(listed.value(), metadata);
    }
    std::vector<ChunkLocation> places(keys.size());
    EXPECT_TRUE(contents.files->locate(keys, places).ok());
    EXPECT_EQ(member(opened, "a/77"), "error: there is no such key");
    for (const Json& key : expected["unreadable"]) {
        EXPECT_TRUE(member(opened, key.get<std::string>()).starts_with("error: a.zip: member \"")) << key;
    }
}

INSTANTIATE_TEST_SUITE_P(Zip, ZipCase, testing::Range<std::size_t>(0, 19));

TEST(Zip, AllCasesAreRun) {
    EXPECT_EQ(cases().size(), 19U);
}

TEST(Zip, NamesWhatItDoesNotRead) {
    const Opened packed = open_case("bzip2");
    EXPECT_EQ(member(packed, "a/0"),
              "error: a.zip: member \"a/0\": compressed by method 12 (bzip2), which is not read");
    EXPECT_EQ(member(packed, "a/1"), std::string(1000, 'x'));
    EXPECT_TRUE(packed.contents.value().files->metadata("a/.zarray").value());
    const Opened secret = open_case("encrypted");
    EXPECT_EQ(member(secret, "a/1"), "error: a.zip: member \"a/1\": encrypted members are not read");
}

TEST(Zip, LeavesOutNamesThatClimb) {
    std::vector<std::string> said;
    set_log_sink([&](LogLevel, const std::string& message) { said.push_back(message); });
    const Opened opened = open_case("climbing names");
    set_log_sink({});
    EXPECT_EQ(said.size(), 1U);
    for (const Json& name : case_named("climbing names")["refused"]) {
        EXPECT_EQ(member(opened, name.get<std::string>()), "error: there is no such key") << name;
    }
}

/// Opening costs the tail; metadata come in one batch; members without extra fields need no local header.
TEST(Zip, ReadsLittle) {
    const Opened opened = open_case("stored");
    const auto& store = *opened.contents.value().files;
    const std::size_t opening = opened.objects->requests;
    EXPECT_LE(opening, 2U);  // the object is shorter than the longest tail: it is asked for a second time
    EXPECT_TRUE(store.metadata("a/.zarray").value());
    EXPECT_TRUE(store.metadata("a/.zarray").value());
    EXPECT_EQ(opened.objects->batches, opening + 1);
    const std::string keys[] = {"a/0", "a/1"};
    ChunkLocation places[2];
    EXPECT_TRUE(store.locate(keys, places).ok());
    EXPECT_EQ(opened.objects->batches, opening + 1);
    const Opened padded = open_case("extra fields");
    const std::size_t before = padded.objects->requests;
    EXPECT_TRUE(padded.contents.value().files->locate(keys, places).ok());
    EXPECT_EQ(padded.objects->requests, before + 2);
    EXPECT_TRUE(padded.contents.value().files->locate(keys, places).ok());
    EXPECT_EQ(padded.objects->requests, before + 2);
    std::string commented = decoded(case_named("stored")["zip"]);
    commented.replace(commented.size() - 2, 2, "\xFF\xFF");
    const Opened large = open_bytes(commented + std::string(65535, 'c'));
    EXPECT_EQ(large.objects->requests, 2U);  // the comment pushes the directory out of the tail
    EXPECT_EQ(member(large, "a/1"), std::string(1000, 'x'));
}

TEST(Zip, OpensOneOfManyThreads) {
    const Opened opened = open_case("extra fields");
    const auto& store = *opened.contents.value().files;
    std::vector<std::thread> threads;
    std::atomic<int> good = 0;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            const std::string keys[] = {"a/0", "a/1", "a/.zarray"};
            ChunkLocation places[3];
            const bool done = store.metadata("a/.zarray").ok() && store.locate(keys, places).ok();
            good += done && std::get<Remote>(places[0]).range.size() > 0 ? 1 : 0;
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(good, 4);
}

TEST(Zip, RefusesWhatIsNone) {
    for (const std::string& bytes :
         {std::string(), std::string("hello"), std::string(100'000, 'P'), std::string(22, '\0')}) {
        const Opened opened = open_bytes(bytes);
        ASSERT_FALSE(opened.contents.ok());
        EXPECT_EQ(opened.contents.error().code, ErrorCode::kCorrupt);
        EXPECT_TRUE(opened.contents.error().message.starts_with("a.zip: ")) << opened.contents.error().message;
    }
    const auto objects = std::make_shared<MemoryObjects>();
    EXPECT_EQ(open_zip("gone", objects, "gone").error().code, ErrorCode::kNotFound);
    EXPECT_EQ(objects->requests, 1U);
    const std::string empty = std::string("PK\5\6") + std::string(18, '\0');
    EXPECT_EQ(open_bytes(empty).contents.error().code, ErrorCode::kNotFound);
}

TEST(Zip, SeesBytesInFront) {
    const Opened opened = open_bytes("#!/bin/sh\n" + decoded(case_named("stored")["zip"]));
    ASSERT_TRUE(opened.contents.ok());  // the directory is found from the end; the offsets in it are wrong
    for (const char* key : {".zgroup", "a/.zarray"}) {
        const auto text = opened.contents.value().files->metadata(key);
        ASSERT_FALSE(text.ok());
        EXPECT_EQ(text.error().code, ErrorCode::kCorrupt);
    }
    const Opened padded = open_bytes("#!/bin/sh\n" + decoded(case_named("extra fields")["zip"]));
    EXPECT_NE(member(padded, "a/0").find("no local header at"), std::string::npos);
}

TEST(Zip, SeesCutAndDamagedFiles) {
    const std::string whole = decoded(case_named("data descriptors")["zip"]);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(open_bytes(whole.substr(0, size)).contents.ok()) << size;
    }
    // Any byte may be wrong: an error, or members that are read within their bounds.
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string bad = whole;
        bad[at] = static_cast<char>(~bad[at]);
        const Opened opened = open_bytes(bad);
        if (opened.contents.ok()) {
            static_cast<void>(member(opened, "a/0"));
            const auto text = opened.contents.value().files->metadata("a/.zarray");
            EXPECT_TRUE(!text.ok() || !text.value() ||
                        *text.value() == decoded(case_named("stored")["members"]["a/.zarray"]));
        }
    }
}

TEST(Zip, SeesMembersThatOverlap) {
    std::string bytes = decoded(case_named("stored")["zip"]);
    // The second entry's local header offset becomes the first one's, as in a zip bomb.
    const std::size_t first = bytes.find("PK\1\2");
    const std::size_t second = bytes.find("PK\1\2", first + 4);
    ASSERT_NE(second, std::string::npos);
    bytes.replace(second + 42, 4, bytes.substr(first + 42, 4));
    const Opened opened = open_bytes(bytes);
    ASSERT_FALSE(opened.contents.ok());
    EXPECT_NE(opened.contents.error().message.find("reach into what follows"), std::string::npos);
}

TEST(Zip, KeepsItsLimits) {
    ZipLimits limits;
    limits.texts.max_text_bytes = 100;
    const Opened opened = open_case("deflated", limits);
    const auto text = opened.contents.value().files->metadata("a/.zarray");
    ASSERT_FALSE(text.ok());
    EXPECT_EQ(text.error().code, ErrorCode::kLimit);
    EXPECT_TRUE(opened.contents.value().files->metadata(".zattrs").ok());
    limits.max_directory_bytes = 50;
    EXPECT_EQ(open_case("deflated", limits).contents.error().code, ErrorCode::kLimit);
}

}  // namespace
}  // namespace vcube
