// Attributes as zarr-conventions/multiscales, the GeoZarr drafts, ndpyramid and OME-NGFF write them, in small.
#include "core/cube/multiscales.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vcube {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Levels = std::vector<std::vector<std::string>>;

Group group_with(const char* attributes, const std::string& path = "") {
    Group group;
    group.path = path;
    group.attributes = parse_json(attributes, "test").value();
    return group;
}

TEST(Multiscales, ListOfDatasets) {
    const Group group =
        group_with(R"({"multiscales": [{"datasets": [{"path": "0", "pixels_per_tile": 128}, {"path": "1"}],
        "type": "reduce"}]})");
    EXPECT_EQ(multiscale_paths(group), Levels({{"0", "1"}}));
    const Group ome =
        group_with(R"({"ome": {"multiscales": [{"datasets": [{"path": "s0"}, {"path": "s1"}]}]}})", "a/b");
    EXPECT_EQ(multiscale_paths(ome), Levels({{"a/b/s0", "a/b/s1"}}));
}

TEST(Multiscales, TileMatrixSet) {
    const Group group = group_with(R"({"multiscales": {"tile_matrix_set": {"id": "x", "tileMatrices": [{"id": "r10m"},
        {"id": "r20m"}]}, "tile_matrix_limits": {"r10m": {}, "r20m": {}}, "resampling_method": "average"}})",
                                   "m");
    EXPECT_EQ(multiscale_paths(group), Levels({{"m/r10m", "m/r20m"}}));
    const Group named = group_with(R"({"multiscales": {"tile_matrix_set": "WebMercatorQuad",
        "tile_matrix_limits": {"0": {}, "1": {}}}})");
    EXPECT_EQ(multiscale_paths(named), Levels({{"0", "1"}}));
}

TEST(Multiscales, Layout) {
    const Group group = group_with(R"({"multiscales": {"layout": [{"asset": "0/data"},
        {"asset": "./1/data", "derived_from": "0/data", "transform": {"scale": [2.0, 2.0]}}]}})");
    EXPECT_EQ(multiscale_paths(group), Levels({{"0/data", "1/data"}}));
    const Group draft =
        group_with(R"({"multiscales": {"layout": [{"group": "0"}, {"group": "1", "from_group": "0"}]}})");
    EXPECT_EQ(multiscale_paths(draft), Levels({{"0", "1"}}));
}

TEST(Multiscales, WhatIsNoLevel) {
    for (const char* const text :
         {R"({})", R"({"multiscales": 3})", R"({"multiscales": []})", R"({"multiscales": [{"datasets": 1}]})",
          R"({"multiscales": {"layout": [{"asset": "../0"}, {"asset": "/1"}]}})",
          R"({"multiscales": {"layout": [{"asset": 1}, {}]}})", R"({"multiscales": {"layout": [{"asset": "0"}]}})"}) {
        EXPECT_THAT(multiscale_paths(group_with(text)), IsEmpty()) << text;
    }
}

ArrayMeta array(const std::string& path, Shape shape) {
    ArrayMeta out;
    out.path = path;
    out.name = path.substr(path.rfind('/') + 1);
    out.shape = std::move(shape);
    return out;
}

/// Groups "0" (finest) to "2" with "t" over (time, y, x); level 2 lacks "u".
Group pyramid(const char* attributes) {
    Group root = group_with(attributes);
    for (std::uint64_t level = 0; level < 3; ++level) {
        const std::string name = std::to_string(level);
        Group group = group_with("{}", name);
        group.name = name;
        group.arrays = {array(name + "/t", {4, 80U >> level, 60U >> level})};
        if (level < 2) {
            group.arrays.push_back(array(name + "/u", {80U >> level, 60U >> level}));
        }
        group.arrays.push_back(array(name + "/x", {60U >> level}));
        root.groups.push_back(std::move(group));
    }
    return root;
}

std::vector<std::string> paths(const std::vector<PyramidLevel>& levels) {
    std::vector<std::string> out;
    for (const PyramidLevel& level : levels) {
        out.push_back(level.array->path + (level.declared ? "" : " implied"));
    }
    return out;
}

TEST(Multiscales, CoarserArraysOfAVariable) {
    const Group root = pyramid(R"({"multiscales": {"layout": [{"asset": "2"}, {"asset": "0"}, {"asset": "1"}]}})");
    EXPECT_THAT(paths(coarser_levels(root, *root.find_array("0/t"))), ElementsAre("1/t", "2/t"));
    EXPECT_THAT(paths(coarser_levels(root, *root.find_array("1/t"))), ElementsAre("2/t"));
    EXPECT_THAT(paths(coarser_levels(root, *root.find_array("2/t"))), IsEmpty());
    EXPECT_THAT(paths(coarser_levels(root, *root.find_array("0/u"))), ElementsAre("1/u"));
    EXPECT_FALSE(has_finer_level(root, *root.find_array("0/t")));
    EXPECT_TRUE(has_finer_level(root, *root.find_array("1/t")));
}

TEST(Multiscales, NumberedGroupsImplyLevelsButHideNothing) {
    const Group root = pyramid("{}");
    EXPECT_THAT(paths(coarser_levels(root, *root.find_array("0/t"))), ElementsAre("1/t implied", "2/t implied"));
    EXPECT_FALSE(has_finer_level(root, *root.find_array("1/t")));
}

TEST(Multiscales, ArraysAsLevels) {
    Group root =
        group_with(R"({"multiscales": [{"datasets": [{"path": "a"}, {"path": "b"}, {"path": "c"}, {"path": "d"}]}]})");
    root.arrays = {array("a", {64, 64}), array("b", {32, 32}), array("c", {64, 64}), array("d", {2, 32, 32})};
    EXPECT_THAT(paths(coarser_levels(root, root.arrays[0])), ElementsAre("b"));
}

}  // namespace
}  // namespace vcube
