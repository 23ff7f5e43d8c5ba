#include "core/cube/array_numbers.h"

#include <atomic>
#include <utility>

#include "core/cube/runtime.h"

namespace vcube {

std::uint64_t ArrayNumbers::next() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

ArrayNumbers::ArrayNumbers(std::shared_ptr<Runtime> runtime) : runtime_(std::move(runtime)) {}

ArrayNumbers::~ArrayNumbers() {
    for (const auto& [name, number] : numbers_) {
        runtime_->cache.forget(number);
    }
}

std::uint64_t ArrayNumbers::of(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto [place, added] = numbers_.try_emplace(name, 0);
    if (added) {
        place->second = next();
    }
    return place->second;
}

std::shared_ptr<ArrayNumbers> OpenArrayNumbers::get(const std::shared_ptr<Runtime>& runtime) const {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<ArrayNumbers> numbers = numbers_.lock();
    if (!numbers) {
        numbers = std::make_shared<ArrayNumbers>(runtime);
        numbers_ = numbers;
    }
    return numbers;
}

}  // namespace vcube
