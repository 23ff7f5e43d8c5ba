#include "core/refs/kerchunk_json.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/unit/refs/shared_data.h"

namespace vcube {
namespace {

using namespace std::string_literals;
using Document = nlohmann::json;  // an independent parser gives the expectation

Result<std::shared_ptr<const Store>> opened(const std::string& text) {
    return open_kerchunk_json(as_byte_span(text), "refs.json", UrlPolicy{.base = "/d/"});
}

Error failed(const std::string& text) {
    const auto result = opened(text);
    EXPECT_FALSE(result.ok()) << text.substr(0, 200);
    return result.ok() ? Error{} : result.error();
}

ChunkLocation located(const Store& store, const std::string& key) {
    ChunkLocation out;
    const Status status = store.locate(std::span(&key, 1), std::span(&out, 1));
    EXPECT_TRUE(status.ok()) << status.error().message;
    return out;
}

std::string inline_text(const Store& store, const std::string& key) {
    const ChunkLocation location = located(store, key);
    const auto* found = std::get_if<Inline>(&location);
    EXPECT_NE(found, nullptr) << key;
    return found == nullptr ? "" : std::string(as_text(found->bytes));
}

Remote remote(const Store& store, const std::string& key) {
    const ChunkLocation location = located(store, key);
    const auto* found = std::get_if<Remote>(&location);
    EXPECT_NE(found, nullptr) << key;
    return found == nullptr ? Remote{} : *found;
}

TEST(KerchunkJson, ReadsEveryFormOfAReference) {
    const auto store = opened(R"({"version": 1, "other": [1, {"x": 2}], "refs": {
        ".zgroup": {"zarr_format": 2}, "a/.zattrs": "{\"u\": \"\u00b0\"}",
        "a/0.0": ["f.nc", 100, 20], "a/0.1": ["f.nc", 1e3, 12.0], "a/0.2": ["g.nc"], "a/0.3": ["g.nc", 5, 0],
        "a/1.0": "\u0000\u0001 text\u0000", "a/1.1": "base64:AAEC/w==", "a/1.2": null, "a/1.3": "base64:", "b/c/0/3": ["h", 1, 2],
        "t": "data"}})");
    ASSERT_TRUE(store.ok()) << store.error().message;
    const Store& s = *store.value();
    EXPECT_EQ(s.metadata_keys().value(), (std::vector<std::string>{".zgroup", "a/.zattrs"}));
    EXPECT_EQ(s.metadata(".zgroup").value(), R"({"zarr_format": 2})");
    EXPECT_EQ(s.metadata("a/.zattrs").value(), "{\"u\": \"\xC2\xB0\"}");
    EXPECT_EQ(s.metadata("b/.zattrs").value(), std::nullopt);
    EXPECT_EQ(remote(s, "a/0.0").url, "/d/f.nc");
    EXPECT_EQ(remote(s, "a/0.0").range, (ByteRange{100, 120}));
    EXPECT_EQ(remote(s, "a/0.1").range, (ByteRange{1000, 1012}));
    EXPECT_EQ(remote(s, "a/0.2").url, "/d/g.nc");
    EXPECT_EQ(remote(s, "a/0.2").range, (ByteRange{}));
    EXPECT_EQ(remote(s, "a/0.3").range, (ByteRange{}));
    EXPECT_EQ(remote(s, "b/c/0/3").range, (ByteRange{1, 3}));
    EXPECT_EQ(inline_text(s, "a/1.0"), "\0\1 text\0"s);
    EXPECT_EQ(inline_text(s, "a/1.1"), "\0\1\2\xFF"s);
    EXPECT_EQ(inline_text(s, "a/1.3"), "");
    EXPECT_EQ(inline_text(s, "t"), "data");
    for (const char* key : {"a/1.2", "a/2.0", "a/0", "a/0.0.0", "a/00.0", "b/c/0.3", "", "/", "a/", "x/0.0"}) {
        EXPECT_TRUE(std::holds_alternative<Missing>(located(s, key))) << key;
    }
}

/// fsspec turns inline text into its UTF-8 bytes: b'\xc3\xa9' for this key (fsspec 2022.11, ReferenceFileSystem.cat).
TEST(KerchunkJson, InlineTextIsItsUtf8Bytes) {
    const auto store = opened("{\".zgroup\": \"{}\", \"a/0\": \"\\u00e9\"}");
    ASSERT_TRUE(store.ok());
    EXPECT_EQ(inline_text(*store.value(), "a/0"), "\xC3\xA9");
}

TEST(KerchunkJson, TakesTheKeysInAnyOrderAndTheLastOfEqualOnes) {
    const auto store =
        opened(R"({"refs": {"a/0": ["{{u}}/{{ v }}.nc", 0, 5], ".zgroup": "{}", "a/0": ["x{{v}}", 7, 2], "a/1": "1",
        "a/1": ["{{u}}", 1, 1], ".zgroup": "{\"zarr_format\":2}"}, "templates": {"u": "s3://b", "v": "w"}, "gen": [], "version": 1})");
    ASSERT_TRUE(store.ok()) << store.error().message;
    EXPECT_EQ(remote(*store.value(), "a/0").url, "/d/xw");
    EXPECT_EQ(remote(*store.value(), "a/0").range, (ByteRange{7, 9}));
    EXPECT_EQ(remote(*store.value(), "a/1").url, "s3://b");
    EXPECT_EQ(store.value()->metadata(".zgroup").value(), R"({"zarr_format":2})");
    EXPECT_EQ(store.value()->chunk_count(), 2U);
}

TEST(KerchunkJson, SkipsAByteOrderMark) {
    EXPECT_TRUE(opened("\xEF\xBB\xBF{\".zgroup\": \"{}\"}").ok());
}

TEST(KerchunkJson, NamesWhatItDoesNotRead) {
    const Error gen = failed(R"({"version": 1, "gen": [{"key": "a"}], "refs": {".zgroup": "{}"}})");
    EXPECT_EQ(gen.code, ErrorCode::kUnsupported);
    EXPECT_NE(gen.message.find("\"gen\""), std::string::npos) << gen.message;
    const std::string call =
        R"({"version": 1, "templates": {"f": "{{c}}"}, "refs": {".zgroup": "{}", "a/0": ["{{f(c='x')}}"]}})";
    EXPECT_EQ(failed(call).code, ErrorCode::kUnsupported);
    EXPECT_EQ(failed(R"({"version": 7, "refs": {}})").code, ErrorCode::kUnsupported);
    const Error unknown =
        failed(R"({"version": 1, "templates": {"f": "x"}, "refs": {".zgroup": "{}", "a/0": ["{{g}}"]}})");
    EXPECT_EQ(unknown.code, ErrorCode::kInvalid);
    EXPECT_NE(unknown.message.find("\"g\""), std::string::npos) << unknown.message;
}

TEST(KerchunkJson, BadEntriesAreOneErrorThatNamesTheKey) {
    for (const std::string& value : std::initializer_list<std::string>{
             "5", "true", "NaN", "[]", "[5]", "[null]", "[\"u\", 1]", "[\"u\", 1, 2, 3]", "[\"u\", -1, 2]",
             "[\"u\", 1.5, 2]", "[\"u\", \"1\", 2]", "[\"u\", 1, null]", "[\"u\", 18446744073709551616, 1]",
             "[\"u\", 18446744073709551615, 1]", "[\"u\", 1e30, 1]", "[\"u\", 1, [2]]", "\"base64:A\"",
             "\"base64:%%%%\""}) {
        const Error error = failed("{\"version\":1,\"refs\":{\".zgroup\":\"{}\",\n\"sst/0.1\": " + value + "}}");
        EXPECT_EQ(error.code, ErrorCode::kInvalid) << value;
        EXPECT_NE(error.message.find("key \"sst/0.1\""), std::string::npos) << error.message;
        EXPECT_NE(error.message.find("refs.json: line 2"), std::string::npos) << error.message;
    }
}

TEST(KerchunkJson, RefusesDocumentsThatAreNoReferences) {
    const std::string good = R"({"version": 1, "refs": {".zgroup": "{}", "a/0": ["u", 1, 2]}})";
    ASSERT_TRUE(opened(good).ok());
    for (std::size_t cut = 0; cut < good.size(); ++cut) {
        EXPECT_FALSE(opened(good.substr(0, cut)).ok()) << cut;
    }
    for (const std::string& text :
         {"[]"s, "\"x\""s, "not json"s, "{}"s, "{\"refs\": 5}"s, "{\"version\": 1}"s, "{\"version\": 1, \"refs\": []}"s,
          "{\"version\": 1, \"refs\": {}}"s, "{\"a\": \"b\"}"s, "{\".zgroup\": \"\\ud800\"}"s, good + "x",
          "{\"templates\": 5, \"version\": 1, \"refs\": {\".zgroup\": \"\"}}"s, "\x1F\x8B"s + "garbage",
          "\x28\xB5\x2F\xFD garbage"s, std::string(100, '\0')}) {
        EXPECT_EQ(opened(text).ok(), false) << text;
    }
    std::string deep = "{\".zgroup\": ";
    for (int i = 0; i < 100000; ++i) {
        deep += "{\"a\":";
    }
    EXPECT_EQ(failed(deep).code, ErrorCode::kLimit);
}

TEST(KerchunkJson, RemoteReferencesNameNoLocalFiles) {
    const std::string text =
        R"({".zgroup": "{}", "a/0": ["/etc/passwd", 0, 5], "a/1": ["file:///etc/passwd"], "a/2": ["x.nc"]})";
    const auto store = open_kerchunk_json(as_byte_span(text), "https://u:p@h/d/refs.json?token=secret",
                                          policy_for("https://h/d/refs.json?token=secret", false));
    ASSERT_TRUE(store.ok());
    EXPECT_EQ(store.value()->name(), "https://h/d/refs.json");
    ChunkLocation out;
    for (const std::string& key : std::initializer_list<std::string>{"a/0", "a/1"}) {
        const Status status = store.value()->locate(std::span(&key, 1), std::span(&out, 1));
        ASSERT_FALSE(status.ok());
        EXPECT_EQ(status.error().code, ErrorCode::kDenied);
        EXPECT_NE(status.error().message.find(key), std::string::npos);
        EXPECT_EQ(status.error().message.find("secret"), std::string::npos);
    }
    EXPECT_EQ(remote(*store.value(), "a/2").url, "https://h/d/x.nc");
}

/// Opens a file of the shared data and compares every key with another parser's reading of `plain`.
void compare(const std::filesystem::path& file, const std::filesystem::path& plain) {
    const std::string bytes = file_text(file);
    const auto store = open_kerchunk_json(as_byte_span(bytes), file, policy_for(file.string(), false));
    ASSERT_TRUE(store.ok()) << store.error().message;
    const Document document = Document::parse(file_text(plain));
    const Document& refs = document.contains("refs") ? document["refs"] : document;
    const std::string folder = file.parent_path().string() + "/";
    std::size_t chunks = 0;
    for (const auto& [key, value] : refs.items()) {
        const bool is_metadata = key.find(".z") != std::string::npos;
        chunks += is_metadata ? 0 : 1;
        if (is_metadata && !key.ends_with(".zmetadata")) {
            const auto text = store.value()->metadata(key).value();
            ASSERT_TRUE(text.has_value()) << key;
            EXPECT_EQ(Document::parse(*text), value.is_string() ? Document::parse(value.get<std::string>()) : value)
                << key;
        } else if (value.is_array()) {
            const Remote found = remote(*store.value(), key);
            EXPECT_EQ(found.url, folder + value[0].get<std::string>()) << key;
            const std::uint64_t begin = value.size() == 3 ? value[1].get<std::uint64_t>() : 0;
            EXPECT_EQ(found.range.begin, begin) << key;
            EXPECT_EQ(found.range.end, value.size() == 3 ? begin + value[2].get<std::uint64_t>() : ByteRange::kEnd)
                << key;
        } else if (!value.get<std::string>().starts_with("base64:")) {
            EXPECT_EQ(inline_text(*store.value(), key), value.get<std::string>()) << key;
        }
    }
    EXPECT_EQ(store.value()->chunk_count(), chunks);
}

class SharedReferences : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(SharedReferences, AgreeWithAnotherParser) {
    const auto folder = shared_data() / "kerchunk";
    if (!std::filesystem::exists(folder)) {
        GTEST_SKIP() << "no shared data at " << folder;
    }
    compare(folder / GetParam().first, folder / GetParam().second);
}

INSTANTIATE_TEST_SUITE_P(KerchunkJson, SharedReferences,
                         testing::Values(std::pair("smos_1.json", "smos_1.json"),
                                         std::pair("smos_2.json", "smos_2.json"),
                                         std::pair("l3_combined.json", "l3_combined.json"),
                                         std::pair("l3_combined_v0.json", "l3_combined.json"),
                                         std::pair("l3_combined.json.gz", "l3_combined.json"),
                                         std::pair("l3_combined.json.zst", "l3_combined.json"),
                                         std::pair("l3_combined_objmeta.json", "l3_combined_objmeta.json"),
                                         std::pair("l3_combined_base64.json", "l3_combined_base64.json"),
                                         std::pair("l3_combined_templates.json", "l3_combined.json")));

TEST(KerchunkJson, SharedFilesWithParametersAndGenAreRefusedByName) {
    const auto folder = shared_data() / "kerchunk";
    if (!std::filesystem::exists(folder)) {
        GTEST_SKIP() << "no shared data at " << folder;
    }
    EXPECT_EQ(failed(file_text(folder / "l3_combined_templates_jinja.json")).code, ErrorCode::kUnsupported);
    EXPECT_EQ(failed(file_text(folder / "gen_v1.json")).code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace vcube
