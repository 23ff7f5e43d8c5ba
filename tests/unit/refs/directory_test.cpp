#include "core/refs/directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/base/fetch_bytes.h"
#include "tests/unit/refs/memory_objects.h"

namespace vcube {
namespace {

using test::MemoryObjects;
using Keys = std::vector<std::string>;

constexpr const char* kBase = "/d/x.zarr";

/// A folder in memory: its files, which of its folders were listed, and a lister.
struct Folder {
    std::shared_ptr<MemoryObjects> objects = std::make_shared<MemoryObjects>();
    std::set<std::string> listed;
    std::set<std::string> forbidden;

    void add(const std::string& key, const std::string& text = "{}") {
        objects->objects[std::string(kBase) + "/" + key] = text;
    }

    DirectoryLister lister() {
        return [this](const std::string& folder) -> Result<std::vector<DirectoryEntry>> {
            listed.insert(folder);
            if (forbidden.contains(folder)) {
                return io_error("cannot be listed");
            }
            std::vector<DirectoryEntry> out;
            std::set<std::string> seen;
            for (const auto& [name, text] : objects->objects) {
                if (!name.starts_with(folder + "/")) {
                    continue;
                }
                const std::string rest = name.substr(folder.size() + 1);
                const std::size_t slash = rest.find('/');
                if (seen.insert(rest.substr(0, slash)).second) {
                    out.push_back({rest.substr(0, slash), slash != std::string::npos});
                }
            }
            return out;
        };
    }

    Result<std::shared_ptr<const Store>> open(bool can_list = true, std::vector<std::string> wanted = {}) {
        return open_directory(kBase, can_list ? lister() : DirectoryLister(), objects, "x.zarr", std::move(wanted));
    }
};

Keys keys_of(const Result<std::shared_ptr<const Store>>& store) {
    const auto keys = store.value()->metadata_keys();
    return keys.ok() ? keys.value() : Keys{"error: " + keys.error().message};
}

TEST(Directory, WalksGroupsAndNeverListsArrays) {
    Folder folder;
    for (const char* key : {".zgroup", ".zattrs", "a/.zarray", "a/.zattrs", "a/0.0", "a/0/1", "g/.zgroup",
                            "g/b/.zarray", "g/b/0", "g/h/.zgroup", "g/h/c/.zarray", "README.md", ".git/.zgroup"}) {
        folder.add(key);
    }
    const auto store = folder.open();
    EXPECT_EQ(folder.objects->requests, 0U);
    EXPECT_EQ(keys_of(store), (Keys{".zattrs", ".zgroup", "a/.zarray", "a/.zattrs", "g/.zgroup", "g/b/.zarray",
                                    "g/h/.zgroup", "g/h/c/.zarray"}));
    EXPECT_EQ(folder.listed, (std::set<std::string>{kBase, "/d/x.zarr/g", "/d/x.zarr/g/h"}));
    EXPECT_LE(folder.objects->batches, 4U);  // one a level
    const std::size_t before = folder.objects->requests;
    EXPECT_EQ(store.value()->metadata("g/h/c/.zarray").value(), "{}");
    EXPECT_FALSE(store.value()->metadata("g/z/.zarray").value());
    EXPECT_EQ(keys_of(store).size(), 8U);
    EXPECT_EQ(folder.objects->requests, before);
}

TEST(Directory, WalksVersion3) {
    Folder folder;
    folder.add("zarr.json", R"({"zarr_format": 3, "node_type": "group"})");
    folder.add("a/zarr.json", R"({"node_type": "array", "shape": [1]})");
    folder.add("a/c/0");
    folder.add("g/zarr.json", R"({"node_type": "group"})");
    folder.add("g/b/zarr.json", R"({"node_type": "array"})");
    folder.add("bad/zarr.json", "{");
    folder.add("bad/x/zarr.json", "{}");
    const auto store = folder.open();
    EXPECT_EQ(keys_of(store), (Keys{"a/zarr.json", "bad/zarr.json", "g/b/zarr.json", "g/zarr.json", "zarr.json"}));
    EXPECT_EQ(folder.listed, (std::set<std::string>{kBase, "/d/x.zarr/g"}));
}

TEST(Directory, AnArrayMayStandAtTheRoot) {
    Folder folder;
    folder.add(".zarray");
    folder.add("0.0");
    EXPECT_EQ(keys_of(folder.open()), (Keys{".zarray"}));
    EXPECT_TRUE(folder.listed.empty());
}

/// A folder without metadata of its own may hold arrays; a deep tree of others' folders is not searched.
TEST(Directory, EntersFoldersWithoutMetadataOnlyOnce) {
    Folder folder;
    folder.add("a/.zarray");
    folder.add("home/user/deep/b/.zarray");
    EXPECT_EQ(keys_of(folder.open()), (Keys{"a/.zarray"}));
    EXPECT_EQ(folder.listed, (std::set<std::string>{kBase}));
}

TEST(Directory, KeepsItsLimits) {
    Folder folder;
    folder.add(".zgroup");
    for (int i = 0; i < 50; ++i) {
        folder.add("a" + std::to_string(i) + "/.zarray", std::string(100, ' '));
    }
    DirectoryLimits limits;
    limits.max_folders = 49;
    const auto few = open_directory(kBase, folder.lister(), folder.objects, "x.zarr", {}, limits);
    EXPECT_EQ(few.value()->metadata_keys().error().code, ErrorCode::kLimit);
    limits = {};
    limits.texts.max_bytes = 4000;
    const auto small = open_directory(kBase, folder.lister(), folder.objects, "x.zarr", {}, limits);
    EXPECT_EQ(small.value()->metadata_keys().error().code, ErrorCode::kLimit);
    limits = {};
    limits.texts.max_text_bytes = 99;
    const auto one = open_directory(kBase, folder.lister(), folder.objects, "x.zarr", {}, limits);
    EXPECT_EQ(one.value()->metadata_keys().error().code, ErrorCode::kLimit);
}

TEST(Directory, LocatesWithoutKnowingWhatExists) {
    Folder folder;
    folder.add("a/0", "bytes");
    const auto store = folder.open().value();
    const std::string keys[] = {"a/0", "a/1"};
    ChunkLocation places[2];
    ASSERT_TRUE(store->locate(keys, places).ok());
    EXPECT_EQ(folder.objects->requests, 0U);
    for (const ChunkLocation& place : places) {
        EXPECT_TRUE(std::get<Remote>(place).may_be_absent);
        EXPECT_EQ(std::get<Remote>(place).range, ByteRange());
    }
    EXPECT_EQ(as_text(fetch_location(*folder.objects, places[0], 100).value().span()), "bytes");
    EXPECT_EQ(fetch_location(*folder.objects, places[1], 100).error().code, ErrorCode::kNotFound);
}

TEST(Directory, KeysCannotClimbOut) {
    Folder folder;
    folder.objects->objects["/d/secret/.zattrs"] = "secret";
    const auto store = folder.open().value();
    for (const char* key :
         {"../secret/.zattrs", "a/../../secret/.zattrs", "/d/secret/.zattrs", "a//0", "", ".", "a/./b", "a\\b"}) {
        EXPECT_FALSE(store->metadata(key).value()) << key;
        const std::string own = key;
        ChunkLocation place;
        EXPECT_EQ(store->locate({&own, 1}, {&place, 1}).error().code, ErrorCode::kDenied) << key;
    }
    EXPECT_EQ(folder.objects->requests, 0U);
}

/// A failure is not an absent file: neither metadata nor a group may vanish because of a broken connection.
TEST(Directory, FailuresAreNotAbsence) {
    Folder folder;
    folder.add(".zgroup");
    folder.add("a/.zarray");
    folder.objects->failures["/d/x.zarr/a/.zattrs"] = ErrorCode::kIo;
    const auto keys = folder.open().value()->metadata_keys();
    ASSERT_FALSE(keys.ok());
    EXPECT_EQ(keys.error().code, ErrorCode::kIo);
    EXPECT_NE(keys.error().message.find("x.zarr: a/.zattrs"), std::string::npos) << keys.error().message;
}

TEST(Directory, WritesUrls) {
    struct Expected {
        const char* base;
        const char* key;
        const char* url;
    };
    for (const Expected& expected : std::initializer_list<Expected>{
             {"https://h/x.zarr", "a/0", "https://h/x.zarr/a/0"},
             {"https://h/x.zarr/", "a/0", "https://h/x.zarr/a/0"},
             {"https://h/x.zarr?sig=a/b", "a b/0", "https://h/x.zarr/a%20b/0?sig=a/b"},
             {"https://h/x.zarr", "t\xC3\xA4/50%#?/0", "https://h/x.zarr/t%C3%A4/50%25%23%3F/0"},
             {"/vsicurl/http://h/x", "a b", "/vsicurl/http://h/x/a%20b"},
             {"s3://b/x.zarr", "a b/0", "s3://b/x.zarr/a b/0"},
             {"/d/x?y.zarr", "a#b", "/d/x?y.zarr/a#b"},
             {"/", "a", "/a"}}) {
        const auto store = open_directory(expected.base, {}, std::make_shared<MemoryObjects>(), "x");
        const std::string key = expected.key;
        ChunkLocation place;
        ASSERT_TRUE(store.value()->locate({&key, 1}, {&place, 1}).ok());
        EXPECT_EQ(std::get<Remote>(place).url, expected.url);
    }
    EXPECT_FALSE(open_directory("", {}, std::make_shared<MemoryObjects>(), "x").ok());
}

class Unlisted : public testing::Test {
protected:
    void SetUp() override {
        folder.add(".zgroup");
        folder.add("g/.zgroup");
        folder.add("g/a/.zarray");
        folder.add("g/a/.zattrs",
                   R"({"_ARRAY_DIMENSIONS": ["time", "y"], "coordinates": "lat lon", "grid_mapping": "crs: y x"})");
        for (const char* key :
             {"g/time/.zarray", "g/time/.zattrs", "y/.zarray", "g/lat/.zarray", "crs/.zarray", "other/.zarray"}) {
            folder.add(key);
        }
    }
    Folder folder;
};

TEST_F(Unlisted, FindsTheWantedArrayAndWhatItNames) {
    EXPECT_EQ(keys_of(folder.open(false, {"g/a"})),
              (Keys{".zgroup", "crs/.zarray", "g/.zgroup", "g/a/.zarray", "g/a/.zattrs", "g/lat/.zarray",
                    "g/time/.zarray", "g/time/.zattrs", "y/.zarray"}));
    EXPECT_EQ(folder.objects->batches, 2U);
    EXPECT_TRUE(folder.listed.empty());
}

TEST_F(Unlisted, SaysWhatIsMissing) {
    const auto whole = folder.open(false).value()->metadata_keys();
    ASSERT_FALSE(whole.ok());
    EXPECT_EQ(whole.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(whole.error().message.find("x.zarr: a group whose members cannot be listed"), std::string::npos);
    const auto wrong = folder.open(false, {"g/z"}).value()->metadata_keys();
    ASSERT_FALSE(wrong.ok());
    EXPECT_EQ(wrong.error().message, "x.zarr: no array at /g/z");
    Folder empty;
    const auto nothing = empty.open(false, {"a"}).value()->metadata_keys();
    ASSERT_FALSE(nothing.ok());
    EXPECT_EQ(nothing.error().code, ErrorCode::kNotFound);
    EXPECT_NE(nothing.error().message.find("no Zarr metadata there"), std::string::npos);
}

/// An object store that lets one read but not list.
TEST_F(Unlisted, AForbiddenListingIsNoListing) {
    folder.forbidden = {kBase};
    EXPECT_EQ(keys_of(folder.open(true, {"g/a"})).size(), 9U);
    const auto whole = folder.open(true).value()->metadata_keys();
    ASSERT_FALSE(whole.ok());
    EXPECT_NE(whole.error().message.find("cannot be listed"), std::string::npos);
    folder.forbidden = {std::string(kBase) + "/g"};
    EXPECT_EQ(keys_of(folder.open(true)).size(), 5U);  // without what stands in g
}

TEST(Directory, FindsCompanionsOfVersion3) {
    Folder folder;
    folder.add("zarr.json", R"({"node_type": "group"})");
    folder.add("a/zarr.json",
               R"({"node_type": "array", "dimension_names": ["y", null, "x"], "attributes": {"grid_mapping": "crs"}})");
    for (const char* name : {"y", "x", "crs"}) {
        folder.add(std::string(name) + "/zarr.json", R"({"node_type": "array"})");
    }
    EXPECT_EQ(keys_of(folder.open(false, {"a"})),
              (Keys{"a/zarr.json", "crs/zarr.json", "x/zarr.json", "y/zarr.json", "zarr.json"}));
}

}  // namespace
}  // namespace vcube
