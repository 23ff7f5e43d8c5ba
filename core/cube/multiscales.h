// Arrays of one variable at several resolutions, as group attributes tell them. Pure functions; nothing is read.
//
// Understood `multiscales` attributes, all with paths relative to their group:
// - a list of objects with `datasets`: [{"path": "0"}, ...] (OME-NGFF 0.4, also under "ome" as of 0.5; GeoZarr drafts
// to
//   0.4; ndpyramid);
// - an object with `tile_matrix_set`: {"tileMatrices": [{"id": "0"}, ...]} or `tile_matrix_limits` keyed by level
//   (GeoZarr drafts by tile matrix sets; the identifier is the level's path);
// - an object with `layout`: [{"asset": "0", "derived_from": ..., "transform": ...}, ...] (convention "multiscales" of
//   zarr-conventions; older drafts call the asset "group").
// A level is an array, or a group: then the same path below another level is the same variable. Groups without the
// attribute whose children are called 0, 1, 2 ... imply levels. How levels are related is taken from their shapes, not
// from what the attribute says of scales: at most two dimensions shrink.
//
// Source: zarr-conventions/multiscales v1; GeoZarr specification drafts; ndpyramid schema; OME-NGFF 0.4 and 0.5.
#pragma once

#include <string>
#include <vector>

#include "core/cube/array_meta.h"
#include "core/cube/hierarchy.h"

namespace vcube {

/// Paths of the levels that a group's attributes list, one list for every pyramid; paths that leave the group are left
/// out.
std::vector<std::vector<std::string>> multiscale_paths(const Group& group);

struct PyramidLevel {
    const ArrayMeta* array = nullptr;  // in the tree of the root
    bool declared = false;             // by an attribute; else implied by the names of groups
};

/// Arrays of the same variable at lower resolution, the largest first. Same rank, and as many elements along all but
/// at most two dimensions.
std::vector<PyramidLevel> coarser_levels(const Group& root, const ArrayMeta& array);

/// true where attributes declare an array of the same variable at higher resolution.
bool has_finer_level(const Group& root, const ArrayMeta& array);

}  // namespace vcube
