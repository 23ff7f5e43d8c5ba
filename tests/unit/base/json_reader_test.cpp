#include "core/base/json_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace vcube {
namespace {

using namespace std::string_literals;

TEST(JsonReader, WalksADocument) {
    const std::string text =
        R"({"a": [1, 2e3, 12.0], "long enough to pass sixteen bytes": "x\ty", "o": {"k": [true]}, "u": 7})";
    JsonReader reader(text);
    std::string_view key;
    std::uint64_t number = 0;
    ASSERT_TRUE(reader.begin_object());
    ASSERT_TRUE(reader.next_key(key));
    EXPECT_EQ(key, "a");
    ASSERT_TRUE(reader.begin_array());
    for (const std::uint64_t expected : {1U, 2000U, 12U}) {
        ASSERT_TRUE(reader.next_element());
        ASSERT_TRUE(reader.read_uint(number));
        EXPECT_EQ(number, expected);
    }
    EXPECT_FALSE(reader.next_element());
    ASSERT_TRUE(reader.next_key(key));
    EXPECT_EQ(key, "long enough to pass sixteen bytes");
    std::string_view value;
    ASSERT_TRUE(reader.read_string(value));
    EXPECT_EQ(value, "x\ty");
    EXPECT_EQ(key, "long enough to pass sixteen bytes") << "a value must not overwrite its key";
    ASSERT_TRUE(reader.next_key(key));
    std::string_view raw;
    ASSERT_TRUE(reader.skip(raw));
    EXPECT_EQ(raw, R"({"k": [true]})");
    ASSERT_TRUE(reader.next_key(key));
    ASSERT_TRUE(reader.read_uint(number));
    EXPECT_EQ(number, 7U);
    EXPECT_FALSE(reader.next_key(key));
    EXPECT_TRUE(reader.finish());
}

TEST(JsonReader, StringsWithoutEscapesAreViewsOfTheText) {
    const std::string text = "\"plain \xC3\xA9 text\"";
    JsonReader reader(text);
    std::string_view value;
    ASSERT_TRUE(reader.read_string(value));
    EXPECT_EQ(value.data(), text.data() + 1);
    EXPECT_FALSE(reader.last_is_ascii());
}

TEST(JsonReader, KeepsNulBytesOfEscapes) {
    JsonReader reader(R"("\u0000\u0001\u00ff\u0000")");
    std::string_view value;
    ASSERT_TRUE(reader.read_string(value));
    EXPECT_EQ(value, "\0\1\xC3\xBF\0"s);
}

TEST(JsonReader, ReadsIntegersUpTo64BitsAndReportsMore) {
    std::uint64_t number = 0;
    EXPECT_TRUE(JsonReader("18446744073709551615").read_uint(number));
    EXPECT_EQ(number, 18446744073709551615U);
    EXPECT_TRUE(JsonReader("1000000000000000000").read_uint(number));
    EXPECT_EQ(number, 1000000000000000000U);
    for (const char* text :
         {"18446744073709551616", "-1", "1.5", "1e400", "99999999999999999999999", "00", "1e-1", "x", ""}) {
        EXPECT_FALSE(JsonReader(text).read_uint(number)) << text;
    }
}

TEST(JsonReader, SkipsAByteOrderMark) {
    JsonReader reader("\xEF\xBB\xBF [1]");
    EXPECT_TRUE(reader.skip());
    EXPECT_TRUE(reader.finish());
}

TEST(JsonReader, RefusesHalvesOfSurrogatePairsUnlessTold) {
    std::string_view value;
    EXPECT_FALSE(JsonReader(R"("\ud800")").read_string(value));
    EXPECT_FALSE(JsonReader(R"("\ud800\u0041")").read_string(value));
    EXPECT_FALSE(JsonReader(R"("\udc00")").read_string(value));
    JsonReader reader(R"("\ud800\u0041")", {.max_depth = 1, .repair_surrogates = true});
    ASSERT_TRUE(reader.read_string(value));
    EXPECT_EQ(value, "\xEF\xBF\xBD"s + "A");
}

TEST(JsonReader, SkipChecksTheGrammar) {
    for (const char* text :
         {"[1,]", "{\"a\" 1}", "{\"a\":}", "[1 2]", "{,}", "[tru]", "\"a", "[\"\\\"]", "{\"a\":1,}"}) {
        EXPECT_FALSE(JsonReader(text).skip()) << text;
    }
    EXPECT_TRUE(JsonReader(R"({"a": [1, -2.5e+3, NaN, -Infinity, {"b": "\ud800 \" "}], "c": null})").skip());
}

TEST(JsonReader, BoundsTheDepth) {
    const std::string deep(1000000, '[');
    JsonReader reader(deep, {.max_depth = 32, .repair_surrogates = false});
    EXPECT_FALSE(reader.skip());
    EXPECT_EQ(reader.error("doc").code, ErrorCode::kLimit);
    EXPECT_EQ(reader.error("doc").message, "doc: line 1, column 33: nested deeper than 32");
}

TEST(JsonReader, StaysAtItsFirstFault) {
    JsonReader reader("{\"a\": 1 \"b\": 2}");
    std::string_view key;
    ASSERT_TRUE(reader.begin_object());
    ASSERT_TRUE(reader.next_key(key));
    EXPECT_TRUE(reader.skip());
    EXPECT_FALSE(reader.next_key(key));
    EXPECT_FALSE(reader.skip());
    EXPECT_FALSE(reader.finish());
    EXPECT_EQ(reader.peek(), JsonType::kInvalid);
    EXPECT_EQ(reader.error("doc").message, "doc: line 1, column 9: expected ',' or '}', found '\"'");
}

}  // namespace
}  // namespace vcube
