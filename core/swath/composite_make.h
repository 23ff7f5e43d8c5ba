// Makes blocks of composites: products are read in parallel, a group of them at a time, and added to their blocks in
// the order of the list, blocks in parallel. So values do not depend on the number of threads.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/dgg/blocks.h"
#include "core/swath/composite.h"
#include "core/swath/composite_samples.h"

namespace vcube::swath {

struct MakeOptions {
    std::size_t work_bytes = 0;   // of samples and unfinished blocks, about
    std::size_t max_threads = 0;  // as ThreadPool::parallel_for has it
};

/// Blocks of one step that are wanted.
struct MakeJob {
    Period period;
    dgg::BlockSet blocks;
};

/// A table with those blocks for each job, in the same order. Products of a job are read once, unless the method needs
/// all values at once and they do not fit work_bytes: then once for each part of the blocks that does. Errors:
/// kCancelled when it is not wanted any more (core/base/patience.h); that of a product where the collection says that
/// failures are errors.
Result<std::vector<CellTable>> make_tables(const Collection& collection, const SampleRequest& request,
                                           const ResultForm& form, std::span<const MakeJob> jobs,
                                           const MakeOptions& options);

}  // namespace vcube::swath
