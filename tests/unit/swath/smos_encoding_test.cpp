#include "core/swath/smos_encoding.h"

#include <gtest/gtest.h>

namespace vcube::swath {
namespace {

ArrayMeta column(Kind kind, std::uint32_t size, Json attributes) {
    ArrayMeta array;
    array.path = array.name = "column";
    array.shape = array.chunks = {3};
    array.dtype.kind = kind;
    array.dtype.size = size;
    array.attributes = std::move(attributes);
    return array;
}

TEST(SmosEncoding, IntegersThatAreNoFlagsHaveZeroAsNodata) {
    const Encoding chi = smos_encoding(
        column(Kind::kUInt, 1, {{"_Unsigned", "true"}, {"scale_factor", 0.20784314953654382}, {"scale_offset", 0.0}}));
    EXPECT_EQ(chi.nodata, 0.0);
    EXPECT_EQ(chi.scale, 0.20784314953654382);
    EXPECT_EQ(chi.offset, 0.0);
    const Encoding signed_column = smos_encoding(column(Kind::kInt, 2, Json::object()));
    EXPECT_EQ(signed_column.nodata, 0.0);
    const Encoding wide = smos_encoding(column(Kind::kInt, 8, Json::object()));
    EXPECT_FALSE(wide.nodata.has_value());
    EXPECT_EQ(wide.nodata_int64, 0);
}

TEST(SmosEncoding, KeepsANodataThatTheFileDeclares) {
    EXPECT_EQ(smos_encoding(column(Kind::kInt, 2, {{"_FillValue", -32768}})).nodata, -32768.0);
    EXPECT_EQ(smos_encoding(column(Kind::kFloat, 4, {{"_FillValue", -999.0}})).nodata, -999.0);
    EXPECT_EQ(smos_encoding(column(Kind::kFloat, 4, {{"_FillValue", -99999.0}})).nodata, -99999.0);
}

TEST(SmosEncoding, FlagsNeverHaveZeroAsNodata) {
    const Json masks = {2, 4, 16, 32, 64, 128, 256};
    const Encoding flags = smos_encoding(
        column(Kind::kUInt, 2,
               {{"_FillValue", 0}, {"flag_masks", masks}, {"flag_values", masks}, {"flag_meanings", "A B C D E F G"}}));
    ASSERT_EQ(flags.flags.size(), 7U);
    EXPECT_EQ(flags.flags[2].mask, 16U);
    EXPECT_EQ(flags.flags[6].mask, 256U);
    EXPECT_TRUE(has_bit_flags(flags));
    EXPECT_EQ(flags.nodata, 65535.0);
}

TEST(SmosEncoding, TakesFlagsByPositionWhereMasksOverflow) {
    Json masks = Json::array();
    std::string meanings;
    for (int bit = 0; bit < 30; ++bit) {
        masks.push_back(bit < 15 ? 1 << bit : bit == 15 ? -32768 : 0);
        meanings += "F" + std::to_string(bit) + " ";
    }
    const Encoding flags = smos_encoding(
        column(Kind::kUInt, 4,
               {{"_FillValue", 0}, {"flag_masks", masks}, {"flag_values", masks}, {"flag_meanings", meanings}}));
    ASSERT_EQ(flags.flags.size(), 30U);
    for (unsigned bit = 0; bit < 30; ++bit) {
        EXPECT_EQ(flags.flags[bit].mask, 1U << bit);
        EXPECT_EQ(flags.flags[bit].name, "F" + std::to_string(bit));
    }
    EXPECT_EQ(flags.nodata, 4294967295.0);
}

TEST(SmosEncoding, FlagsOfEveryBitHaveNoNodata) {
    const Encoding flags = smos_encoding(column(
        Kind::kUInt, 1,
        {{"flag_masks", {1, 2, 4, 8, 16, 32, 64, 128}}, {"flag_meanings", "a b c d e f g h"}, {"_FillValue", 0}}));
    ASSERT_EQ(flags.flags.size(), 8U);
    EXPECT_FALSE(flags.nodata.has_value());
}

TEST(SmosEncoding, ReadsSignedColumnsAsTheUnsignedOnesTheyAre) {
    const Encoding encoding = smos_encoding(column(Kind::kInt, 4, {{"_Unsigned", "true"}}));
    EXPECT_EQ(encoding.type.kind, Kind::kUInt);
    EXPECT_EQ(encoding.type.size, 4U);
}

TEST(SmosEncoding, WidensTypesThatGdalDoesNotKnow) {
    EXPECT_EQ(smos_encoding(column(Kind::kInt, 1, Json::object())).type.size, 2U);
    EXPECT_EQ(smos_encoding(column(Kind::kFloat, 2, Json::object())).type.size, 4U);
    EXPECT_EQ(smos_encoding(column(Kind::kBool, 1, Json::object())).type.kind, Kind::kUInt);
}

}  // namespace
}  // namespace vcube::swath
