#include "core/cube/destination_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>

namespace vcube {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20U;
constexpr std::size_t kSomeBytes = 2 * kHugePage;
constexpr std::size_t kLargeBytes = 2 * kSomeBytes;

bool fault_in(std::byte* begin, std::size_t bytes) {
#ifdef MADV_POPULATE_WRITE
    return ::madvise(begin, bytes, MADV_POPULATE_WRITE) == 0;
#else
    return begin == nullptr && bytes == 0;
#endif
}

std::byte* page_at_or_after(std::byte* place) {
    const auto address = reinterpret_cast<std::uintptr_t>(place);
    return place + (kHugePage - address % kHugePage) % kHugePage;
}

}  // namespace

DestinationMemory::DestinationMemory(std::span<const RegionRead> reads) {
    for (const RegionRead& read : reads) {
        const Destination& destination = read.destination;
        std::ptrdiff_t first = 0;
        std::ptrdiff_t last = 0;
        std::uint64_t bytes = destination.type.size;
        for (std::size_t d = 0; d < read.region.count.size(); ++d) {
            const std::uint64_t count = read.region.count[d];
            bytes *= count;
            const std::ptrdiff_t reach =
                static_cast<std::ptrdiff_t>(std::max<std::uint64_t>(count, 1) - 1) * destination.strides[d];
            (reach < 0 ? first : last) += reach;
        }
        const std::uint64_t extent = static_cast<std::uint64_t>(last - first) + destination.type.size;
        std::byte* const begin = page_at_or_after(destination.data + first);
        std::byte* const end = destination.data + last;
        if (bytes >= kLargeBytes && bytes >= extent / 2 && end > begin) {
            left_.push_back({begin, static_cast<std::size_t>(end - begin) / kHugePage * kHugePage});
        }
    }
    std::reverse(left_.begin(), left_.end());
}

bool DestinationMemory::prepare_some() {
    if (left_.empty()) {
        return false;
    }
    Stretch& next = left_.back();
    const std::size_t bytes = std::min(next.bytes, kSomeBytes);
    if (!fault_in(next.begin, bytes)) {
        left_.clear();
        return false;
    }
    next.begin += bytes;
    next.bytes -= bytes;
    if (next.bytes == 0) {
        left_.pop_back();
    }
    return !left_.empty();
}

}  // namespace vcube
