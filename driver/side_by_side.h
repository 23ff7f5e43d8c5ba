// Several datasets read for one caller, on threads that wait where the network is what takes the time.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "driver/entry_points.h"
#include "gdal_priv.h"

namespace vcube::driver {

/// Whether what a dataset shows comes from the network: asked of what it has read so far, else of the array's first
/// chunk.
bool reads_remotely(const OpenContext& context);

/// Reads one part into the caller's buffer; `extra` is for this part alone.
using ReadPart = std::function<CPLErr(std::size_t part, GDALRasterIOExtraArg& extra)>;

/// Calls read(i, ...) for each part, each at most once, on up to `threads` threads. `weights`: how much of the whole
/// each part is, together 1. Errors are raised on the calling thread: warnings of all, and the first failure, after
/// which parts that have not begun do not. The caller's progress function is called on this thread, with rising values.
CPLErr read_side_by_side(ThreadPool& pool, std::span<const double> weights, std::size_t threads,
                         const GDALRasterIOExtraArg* extra, const ReadPart& read);

}  // namespace vcube::driver
