#include "core/refs/consolidated.h"

#include <gtest/gtest.h>

#include "core/refs/directory.h"
#include "core/refs/kerchunk_json.h"
#include "tests/unit/refs/memory_objects.h"

namespace vcube {
namespace {

using test::MemoryObjects;
using Keys = std::vector<std::string>;

// As zarr-python writes them; the numbers are such as a tree of values would not give back as they are.
constexpr const char* kZmetadata = R"({
    "metadata": {
        ".zattrs": {"title": "t"},
        ".zgroup": {"zarr_format": 2},
        "a/.zarray": {"shape": [4], "fill_value": 9.969209968386869e+36},
        "a/.zattrs": {"n": 12345678901234567890123, "x": NaN},
        "a/.other": 5
    },
    "zarr_consolidated_format": 1
})";

constexpr const char* kZarrJson = R"({"zarr_format": 3, "node_type": "group", "attributes": {"t": 1},
"consolidated_metadata": {"kind": "inline", "must_understand": false, "metadata": {
"g": {"zarr_format": 3, "node_type": "group", "consolidated_metadata": {"kind": "inline", "metadata": {}}},
"g/a": {"node_type": "array", "shape": [4]}}}})";

std::shared_ptr<const Store> folder(const std::shared_ptr<MemoryObjects>& objects) {
    return open_directory("/d/x.zarr", {}, objects, "x.zarr").value();
}

TEST(Consolidated, HoldsTheTextsOfVersion2) {
    const auto objects = std::make_shared<MemoryObjects>();
    objects->objects["/d/x.zarr/.zmetadata"] = kZmetadata;
    const auto store = open_consolidated(folder(objects), *objects);
    ASSERT_TRUE(store.ok()) << store.error().message;
    ASSERT_TRUE(store.value());
    EXPECT_EQ(objects->requests, 1U);
    EXPECT_EQ(store.value()->metadata_keys().value(), (Keys{".zattrs", ".zgroup", "a/.zarray", "a/.zattrs"}));
    EXPECT_EQ(store.value()->metadata("a/.zarray").value(), R"({"shape": [4], "fill_value": 9.969209968386869e+36})");
    EXPECT_EQ(store.value()->metadata("a/.zattrs").value(), R"({"n": 12345678901234567890123, "x": NaN})");
    EXPECT_FALSE(store.value()->metadata("b/.zarray").value());
    EXPECT_EQ(objects->requests, 1U);
    EXPECT_EQ(store.value()->name(), "x.zarr");
    const std::string key = "a/0";
    ChunkLocation place;
    EXPECT_TRUE(store.value()->locate({&key, 1}, {&place, 1}).ok());
    EXPECT_EQ(std::get<Remote>(place).url, "/d/x.zarr/a/0");
}

TEST(Consolidated, HoldsTheTextsOfVersion3) {
    const auto objects = std::make_shared<MemoryObjects>();
    objects->objects["/d/x.zarr/zarr.json"] = kZarrJson;
    const auto store = open_consolidated(folder(objects), *objects);
    ASSERT_TRUE(store.ok()) << store.error().message;
    EXPECT_EQ(store.value()->metadata_keys().value(), (Keys{"g/a/zarr.json", "g/zarr.json", "zarr.json"}));
    EXPECT_EQ(store.value()->metadata("zarr.json").value(), kZarrJson);
    EXPECT_EQ(store.value()->metadata("g/a/zarr.json").value(), R"({"node_type": "array", "shape": [4]})");
}

TEST(Consolidated, IsNothingWhereThereIsNone) {
    const auto objects = std::make_shared<MemoryObjects>();
    EXPECT_FALSE(open_consolidated(folder(objects), *objects).value());
    for (const char* text :
         {R"({"zarr_format": 3, "node_type": "group"})", R"({"node_type": "group", "consolidated_metadata": null})",
          R"({"node_type": "group", "consolidated_metadata": {"kind": "elsewhere", "metadata": {}}})"}) {
        objects->objects["/d/x.zarr/zarr.json"] = text;
        EXPECT_FALSE(open_consolidated(folder(objects), *objects).value()) << text;
    }
    objects->failures["/d/x.zarr/.zmetadata"] = ErrorCode::kIo;
    EXPECT_FALSE(open_consolidated(folder(objects), *objects).ok());
}

/// A Kerchunk file whose metadata stand in .zmetadata alone, as text or as an object.
TEST(Consolidated, StandsInReferencesToo) {
    for (const std::string& value :
         {std::string(R"("{\"metadata\": {\".zgroup\": {}, \"a/.zarray\": {\"shape\": [1]}}}")"),
          std::string(R"({"metadata": {".zgroup": {}, "a/.zarray": {"shape": [1]}}})")}) {
        const std::string document = R"({"version": 1, "refs": {".zmetadata": )" + value + R"(, "a/0": ["u", 1, 2]}})";
        const auto references =
            open_kerchunk_json(as_byte_span(document), "/d/refs.json", policy_for("/d/refs.json", false));
        ASSERT_TRUE(references.ok()) << references.error().message;
        MemoryObjects objects;
        const auto store = open_consolidated(references.value(), objects);
        ASSERT_TRUE(store.ok() && store.value());
        EXPECT_EQ(store.value()->metadata("a/.zarray").value(), R"({"shape": [1]})");
        EXPECT_EQ(objects.requests, 0U);
    }
}

TEST(Consolidated, NamesWhatIsWrong) {
    for (const auto& [text, word] : std::initializer_list<std::pair<const char*, const char*>>{
             {R"({"metadata": [], "zarr_consolidated_format": 1})", "metadata"},
             {R"({"zarr_consolidated_format": 1})", "metadata"},
             {R"({"metadata": {}, "zarr_consolidated_format": 2})", "format 2"},
             {R"({"metadata": {".zgroup": {)", "line 1"},
             {"[]", "object"},
             {"", "object"}}) {
        const auto table = parse_zmetadata(text, "x: .zmetadata");
        ASSERT_FALSE(table.ok()) << text;
        EXPECT_TRUE(table.error().message.starts_with("x: .zmetadata")) << table.error().message;
        EXPECT_NE(table.error().message.find(word), std::string::npos) << table.error().message;
    }
    EXPECT_FALSE(parse_inline_metadata("{\"consolidated_metadata\": {", "x").ok());
}

TEST(Consolidated, KnowsParquetFoldersByTheirRecordSize) {
    EXPECT_TRUE(is_parquet_zmetadata(R"({"metadata": {".zgroup": {}}, "record_size": 1000})"));
    EXPECT_TRUE(is_parquet_zmetadata(R"({"record_size": 10, "metadata": {}})"));
    for (const char* text :
         {kZmetadata, "", "{", "[]", R"({"record_size": "10"})", R"({"metadata": {"record_size": 1}})"}) {
        EXPECT_FALSE(is_parquet_zmetadata(text)) << text;
    }
}

TEST(Consolidated, MetadataThatAreReferencesAreBrought) {
    const auto objects = std::make_shared<MemoryObjects>();
    objects->objects["/d/attributes.json"] = R"(??{"units": "K"}??)";
    objects->objects["/d/group.json"] = R"({"zarr_format": 2})";
    const std::string text = R"({"version": 1, "refs": {".zgroup": ["group.json"],
        "a/.zarray": "{\"shape\": [4]}", "a/.zattrs": ["attributes.json", 2, 14], "a/0": ["chunk", 0, 4]}})";
    const auto references =
        open_kerchunk_json(as_byte_span(text), "refs.json", policy_for("/d/refs.json", false)).value();
    const auto store = bring_metadata(references, *objects);
    ASSERT_TRUE(store.ok()) << store.error().message;
    EXPECT_EQ(objects->requests, 2U);
    EXPECT_EQ(store.value()->metadata_keys().value(), (Keys{".zgroup", "a/.zarray", "a/.zattrs"}));
    EXPECT_EQ(store.value()->metadata(".zgroup").value(), R"({"zarr_format": 2})");
    EXPECT_EQ(store.value()->metadata("a/.zarray").value(), R"({"shape": [4]})");
    EXPECT_EQ(store.value()->metadata("a/.zattrs").value(), R"({"units": "K"})");
    objects->objects.erase("/d/attributes.json");
    const auto without = bring_metadata(references, *objects);
    ASSERT_FALSE(without.ok());
    EXPECT_NE(without.error().message.find("a/.zattrs"), std::string::npos) << without.error().message;
}

}  // namespace
}  // namespace vcube
