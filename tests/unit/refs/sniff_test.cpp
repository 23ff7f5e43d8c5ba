#include "core/refs/sniff.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/unit/refs/shared_data.h"

namespace vcube {
namespace {

using namespace std::string_literals;

SourceKind kind(std::string_view name, const std::string& header, bool prefixed = false) {
    return sniff(name, as_byte_span(header), prefixed);
}

constexpr const char* kProduct = "/d/SM_OPER_MIR_SMUDP2_20230401T150613_20230401T155931_700_001_1.nc";
const std::string kHdf5 = "\x89HDF\r\n\x1A\n"s;

TEST(Sniff, KnowsProductsByNameAndSignature) {
    EXPECT_EQ(kind(kProduct, kHdf5), SourceKind::kSmosProduct);
    EXPECT_EQ(kind("https://h/SM_REPR_MIR_OSUDP2_x.nc?sig=/a", kHdf5), SourceKind::kSmosProduct);
    EXPECT_EQ(kind(kProduct, "CDF\x01"), SourceKind::kUnknown);
    EXPECT_EQ(kind("/d/other.nc", kHdf5), SourceKind::kUnknown);
    EXPECT_EQ(kind("/d/SM_OPER_MIR_SMUDP2_x.nc.json", kHdf5), SourceKind::kUnknown);
    EXPECT_EQ(kind("/d/other.nc", kHdf5, true), SourceKind::kHdf5);
    EXPECT_EQ(kind("/d/user_block.h5", std::string(512, 'x') + kHdf5, true), SourceKind::kHdf5);
}

TEST(Sniff, KnowsReferencesByWhatTheyAnnounce) {
    for (const std::string& text : std::initializer_list<std::string>{
             R"({"version": 1, "refs": {)", R"({"version":1,"templates":{"u":")", R"( {"version": 1, "gen": [{"key)",
             R"({".zgroup": "{\"zarr_format)", R"({"a/.zarray": {"chunks)", R"({"refs": {".zgroup": ")",
             R"({"refs": {"a/0.0": ["s3://b/x", 0, 10], "a)", R"({"refs": {"a/0.0": "base64:AAA", "a/.zarray": ")",
             R"({"templates": {"u": "x"}, "version": 1, "refs": {)", R"({"b/0": ["x", 1, 2], "b/.zattrs": {)",
             "\xEF\xBB\xBF{\"version\": 1, \"refs\": {}}"}) {
        EXPECT_EQ(kind("/d/refs.json", text), SourceKind::kKerchunkJson) << text;
        EXPECT_EQ(kind("/d/refs.txt", text), SourceKind::kUnknown) << text;
    }
}

TEST(Sniff, LeavesTheFilesOfOthersAlone) {
    for (const std::string& text : std::initializer_list<std::string>{
             R"({"type": "FeatureCollection", "features": [)", R"({"type":"Topology","objects":{)",
             R"({"version": 8, "sources": {)", R"({"refs": {"a": "b", "c": ["x", "y", "z"]}})", R"({"refs": [1, 2]})",
             R"({"version": "1", "refs": {"x": 1}})", R"({"metadata": {".zattrs": {}}, "zarr_consolidated_format": 1})",
             R"([{".zgroup": 1}])", R"({"stac_version": "1.0.0", "links":)", R"({"a": {".zgroup": 1}})", "", "{", "{\"",
             "null", R"({".zgroup": 5})"}) {
        EXPECT_EQ(kind("/d/x.json", text), SourceKind::kUnknown) << text;
    }
}

TEST(Sniff, TakesCompressedReferencesByNameAndMagic) {
    EXPECT_EQ(kind("/d/x.json.gz", "\x1F\x8B\x08"), SourceKind::kKerchunkJson);
    EXPECT_EQ(kind("/d/x.json.zst", "\x28\xB5\x2F\xFD"), SourceKind::kKerchunkJson);
    EXPECT_EQ(kind("/d/x.json.gz", "text"), SourceKind::kUnknown);
    EXPECT_EQ(kind("/d/x.gz", "\x1F\x8B\x08"), SourceKind::kUnknown);
    EXPECT_EQ(kind("/vsigzip//d/x.json.gz", R"({".zgroup": "{)"), SourceKind::kKerchunkJson);
    EXPECT_EQ(kind("/vsigzip//d/x.json.gz", R"({"type": "Feature)"), SourceKind::kUnknown);
}

TEST(Sniff, APrefixOpensMore) {
    EXPECT_EQ(kind("/d/any", " {\"x\": 1", true), SourceKind::kKerchunkJson);
    EXPECT_EQ(kind("/d/any", "\x1F\x8B", true), SourceKind::kKerchunkJson);
    EXPECT_EQ(kind("/d/a.zip", "PK\x03\x04", true), SourceKind::kZip);
    EXPECT_EQ(kind("/d/a.zip", "PK\x03\x04"), SourceKind::kUnknown);
    EXPECT_EQ(kind("/d/a.zarr/", "", true), SourceKind::kZarrDirectory);
    EXPECT_EQ(kind("/d/a.parq", "", true), SourceKind::kKerchunkParquet);
}

/// A folder gives no header; a zip says no more than that it is one.
TEST(Sniff, KnowsParquetReferencesByTheirName) {
    for (const char* name :
         {"/d/a.parq", "/d/a.parq/", "a.PARQ", "/d/a.parquet", "https://h/a.parq?sig=x", "/vsis3/b/a.parq"}) {
        EXPECT_EQ(kind(name, ""), SourceKind::kKerchunkParquet) << name;
        EXPECT_EQ(kind(name, "PAR1"), SourceKind::kUnknown) << name;
    }
    for (const char* name : {"/d/a.parq.zip", "a.PARQ.ZIP", "https://h/a.parquet.zip?x=1"}) {
        EXPECT_EQ(kind(name, "PK\x03\x04"), SourceKind::kZip) << name;
        EXPECT_EQ(kind(name, ""), SourceKind::kUnknown) << name;
        EXPECT_EQ(kind(name, "text"), SourceKind::kUnknown) << name;
    }
    for (const char* name :
         {"/d/a.zarr", "/d/a.zarr/", "/d/a", "/d/parq", "/d/a.parq/refs.0.parq.zst", "/d/.zmetadata"}) {
        EXPECT_EQ(kind(name, ""), SourceKind::kUnknown) << name;
    }
    for (const char* name : {"/d/a.zarr.zip", "/d/a.zip", "/d/a.kmz"}) {
        EXPECT_EQ(kind(name, "PK\x03\x04"), SourceKind::kUnknown) << name;
    }
}

TEST(Sniff, KnowsEverySharedReferenceByItsFirstKilobyte) {
    const auto folder = shared_data() / "kerchunk";
    if (!std::filesystem::exists(folder)) {
        GTEST_SKIP() << "no shared data at " << folder;
    }
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().string();
        if (name.find(".json") != std::string::npos) {
            EXPECT_EQ(kind(name, file_text(entry.path()).substr(0, 1024)), SourceKind::kKerchunkJson) << name;
            ++count;
        }
    }
    EXPECT_GE(count, 10);
}

}  // namespace
}  // namespace vcube
