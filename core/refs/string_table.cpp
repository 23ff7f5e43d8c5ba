#include "core/refs/string_table.h"

#include <chrono>
#include <cstring>

namespace vcube {
namespace {

/// Differs from process to process: the clock, and where the loader put things.
std::uint64_t process_seed() {
    static const char anchor = 0;
    const auto ticks = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    return ticks * 0xD1B54A32D192ED03U ^ static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&anchor));
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15U;

}  // namespace

// The seed is drawn once a process, so that no document can be made whose strings all collide.
StringTable::StringTable()
    : seed_([] {
          static const std::uint64_t seed = process_seed();
          return seed;
      }()) {}

std::string_view StringTable::operator[](std::size_t id) const {
    const std::uint64_t begin = id == 0 ? 0 : ends_[id - 1];
    return {text_.data() + begin, static_cast<std::size_t>(ends_[id] - begin)};
}

std::size_t StringTable::hash(std::string_view text) const {
    std::uint64_t state = mix(seed_ ^ text.size(), kOdd);
    std::size_t i = 0;
    for (; text.size() - i >= 8; i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + i, 8);
        state = mix(state ^ word, kOdd ^ seed_);
    }
    std::uint64_t tail = 0;
    if (i != text.size()) {
        std::memcpy(&tail, text.data() + i, text.size() - i);
    }
    return static_cast<std::size_t>(mix(state ^ tail, kOdd + seed_));
}

std::size_t StringTable::slot_of(std::string_view text) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash(text) & mask;
    while (slots_[slot] != 0 && (*this)[slots_[slot] - 1] != text) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

std::optional<std::uint32_t> StringTable::find(std::string_view text) const {
    if (slots_.empty()) {
        return std::nullopt;
    }
    const std::uint32_t found = slots_[slot_of(text)];
    return found == 0 ? std::nullopt : std::optional<std::uint32_t>(found - 1);
}

std::uint32_t StringTable::intern(std::string_view text) {
    if (2 * (size() + 1) > slots_.size()) {
        grow();
    }
    const std::size_t slot = slot_of(text);
    if (slots_[slot] == 0) {
        text_.append(text.data(), text.size());
        ends_.push_back(text_.size());
        slots_[slot] = static_cast<std::uint32_t>(size());
    }
    return slots_[slot] - 1;
}

void StringTable::grow() {
    const std::size_t count = slots_.empty() ? 64 : 2 * slots_.size();
    slots_.clear();
    std::memset(slots_.extend(count), 0, count * sizeof(std::uint32_t));
    for (std::size_t id = 0; id < size(); ++id) {
        slots_[slot_of((*this)[id])] = static_cast<std::uint32_t>(id + 1);
    }
}

void StringTable::drop_index() {
    slots_.clear();
    text_.shrink_to_fit();
    ends_.shrink_to_fit();
}

}  // namespace vcube
