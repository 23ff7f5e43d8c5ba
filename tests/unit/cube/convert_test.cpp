#include "core/cube/convert.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "core/base/dtype_text.h"
#include "fake_store.h"

namespace vcube {
namespace {

DType type(const std::string& text) {
    return parse_dtype(text).value();
}

template <class From, class To>
std::vector<To> converted(const std::string& from, const std::string& to, const std::vector<From>& values) {
    std::vector<To> out(values.size());
    Converter::make(type(from), type(to))
        .value()
        .row(reinterpret_cast<const std::byte*>(values.data()), sizeof(From), reinterpret_cast<std::byte*>(out.data()),
             sizeof(To), values.size());
    return out;
}

/// A real number in a fixture's bytes; of a complex one the real part.
double number_at(const DType& t, const std::byte* at) {
    const auto as = [&](auto value) {
        std::memcpy(&value, at, sizeof value);
        return static_cast<double>(value);
    };
    return t.size == 4 || (t.kind == Kind::kComplex && t.size == 8) ? as(float{}) : as(double{});
}

/// Where GDAL 3.6.2's arithmetic slips: adding 0.5 in the source's own precision, real numbers to 64-bit integers
/// outside of their range (undefined in C++), NaN to 64-bit integers and of a float to int32. The rule's own result is
/// checked for these below.
bool gdal_slips(const DType& from, const DType& to, const std::byte* value) {
    const bool real = from.kind == Kind::kFloat || from.kind == Kind::kComplex;
    if (!real || (to.kind != Kind::kInt && to.kind != Kind::kUInt)) {
        return false;
    }
    const double x = number_at(from, value);
    const bool single = from.size == 4 || (from.kind == Kind::kComplex && from.size == 8);
    if (std::isnan(x)) {
        return to.size == 8 || (single && to.kind == Kind::kInt && to.size == 4);
    }
    if (to.size == 8 && std::abs(x) > 9e18) {
        return true;
    }
    return x == 0.49999999999999994 || (single && (x == static_cast<double>(0.49999997F) || x == 8388609.0));
}

TEST(Convert, EqualsGdal) {
    const Json cases = test::load_json("conversions.json");
    ASSERT_EQ(cases.size(), 121U);
    std::size_t compared = 0;
    for (const Json& entry : cases) {
        const DType from = type(entry["from"].get<std::string>());
        const DType to = type(entry["to"].get<std::string>());
        const test::Bytes in = test::from_hex(entry["in"].get<std::string>());
        const test::Bytes expected = test::from_hex(entry["out"].get<std::string>());
        const std::size_t n = in.size() / from.size;
        const Converter converter = Converter::make(from, to).value();
        test::Bytes together(n * to.size);
        converter.row(in.data(), from.size, together.data(), to.size, n);
        test::Bytes backwards(n * to.size);  // negative strides take the other loop
        converter.row(in.data() + (n - 1) * from.size, -static_cast<std::ptrdiff_t>(from.size),
                      backwards.data() + (n - 1) * to.size, -static_cast<std::ptrdiff_t>(to.size), n);
        EXPECT_EQ(together, backwards) << entry["from"] << entry["to"];
        for (std::size_t i = 0; i < n; ++i) {
            if (gdal_slips(from, to, in.data() + i * from.size)) {
                continue;
            }
            ++compared;
            const bool same = std::equal(together.begin() + static_cast<std::ptrdiff_t>(i * to.size),
                                         together.begin() + static_cast<std::ptrdiff_t>((i + 1) * to.size),
                                         expected.begin() + static_cast<std::ptrdiff_t>(i * to.size));
            EXPECT_TRUE(same) << entry["from"] << " to " << entry["to"] << ", value " << i << " "
                              << number_at(from, in.data() + i * from.size);
        }
    }
    EXPECT_GT(compared, 3300U);
}

TEST(Convert, WhereGdalSlipsTheRuleHolds) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ((converted<float, std::int32_t>("<f4", "<i4", {0.49999997F, 8388609.0F, -8388609.0F, std::nanf("")})),
              (std::vector<std::int32_t>{0, 8388609, -8388609, 0}));
    EXPECT_EQ((converted<double, std::int32_t>("<f8", "<i4", {0.49999999999999994, 0.5, -0.5, 1.5})),
              (std::vector<std::int32_t>{0, 1, -1, 2}));
    EXPECT_EQ((converted<double, std::int64_t>("<f8", "<i8", {kNan, 1e300, -1e300, kInfinity, -9.3e18, 9.2e18})),
              (std::vector<std::int64_t>{0, INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN, 9200000000000000000}));
    EXPECT_EQ((converted<double, std::uint64_t>("<f8", "<u8", {kNan, 1e300, -1e300, 1.9e19, 1.8e19, -0.4})),
              (std::vector<std::uint64_t>{0, UINT64_MAX, 0, UINT64_MAX, 18000000000000000000U, 0}));
}

TEST(Convert, SignedBytesBoolsHalfsTimes) {
    EXPECT_EQ((converted<std::int8_t, std::uint8_t>("|i1", "|u1", {-1, 0, 127})),
              (std::vector<std::uint8_t>{0, 0, 127}));
    EXPECT_EQ((converted<double, std::int8_t>("<f8", "|i1", {-200, -128.4, -0.5, 126.5, 127.5})),
              (std::vector<std::int8_t>{-128, -128, -1, 127, 127}));
    EXPECT_EQ((converted<std::uint8_t, std::int16_t>("|b1", "<i2", {0, 1, 7})), (std::vector<std::int16_t>{0, 1, 1}));
    EXPECT_EQ((converted<float, std::uint8_t>("<f4", "|b1", {0.0F, 0.1F, -3.0F})),
              (std::vector<std::uint8_t>{0, 1, 1}));
    // 0x3c00 = 1, 0xc500 = -5, 0x7bff = 65504, 0x0001 = 2^-24, 0x7c00 = infinity (IEEE 754 binary16)
    EXPECT_EQ((converted<std::uint16_t, float>("<f2", "<f4", {0x3c00, 0xc500, 0x7bff, 0x0001, 0x7c00})),
              (std::vector<float>{1.0F, -5.0F, 65504.0F, 0x1p-24F, std::numeric_limits<float>::infinity()}));
    EXPECT_EQ((converted<std::uint16_t, std::uint8_t>("<f2", "|u1", {0x3c00, 0xc500, 0x7bff, 0x7e00})),
              (std::vector<std::uint8_t>{1, 0, 255, 0}));
    EXPECT_EQ((converted<double, std::uint16_t>("<f8", "<f2", {1.0, -5.0, 65504.0, 1e9})),
              (std::vector<std::uint16_t>{0x3c00, 0xc500, 0x7bff, 0x7c00}));
    EXPECT_EQ((converted<std::int64_t, double>("<M8[s]", "<f8", {-5, 86400})), (std::vector<double>{-5, 86400}));
}

TEST(Convert, TextIsNotANumber) {
    EXPECT_FALSE(Converter::make(type("|S4"), type("<f4")).ok());
    EXPECT_FALSE(Converter::make(type("<f4"), type("|V4")).ok());
    EXPECT_FALSE(Converter::make(type("|S4"), type("|S5")).ok());
    EXPECT_TRUE(Converter::make(type("|S5"), type("|S5")).ok());
}

TEST(Convert, BlocksOfAnyStrides) {
    // A 3 x 4 x 5 block of consecutive numbers, written in every order of the axes and every combination of signs.
    std::vector<std::int16_t> in(60);
    std::iota(in.begin(), in.end(), std::int16_t{0});
    const std::vector<std::uint64_t> counts = {3, 4, 5};
    const std::vector<std::ptrdiff_t> from = {40, 10, 2};
    const Converter converter = Converter::make(type("<i2"), type("<f4")).value();
    std::vector<std::size_t> axes = {0, 1, 2};
    do {
        for (unsigned signs = 0; signs < 8; ++signs) {
            std::vector<std::ptrdiff_t> to(3);
            std::ptrdiff_t stride = 4;
            std::ptrdiff_t offset = 0;
            for (const std::size_t d : axes) {
                const auto extent = static_cast<std::ptrdiff_t>(counts[d]);
                const bool negative = ((signs >> d) & 1U) != 0;
                to[d] = negative ? -stride : stride;
                offset += negative ? stride * (extent - 1) : 0;
                stride *= extent;
            }
            std::vector<float> out(60, -1.0F);
            auto* base = reinterpret_cast<std::byte*>(out.data()) + offset;
            copy_block(converter, counts, {reinterpret_cast<const std::byte*>(in.data()), from}, {base, to});
            for (std::ptrdiff_t i = 0; i < 60; ++i) {
                const std::ptrdiff_t at = (i / 20) * to[0] + (i / 5 % 4) * to[1] + (i % 5) * to[2];
                float value = 0;
                std::memcpy(&value, base + at, sizeof value);
                ASSERT_EQ(value, static_cast<float>(i));
            }
        }
    } while (std::next_permutation(axes.begin(), axes.end()));
}

TEST(Convert, BlocksOfNothingAndOfOne) {
    const std::int32_t in = 7;
    std::int32_t out[3] = {0, 0, 0};
    const Converter converter = Converter::make(type("<i4"), type("<i4")).value();
    const std::vector<std::ptrdiff_t> strides = {4, 4};
    copy_block(converter, std::vector<std::uint64_t>{3, 0}, {reinterpret_cast<const std::byte*>(&in), strides},
               {reinterpret_cast<std::byte*>(out), strides});
    EXPECT_EQ(out[0], 0);
    copy_block(converter, {}, {reinterpret_cast<const std::byte*>(&in), {}}, {reinterpret_cast<std::byte*>(out), {}});
    EXPECT_EQ(out[0], 7);
    const std::vector<std::ptrdiff_t> still = {0};
    const std::vector<std::ptrdiff_t> moving = {4};
    copy_block(converter, std::vector<std::uint64_t>{3}, {reinterpret_cast<const std::byte*>(&in), still},
               {reinterpret_cast<std::byte*>(out), moving});
    EXPECT_EQ(out[2], 7);
}

TEST(Convert, OddSizedItemsAreCopied) {
    const std::string in = "abcdefghi";
    std::string out(9, '-');
    const Converter converter = Converter::make(type("|S3"), type("|S3")).value();
    converter.row(reinterpret_cast<const std::byte*>(in.data()), 3, reinterpret_cast<std::byte*>(out.data()) + 6, -3,
                  3);
    EXPECT_EQ(out, "ghidefabc");
}

TEST(Convert, StructuredElementsAreCopiedIntoTheirOwnLayoutOnly) {
    const auto type = [](const char* text) { return parse_dtype(Json::parse(text), "test").value(); };
    const DType stored = type(R"([["a", ">i2"], ["b", "<f4"]])");
    const DType native = type(R"([["a", "<i2"], ["b", "<f4"]])");
    EXPECT_TRUE(Converter::make(stored, native).ok());
    EXPECT_FALSE(Converter::make(stored, type(R"([["b", "<f4"], ["a", "<i2"]])")).ok());
    EXPECT_FALSE(Converter::make(stored, type(R"([["a", "<u2"], ["b", "<f4"]])")).ok());
    EXPECT_FALSE(Converter::make(stored, type(R"([["a", "<i2"], ["b", "<f4"], ["c", "|u1"]])")).ok());
    EXPECT_FALSE(Converter::make(stored, parse_dtype("<f4").value()).ok());
}

}  // namespace
}  // namespace vcube
