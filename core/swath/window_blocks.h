// Which blocks of cells a window of a grid shows. Pure; thread-safe.
#pragma once

#include "core/dgg/blocks.h"
#include "core/dgg/mapper.h"

namespace vcube::swath {

/// Every block that holds the cell of a pixel of the window; of large windows, which are sampled, some more (never one
/// too few).
dgg::BlockSet blocks_of_window(const dgg::CellMapper& mapper, const dgg::Window& window);

}  // namespace vcube::swath
