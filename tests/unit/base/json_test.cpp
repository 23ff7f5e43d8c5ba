#include "core/base/json.h"

#include <gtest/gtest.h>

#include <string>

namespace vcube {
namespace {

using namespace std::string_literals;

Json parsed(const std::string& text) {
    auto result = parse_json(text, "doc");
    EXPECT_TRUE(result.ok()) << result.error().message;
    return result.ok() ? result.value() : Json();
}

Error failed(const std::string& text, const JsonLimits& limits = {}) {
    const auto result = parse_json(text, "doc", limits);
    EXPECT_FALSE(result.ok()) << text;
    return result.ok() ? Error{} : result.error();
}

TEST(Json, ReadsEveryKindOfValue) {
    const Json json = parsed(R"({"s": "a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00", "i": [0, -1, 18446744073709551615],
                                 "f": [1.5, -2e-3, 1E2], "t": true, "n": null, "o": {}, "a": []})");
    EXPECT_EQ(json["s"].get<std::string>(), "a\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80");
    EXPECT_EQ(json["i"][2].get<std::uint64_t>(), 18446744073709551615U);
    EXPECT_EQ(json["i"][1].get<int>(), -1);
    EXPECT_EQ(json["f"][1].get<double>(), -0.002);
    EXPECT_TRUE(json["t"].get<bool>());
    EXPECT_TRUE(json["n"].is_null());
    EXPECT_TRUE(json["o"].is_object());
    EXPECT_TRUE(json["a"].is_array());
}

TEST(Json, KeepsTheOrderOfKeysAndTheLastOfEqualOnes) {
    std::string many = "{";
    for (int i = 0; i < 40; ++i) {
        many += "\"k" + std::to_string(i) + "\": " + std::to_string(i) + ",";
    }
    const Json json = parsed(many + "\"k3\": 333, \"k39\": 339, \"k3\": 334}");
    EXPECT_EQ(json.size(), 40U);
    EXPECT_EQ(json["k3"].get<int>(), 334);
    EXPECT_EQ(json["k39"].get<int>(), 339);
    EXPECT_EQ(json.begin().key(), "k0");
    EXPECT_EQ(parsed(R"({"b": 1, "a": 2, "b": 3})").dump(), R"({"b":3,"a":2})");
}

TEST(Json, ReadsPythonsBareConstantsAsStrings) {
    EXPECT_EQ(parsed("[NaN, Infinity, -Infinity]").dump(), R"(["NaN","Infinity","-Infinity"])");
}

TEST(Json, RepairsHalvesOfSurrogatePairs) {
    // Python's surrogateescape writes the byte B0 (a degree sign in latin-1) as \udcb0.
    EXPECT_EQ(parsed(R"("\udcb0C")").get<std::string>(), "\xC2\xB0"s + "C");
    EXPECT_EQ(parsed(R"("\ud800x")").get<std::string>(), "\xEF\xBF\xBDx");
}

TEST(Json, NamesDocumentLineAndColumn) {
    EXPECT_EQ(failed("{\"a\": 1,\n  \"b\": x}").message, "doc: line 2, column 8: expected a value, found 'x'");
    EXPECT_EQ(failed("").message, "doc: line 1, column 1: expected a value, but the text ends");
}

TEST(Json, RefusesWhatIsNotJson) {
    for (const std::string& text : {"{"s,
                                    "["s,
                                    "[1,]"s,
                                    "{\"a\":1,}"s,
                                    "{\"a\"}"s,
                                    "{a:1}"s,
                                    "01"s,
                                    "1."s,
                                    ".5"s,
                                    "+1"s,
                                    "1e"s,
                                    "--1"s,
                                    "tru"s,
                                    "nan"s,
                                    "\"\\x\""s,
                                    "\"\\u12g4\""s,
                                    "\"a"s,
                                    "\"a\\"s,
                                    "\"\n\""s,
                                    "[1] 2"s,
                                    "'a'"s,
                                    "\"\xC3\""s,
                                    "\"\xED\xA0\x80\""s,
                                    "\"\xC0\x80\""s,
                                    "\"a\0b\""s,
                                    "1e999"s,
                                    "\0"s}) {
        EXPECT_EQ(failed(text).code, ErrorCode::kInvalid) << text;
    }
}

TEST(Json, KeepsItsLimits) {
    const std::string deep(100000, '[');
    EXPECT_EQ(failed(deep).code, ErrorCode::kLimit);
    EXPECT_EQ(failed("[[[1]]]", {.max_bytes = 100, .max_depth = 2}).code, ErrorCode::kLimit);
    EXPECT_EQ(failed("[1, 2, 3]", {.max_bytes = 4, .max_depth = 2}).code, ErrorCode::kLimit);
}

TEST(Json, MembersNameTheKeyAndWhatStandsThere) {
    const Json json = parsed(R"({"s": "x", "n": 12.0, "shape": [1, 2e3, 3], "bad": [1, -2], "m": -1})");
    EXPECT_EQ(json_string(json, "s", "doc").value(), "x");
    EXPECT_EQ(json_uint(json, "n", "doc").value(), 12U);
    EXPECT_EQ(json_shape(json, "shape", "doc").value(), (std::vector<std::uint64_t>{1, 2000, 3}));
    EXPECT_EQ(json_string(json, "n", "doc").error().message, "doc: \"n\" must be a string, not the number 12.0");
    EXPECT_EQ(json_uint(json, "m", "doc").error().message,
              "doc: \"m\" must be a non-negative integer, not the number -1");
    EXPECT_EQ(json_shape(json, "bad", "doc").error().code, ErrorCode::kInvalid);
    EXPECT_EQ(json_uint(json, "none", "doc").error().message, "doc: \"none\" is missing");
    EXPECT_EQ(json_uint(Json(3), "none", "doc").error().message, "doc: expected an object, found the number 3");
    Json wide;
    wide["shape"] = std::vector<int>(33, 1);
    EXPECT_EQ(json_shape(wide, "shape", "doc").error().code, ErrorCode::kLimit);
}

}  // namespace
}  // namespace vcube
