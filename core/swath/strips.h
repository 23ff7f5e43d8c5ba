// Windows cut into strips of rows for the threads of a pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "core/base/thread_pool.h"
#include "core/dgg/mapper.h"

namespace vcube::swath {

/// Calls `work` for strips of whole rows that together are the window, from several threads at once; returns when all
/// are done. A strip has about `strip_pixels` pixels, and a multiple of `row_step` rows except the last. `work` must
/// not throw. Tells what is done and leaves out what is left when it is not wanted any more (patience.h): who calls
/// asks check_wanted() afterwards.
void for_strips(const dgg::Window& window, ThreadPool& pool, std::size_t max_threads,
                const std::function<void(const dgg::Window& part)>& work, std::uint32_t row_step = 32,
                std::uint64_t strip_pixels = std::uint64_t{1} << 18U);

}  // namespace vcube::swath
