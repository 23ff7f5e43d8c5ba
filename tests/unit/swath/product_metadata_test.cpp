#include "core/swath/product_metadata.h"

#include <gtest/gtest.h>

namespace vcube::swath {
namespace {

constexpr const char* kName = "SM_OPER_MIR_SMUDP2_20230401T150613_20230401T155931_700_001_1";

// Texts as a real product of processor version 700 has them.
Json new_attributes() {
    return {{"FH:File_Name", kName},
            {"FH:File_Type", "MIR_SMUDP2"},
            {"FH:Validity_Period:Validity_Start", "UTC=2023-04-01T15:06:13"},
            {"FH:Validity_Period:Validity_Stop", "UTC=2023-04-01T15:59:31"},
            {"FH:Source:Creator_Version", "700"},
            {"VH:SPH:MI:TI:Precise_Validity_Start", "UTC=2023-04-01T15:06:12.203012"},
            {"VH:SPH:MI:TI:Precise_Validity_Stop", "UTC=2023-04-01T15:59:31.448404"},
            {"VH:SPH:MI:TI:Abs_Orbit_Start", "+70486"},
            {"VH:SPH:MI:TI:Ascending_Flag", "A"},
            {"VH:MPH:OI:Abs_Orbit", "+70486"}};
}

TEST(ProductMetadata, ReadsTheNewGeneration) {
    const MetadataItems items = product_metadata(new_attributes(), "/data/refs.json");
    EXPECT_EQ(metadata_item(items, "ACQUISITION_START"), "2023-04-01T15:06:13Z");
    EXPECT_EQ(metadata_item(items, "ACQUISITION_STOP"), "2023-04-01T15:59:31Z");
    EXPECT_EQ(metadata_item(items, "PRECISE_START"), "2023-04-01T15:06:12.203012Z");
    EXPECT_EQ(metadata_item(items, "PRECISE_STOP"), "2023-04-01T15:59:31.448404Z");
    EXPECT_EQ(metadata_item(items, "ORBIT"), "70486");
    EXPECT_EQ(metadata_item(items, "PASS"), "ASCENDING");
    EXPECT_EQ(metadata_item(items, "PRODUCT_TYPE"), "MIR_SMUDP2");
    EXPECT_EQ(metadata_item(items, "PRODUCT_NAME"), kName);
    EXPECT_EQ(metadata_item(items, "PROCESSOR_VERSION"), "700");
    EXPECT_EQ(metadata_item(items, "PRODUCT_COUNTER"), "001");
}

TEST(ProductMetadata, ReadsTheOldGeneration) {
    const std::string time_info = "Variable_Header:Specific_Product_Header:Main_Info:Time_Info:";
    const Json attributes = {
        {"Fixed_Header:File_Type", "MIR_OSUDP2"},
        {"Fixed_Header:Validity_Period:Validity_Start", "UTC=2011-01-02T03:04:05"},
        {"Fixed_Header:Validity_Period:Validity_Stop", "UTC=2011-01-02T03:57:00"},
        {time_info + "Precise_Validity_Start", "UTC=2011-01-02T03:04:04.500000"},
        {time_info + "Ascending_Flag", "D"},
        {"Variable_Header:Main_Product_Header:Orbit_Information:Abs_Orbit", "+06123"},
    };
    const MetadataItems items = product_metadata(attributes, "product.nc");
    EXPECT_EQ(metadata_item(items, "ACQUISITION_START"), "2011-01-02T03:04:05Z");
    EXPECT_EQ(metadata_item(items, "ACQUISITION_STOP"), "2011-01-02T03:57:00Z");
    EXPECT_EQ(metadata_item(items, "PRECISE_START"), "2011-01-02T03:04:04.500000Z");
    EXPECT_EQ(metadata_item(items, "ORBIT"), "6123");
    EXPECT_EQ(metadata_item(items, "PASS"), "DESCENDING");
    EXPECT_EQ(metadata_item(items, "PRODUCT_TYPE"), "MIR_OSUDP2");
    EXPECT_EQ(metadata_item(items, "PRODUCT_NAME"), "");
}

TEST(ProductMetadata, FallsBackToTheFileName) {
    const MetadataItems items = product_metadata(Json::object(), std::string("/archive/") + kName + ".nc.json");
    EXPECT_EQ(metadata_item(items, "ACQUISITION_START"), "2023-04-01T15:06:13Z");
    EXPECT_EQ(metadata_item(items, "ACQUISITION_STOP"), "2023-04-01T15:59:31Z");
    EXPECT_EQ(metadata_item(items, "PRODUCT_TYPE"), "MIR_SMUDP2");
    EXPECT_EQ(metadata_item(items, "PROCESSOR_VERSION"), "700");
}

TEST(ProductMetadata, TellsNothingItDoesNotKnow) {
    EXPECT_TRUE(product_metadata(Json::object(), "/tmp/other.nc").empty());
    EXPECT_TRUE(product_metadata(Json(), "").empty());
    const Json damaged = {{"FH:Validity_Period:Validity_Start", "UTC=never"},
                          {"VH:MPH:OI:Abs_Orbit", "unknown"},
                          {"VH:SPH:MI:TI:Ascending_Flag", "?"},
                          {"FH:File_Name", Json::array({1, 2})}};
    EXPECT_TRUE(product_metadata(damaged, "x").empty());
}

TEST(SmosTime, ReadsWhatAttributesHold) {
    EXPECT_EQ(smos_time("UTC=2023-04-01T15:06:13"), "2023-04-01T15:06:13Z");
    EXPECT_EQ(smos_time("2023-04-01T15:06:13.25"), "2023-04-01T15:06:13.25Z");
    for (const char* wrong : {"", "UTC=", "2023-04-01", "UTC=2023-04-01T15:06", "20230401 150613", "x0230401T150613",
                              "2023-04-01T15:06:13x"}) {
        EXPECT_EQ(smos_time(wrong), "") << wrong;
    }
}

}  // namespace
}  // namespace vcube::swath
