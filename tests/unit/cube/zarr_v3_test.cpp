#include "core/cube/zarr_v3.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/base/dtype_text.h"
#include "core/cube/fill_value.h"
#include "core/cube/hierarchy.h"
#include "core/cube/zarr_v3_type.h"
#include "fake_store.h"

namespace vcube {
namespace {

using test::Bytes;

/// A valid array's document with one member replaced, or taken away where `value` is empty.
std::string document(const std::string& key = "", const std::string& value = "") {
    Json json = Json::parse(R"({"zarr_format": 3, "node_type": "array", "shape": [10, 20], "data_type": "int16",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 8]}},
        "chunk_key_encoding": {"name": "default"}, "fill_value": 3,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "attributes": {"units": "m"}, "dimension_names": ["y", null]})");
    if (!key.empty() && value.empty()) {
        json.erase(key);
    } else if (!key.empty()) {
        json[key] = Json::parse(value);
    }
    return json.dump();
}

Result<ArrayMeta> parse(const std::string& key = "", const std::string& value = "") {
    return parse_zarr_json("g/a", document(key, value), "store");
}

std::string key_of(const ArrayMeta& meta, std::vector<std::uint64_t> index) {
    return meta.chunk_key(index.data());
}

TEST(ZarrV3, ReadsAnArray) {
    const Result<ArrayMeta> meta = parse();
    ASSERT_TRUE(meta.ok()) << meta.error().message;
    EXPECT_EQ(meta.value().name, "a");
    EXPECT_EQ(meta.value().shape, (Shape{10, 20}));
    EXPECT_EQ(meta.value().chunks, (Shape{4, 8}));
    EXPECT_EQ(meta.value().chunk_grid(), (Shape{3, 3}));
    EXPECT_EQ(meta.value().dimensions, (std::vector<std::string>{"y", ""}));
    EXPECT_EQ(meta.value().attributes.dump(), R"({"units":"m"})");
    EXPECT_TRUE(meta.value().uncompressed());
    EXPECT_EQ(key_of(meta.value(), {2, 1}), "g/a/c/2/1");
}

TEST(ZarrV3, ChunkKeys) {
    EXPECT_EQ(key_of(parse("chunk_key_encoding", R"({"name": "default", "configuration": {"separator": "."}})").value(),
                     {2, 1}),
              "g/a/c.2.1");
    EXPECT_EQ(key_of(parse("chunk_key_encoding", R"({"name": "v2"})").value(), {2, 1}), "g/a/2.1");
    EXPECT_EQ(key_of(parse("chunk_key_encoding", R"("v2")").value(), {2, 1}), "g/a/2.1");
    EXPECT_EQ(
        key_of(parse("chunk_key_encoding", R"({"name": "v2", "configuration": {"separator": "/"}})").value(), {2, 1}),
        "g/a/2/1");
    Json scalar = Json::parse(document());
    scalar["shape"] = Json::array();
    scalar["chunk_grid"]["configuration"]["chunk_shape"] = Json::array();
    scalar.erase("dimension_names");
    EXPECT_EQ(key_of(parse_zarr_json("", scalar.dump(), "s").value(), {}), "c");
    scalar["chunk_key_encoding"]["name"] = "v2";
    EXPECT_EQ(key_of(parse_zarr_json("", scalar.dump(), "s").value(), {}), "0");
}

TEST(ZarrV3, RectilinearGrid) {
    const auto grid = [](const std::string& shapes) {
        return parse("chunk_grid",
                     R"({"name": "rectilinear", "configuration": {"kind": "inline", "chunk_shapes": )" + shapes + "}}")
            .value();
    };
    const ArrayMeta meta = grid("[[2, 5, [1, 3]], 8]");
    EXPECT_EQ(meta.chunk_grid(), (Shape{5, 3}));
    EXPECT_EQ(meta.chunks, (Shape{5, 8}));  // the largest
    EXPECT_EQ(meta.chunk_extent(0, 0), 2U);
    EXPECT_EQ(meta.chunk_extent(0, 1), 5U);
    EXPECT_EQ(meta.chunk_extent(0, 4), 1U);
    EXPECT_EQ(meta.chunk_extent(1, 2), 8U);
    const ArrayMeta regular = grid("[4, [[8, 3]]]");
    EXPECT_TRUE(regular.runs.empty());
    EXPECT_EQ(regular.chunk_grid(), (Shape{3, 3}));
    EXPECT_EQ(regular.chunks, (Shape{4, 8}));
}

TEST(ZarrV3, FaultsNameTheirPlace) {
    const auto message = [](const std::string& key, const std::string& value) {
        const Result<ArrayMeta> meta = parse(key, value);
        return meta.ok() ? std::string("read") : meta.error().message;
    };
    const auto names = [&](const std::string& key, const std::string& value, const std::string& part) {
        const std::string text = message(key, value);
        EXPECT_EQ(text.find("store: g/a/zarr.json"), 0U) << text;
        EXPECT_NE(text.find(part), std::string::npos) << text;
    };
    for (const char* key : {"shape", "data_type", "chunk_grid", "chunk_key_encoding", "codecs", "zarr_format"}) {
        names(key, "", key);
    }
    names("zarr_format", "2", "expected 3");
    names("node_type", "\"group\"", "node_type");
    names("shape", "[10]", "another rank");
    names("shape", "[9223372036854775807, 20]", "more bytes than can be counted");
    names("data_type", "\"int24\"", "int24");
    names("chunk_grid", R"({"name": "hexagonal"})", "hexagonal");
    names("chunk_grid", R"({"name": "rectilinear", "configuration": {}})", "kind");
    names("chunk_grid", R"({"name": "rectilinear", "configuration": {"kind": "reference"}})", "reference");
    names("chunk_grid", R"({"name": "rectilinear", "configuration": {"kind": "inline"}})", "chunk_shapes");
    names("chunk_grid", R"({"name": "rectilinear", "configuration": {"kind": "inline", "chunk_shapes": [[10]]}})",
          "chunk_shapes");
    names("chunk_grid", R"({"name": "rectilinear", "configuration": {"kind": "inline", "chunk_shapes": [[10], [9]]}})",
          "dimension 1: the chunks hold 9 elements, the dimension 20");
    names(
        "chunk_grid",
        R"({"name": "rectilinear", "configuration": {"kind": "inline", "chunk_shapes": [[9, 1], [5000000000000000000]]}})",
        "one chunk would hold");
    names("chunk_grid", R"({"name": "regular", "configuration": {"chunk_shape": [4, 0]}})", "at least 1");
    names("chunk_key_encoding", R"({"name": "fanout"})", "fanout");
    names("chunk_key_encoding", R"({"name": "default", "configuration": {"separator": "_"}})", "separator");
    names("codecs", "{}", "codecs");
    names("codecs", "[{}]", "without a name");
    names("storage_transformers", R"([{"name": "x"}])", "storage_transformers");
    names("offset", R"({"a": 1})", "offset");
    names("dimension_names", R"(["y"])", "dimension_names");
    names("dimension_names", R"(["y", 3])", "dimension_names");
    names("attributes", "[]", "attributes");
    names("fill_value", "\"NaN\"", "fill_value");
    names("codecs", R"([{"name": "sharding_indexed", "configuration":
        {"chunk_shape": [3, 8], "codecs": ["bytes"], "index_codecs": ["bytes"]}}])",
          "multiples");
    names("codecs", R"([{"name": "sharding_indexed", "configuration":
        {"chunk_shape": [0, 8], "codecs": ["bytes"], "index_codecs": ["bytes"]}}])",
          "multiples");
    names("codecs", R"([{"name": "sharding_indexed", "configuration":
        {"chunk_shape": [2, 8], "codecs": ["bytes"], "index_codecs": ["bytes"], "index_location": "middle"}}])",
          "index_location");
}

TEST(ZarrV3, PassesOverWhatNeedNotBeUnderstood) {
    EXPECT_TRUE(parse("extra", R"({"must_understand": false, "a": 1})").ok());
    EXPECT_TRUE(parse("storage_transformers", "[]").ok());
    EXPECT_TRUE(parse("attributes", "").ok());
    EXPECT_TRUE(parse("dimension_names", "").ok());
    EXPECT_TRUE(parse("dimension_names", "null").ok());
    EXPECT_TRUE(parse("fill_value", "null").ok());
    Json xarray = Json::parse(document("dimension_names", ""));
    xarray["attributes"]["_ARRAY_DIMENSIONS"] = {"y", "x"};
    const ArrayMeta named = parse_zarr_json("a", xarray.dump(), "s").value();
    EXPECT_EQ(named.dimensions, (std::vector<std::string>{"y", "x"}));
    EXPECT_EQ(named.attributes.dump(), R"({"units":"m"})");
}

TEST(ZarrV3, UnknownCodecsDoNotHinderTheMetadata) {
    const Result<ArrayMeta> meta = parse("codecs", R"(["bytes", {"name": "made.up"}])");
    ASSERT_TRUE(meta.ok());
    EXPECT_FALSE(meta.value().uncompressed());
}

TEST(ZarrV3, ShardingGivesTheChunksInside) {
    const ArrayMeta meta = parse("codecs", R"([{"name": "sharding_indexed", "configuration":
        {"chunk_shape": [2, 4], "codecs": ["bytes"], "index_codecs": ["bytes", "crc32c"], "index_location": "start"}}])")
                               .value();
    EXPECT_EQ(meta.chunks, (Shape{2, 4}));
    ASSERT_TRUE(meta.sharding.has_value());
    EXPECT_EQ(meta.sharding->shard, (Shape{4, 8}));
    EXPECT_FALSE(meta.sharding->index_at_end);
    EXPECT_EQ(meta.chunk_grid(), (Shape{5, 5}));
    EXPECT_TRUE(meta.uncompressed());
    // Something beside it: shards are decoded as a whole.
    const ArrayMeta whole = parse("codecs", R"([{"name": "sharding_indexed", "configuration":
        {"chunk_shape": [2, 4], "codecs": ["bytes"], "index_codecs": ["bytes"]}}, "crc32c"])")
                                .value();
    EXPECT_FALSE(whole.sharding.has_value());
    EXPECT_EQ(whole.chunks, (Shape{4, 8}));
}

TEST(ZarrV3, FillValues) {
    const Json fixtures = test::load_json("zarr3.json");
    for (const Json& entry : fixtures["fills"]) {
        const DType type = parse_data_type(entry["data_type"], "test").value();
        const auto fill = decode_fill_value(entry["fill_value"], type, "test");
        ASSERT_TRUE(fill.ok()) << entry.dump() << ": " << fill.error().message;
        const Bytes expected = test::from_hex(entry["bytes"].get<std::string>());
        EXPECT_EQ(fill.value(), expected) << entry.dump();
    }
}

/// The numpy type of a fixture: a string, or a list of fields.
DType numpy_type(const Json& entry) {
    return parse_dtype(entry, "fixture").value();
}

TEST(ZarrV3, ArraysEqualTheWriter) {
    const Json fixtures = test::load_json("zarr3.json");
    for (const bool remote : {true, false}) {
        auto source = test::fixture_store(fixtures);
        source->remote = remote;
        const test::Bench bench(source, remote ? 0 : 1U << 20);
        for (const auto& [name, entry] : fixtures["arrays"].items()) {
            const Array array = bench.open(name);
            EXPECT_EQ(array.meta().dtype, numpy_type(entry["dtype"])) << name;
            EXPECT_EQ(array.meta().shape, entry["shape"].get<Shape>()) << name;
            const Result<Buffer> all = array.read_all();
            ASSERT_TRUE(all.ok()) << name << ": " << all.error().message;
            const Bytes got(all.value().data(), all.value().data() + all.value().size());
            ASSERT_EQ(got, test::from_hex(entry["bytes"].get<std::string>())) << name;
        }
    }
}

TEST(ZarrV3, TransposedWindowsWithSteps) {
    const Json fixtures = test::load_json("zarr3.json");
    const test::Bench bench(test::fixture_store(fixtures), 0);
    for (const auto& [name, entry] : fixtures["arrays"].items()) {
        if (name.find("transpose") == std::string::npos) {
            continue;
        }
        const Array array = bench.open(name);  // values 0, 1, 2 ... of shape 7 x 9 x 8
        std::vector<std::int32_t> out(3 * 2 * 4);
        ASSERT_TRUE(array
                        .read({{6, 1, 0}, {3, 2, 4}, {-2, 7, 2}},
                              {reinterpret_cast<std::byte*>(out.data()), {32, 16, 4}, array.meta().dtype})
                        .ok());
        std::size_t i = 0;
        for (const int t : {6, 4, 2}) {
            for (const int y : {1, 8}) {
                for (const int x : {0, 2, 4, 6}) {
                    ASSERT_EQ(out[i++], (t * 9 + y) * 8 + x) << name;
                }
            }
        }
    }
}

TEST(ZarrV3, DataTypesThatAreRefused) {
    const auto message = [](const char* text) {
        const Result<DType> type = parse_data_type(Json::parse(text), "here");
        return type.ok() ? std::string("read") : type.error().message;
    };
    EXPECT_NE(message(R"("r12")").find("multiple of 8"), std::string::npos);
    EXPECT_NE(message(R"("r0")").find("0 bytes"), std::string::npos);
    EXPECT_NE(message(R"("r99999999992")").find("more than"), std::string::npos);
    EXPECT_NE(message(R"("float8_e5m2")").find("float8_e5m2"), std::string::npos);
    EXPECT_NE(message("7").find("data_type"), std::string::npos);
    EXPECT_NE(message(R"({"name": "fixed_length_utf32"})").find("length_bytes"), std::string::npos);
    EXPECT_NE(message(R"({"name": "fixed_length_utf32", "configuration": {"length_bytes": 6}})").find("multiple of 4"),
              std::string::npos);
    EXPECT_NE(
        message(R"({"name": "numpy.datetime64", "configuration": {"unit": "moon", "scale_factor": 1}})").find("moon"),
        std::string::npos);
    EXPECT_NE(message(R"({"name": "struct", "configuration": {"fields": []}})").find("fields"), std::string::npos);
    EXPECT_NE(message(R"({"name": "struct", "configuration": {"fields": [{"name": "a", "data_type": "string"}]}})")
                  .find("variable"),
              std::string::npos);
    EXPECT_NE(
        message(R"({"name": "struct", "configuration": {"fields": [["a", "int8"], ["a", "int8"]]}})").find("twice"),
        std::string::npos);
    std::string deep = R"("int8")";
    for (int i = 0; i < 40; ++i) {
        deep = R"({"name": "struct", "configuration": {"fields": [["a", )" + deep + "]]}}";
    }
    EXPECT_NE(message(deep.c_str()).find("nested"), std::string::npos);
}

TEST(ZarrV3, HierarchyOfBothVersions) {
    test::FakeStore store;
    store.texts = {
        {"zarr.json", R"({"zarr_format": 3, "node_type": "group", "attributes": {"title": "t"}})"},
        {"a/zarr.json", document()},
        {"a/.zarray", "not read"},
        {"old/.zgroup", R"({"zarr_format": 2})"},
        {"old/b/.zarray", R"({"zarr_format": 2, "shape": [2], "chunks": [2], "dtype": "|u1", "order": "C",
                              "fill_value": 0, "filters": null, "compressor": null})"},
        {"implicit/deep/c/zarr.json", document()},
        {"strange/zarr.json", document("data_type", "\"int24\"")},
        {"g/zarr.json", R"({"zarr_format": 3, "node_type": "group", "consolidated_metadata": {"metadata": {}}})"},
    };
    const Result<Group> root = read_hierarchy(store);
    ASSERT_TRUE(root.ok()) << root.error().message;
    EXPECT_EQ(root.value().attributes.dump(), R"({"title":"t"})");
    EXPECT_NE(root.value().find_array("a"), nullptr);
    EXPECT_NE(root.value().find_array("/old/b"), nullptr);
    EXPECT_NE(root.value().find_array("implicit/deep/c"), nullptr);
    EXPECT_NE(root.value().find_group("g"), nullptr);
    EXPECT_EQ(root.value().find_array("implicit/deep"), nullptr);
    ASSERT_EQ(root.value().problems.size(), 1U);
    EXPECT_NE(root.value().problems[0].message.find("strange/zarr.json"), std::string::npos);
    EXPECT_NE(root.value().problems[0].message.find("int24"), std::string::npos);
}

}  // namespace
}  // namespace vcube
