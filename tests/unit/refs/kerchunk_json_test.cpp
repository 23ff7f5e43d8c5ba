#include "core/refs/kerchunk_json.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
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
    EXPECT_EQ(failed(R"({"version": 7, "refs": {}})").code, ErrorCode::kUnsupported);
    const Error unknown =
        failed(R"({"version": 1, "templates": {"f": "x"}, "refs": {".zgroup": "{}", "a/0": ["{{g}}"]}})");
    EXPECT_EQ(unknown.code, ErrorCode::kInvalid);
    EXPECT_NE(unknown.message.find("\"g\""), std::string::npos) << unknown.message;
    const Error positional =
        failed(R"({"version": 1, "templates": {"f": "{{c}}"}, "refs": {".zgroup": "{}", "a/0": ["{{f('x')}}"]}})");
    EXPECT_NE(positional.message.find("by name"), std::string::npos) << positional.message;
}

const Document& fixture() {
    static const Document document = Document::parse(file_text(std::string(VCUBE_TEST_DATA) + "/refs/templates.json"));
    return document;
}

/// A document of the fixture with the metadata key that makes it openable.
std::string with_group(const Document& text) {
    Document document = Document::parse(text.get<std::string>());
    document["refs"][".zgroup"] = R"({"zarr_format":2})";
    return document.dump();
}

/// fsspec's ReferenceFileSystem(simple_templates=False) gave the expectation (make_templates.py).
TEST(KerchunkJson, TemplatesAndGenGiveWhatFsspecGives) {
    for (const Document& item : fixture()["documents"]) {
        const auto store = opened(with_group(item["document"]));
        ASSERT_TRUE(store.ok()) << item["document"] << store.error().message;
        std::size_t chunks = 0;
        for (const auto& [key, value] : item["expected"].items()) {
            ++chunks;
            if (value.is_string()) {
                EXPECT_EQ(inline_text(*store.value(), key), value.get<std::string>());
                continue;
            }
            const Remote found = remote(*store.value(), key);
            const auto url = value[0].get<std::string>();
            EXPECT_EQ(found.url, url.find("://") == std::string::npos ? "/d/" + url : url) << key;
            EXPECT_EQ(found.range, value.size() == 1
                                       ? ByteRange{}
                                       : (ByteRange{value[1].get<std::uint64_t>(),
                                                    value[1].get<std::uint64_t>() + value[2].get<std::uint64_t>()}))
                << key;
        }
        EXPECT_GT(chunks, 0U);
    }
    for (const Document& text : fixture()["bad"]) {
        const Error error = failed(with_group(text));
        EXPECT_NE(error.message.find("gen entry 1"), std::string::npos) << error.message;
    }
}

TEST(KerchunkJson, GenNeedsNeitherRefsNorTemplates) {
    const auto store = opened(
        R"({"version": 1, "gen": [{"key": "{{k}}", "url": "x.json", "dimensions": {"k": [".zgroup", "a/0"]}}]})");
    ASSERT_TRUE(store.ok()) << store.error().message;
    EXPECT_EQ(remote(*store.value(), "a/0").url, "/d/x.json");
    EXPECT_FALSE(opened(R"({"version": 1, "gen": 5, "refs": {".zgroup": "{}"}})").ok());
    EXPECT_FALSE(opened(R"({"version": 1, "gen": [5], "refs": {".zgroup": "{}"}})").ok());
    EXPECT_TRUE(opened(R"({"version": 1, "gen": null, "templates": null, "refs": {".zgroup": "{}"}})").ok());
    EXPECT_TRUE(opened(R"({"version": 1, "gen": [ ], "refs": {".zgroup": "{}"}})").ok());
}

TEST(KerchunkJson, GenErrorsNameTheEntryAndTheExpression) {
    const Error error = failed(R"({"version": 1, "refs": {".zgroup": "{}"}, "gen": [
        {"key": "a/{{i}}", "url": "u", "dimensions": {"i": [1]}},
        {"key": "a/{{i}}", "url": "u", "offset": "{{ i // n }}", "length": "1", "dimensions": {"i": [1]}}]})");
    EXPECT_NE(error.message.find("gen entry 2: offset \"{{ i // n }}\""), std::string::npos) << error.message;
    EXPECT_NE(error.message.find("\"n\" is not defined"), std::string::npos) << error.message;
    const Error negative = failed(R"({"version": 1, "refs": {".zgroup": "{}"}, "gen": [
        {"key": "a/{{i}}", "url": "u", "offset": "{{ i }}", "length": "1", "dimensions": {"i": [-1]}}]})");
    EXPECT_NE(negative.message.find("\"-1\""), std::string::npos) << negative.message;
}

TEST(KerchunkJson, GenIsBounded) {
    const auto with = [](const std::string& dimensions, const KerchunkLimits& limits) {
        const std::string text =
            R"({"version": 1, "refs": {".zgroup": "{}"}, "gen": [{"key": "a/{{i}}.{{j}}", "url": "u{{i}}", "dimensions": )" +
            dimensions + "}]}";
        return open_kerchunk_json(as_byte_span(text), "refs.json", {}, limits);
    };
    KerchunkLimits limits;
    limits.max_generated = 100;
    EXPECT_TRUE(with(R"({"i": {"stop": 10}, "j": {"stop": 10}})", limits).ok());
    for (const std::string dimensions :
         {R"({"i": {"stop": 10}, "j": {"stop": 11}})", R"({"i": {"stop": 4294967296}, "j": {"stop": 4294967296}})",
          R"({"i": {"start": -9223372036854775808, "stop": 9223372036854775807}, "j": {"stop": 1}})"}) {
        const auto store = with(dimensions, limits);
        ASSERT_FALSE(store.ok()) << dimensions;
        EXPECT_EQ(store.error().code, ErrorCode::kLimit);
    }
    EXPECT_TRUE(
        with(
            R"({"i": {"start": 9223372036854775806, "stop": -9223372036854775808, "step": -9223372036854775807}, "j": [0]})",
            limits)
            .ok());
    limits.max_generated_text = 100;
    EXPECT_EQ(with(R"({"i": {"stop": 10}, "j": {"stop": 10}})", limits).error().code, ErrorCode::kLimit);
}

TEST(KerchunkJson, TakesVersion1InAnyPlace) {
    for (const std::string text :
         {R"({"refs": {"a/0": ["u", 1, 2], ".zgroup": "{}"}, "version": 1})",
          R"({"x/y": 5, "gen": [], "version": 1, "refs": {"a/0": ["u", 1, 2], ".zgroup": "{}"}})",
          "{\"version\"\r\n:\t1.0e0, \"refs\": {}, \"refs\":\r\n{\".zgroup\": \"{}\"}}",
          R"({"metadata": {".zgroup": 5}, ".zattrs": "{}", "refs": {".zgroup": "{}"}})",
          R"({".zgroup": "{}", "b/0": ["gone"], "version": 1, "refs": {".zgroup": "{}", "a/0": ["u", 1, 2]}})"}) {
        const bool good_version = text.find("1.0e0") == std::string::npos;
        const auto store = opened(text);
        EXPECT_EQ(store.ok(), good_version) << text;
        if (store.ok()) {
            EXPECT_TRUE(std::holds_alternative<Missing>(located(*store.value(), "b/0")));
        }
    }
    const auto flat = opened(R"({"a/0": ["u", 1, 2], "version": "text", ".zarray": {}, "refs": null})");
    ASSERT_TRUE(flat.ok()) << flat.error().message;
    EXPECT_EQ(remote(*flat.value(), "a/0").range, (ByteRange{1, 3}));
}

// The form of A. Jelenak's files of 2020, as fsspec's _unmodel_hdf5() takes it apart.
TEST(KerchunkJson, ReadsThePrototype) {
    const auto store = opened(R"({"zarr_consolidated_format": 1, "metadata": {".zgroup": {"zarr_format": 2},
        "a/.zarray": {"shape": [4], "chunks": [2]}, "a/.zchunkstore": {"a/0": {"offset": 10, "size": 5},
        "a/1": {"size": 7, "offset": 15, "other": [1]}, "source": {"uri": "http://h/x.nc", "array_name": "/a"}}}})");
    ASSERT_TRUE(store.ok()) << store.error().message;
    EXPECT_EQ(store.value()->metadata_keys().value(), (std::vector<std::string>{".zgroup", "a/.zarray"}));
    EXPECT_EQ(remote(*store.value(), "a/0").range, (ByteRange{10, 15}));
    EXPECT_EQ(remote(*store.value(), "a/1").range, (ByteRange{15, 22}));
    EXPECT_EQ(remote(*store.value(), "a/1").url, "http://h/x.nc");
    for (const auto& [metadata, why] : std::vector<std::pair<std::string, std::string>>{
             {R"({"a/.zchunkstore": {"a/0": {"offset": 1, "size": 2}}})", "\"source\" with a \"uri\""},
             {R"({"a/.zchunkstore": {"a/0": [1, 2], "source": {"uri": "u"}}})", "\"a/0\" must be an object"},
             {R"({"a/.zchunkstore": {"a/0": {"offset": 1}, "source": {"uri": "u"}}})", "expected a size above 0"},
             {R"({"a/.zchunkstore": {"a/0": {"offset": -1, "size": 1}, "source": {"uri": "u"}}})", "offset"}}) {
        const auto refused = opened(R"({"zarr_consolidated_format": 1, "metadata": )" + metadata + "}");
        ASSERT_FALSE(refused.ok());
        EXPECT_NE(refused.error().message.find(why), std::string::npos) << refused.error().message;
    }
    EXPECT_FALSE(opened(R"({"zarr_consolidated_format": 1})").ok());
}

TEST(KerchunkJson, ReadsWithoutAGroupKey) {
    const auto store = opened(R"({"a/0": ["u", 1, 2], "a/.zarray": {"shape": [1]}})");
    ASSERT_TRUE(store.ok());
    EXPECT_EQ(store.value()->metadata_keys().value(), (std::vector<std::string>{"a/.zarray"}));
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
                                         std::pair("l3_combined_templates.json", "l3_combined.json"),
                                         std::pair("l3_combined_templates_jinja.json", "l3_combined.json")));

TEST(KerchunkJson, ReadsTheSharedFileWithGen) {
    const auto folder = shared_data() / "kerchunk";
    if (!std::filesystem::exists(folder)) {
        GTEST_SKIP() << "no shared data at " << folder;
    }
    const auto file = folder / "gen_v1.json";
    const std::string bytes = file_text(file);
    const auto store = open_kerchunk_json(as_byte_span(bytes), file, policy_for(file.string(), false));
    ASSERT_TRUE(store.ok()) << store.error().message;
    EXPECT_EQ(remote(*store.value(), "a/5.1.0").url, (folder / "raw/slab_5.bin").string());
    EXPECT_EQ(remote(*store.value(), "a/5.1.0").range, (ByteRange{4800, 9600}));
    EXPECT_EQ(remote(*store.value(), "whole/3.0.0").url, (folder / "raw/slab_3.bin").string());
    EXPECT_EQ(remote(*store.value(), "whole/3.0.0").range, (ByteRange{}));
    EXPECT_EQ(remote(*store.value(), "key1").url, (folder / "raw/slab_0.bin").string());
    EXPECT_EQ(store.value()->chunk_count(), 18U);
}

/// A source that gives `step` bytes at a time.
ByteSource pieces(const std::string& text, std::size_t step, int* rewinds = nullptr) {
    ByteSource source = memory_source(as_byte_span(text));
    auto whole = source.read;
    auto again = source.rewind;
    source.read = [whole, step](MutableByteSpan out) { return whole(out.first(std::min(step, out.size()))); };
    source.rewind = [again, rewinds] {
        *(rewinds == nullptr ? &(*std::make_shared<int>(0)) : rewinds) += 1;
        return again();
    };
    return source;
}

TEST(KerchunkJson, AStreamGivesWhatTheWholeGives) {
    const std::string text =
        "\xEF\xBB\xBF"
        R"({"version": 1, "other": [1, {"x": [2, "a\"b", 12345678901234567890]}], "refs": {
        ".zgroup": {"zarr_format": 2}, "a/.zattrs": "{\"u\": \"\u00b0 \ud83d\ude00 °\"}",
        "a/0.0": ["f.nc", 100, 20], "a/0.1": ["f.nc", 1e3, 12.0], "a/0.2": ["{{u}}.nc"], "a/0.3": ["g.nc", 5, 0],
        "a/1.0": "\u0000\u0001 text\u0000", "a/1.1": "base64:AAEC/w==", "a/1.2": null, "b/c/0/3": ["h", 1, 2]
        }, "n": 17, "gen": [{"key": "g/{{i}}", "url": "{{u}}", "dimensions": {"i": {"stop": 3}}}], "templates": {"u": "t"}})";
    for (const std::size_t window : {1U, 2U, 3U, 5U, 16U, 17U, 64U, 100U, 1U << 20U}) {
        for (const std::size_t step : {1U, 7U, 1U << 20U}) {
            KerchunkLimits limits;
            limits.window_bytes = window;
            const auto store = open_kerchunk_json(pieces(text, step), "refs.json", UrlPolicy{.base = "/d/"}, limits);
            ASSERT_TRUE(store.ok()) << window << " " << step << ": " << store.error().message;
            const Store& s = *store.value();
            EXPECT_EQ(s.metadata(".zgroup").value(), R"({"zarr_format": 2})");
            EXPECT_EQ(s.metadata("a/.zattrs").value(), "{\"u\": \"\xC2\xB0 \xF0\x9F\x98\x80 \xC2\xB0\"}");
            EXPECT_EQ(remote(s, "a/0.0").range, (ByteRange{100, 120}));
            EXPECT_EQ(remote(s, "a/0.1").range, (ByteRange{1000, 1012}));
            EXPECT_EQ(remote(s, "a/0.2").url, "/d/t.nc");
            EXPECT_EQ(inline_text(s, "a/1.0"), "\0\1 text\0"s);
            EXPECT_EQ(inline_text(s, "a/1.1"), "\0\1\2\xFF"s);
            EXPECT_EQ(remote(s, "g/2").url, "/d/t");
            EXPECT_EQ(s.chunk_count(), 11U);
        }
    }
}

TEST(KerchunkJson, AStreamReportsWhatTheWholeReports) {
    const std::string good =
        "{\"version\": 1,\r\n\"refs\": {\".zgroup\": \"{}\", \"a/0\": [\"u\", 1, 20],\n\"a/1\": [\"\\u00e9\", 12, 3]}}";
    for (std::size_t cut = 0; cut <= good.size(); ++cut) {
        for (const std::string& text : {good.substr(0, cut), good.substr(0, cut) + "@" + good.substr(cut)}) {
            const auto whole = opened(text);
            KerchunkLimits limits;
            limits.window_bytes = 9;
            const auto streamed = open_kerchunk_json(pieces(text, 4), "refs.json", UrlPolicy{.base = "/d/"}, limits);
            ASSERT_EQ(whole.ok(), streamed.ok()) << text;
            if (!whole.ok()) {
                EXPECT_EQ(whole.error().message, streamed.error().message) << text;
            }
        }
    }
}

TEST(KerchunkJson, AStreamIsReadOnceWhereVersionStandsInFront) {
    std::string text = R"({"version": 1, "refs": {".zgroup": "{}")";
    for (int i = 0; i < 1000; ++i) {
        text += ", \"a/" + std::to_string(i) + "\": [\"u\", 1, 2]";
    }
    KerchunkLimits limits;
    limits.window_bytes = 4096;
    int rewinds = 0;
    const auto store = open_kerchunk_json(pieces(text + "}}", 1000, &rewinds), "refs.json", {}, limits);
    ASSERT_TRUE(store.ok());
    EXPECT_EQ(store.value()->chunk_count(), 1000U);
    EXPECT_EQ(rewinds, 0);
}

TEST(KerchunkJson, AStreamStopsAtItsLimitsAndAtErrors) {
    const std::string text = R"({"version": 1, "refs": {".zgroup": "{}", "a/0": ")" + std::string(10000, 'x') + "\"}}";
    KerchunkLimits limits;
    limits.window_bytes = 100;
    EXPECT_TRUE(open_kerchunk_json(memory_source(as_byte_span(text)), "r", {}, limits).ok());
    limits.max_value_bytes = 5000;
    const auto large = open_kerchunk_json(memory_source(as_byte_span(text)), "r", {}, limits);
    ASSERT_FALSE(large.ok());
    EXPECT_EQ(large.error().code, ErrorCode::kLimit);
    limits = {};
    limits.max_document_bytes = 9999;
    EXPECT_EQ(open_kerchunk_json(memory_source(as_byte_span(text)), "r", {}, limits).error().code, ErrorCode::kLimit);
    ByteSource broken = memory_source(as_byte_span(text));
    int calls = 0;
    auto whole = broken.read;
    broken.read = [&](MutableByteSpan out) -> Result<std::size_t> {
        return ++calls > 3 ? Result<std::size_t>(io_error("the disk is gone")) : whole(out.first(100));
    };
    const auto failed_read = open_kerchunk_json(std::move(broken), "r.json", {});
    ASSERT_FALSE(failed_read.ok());
    EXPECT_EQ(failed_read.error().code, ErrorCode::kIo);
    EXPECT_NE(failed_read.error().message.find("r.json: the disk is gone"), std::string::npos);
}

}  // namespace
}  // namespace vcube
