#include "core/swath/location_list.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vcube::swath {
namespace {

const std::string kOne = "SM_OPER_MIR_SMUDP2_20230401T150613_20230401T155931_700_001_1";
const std::string kTwo = "SM_REPR_MIR_OSUDP2_20110102T235502_20110103T004820_671_012_0";

Result<std::vector<ProductEntry>> parse(const std::string& text, const std::string& name = "/data/list.txt",
                                        bool allow_local = false) {
    return parse_location_list(text, name, policy_for(name, allow_local));
}

std::vector<std::string> locations(const Result<std::vector<ProductEntry>>& entries) {
    std::vector<std::string> out;
    EXPECT_TRUE(entries.ok()) << (entries.ok() ? "" : entries.error().message);
    for (const ProductEntry& entry : entries.ok() ? entries.value() : std::vector<ProductEntry>()) {
        EXPECT_FALSE(entry.name.name.empty());
        out.push_back(entry.location);
    }
    return out;
}

TEST(ProductEnding, TellsFilesFromReferences) {
    EXPECT_EQ(product_ending("/a/" + kOne + ".nc"), ProductEnding::kFile);
    EXPECT_EQ(product_ending("https://h/" + kOne + ".nc?sig=a/b.c"), ProductEnding::kFile);
    for (const char* ending : {".nc.json", ".json", ".nc.json.gz", ".json.gz", ".nc.json.zst", ".json.zst"}) {
        EXPECT_EQ(product_ending("/a/" + kTwo + "/" + kTwo + ending), ProductEnding::kReferences) << ending;
    }
    for (const char* ending : {"", ".nc.zip", ".DBL", ".nc.json.bz2", ".nc.part", ".NC", "/"}) {
        EXPECT_EQ(product_ending("/a/" + kOne + ending), ProductEnding::kNone) << ending;
    }
    EXPECT_EQ(product_ending("/a/refs.json"), ProductEnding::kNone);
}

TEST(LocationList, OneLocationALine) {
    const std::string text = "\xEF\xBB\xBF# products of a week\r\n\r\n" + kOne + ".nc\r\n  ../other/" + kTwo +
                             ".nc.json\t\r\n#" + kOne + ".nc\r\n\"/a b/" + kOne + ".nc\"\ns3://bucket/x/" + kOne +
                             ".nc\nhttps://h.example/" + kOne + ".nc?sig=1,2#x";
    EXPECT_EQ(locations(parse(text)),
              (std::vector<std::string>{"/data/" + kOne + ".nc", "/data/../other/" + kTwo + ".nc.json",
                                        "/a b/" + kOne + ".nc", "s3://bucket/x/" + kOne + ".nc",
                                        "https://h.example/" + kOne + ".nc?sig=1,2#x"}));
}

TEST(LocationList, FirstColumnOfATable) {
    const std::string rows = kOne + ".nc,3057336,ok\n\"b/" + kTwo + ".nc\",1\n\n" + kOne + ".nc.json;7\n";
    const std::vector<std::string> expected = {"/data/" + kOne + ".nc", "/data/b/" + kTwo + ".nc",
                                               "/data/" + kOne + ".nc.json"};
    EXPECT_EQ(locations(parse(rows, "/data/list.csv")), expected);
    EXPECT_EQ(locations(parse("location,size,state\n" + rows, "/data/list.csv")), expected);
    const auto wrong = parse("location\nsize\n" + rows, "/data/list.csv");
    ASSERT_FALSE(wrong.ok());
    EXPECT_NE(wrong.error().message.find("line 2"), std::string::npos) << wrong.error().message;
}

TEST(LocationList, ALineThatIsNoProductIsNamed) {
    for (const std::string& line : {std::string("refs.json"), kOne + ".nc.zip", kOne, kOne + ".nc other",
                                    std::string(100000, 'x'), std::string("\x01\x02")}) {
        const auto wrong = parse("# list\n" + kOne + ".nc\n\n" + line + "\n");
        ASSERT_FALSE(wrong.ok()) << line;
        EXPECT_TRUE(wrong.error().message.starts_with("/data/list.txt: line 4: ")) << wrong.error().message;
        EXPECT_LT(wrong.error().message.size(), 500U);
    }
    const auto secret = parse("https://user:pass@h.example/x.nc?token=abc\n");
    ASSERT_FALSE(secret.ok());
    EXPECT_EQ(secret.error().message.find("pass"), std::string::npos);
    EXPECT_EQ(secret.error().message.find("abc"), std::string::npos);
}

TEST(LocationList, RemoteListsNameRemoteProducts) {
    const std::string list = "https://h.example/lists/week.txt";
    EXPECT_EQ(locations(parse(kOne + ".nc\n../" + kTwo + ".nc\ns3://b/" + kOne + ".nc", list)),
              (std::vector<std::string>{"https://h.example/lists/" + kOne + ".nc", "https://h.example/" + kTwo + ".nc",
                                        "s3://b/" + kOne + ".nc"}));
    for (const std::string& line : {"/etc/" + kOne + ".nc", "file:///etc/" + kOne + ".nc", "/vsimem/" + kOne + ".nc",
                                    "../../../../" + kOne + ".nc"}) {
        const auto denied = parse(kTwo + ".nc\n" + line, list);
        ASSERT_FALSE(denied.ok()) << line;
        EXPECT_EQ(denied.error().code, ErrorCode::kDenied);
        EXPECT_NE(denied.error().message.find("line 2"), std::string::npos) << denied.error().message;
    }
    EXPECT_EQ(locations(parse("/data/" + kOne + ".nc", list, true)),
              (std::vector<std::string>{"/data/" + kOne + ".nc"}));
}

TEST(LocationList, IsKnownByItsNameOrFirstLine) {
    EXPECT_TRUE(looks_like_location_list("/a/week.txt", "whatever"));
    EXPECT_TRUE(looks_like_location_list("https://h/week.csv?sig=x", "a,b\n"));
    EXPECT_TRUE(looks_like_location_list("/a/week", "\n# week\n/b/" + kOne + ".nc\n"));
    EXPECT_TRUE(looks_like_location_list("/a/week", "\xEF\xBB\xBF" + kOne + ".nc.json"));
    EXPECT_FALSE(looks_like_location_list("/a/week", "hello"));
    EXPECT_FALSE(looks_like_location_list("/a/refs.json", "[1, 2]"));
    EXPECT_FALSE(looks_like_location_list("/a/week.txt", ""));
    EXPECT_FALSE(looks_like_location_list("/a/week.txt", std::string("a\0b", 3)));
    EXPECT_FALSE(looks_like_location_list("/a/week.txt", "\x89HDF\r\n\x1A\n"));
}

}  // namespace
}  // namespace vcube::swath
