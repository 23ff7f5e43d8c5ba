// Selections of a dataset name understood by an array: its dimensions and the coordinates that name positions along
// them. Reads coordinate arrays, which are small, where a choice is by value. Thread-safe.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/cube/selection.h"
#include "driver/entry_points.h"
#include "driver/raster_array.h"
#include "vcube/result.h"

namespace vcube::driver {

/// In the order of the array's dimensions. A selection names a dimension ("dim0" where it has no name), or a 1-D
/// coordinate that the array's `coordinates` attribute lists; a shared one that names neither is passed over. Errors
/// tell selection and array, and what there is.
Result<std::vector<DimensionChoice>> choose_positions(const OpenContext& context, const ArrayMeta& meta,
                                                      std::span<const Selection> selections);

/// false where a selection names nothing that the array has.
bool understands(const Group& root, const ArrayMeta& meta, const Selection& selection);

/// What files that belong to an array under these choices are called: the same for every spelling of a name, another
/// for every other array or choice, and fit for a file system. "sst", "sst.time=3", "deep_er_a-0123456789abcdef".
std::string companion_part(const ArrayMeta& meta, std::span<const DimensionChoice> choices);

/// FNV-1a of `text`, as 16 hexadecimal digits.
std::string hash_text(std::string_view text);

}  // namespace vcube::driver
