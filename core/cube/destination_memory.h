// The memory that a read writes to, made ready while the first bytes are still on their way. Pages that nobody has
// touched cost about as much as what is put into them; a caller that waits for a server has the time to fault them in.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/cube/array.h"

namespace vcube {

/// Used by one thread.
class DestinationMemory {
public:
    /// Destinations that are large, and that the regions fill for the most part.
    explicit DestinationMemory(std::span<const RegionRead> reads);

    /// Faults in some megabytes, which takes a millisecond or some; contents do not change (MADV_POPULATE_WRITE of
    /// madvise(2), from Linux 5.14 on; nothing happens elsewhere). Returns whether there is more.
    bool prepare_some();

private:
    struct Stretch {
        std::byte* begin = nullptr;
        std::size_t bytes = 0;
    };
    std::vector<Stretch> left_;  // the last is prepared first
};

}  // namespace vcube
