// Type strings against what numpy says of them (tests/data/codec/dtype.json).
#include "core/base/dtype_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

namespace vcube {
namespace {

const Json& fixture() {
    static const Json json = [] {
        std::ifstream file(std::string(VCUBE_TEST_DATA) + "/codec/dtype.json");
        std::stringstream text;
        text << file.rdbuf();
        return Json::parse(text.str());
    }();
    return json;
}

TEST(DTypeText, ReadsWhatNumpyReads) {
    const std::map<std::string, Kind> kinds = {{"bool", Kind::kBool},          {"int", Kind::kInt},
                                               {"uint", Kind::kUInt},          {"float", Kind::kFloat},
                                               {"complex", Kind::kComplex},    {"bytes", Kind::kBytes},
                                               {"unicode", Kind::kUnicode},    {"raw", Kind::kRaw},
                                               {"datetime", Kind::kDatetime},  {"object", Kind::kObject},
                                               {"timedelta", Kind::kTimedelta}};
    ASSERT_GT(fixture()["types"].size(), 30U);
    for (const Json& entry : fixture()["types"]) {
        const auto given = entry["given"].get<std::string>();
        const Result<DType> type = parse_dtype(given);
        ASSERT_TRUE(type.ok()) << given << ": " << type.error().message;
        EXPECT_EQ(type.value().kind, kinds.at(entry["kind"].get<std::string>())) << given;
        EXPECT_EQ(type.value().size, entry["size"].get<std::uint32_t>()) << given;
        EXPECT_EQ(type.value().little, entry["little"].get<bool>()) << given;
        EXPECT_EQ(dtype_text(type.value()), entry["str"].get<std::string>()) << given;
        EXPECT_EQ(parse_dtype(dtype_text(type.value())).value(), type.value()) << given;
    }
}

TEST(DTypeText, RefusesWithTheTextInTheMessage) {
    for (const Json& entry : fixture()["refused"]) {
        const auto given = entry.get<std::string>();
        const Result<DType> type = parse_dtype(given);
        ASSERT_FALSE(type.ok()) << given;
        EXPECT_THAT(type.error().message, testing::HasSubstr("\"" + given + "\""));
    }
}

TEST(DTypeText, StructuredTypesHaveNumpysOffsets) {
    for (const Json& entry : fixture()["structs"]) {
        const Result<DType> type = parse_dtype(entry["descr"], "x/.zarray: dtype");
        ASSERT_TRUE(type.ok()) << type.error().message;
        EXPECT_EQ(type.value().kind, Kind::kStruct);
        EXPECT_EQ(type.value().size, entry["size"].get<std::uint32_t>());
        EXPECT_EQ(dtype_text(type.value()), entry["str"].get<std::string>());
        ASSERT_EQ(type.value().fields.size(), entry["names"].size());
        for (std::size_t i = 0; i < entry["names"].size(); ++i) {
            EXPECT_EQ(type.value().fields[i].name, entry["names"][i].get<std::string>());
            EXPECT_EQ(type.value().fields[i].offset, entry["offsets"][i].get<std::uint32_t>());
            EXPECT_EQ(type.value().fields[i].type.size, entry["sizes"][i].get<std::uint32_t>());
        }
    }
}

TEST(DTypeText, FieldsKeepTheirTypes) {
    const DType type = parse_dtype(Json::parse(R"([["a","<i2"],["b",">f4"],["c","<u2",[3]]])"), "x").value();
    EXPECT_EQ(dtype_text(type.fields[0].type), "<i2");
    EXPECT_EQ(dtype_text(type.fields[1].type), ">f4");
    EXPECT_EQ(dtype_text(type.fields[2].type), "|V6");
}

TEST(DTypeText, BadStructuredTypesNameTheField) {
    const std::pair<const char*, const char*> bad[] = {
        {R"([])", "fields"},
        {R"(7)", "x/.zarray: dtype"},
        {R"(null)", "x/.zarray: dtype"},
        {R"({"a":"<f4"})", "x/.zarray: dtype"},
        {R"([["a"]])", "field 0"},
        {R"(["a","<f4"])", "field 0"},
        {R"([["a","<f4"],["b","<f5"]])", "\"b\""},
        {R"([["a","<f4"],["a","<f4"]])", "\"a\""},
        {R"([[5,"<f4"]])", "field 0"},
        {R"([["a","<f4",[-1]]])", "\"a\""},
        {R"([["a","<f4",["x"]]])", "\"a\""},
        {R"([["a","<f4",[4294967296,4294967296]]])", "\"a\""},
        {R"([["a","<f4",[0]]])", "\"a\""},
        {R"([["a","|S1000000"],["b","|S1000000"]])", "bytes"},
    };
    for (const auto& [text, part] : bad) {
        const Result<DType> type = parse_dtype(Json::parse(text), "x/.zarray: dtype");
        ASSERT_FALSE(type.ok()) << text;
        EXPECT_THAT(type.error().message, testing::HasSubstr(part)) << text;
        EXPECT_THAT(type.error().message, testing::HasSubstr("x/.zarray: dtype")) << text;
    }
    std::string deep = "\"<f4\"";
    for (int i = 0; i < 40; ++i) {
        deep.insert(0, "[[\"a\",");
        deep += "]]";
    }
    EXPECT_EQ(parse_dtype(Json::parse(deep), "x").error().code, ErrorCode::kLimit);
}

}  // namespace
}  // namespace vcube
