#include "core/cube/encoding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>

#include "core/base/dtype_text.h"

namespace vcube {
namespace {

ArrayMeta array(const char* dtype, const char* attributes, const std::string& fill = "") {
    ArrayMeta meta;
    meta.dtype = parse_dtype(dtype).value();
    meta.attributes = parse_json(attributes, "attributes").value();
    for (const char c : fill) {
        meta.fill.push_back(static_cast<std::byte>(c));
    }
    return meta;
}

template <class T>
std::string bytes_of(T value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::optional<double> nodata(const char* dtype, const char* attributes, const std::string& fill = "") {
    return decode_encoding(array(dtype, attributes, fill)).nodata;
}

TEST(Encoding, ScaleAndOffset) {
    const Encoding cf = decode_encoding(array("<i2", R"({"scale_factor": 0.01, "add_offset": [290.0], "units": ["K"],
        "long_name": "temperature", "standard_name": "sea_surface_temperature", "valid_range": [-10, 20]})"));
    EXPECT_EQ(cf.scale, 0.01);
    EXPECT_EQ(cf.offset, 290.0);
    EXPECT_EQ(cf.units, "K");
    EXPECT_EQ(cf.long_name, "temperature");
    EXPECT_EQ(cf.standard_name, "sea_surface_temperature");
    EXPECT_EQ(cf.valid_min, -10.0);
    EXPECT_EQ(cf.valid_max, 20.0);
    const Encoding smos = decode_encoding(array("|u1", R"({"scale_factor": 0.005, "scale_offset": 1.5})"));
    EXPECT_EQ(smos.scale, 0.005);
    EXPECT_EQ(smos.offset, 1.5);
    EXPECT_EQ(decode_encoding(array("|u1", R"({"scale_offset": 1.5, "add_offset": 2})")).offset, 2.0);
    EXPECT_EQ(decode_encoding(array("|u1", R"({"scale_factor": "0.5"})")).scale, 0.5);
    EXPECT_FALSE(decode_encoding(array("|u1", R"({"scale_factor": 0, "add_offset": "NaN"})")).scale);
    EXPECT_FALSE(decode_encoding(array("|u1", R"({"scale_factor": {}, "add_offset": "NaN"})")).offset);
}

TEST(Encoding, UnsignedAttribute) {
    const auto kind = [](const char* dtype, const char* attributes) {
        return decode_encoding(array(dtype, attributes)).type.kind;
    };
    EXPECT_EQ(kind("<i2", R"({"_Unsigned": "true"})"), Kind::kUInt);
    EXPECT_EQ(kind("<i2", R"({"_Unsigned": ["True"]})"), Kind::kUInt);
    EXPECT_EQ(kind("<i2", R"({"_Unsigned": true})"), Kind::kUInt);
    EXPECT_EQ(kind("<i2", R"({"_Unsigned": "false"})"), Kind::kInt);
    EXPECT_EQ(kind("<u2", R"({"_Unsigned": "true"})"), Kind::kUInt);
    EXPECT_EQ(kind("<u2", R"({"_Unsigned": "false"})"), Kind::kInt);
    EXPECT_EQ(kind("<f4", R"({"_Unsigned": "true"})"), Kind::kFloat);
    EXPECT_TRUE(decode_encoding(array(">i2", "{}")).type.native());
    EXPECT_EQ(decode_encoding(array(">i2", R"({"_Unsigned": "true"})")).type.size, 2U);
}

// Base64 texts are what Python's base64.b64encode(struct.pack("<d", float("nan"))) and the like print.
TEST(Encoding, NodataFromAttributes) {
    EXPECT_EQ(nodata("<f4", R"({"_FillValue": -999.0})"), -999.0);
    EXPECT_EQ(nodata("<f4", R"({"_FillValue": [-999.0]})"), -999.0);
    EXPECT_EQ(nodata("<f4", R"({"missing_value": "-999.0"})"), -999.0);
    EXPECT_EQ(nodata("<f4", R"({"_FillValue": 1e20})"), static_cast<double>(1e20F));
    EXPECT_EQ(nodata("<f8", R"({"_FillValue": 1e20, "missing_value": 5})"), 1e20);
    EXPECT_TRUE(std::isnan(nodata("<f4", R"({"_FillValue": "NaN"})").value()));
    EXPECT_TRUE(std::isnan(nodata("<f4", R"({"_FillValue": "AAAAAAAA+H8="})").value()));
    EXPECT_TRUE(std::isnan(nodata("<f8", R"({"_FillValue": "AAAAAAAA+H8="})").value()));
    EXPECT_EQ(nodata("<f4", R"({"_FillValue": "AMB5xA=="})"), -999.0);
    EXPECT_EQ(nodata("<i2", R"({"_FillValue": "AYA="})"), -32767.0);
    EXPECT_EQ(nodata("<f4", R"({"_FillValue": "-Infinity"})"), -INFINITY);
    EXPECT_EQ(nodata("<f2", R"({"_FillValue": -9999})"), -10000.0);  // numpy.float16(-9999)
    EXPECT_EQ(nodata("<i2", R"({"_FillValue": -32767})"), -32767.0);
    EXPECT_EQ(nodata("<i2", R"({"_FillValue": 0})"), 0.0);
    EXPECT_EQ(nodata("|u1", R"({"_FillValue": 255})"), 255.0);
}

TEST(Encoding, NodataThatTheTypeCannotHoldIsIgnored) {
    EXPECT_EQ(nodata("<i2", R"({"_FillValue": 1e20})"), std::nullopt);
    EXPECT_EQ(nodata("<i2", R"({"_FillValue": 0.5, "missing_value": -1})"), -1.0);
    EXPECT_EQ(nodata("|u1", R"({"_FillValue": -999.0})"), std::nullopt);
    EXPECT_EQ(nodata("<i2", R"({"_FillValue": "NaN"})"), std::nullopt);
    EXPECT_EQ(nodata("<f4", R"({"_FillValue": 1e300})"), std::nullopt);
    EXPECT_EQ(nodata("<f4", R"({"_FillValue": "none"})"), std::nullopt);
    EXPECT_EQ(nodata("<f4", R"({"_FillValue": {}, "missing_value": []})"), std::nullopt);
    EXPECT_EQ(nodata("|b1", R"({"_FillValue": 1})"), std::nullopt);
    EXPECT_EQ(nodata("<M8[s]", R"({"_FillValue": 1})"), std::nullopt);
}

// SMOS-Box: signed integers with _Unsigned and a float32 _FillValue.
TEST(Encoding, NodataOfTheOtherSignedness) {
    EXPECT_EQ(nodata("|i1", R"({"_Unsigned": "true", "_FillValue": -1})"), 255.0);
    EXPECT_EQ(nodata("<i2", R"({"_Unsigned": "true", "_FillValue": 65535.0})"), 65535.0);
    EXPECT_EQ(nodata("|u1", R"({"_Unsigned": "false", "_FillValue": 255})"), -1.0);
    EXPECT_EQ(nodata("<i2", R"({"_FillValue": 65535.0})"), std::nullopt);
    EXPECT_EQ(nodata("<u2", R"({"_FillValue": -999.0})"), std::nullopt);
}

TEST(Encoding, NodataOf64BitIntegersIsExact) {
    const Encoding least = decode_encoding(array("<i8", R"({"_FillValue": -9223372036854775808})"));
    EXPECT_EQ(least.nodata_int64, INT64_MIN);
    EXPECT_EQ(least.nodata, std::nullopt);
    EXPECT_EQ(decode_encoding(array("<u8", R"({"_FillValue": 18446744073709551615})")).nodata_uint64, UINT64_MAX);
    EXPECT_EQ(decode_encoding(array("<i8", "{}", bytes_of(std::int64_t{9007199254740993}))).nodata_int64,
              9007199254740993);
}

TEST(Encoding, ZarrFillValueCountsUnlessZero) {
    EXPECT_EQ(nodata("<i2", "{}", bytes_of(std::int16_t{-32767})), -32767.0);
    EXPECT_EQ(nodata("<i2", R"({"missing_value": 5})", bytes_of(std::int16_t{-32767})), 5.0);
    EXPECT_EQ(nodata("<i2", R"({"_FillValue": 1e9})", bytes_of(std::int16_t{-32767})), -32767.0);
    EXPECT_EQ(nodata("<f4", "{}", bytes_of(-999.0F)), -999.0);
    EXPECT_TRUE(std::isnan(nodata("<f4", "{}", bytes_of(std::nanf(""))).value()));
    EXPECT_EQ(nodata("<f2", "{}", bytes_of(std::uint16_t{0xC900})), -10.0);  // numpy.float16(-10).view("u2")
    EXPECT_EQ(nodata("<i2", "{}", bytes_of(std::int16_t{0})), std::nullopt);
    EXPECT_EQ(nodata("<f8", "{}", bytes_of(0.0)), std::nullopt);
    EXPECT_EQ(nodata("|i1", R"({"_Unsigned": "true"})", bytes_of(std::int8_t{-1})), 255.0);
}

TEST(Encoding, ZeroIsNeverNodataOfFlags) {
    EXPECT_EQ(nodata("|u1", R"({"_FillValue": 0, "flag_masks": [1, 2], "flag_meanings": "a b"})"), std::nullopt);
    EXPECT_EQ(nodata("|u1", R"({"_FillValue": 255, "flag_values": [0, 1], "flag_meanings": "a b"})"), 255.0);
}

std::string flags(const char* dtype, const char* attributes) {
    std::string out;
    for (const Flag& flag : decode_encoding(array(dtype, attributes)).flags) {
        out += flag.name + ":" + std::to_string(flag.mask) + "=" + std::to_string(flag.value) + " ";
    }
    return out;
}

// The first three are the examples of CF 1.11, section 3.5, in types that can hold them.
TEST(Encoding, Flags) {
    EXPECT_EQ(flags("|i1", R"({"flag_values": [0, 1, 2], "flag_meanings": "quality_good not_checked bad"})"),
              "quality_good:0=0 not_checked:0=1 bad:0=2 ");
    EXPECT_EQ(flags("|i1", R"({"flag_masks": [1, 2, 4, 8], "flag_meanings": "low_battery cpu memory disk"})"),
              "low_battery:1=1 cpu:2=2 memory:4=4 disk:8=8 ");
    EXPECT_EQ(flags("|i1", R"({"flag_masks": [1, 2, 12, 12, 12], "flag_values": [1, 2, 4, 8, 12],
                     "flag_meanings": "low_battery cpu disk_fail memory both"})"),
              "low_battery:1=1 cpu:2=2 disk_fail:12=4 memory:12=8 both:12=12 ");
    EXPECT_EQ(flags("|i1", R"({"flag_values": "1b, 2b", "flag_meanings": ["a", "b"]})"), "a:0=1 b:0=2 ");
    EXPECT_EQ(flags("|u1", R"({"flag_masks": "1UB 2UB", "flag_meanings": "a, b"})"), "a:1=1 b:2=2 ");
    EXPECT_EQ(flags("|i1", R"({"flag_masks": [64, -128], "flag_meanings": "a b"})"), "a:64=64 b:128=128 ");
    EXPECT_EQ(flags("|u1", R"({"flag_values": [-1, 3], "flag_meanings": "a b"})"), "a:0=255 b:0=3 ");
    EXPECT_EQ(flags("|u1", R"({"flag_values": 7, "flag_meanings": "only"})"), "only:0=7 ");
    EXPECT_EQ(flags("|u1", R"({"flag_values": [0, 1, 2], "flag_meanings": "a b"})"), "a:0=0 b:0=1 ");
    EXPECT_EQ(flags("|u1", R"({"flag_meanings": "a b"})"), "");
    EXPECT_EQ(flags("<f4", R"({"flag_values": [0, 1], "flag_meanings": "a b"})"), "");
    EXPECT_EQ(flags("|u1", R"({"flag_values": ["x", {}], "flag_meanings": 5})"), "");
}

// The masks of SMOS Science_Flags overflow int16 from entry 16 on; those of Confidence_Flags are as they should be.
TEST(Encoding, SmosFlagMasks) {
    const Encoding science = decode_encoding(array("<u4", R"({"_FillValue": 0,
        "flag_masks": [1,2,4,8,16,32,64,128,256,512,1024,2048,4096,8192,16384,-32768,0,0],
        "flag_values": [1,2,4,8,16,32,64,128,256,512,1024,2048,4096,8192,16384,-32768,0,0],
        "flag_meanings": "a b c d e f g h i j k l m n o p q r"})"));
    ASSERT_EQ(science.flags.size(), 18U);
    for (std::size_t i = 0; i < 18; ++i) {
        EXPECT_EQ(science.flags[i].mask, std::uint64_t{1} << i);
        EXPECT_EQ(science.flags[i].value, std::int64_t{1} << i);
    }
    EXPECT_EQ(science.nodata, std::nullopt);
    EXPECT_EQ(flags("<u2", R"({"flag_masks": [2, 4, 16, 32768], "flag_values": [2, 4, 16, 32768],
                     "flag_meanings": "a b c d"})"),
              "a:2=2 b:4=4 c:16=16 d:32768=32768 ");
    EXPECT_EQ(flags("|u1", R"({"flag_masks": [0, 0, 0, 0, 0, 0, 0, 0, 0], "flag_meanings": "a b c d e f g h i"})"), "");
}

TEST(Encoding, AttributesOfOddTypesAreIgnored) {
    const Encoding odd = decode_encoding(array("<i2", R"({"scale_factor": null, "add_offset": [], "_FillValue": [[1]],
        "units": 5, "long_name": ["a", "b"], "valid_range": [1, 2, 3], "valid_min": "low", "_Unsigned": 3,
        "flag_masks": null, "flag_meanings": {}})"));
    EXPECT_FALSE(odd.scale || odd.offset || odd.nodata || odd.valid_min || odd.valid_max);
    EXPECT_EQ(odd.units + odd.long_name, "");
    ArrayMeta none = array("<i2", "{}");
    none.attributes = Json();
    EXPECT_FALSE(decode_encoding(none).nodata);
}

}  // namespace
}  // namespace vcube
