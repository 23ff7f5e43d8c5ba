#include "core/swath/product_name.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace vcube::swath {
namespace {

const std::string kSoil = "SM_OPER_MIR_SMUDP2_20230401T150613_20230401T155931_700_001_1";
const std::string kOcean = "SM_REPR_MIR_OSUDP2_20110102T235502_20110103T004820_671_012_0";

TEST(ProductName, TellsWhatStandsInIt) {
    const auto soil = parse_product_name(kSoil);
    ASSERT_TRUE(soil);
    EXPECT_EQ(soil->name, kSoil);
    EXPECT_EQ(soil->file_class, "OPER");
    EXPECT_EQ(soil->type, "MIR_SMUDP2");
    EXPECT_EQ(soil->start, 1680361573);  // date -u -d 2023-04-01T15:06:13 +%s
    EXPECT_EQ(soil->stop, 1680364771);
    EXPECT_EQ(soil->processor, 700U);
    EXPECT_EQ(soil->counter, 1U);
    const auto ocean = parse_product_name(kOcean);
    ASSERT_TRUE(ocean);
    EXPECT_EQ(ocean->file_class, "REPR");
    EXPECT_EQ(ocean->type, "MIR_OSUDP2");
    EXPECT_EQ(ocean->stop - ocean->start, 3198);
    EXPECT_EQ(ocean->processor, 671U);
    EXPECT_EQ(ocean->counter, 12U);
}

TEST(ProductName, StandsInPathsAndUrlsUnderManyEndings) {
    for (const std::string& location :
         {kSoil, kSoil + ".nc", kSoil + ".nc.json", kSoil + ".json.gz", kSoil + ".nc.zip", kSoil + ".nc.json.zst",
          "/archive/SMOS/L2SM/MIR_SMUDP2/2023/04/01/" + kSoil + "/" + kSoil + ".nc", "/archive/" + kSoil + "/",
          "s3://EODATA/SMOS/" + kSoil + ".nc", "https://h.example/a/" + kSoil + ".nc?Signature=a%2Fb&x=1",
          "https://h.example/a/" + kSoil + ".nc?to=/tmp/other", "https://h.example/get?file=/a/" + kSoil + ".nc",
          "/vsizip/{/data/2023.zip}/04/" + kSoil + ".nc.json", "/data/really?/" + kSoil + ".nc#part"}) {
        const auto name = parse_product_name(location);
        ASSERT_TRUE(name) << location;
        EXPECT_EQ(name->name, kSoil) << location;
    }
}

TEST(ProductName, IsNothingElse) {
    const auto changed = [](std::size_t at, const std::string& text) {
        return std::string(kSoil).replace(at, text.size(), text) + ".nc";
    };
    for (const std::string& location : {std::string(),
                                        std::string("/"),
                                        std::string("refs.json"),
                                        kSoil + "/other.nc",
                                        kSoil + "x.nc",
                                        "x" + kSoil,
                                        kSoil.substr(0, 59) + ".nc",
                                        changed(0, "XX"),
                                        changed(8, "MIR_SCLF1C"),
                                        changed(8, "MIR_SMDAP2"),
                                        changed(8, "mir_smudp2"),
                                        changed(7, "-"),
                                        changed(50, "-"),
                                        changed(23, "13"),
                                        changed(25, "31"),
                                        changed(28, "24"),
                                        changed(30, "60"),
                                        changed(27, "t"),
                                        changed(35, "20230331"),
                                        changed(51, "7x0"),
                                        changed(55, " 01"),
                                        std::string("SM_OPER_MIR_SMUDP2_.nc")}) {
        EXPECT_FALSE(parse_product_name(location)) << location;
    }
}

TEST(IsoTime, AgreesWithPythonsDatetime) {
    std::ifstream file(VCUBE_TEST_DATA "/swath/iso_times.csv");  // made by make_iso_times.py beside it
    ASSERT_TRUE(file);
    std::string line;
    int dates = 0;
    int wrong = 0;
    while (std::getline(file, line)) {
        const std::size_t first = line.find(',');
        const std::size_t second = line.find(',', first + 1);
        const std::string text = line.substr(0, first);
        if (second == first + 1) {
            EXPECT_FALSE(parse_iso_moment(text)) << text;
            EXPECT_FALSE(parse_iso_moment(text, true)) << text;
            ++wrong;
            continue;
        }
        const std::int64_t start = std::stoll(line.substr(first + 1));
        EXPECT_EQ(parse_iso_moment(text), start) << text;
        EXPECT_EQ(parse_iso_moment(text, true), std::stoll(line.substr(second + 1))) << text;
        if (text.size() == 20) {
            EXPECT_EQ(iso_time(start), text);
        }
        ++dates;
    }
    EXPECT_GT(dates, 400);
    EXPECT_GT(wrong, 5);
}

TEST(IsoTime, OtherTextsAreNoTimes) {
    for (const char* text : {"",
                             "2",
                             "202",
                             "20230",
                             "2023-",
                             "2023-4",
                             "2023-04-1",
                             "2023-04-01T",
                             "2023-04-01T1",
                             "2023-04-01T12:",
                             "2023-04-01T12:30:",
                             "2023-04-01T12:30:15.",
                             "2023-04-01T12:30:15x",
                             "2023-04-01x",
                             "20230401",
                             "-2023",
                             "+2023",
                             "2023-04-01T12:30+02:00",
                             " 2023",
                             "2023 ",
                             "2023-04-01T12:30:15ZZ",
                             "2023-04-01Z",
                             "twenty"}) {
        EXPECT_FALSE(parse_iso_moment(text)) << text;
    }
}

TEST(IsoTime, FractionsAreCutOff) {
    EXPECT_EQ(parse_iso_moment("1970-01-01T00:00:07.999"), 7);
    EXPECT_EQ(parse_iso_moment("1970-01-01T00:00:07.203012Z", true), 8);
}

TEST(IsoTime, EndsAtTheYearsOfFourDigits) {
    EXPECT_EQ(iso_time(*parse_iso_moment("0000")), "0000-01-01T00:00:00Z");
    EXPECT_EQ(iso_time(*parse_iso_moment("0000") - 1), "");
    EXPECT_EQ(iso_time(*parse_iso_moment("9999", true) - 1), "9999-12-31T23:59:59Z");
    EXPECT_EQ(iso_time(*parse_iso_moment("9999", true)), "");
    EXPECT_EQ(iso_time(INT64_MIN), "");
    EXPECT_EQ(iso_time(INT64_MAX), "");
}

}  // namespace
}  // namespace vcube::swath
