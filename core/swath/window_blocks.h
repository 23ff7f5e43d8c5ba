// Which blocks of cells a window of a grid shows. Pure; thread-safe.
#pragma once

#include "core/dgg/blocks.h"
#include "core/dgg/mapper.h"

namespace vcube::swath {

/// Every block that holds the cell of a pixel of the window; of windows of more than 65536 pixels, which are sampled,
/// some more (never one too few). All there are where more than a million pixels would have to be mapped one by one: in
/// projections that are not smooth, and where most of the window lies off the Earth.
dgg::BlockSet blocks_of_window(const dgg::CellMapper& mapper, const dgg::Window& window);

}  // namespace vcube::swath
