#include "core/cube/array_meta.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "fake_store.h"

namespace vcube {
namespace {

/// A valid document with one member replaced ("" removes it).
std::string document(const std::string& key = "", const std::string& value = "") {
    Json json = Json::parse(R"({"zarr_format": 2, "shape": [10, 20], "chunks": [4, 5], "dtype": "<i2", "order": "C",
                               "fill_value": 0, "compressor": {"id": "zlib", "level": 1}, "filters": null})");
    if (!key.empty()) {
        json.erase(key);
        if (!value.empty()) {
            json[key] = Json::parse(value);
        }
    }
    return json.dump();
}

Result<ArrayMeta> parse(const std::string& zarray, const std::string& zattrs = "") {
    return parse_zarray("g/a", zarray, zattrs, "refs.json");
}

void expect_error(const std::string& key, const std::string& value, ErrorCode code) {
    const Result<ArrayMeta> meta = parse(document(key, value));
    ASSERT_FALSE(meta.ok()) << key << " " << value;
    EXPECT_EQ(meta.error().code, code) << meta.error().message;
    EXPECT_NE(meta.error().message.find("refs.json: g/a/.zarray"), std::string::npos) << meta.error().message;
    EXPECT_NE(meta.error().message.find(key), std::string::npos) << meta.error().message;
}

TEST(ArrayMeta, ReadsADocument) {
    const ArrayMeta meta = parse(document(), R"({"_ARRAY_DIMENSIONS": ["y", "x"], "units": "K"})").value();
    EXPECT_EQ(meta.path, "g/a");
    EXPECT_EQ(meta.name, "a");
    EXPECT_EQ(meta.shape, (Shape{10, 20}));
    EXPECT_EQ(meta.chunk_grid(), (Shape{3, 4}));
    EXPECT_EQ(meta.chunk_elements(), 20U);
    EXPECT_EQ(meta.dimensions, (std::vector<std::string>{"y", "x"}));
    EXPECT_EQ(meta.attributes.dump(), R"({"units":"K"})");
    EXPECT_FALSE(meta.uncompressed());
    const std::uint64_t index[] = {2, 13};
    EXPECT_EQ(meta.chunk_key(index), "g/a/2.13");
}

TEST(ArrayMeta, ReadsEverythingThatZarrWrites) {
    const Json fixtures = test::load_json("arrays.json");
    for (const auto& [key, value] : fixtures["keys"].items()) {
        if (key.ends_with("/.zarray")) {
            const Result<ArrayMeta> meta = parse(value.get<std::string>());
            ASSERT_TRUE(meta.ok()) << key << ": " << meta.error().message;
            EXPECT_EQ(Json(meta.value().shape), fixtures["arrays"][key.substr(0, key.find('/'))]["shape"]) << key;
        }
    }
}

TEST(ArrayMeta, FillValuesEqualZarrs) {
    const Json fixtures = test::load_json("arrays.json");
    ASSERT_GT(fixtures["fills"].size(), 20U);
    for (const Json& entry : fixtures["fills"]) {
        const Result<ArrayMeta> meta = parse(entry["zarray"].get<std::string>());
        ASSERT_TRUE(meta.ok()) << meta.error().message;
        EXPECT_EQ(meta.value().fill, test::from_hex(entry["fill"].get<std::string>())) << entry["zarray"];
    }
}

TEST(ArrayMeta, FillValuesThatDoNotSuitAreErrors) {
    for (const char* value :
         {"65536", "-32769", "1.5", "\"NaN\"", "[1, 2]", "[[1]]", "[]", "{}", "1e30", "\"1.5\"", "\"1 \""}) {
        expect_error("fill_value", value, ErrorCode::kInvalid);
    }
    const auto fill_error = [](const char* dtype, const char* value) {
        Json json = Json::parse(document());
        json["dtype"] = dtype;
        json["fill_value"] = Json::parse(value);
        return parse(json.dump()).ok() ? std::string("accepted") : std::string("refused");
    };
    EXPECT_EQ(fill_error("|u1", "-129"), "refused");
    EXPECT_EQ(fill_error("|i1", "256"), "refused");
    EXPECT_EQ(fill_error("<u8", "18446744073709551616"), "refused");
    EXPECT_EQ(fill_error("<i8", "18446744073709551616"), "refused");
    EXPECT_EQ(fill_error("<f4", "\"nothing\""), "refused");
    EXPECT_EQ(fill_error("<c8", "[1]"), "refused");
    EXPECT_EQ(fill_error("|S2", "\"YWJj\""), "refused");  // three bytes
    EXPECT_EQ(fill_error("|S2", "\"Y*==\""), "refused");
    EXPECT_EQ(fill_error("<U1", "\"ab\""), "refused");
    EXPECT_EQ(fill_error("|b1", "2"), "refused");
    EXPECT_EQ(fill_error("|S2", "0"), "accepted");
    EXPECT_EQ(fill_error("<i2", "-5.0"), "accepted");
}

// numpy and GDAL understand these, which writers of references and netCDF-C 4.8 left: Python's str() of numbers, lists
// of one, numbers of the other signedness.
TEST(ArrayMeta, FillValuesAsSomeWritersLeaveThem) {
    const auto fill = [](const char* dtype, const char* value) {
        Json json = Json::parse(document());
        json["dtype"] = dtype;
        json["fill_value"] = Json::parse(value);
        const auto meta = parse(json.dump());
        return meta.ok() ? meta.value().fill : std::vector<std::byte>();
    };
    for (const auto& [dtype, odd, plain] : {std::tuple("<i2", "[-5]", "-5"),
                                            {"<f4", "[1.5]", "1.5"},
                                            {"<f8", "\"-1.5e3\"", "-1500"},
                                            {"<i8", "\"9007199254740993\"", "9007199254740993"},
                                            {"<u8", "\"18446744073709551615\"", "18446744073709551615"},
                                            {"<f4", "\"nan\"", "\"NaN\""},
                                            {"<f4", "\"-inf\"", "\"-Infinity\""},
                                            {"<f8", "[\"NaN\"]", "\"NaN\""},
                                            {"|u1", "-1", "255"},
                                            {"|i1", "255", "-1"},
                                            {"<u8", "-1", "18446744073709551615"}}) {
        EXPECT_FALSE(fill(dtype, plain).empty()) << plain;
        EXPECT_EQ(fill(dtype, odd), fill(dtype, plain)) << dtype << " " << odd;
    }
}

TEST(ArrayMeta, ErrorsNameTheKey) {
    expect_error("zarr_format", "3", ErrorCode::kUnsupported);
    expect_error("zarr_format", "\"2\"", ErrorCode::kInvalid);
    expect_error("shape", "", ErrorCode::kInvalid);
    expect_error("shape", "[10, -1]", ErrorCode::kInvalid);
    expect_error("shape", "\"10\"", ErrorCode::kInvalid);
    expect_error("shape", "[4294967296, 4294967296]", ErrorCode::kLimit);
    expect_error("shape", "[0, 9223372036854775807]", ErrorCode::kLimit);  // a zero hides no overflow
    expect_error("chunks", "[4]", ErrorCode::kInvalid);
    expect_error("chunks", "[0, 5]", ErrorCode::kInvalid);
    expect_error("chunks", "[65536, 65536]", ErrorCode::kLimit);
    expect_error("chunks", "[4294967296, 4294967296]", ErrorCode::kLimit);
    expect_error("dtype", "", ErrorCode::kInvalid);
    expect_error("order", "\"K\"", ErrorCode::kInvalid);
    expect_error("order", "", ErrorCode::kInvalid);
    expect_error("dimension_separator", "\"-\"", ErrorCode::kInvalid);
    expect_error("dimension_separator", "\"\"", ErrorCode::kInvalid);
    expect_error("filters", "{}", ErrorCode::kInvalid);
    expect_error("compressor", "[]", ErrorCode::kInvalid);
    std::string many = "[1";
    for (int i = 0; i < 32; ++i) {
        many += ", 1";
    }
    expect_error("shape", many + "]", ErrorCode::kLimit);
    EXPECT_FALSE(parse("[]").ok());
    EXPECT_FALSE(parse("{").ok());
    EXPECT_FALSE(parse("").ok());
}

TEST(ArrayMeta, AbsurdChunksAreFineWhereTheyAreReadByParts) {
    Json json = Json::parse(document());
    json["shape"] = {1000000, 1000000};
    json["chunks"] = {1000000, 1000000};
    EXPECT_FALSE(parse(json.dump()).ok());
    json["compressor"] = nullptr;
    ASSERT_TRUE(parse(json.dump()).ok());
    EXPECT_TRUE(parse(json.dump()).value().uncompressed());
    json["filters"] = Json::parse(R"([{"id": "shuffle"}])");
    EXPECT_FALSE(parse(json.dump()).ok());
}

TEST(ArrayMeta, EmptyArraysAndScalars) {
    Json json = Json::parse(document());
    json["shape"] = {0, 20};
    json["chunks"] = {0, 5};
    const ArrayMeta empty = parse(json.dump()).value();
    EXPECT_EQ(empty.chunk_grid(), (Shape{0, 4}));
    json["shape"] = Json::array();
    json["chunks"] = Json::array();
    const ArrayMeta scalar = parse_zarray("s", json.dump(), "", "refs.json").value();
    EXPECT_EQ(scalar.chunk_elements(), 1U);
    EXPECT_EQ(scalar.chunk_key(nullptr), "s/0");
}

TEST(ArrayMeta, UnusableDimensionNamesAreIgnored) {
    const std::vector<std::string> none = {"", ""};
    EXPECT_EQ(parse(document(), R"({"_ARRAY_DIMENSIONS": ["x"]})").value().dimensions, none);
    EXPECT_EQ(parse(document(), R"({"_ARRAY_DIMENSIONS": ["x", 3]})").value().dimensions, none);
    EXPECT_EQ(parse(document(), R"({"_ARRAY_DIMENSIONS": "x"})").value().dimensions, none);
    EXPECT_EQ(parse(document()).value().dimensions, none);
    const Result<ArrayMeta> damaged = parse(document(), "[1]");
    ASSERT_FALSE(damaged.ok());
    EXPECT_NE(damaged.error().message.find("g/a/.zattrs"), std::string::npos);
}

}  // namespace
}  // namespace vcube
