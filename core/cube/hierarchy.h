// The group hierarchy of a store: groups, arrays, attributes, and what could not be read.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/cube/array_meta.h"
#include "vcube/result.h"
#include "vcube/store.h"

namespace vcube {

struct Group {
    std::string path;  // "" for the root, "a/b" below
    std::string name;
    Json attributes;
    std::vector<Group> groups;
    std::vector<ArrayMeta> arrays;  // in name order
    std::vector<Error> problems;    // arrays and attributes of this group that could not be read, one error each

    /// By full path, with or without a leading slash; nullptr where there is none.
    [[nodiscard]] const ArrayMeta* find_array(std::string_view path) const;
    [[nodiscard]] const Group* find_group(std::string_view path) const;
};

/// Reads all metadata of a store. An array that cannot be read stands in `problems` and does not hinder the others; a
/// store without any group or array is an error. Immutable afterwards, so thread-safe. `only_array`, where it is not
/// "": of the arrays of Zarr v2 only that of this path is read.
Result<Group> read_hierarchy(const Store& store, const ArrayLimits& limits = {}, std::string_view only_array = {});

/// Calls `visit(const Group&, const ArrayMeta&)` for every array, depth first.
template <class Visitor>
void for_each_array(const Group& group, const Visitor& visit) {
    for (const ArrayMeta& array : group.arrays) {
        visit(group, array);
    }
    for (const Group& child : group.groups) {
        for_each_array(child, visit);
    }
}

}  // namespace vcube
