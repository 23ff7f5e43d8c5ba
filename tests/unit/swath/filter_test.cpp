#include "core/swath/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "core/cube/hierarchy.h"
#include "tests/unit/cube/fake_store.h"

namespace vcube::swath {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FilterTest : public testing::Test {
protected:
    FilterTest() {
        store->texts[".zgroup"] = R"({"zarr_format": 2})";
        add<std::uint32_t>("Grid_Point_ID", "<u4", {5, 6, 7, 8, 9});
        add<float>("Soil_Moisture_DQX", "<f4", {0.01F, 0.07F, 0.08F, -999.0F, std::numeric_limits<float>::quiet_NaN()},
                   R"("_FillValue": -999.0)");
        add<std::uint8_t>("RFI_Prob", "|u1", {1, 10, 20, 200, 0}, R"("scale_factor": 0.005)");
        add<std::uint16_t>("Confidence_Flags", "<u2", {0, 2, 4, 6, 16},
                           R"("flag_masks": [2, 4, 16], "flag_values": [2, 4, 16],
                              "flag_meanings": "FL_RFI_PRONE_H FL_RFI_PRONE_V FL_NO_PROD")");
        add<std::int32_t>("Days", "<i4", {-3, -2, -1, 7, 8}, R"("_FillValue": 0)");
        add<std::uint8_t>("Kind", "|u1", {1, 2, 3, 1, 2},
                          R"("flag_values": [1, 2, 3], "flag_meanings": "LAND SEA ICE")");
        bench = std::make_unique<test::Bench>(store);
        product = Product::open(read_hierarchy(*store).value(), {store, bench->runtime}).value();
    }

    template <class T>
    void add(const std::string& name, const std::string& type, const std::vector<T>& values,
             const std::string& attributes = "") {
        store->texts[name + "/.zarray"] = R"({"zarr_format": 2, "order": "C", "filters": null, "compressor": null,
            "fill_value": null, "shape": [5], "chunks": [5], "dtype": ")" +
                                          type + "\"}";
        store->texts[name + "/.zattrs"] =
            R"({"_ARRAY_DIMENSIONS": ["n_grid_points"])" + (attributes.empty() ? "" : ", " + attributes) + "}";
        test::Bytes bytes(values.size() * sizeof(T));
        std::memcpy(bytes.data(), values.data(), bytes.size());
        store->chunks[name + "/0"] = bytes;
    }

    RowMask rows(const std::string& text) const {
        const auto filter = Filter::parse(text);
        EXPECT_TRUE(filter.ok()) << filter.status().error().message;
        const auto mask = filter.value().rows(*product);
        EXPECT_TRUE(mask.ok()) << mask.status().error().message;
        return mask.value();
    }

    std::string refusal(const std::string& text) const {
        const auto filter = Filter::parse(text);
        EXPECT_TRUE(filter.ok()) << filter.status().error().message;
        const Status status = filter.value().check(*product);
        EXPECT_FALSE(status.ok());
        EXPECT_FALSE(filter.value().rows(*product).ok());
        return status.ok() ? "" : status.error().message;
    }

    std::shared_ptr<test::FakeStore> store = std::make_shared<test::FakeStore>();
    std::unique_ptr<test::Bench> bench;
    std::shared_ptr<const Product> product;
};

std::string parse_error(const std::string& text) {
    const auto filter = Filter::parse(text);
    EXPECT_FALSE(filter.ok()) << text;
    return filter.ok() ? "" : filter.status().error().message;
}

TEST_F(FilterTest, AnEmptyOnePassesEverythingAndReadsNothing) {
    EXPECT_THAT(rows(""), ElementsAre(1, 1, 1, 1, 1));
    EXPECT_THAT(rows("  "), ElementsAre(1, 1, 1, 1, 1));
    EXPECT_EQ(bench->fetcher->total(), 0);
}

TEST_F(FilterTest, NodataAndNanPassNoComparison) {
    EXPECT_THAT(rows("Soil_Moisture_DQX<0.075"), ElementsAre(1, 1, 0, 0, 0));
    EXPECT_THAT(rows("Soil_Moisture_DQX>-1000"), ElementsAre(1, 1, 1, 0, 0));
    EXPECT_THAT(rows("Soil_Moisture_DQX!=0.01"), ElementsAre(0, 1, 1, 0, 0));
}

TEST_F(FilterTest, ANumberIsTheNearestThatAFloatHolds) {
    EXPECT_THAT(rows("Soil_Moisture_DQX==0.07"), ElementsAre(0, 1, 0, 0, 0));
    EXPECT_THAT(rows("Soil_Moisture_DQX<=0.07"), ElementsAre(1, 1, 0, 0, 0));
    EXPECT_THAT(rows("Soil_Moisture_DQX>=0.07"), ElementsAre(0, 1, 1, 0, 0));
    EXPECT_THAT(rows("Soil_Moisture_DQX>0.07"), ElementsAre(0, 0, 1, 0, 0));
}

TEST_F(FilterTest, ScaledValuesAreCompared) {
    EXPECT_THAT(rows("RFI_Prob<0.1"), ElementsAre(1, 1, 0, 0, 1));
    EXPECT_THAT(rows("RFI_Prob = 1"), ElementsAre(0, 0, 0, 1, 0));
    EXPECT_THAT(rows("RFI_Prob <= +1e-1"), ElementsAre(1, 1, 1, 0, 1));
}

// Real products have 0 in N_RFI_X on a third of the rows with soil moisture, the best ones.
TEST_F(FilterTest, ZeroOfAnIntegerIsANumberThoughItIsNodata) {
    ASSERT_EQ(product->find("RFI_Prob")->encoding.nodata, 0);
    EXPECT_THAT(rows("RFI_Prob==0"), ElementsAre(0, 0, 0, 0, 1));
    EXPECT_THAT(rows("RFI_Prob>0"), ElementsAre(1, 1, 1, 1, 0));
}

TEST_F(FilterTest, SignedValues) {
    EXPECT_THAT(rows("Days<0"), ElementsAre(1, 1, 1, 0, 0));
    EXPECT_THAT(rows("Days >= -2, Days < 8"), ElementsAre(0, 1, 1, 1, 0));
}

TEST_F(FilterTest, BitsByNameAndNumber) {
    EXPECT_THAT(rows("Confidence_Flags&FL_RFI_PRONE_H"), ElementsAre(0, 1, 0, 1, 0));
    EXPECT_THAT(rows("Confidence_Flags&FL_RFI_PRONE_H==0"), ElementsAre(1, 0, 1, 0, 1));
    EXPECT_THAT(rows("Confidence_Flags & (FL_RFI_PRONE_H | 0x10) != 0"), ElementsAre(0, 1, 0, 1, 1));
    EXPECT_THAT(rows("Confidence_Flags&FL_RFI_PRONE_H|FL_RFI_PRONE_V == FL_RFI_PRONE_V"), ElementsAre(0, 0, 1, 0, 0));
    EXPECT_THAT(rows("Confidence_Flags==FL_NO_PROD"), ElementsAre(0, 0, 0, 0, 1));
    EXPECT_THAT(rows("Confidence_Flags==0"), ElementsAre(1, 0, 0, 0, 0)) << "0 is a value of flags";
    EXPECT_THAT(rows("Kind!=SEA"), ElementsAre(1, 0, 1, 1, 0));
}

TEST_F(FilterTest, EveryWordForAnd) {
    for (const char* text : {"Days<0,Kind==1", "Days<0 AND Kind==1", "Days<0 and Kind==1", "Days<0&&Kind==1"}) {
        EXPECT_THAT(rows(text), ElementsAre(1, 0, 0, 0, 0)) << text;
    }
    EXPECT_THAT(rows("Confidence_Flags&2&&Days<-2"), ElementsAre(0, 0, 0, 0, 0));
    EXPECT_THAT(rows("Confidence_Flags&2 AND Days<0"), ElementsAre(0, 1, 0, 0, 0));
}

TEST_F(FilterTest, UnknownNamesAreAnsweredWithThoseThatThereAre) {
    EXPECT_THAT(refusal("Moisture>0"), testing::AllOf(HasSubstr("no variable Moisture"), HasSubstr("RFI_Prob")));
    EXPECT_THAT(refusal("Confidence_Flags&FL_SNOW==0"),
                testing::AllOf(HasSubstr("Confidence_Flags has no flag FL_SNOW"),
                               HasSubstr("FL_RFI_PRONE_H, FL_RFI_PRONE_V, FL_NO_PROD")));
    EXPECT_THAT(refusal("RFI_Prob&FL_SNOW"), HasSubstr("it has no flags at all"));
    EXPECT_THAT(refusal("Kind&SEA"), HasSubstr("compare with =="));
    EXPECT_THAT(refusal("Soil_Moisture_DQX&1"), HasSubstr("no bits to test"));
}

TEST(FilterText, ErrorsPointAtThePlace) {
    EXPECT_THAT(parse_error("A<"), HasSubstr("expected a number at character 3, where the text ends"));
    EXPECT_THAT(parse_error("A<0.1 B>2"), HasSubstr("at character 7, got \"B>2\""));
    EXPECT_THAT(parse_error("<1"), HasSubstr("the name of a variable at character 1"));
    EXPECT_THAT(parse_error("A"), HasSubstr("one of < <= > >= == != & after A"));
    EXPECT_THAT(parse_error("A&&B>1"), HasSubstr("after A at character 2"));
    EXPECT_THAT(parse_error("A<nan"), HasSubstr("a number"));
    EXPECT_THAT(parse_error("A<1,"), HasSubstr("the name of a variable at character 5"));
    EXPECT_THAT(parse_error("A&(1|2"), HasSubstr("\")\""));
    EXPECT_THAT(parse_error("A<1e999"), HasSubstr("a number"));
    EXPECT_THAT(parse_error("A&1.5"), HasSubstr("a flag or an integer"));
    std::string many = "A<1";
    for (int k = 0; k < 64; ++k) {
        many += ",A<1";
    }
    EXPECT_THAT(parse_error(many), HasSubstr("more than 64 comparisons"));
}

TEST(FilterText, HasOneSpelling) {
    const Filter one = Filter::parse(" A <  0.10 AND Flags&( X | 0x2 ) = 0 && B != -1e3").value();
    EXPECT_EQ(one.text(), "A<0.1,Flags&X|2==0,B!=-1000");
    EXPECT_EQ(Filter::parse(one.text()).value().text(), one.text());
    EXPECT_THAT(one.variables(), ElementsAre("A", "Flags", "B"));
    EXPECT_EQ(Filter().text(), "");
    EXPECT_EQ(Filter::parse("F&2").value().text(), "F&2!=0");
}

}  // namespace
}  // namespace vcube::swath
