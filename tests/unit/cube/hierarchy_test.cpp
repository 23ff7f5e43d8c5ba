#include "core/cube/hierarchy.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fake_store.h"

namespace vcube {
namespace {

const char* const kArray = R"({"zarr_format": 2, "shape": [4], "chunks": [2], "dtype": "<i2", "order": "C",
                               "fill_value": null, "compressor": null, "filters": null})";
const char* const kGroup = R"({"zarr_format": 2})";

Result<Group> read(const std::map<std::string, std::string>& texts) {
    test::FakeStore store;
    store.texts = texts;
    return read_hierarchy(store);
}

std::vector<std::string> array_paths(const Group& root) {
    std::vector<std::string> paths;
    for_each_array(root, [&](const Group&, const ArrayMeta& array) { paths.push_back(array.path); });
    return paths;
}

TEST(Hierarchy, GroupsArraysAttributes) {
    const Group root = read({{".zgroup", kGroup},
                             {".zattrs", R"({"title": "all"})"},
                             {"a/.zarray", kArray},
                             {"a/.zattrs", R"({"_ARRAY_DIMENSIONS": ["t"], "units": "m"})"},
                             {"g/.zgroup", kGroup},
                             {"g/.zattrs", R"({"title": "part"})"},
                             {"g/b/.zarray", kArray}})
                           .value();
    EXPECT_EQ(root.attributes.dump(), R"({"title":"all"})");
    EXPECT_EQ(array_paths(root), (std::vector<std::string>{"a", "g/b"}));
    EXPECT_TRUE(root.problems.empty());
    ASSERT_NE(root.find_array("/g/b"), nullptr);
    EXPECT_EQ(root.find_array("g/b")->name, "b");
    EXPECT_EQ(root.find_array("b"), nullptr);
    EXPECT_EQ(root.find_array("a")->dimensions, std::vector<std::string>{"t"});
    ASSERT_NE(root.find_group("/g"), nullptr);
    EXPECT_EQ(root.find_group("g")->attributes.dump(), R"({"title":"part"})");
    EXPECT_EQ(root.find_group(""), &root);
    EXPECT_EQ(root.find_group("a"), nullptr);
    EXPECT_EQ(root.find_group("gg"), nullptr);
}

TEST(Hierarchy, ImpliesGroupsAboveArrays) {
    const Group root = read({{"x/y/z/a/.zarray", kArray}, {"x/y/b/.zarray", kArray}}).value();
    EXPECT_EQ(array_paths(root), (std::vector<std::string>{"x/y/b", "x/y/z/a"}));
    ASSERT_NE(root.find_group("x/y/z"), nullptr);
    EXPECT_EQ(root.find_group("x/y/z")->name, "z");
}

TEST(Hierarchy, OrdersByName) {
    // As keys, "a-b/" < "a/" < "a0/" < "b/".
    const Group root = read({{"a-b/.zarray", kArray}, {"a/.zarray", kArray}, {"a0/.zarray", kArray}}).value();
    EXPECT_EQ(array_paths(root), (std::vector<std::string>{"a", "a-b", "a0"}));
}

TEST(Hierarchy, ADamagedArrayDoesNotHinderTheOthers) {
    const Group root = read({{".zgroup", kGroup},
                             {"bad/.zarray", "{"},
                             {"good/.zarray", kArray},
                             {"half/.zarray", kArray},
                             {"half/.zattrs", "nonsense"},
                             {"g/.zattrs", "[]"},
                             {"g/c/.zarray", kArray}})
                           .value();
    EXPECT_EQ(array_paths(root), (std::vector<std::string>{"good", "half", "g/c"}));
    ASSERT_EQ(root.problems.size(), 2U);
    EXPECT_NE(root.problems[0].message.find("fake.json: bad/.zarray"), std::string::npos);
    EXPECT_NE(root.problems[1].message.find("half/.zattrs"), std::string::npos);
    ASSERT_EQ(root.find_group("g")->problems.size(), 1U);
}

TEST(Hierarchy, NothingAtAllIsAnError) {
    EXPECT_FALSE(read({}).ok());
    EXPECT_FALSE(read({{".zattrs", "{}"}}).ok());
    const Result<Group> damaged = read({{"g/bad/.zarray", "{}"}});
    ASSERT_FALSE(damaged.ok());
    EXPECT_NE(damaged.error().message.find("g/bad/.zarray"), std::string::npos);
    const Result<Group> v3 = read({{"zarr.json", "{}"}});
    ASSERT_FALSE(v3.ok());
    EXPECT_NE(v3.error().message.find("zarr.json"), std::string::npos);
}

TEST(Hierarchy, AnArrayMayBeTheRoot) {
    const Group root = read({{".zarray", kArray}, {".zattrs", R"({"units": "m"})"}}).value();
    ASSERT_EQ(root.arrays.size(), 1U);
    EXPECT_EQ(root.arrays[0].path, "");
    EXPECT_EQ(root.arrays[0].attributes.dump(), R"({"units":"m"})");
    const std::uint64_t index[] = {1};
    EXPECT_EQ(root.arrays[0].chunk_key(index), "1");
}

TEST(Hierarchy, DepthIsBounded) {
    std::string path;
    for (int i = 0; i < 5000; ++i) {
        path += "d/";
    }
    const Result<Group> root = read({{".zgroup", kGroup}, {path + ".zarray", kArray}, {"a/.zarray", kArray}});
    ASSERT_TRUE(root.ok());
    EXPECT_EQ(array_paths(root.value()), std::vector<std::string>{"a"});
    EXPECT_EQ(root.value().problems.size(), 1U);
}

TEST(Hierarchy, NamesThatBeginEachOtherAreInOrder) {
    // As keys "a-b/..." stands before "a/...", as names behind it.
    std::map<std::string, std::string> texts;
    for (const char* name : {"a", "a-", "a--", "a-b", "b", "a.c"}) {
        texts[std::string(name) + "/.zarray"] = kArray;
        texts["g" + std::string(name) + "/x/.zarray"] = kArray;
    }
    const Group root = read(texts).value();
    std::vector<std::string> arrays;
    std::vector<std::string> groups;
    for (const ArrayMeta& array : root.arrays) {
        arrays.push_back(array.name);
        EXPECT_EQ(root.find_array(array.path), &array);
    }
    for (const Group& group : root.groups) {
        groups.push_back(group.name);
        EXPECT_EQ(root.find_group(group.path), &group);
        EXPECT_NE(root.find_array(group.path + "/x"), nullptr);
    }
    EXPECT_EQ(arrays, (std::vector<std::string>{"a", "a-", "a--", "a-b", "a.c", "b"}));
    EXPECT_EQ(groups, (std::vector<std::string>{"ga", "ga-", "ga--", "ga-b", "ga.c", "gb"}));
    EXPECT_EQ(root.find_array("a-bc"), nullptr);
    EXPECT_EQ(root.find_group("ga/x/y"), nullptr);
}

}  // namespace
}  // namespace vcube
