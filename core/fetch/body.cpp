#include "core/fetch/body.h"

#include <sys/mman.h>

#include <algorithm>
#include <mutex>
#include <new>
#include <vector>

namespace vcube {
namespace {

constexpr std::size_t kSlabBytes = std::size_t{8} << 20U;
constexpr std::size_t kAlone = kSlabBytes / 2;  // a longer body, which would waste much of a slab, has its own memory
constexpr std::size_t kSpareSlabs = 4;          // that nobody uses and that are kept all the same
constexpr std::size_t kPage = std::size_t{2} << 20U;  // a huge one
constexpr std::size_t kAlignment = 64;                // of bodies: a cache line

std::byte* new_slab() {
    void* const memory = ::operator new(kSlabBytes, std::align_val_t(kPage));
    (void)::madvise(memory, kSlabBytes, MADV_HUGEPAGE);  // a hint
    return static_cast<std::byte*>(memory);
}

void delete_slab(std::byte* memory) {
    ::operator delete(memory, std::align_val_t(kPage));
}

}  // namespace

/// Slabs that wait for their next use.
class BodyMemory::Spare {
public:
    Spare() = default;
    Spare(const Spare&) = delete;
    Spare& operator=(const Spare&) = delete;
    ~Spare() {
        for (std::byte* const memory : slabs_) {
            delete_slab(memory);
        }
    }

    std::byte* take() {
        {
            const std::lock_guard lock(mutex_);
            if (!slabs_.empty()) {
                std::byte* const memory = slabs_.back();
                slabs_.pop_back();
                return memory;
            }
        }
        return new_slab();
    }

    void give(std::byte* memory) {
        {
            const std::lock_guard lock(mutex_);
            if (slabs_.size() < kSpareSlabs) {
                slabs_.push_back(memory);
                return;
            }
        }
        delete_slab(memory);
    }

private:
    std::mutex mutex_;
    std::vector<std::byte*> slabs_;
};

/// Goes back when the last body inside it is dropped.
struct BodyMemory::Slab {
    explicit Slab(std::shared_ptr<Spare> spare_in) : spare(std::move(spare_in)), memory(spare->take()) {}
    Slab(const Slab&) = delete;
    Slab& operator=(const Slab&) = delete;
    ~Slab() { spare->give(memory); }

    const std::shared_ptr<Spare> spare;
    std::byte* const memory;
};

BodyMemory::BodyMemory() : spare_(std::make_shared<Spare>()) {}

BodyMemory::~BodyMemory() = default;

Body BodyMemory::take(std::size_t size) {
    if (size > kAlone) {
        return Buffer(size);
    }
    if (!slab_ || size > kSlabBytes - used_) {
        slab_ = std::make_shared<Slab>(spare_);
        used_ = 0;
    }
    std::byte* const begin = slab_->memory + used_;
    used_ = std::min(kSlabBytes, (used_ + size + kAlignment - 1) / kAlignment * kAlignment);
    return {std::shared_ptr<std::byte>(slab_, begin), size};
}

}  // namespace vcube
