#include "core/swath/strips.h"

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "core/base/patience.h"

namespace vcube::swath {

void for_strips(const dgg::Window& window, ThreadPool& pool, std::size_t max_threads,
                const std::function<void(const dgg::Window& part)>& work, std::uint32_t row_step,
                std::uint64_t strip_pixels) {
    if (window.width == 0 || window.height == 0) {
        return;
    }
    // At least some strips a thread: a small window is shared too.
    const std::uint64_t by_size = std::max<std::uint64_t>(strip_pixels / window.width, 1);
    const std::uint64_t by_share = window.height / (4 * (pool.workers() + 1)) + 1;
    const std::uint64_t wanted = std::min(by_size, by_share);
    const auto rows = static_cast<std::uint32_t>(
        std::min<std::uint64_t>((wanted + row_step - 1) / row_step * row_step, window.height));
    const std::size_t strips = (std::size_t{window.height} + rows - 1) / rows;
    std::atomic<std::size_t> done{0};
    pool.parallel_for(
        strips,
        [&](std::size_t strip) {
            if (!is_wanted()) {
                return;
            }
            const auto first = static_cast<std::uint32_t>(strip * rows);
            work({window.x, window.y + first, window.width, std::min(rows, window.height - first)});
            report_done(static_cast<double>(++done) / static_cast<double>(strips));
        },
        max_threads);
}

}  // namespace vcube::swath
