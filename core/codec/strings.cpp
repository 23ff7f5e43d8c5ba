#include "core/codec/strings.h"

#include <cstring>
#include <new>
#include <string>

namespace vcube {
namespace {

constexpr std::size_t kOffset = sizeof(std::uint64_t);

}  // namespace

Status StringBuilder::add(std::string_view bytes) {
    if (ends_.size() >= elements_) {
        return corrupt(std::string(what_) + " chunk holds more than the expected " + std::to_string(elements_) +
                       " elements");
    }
    const std::uint64_t used = (ends_.size() + 2) * kOffset + bytes_.size();
    if (used > max_bytes_ || bytes.size() > max_bytes_ - used) {
        return over_limit(std::string(what_) + " chunk holds more than " + std::to_string(max_bytes_) +
                          " bytes of elements and offsets");
    }
    try {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        ends_.push_back(bytes_.size());
    } catch (const std::bad_alloc&) {
        return over_limit(std::string(what_) + " chunk: no memory for its elements");
    }
    return {};
}

Result<Buffer> StringBuilder::finish() {
    if (ends_.size() != elements_) {
        return corrupt(std::string(what_) + " chunk holds " + std::to_string(ends_.size()) + " elements, expected " +
                       std::to_string(elements_));
    }
    if ((elements_ + 1) * kOffset + bytes_.size() > max_bytes_) {  // no element at all: add() was never asked
        return over_limit(std::string(what_) + " chunk: no room for its offsets");
    }
    try {
        Buffer out((elements_ + 1) * kOffset + bytes_.size());
        const std::uint64_t zero = 0;
        std::memcpy(out.data(), &zero, kOffset);
        if (!ends_.empty()) {
            std::memcpy(out.data() + kOffset, ends_.data(), ends_.size() * kOffset);
        }
        if (!bytes_.empty()) {
            std::memcpy(out.data() + (elements_ + 1) * kOffset, bytes_.data(), bytes_.size());
        }
        return out;
    } catch (const std::bad_alloc&) {
        return over_limit(std::string(what_) + " chunk: no memory for its elements");
    }
}

std::string_view string_at(ByteSpan strings, std::size_t elements, std::size_t index) {
    std::uint64_t range[2];
    std::memcpy(range, strings.data() + index * kOffset, sizeof range);
    return as_text(strings.subspan((elements + 1) * kOffset + range[0], range[1] - range[0]));
}

}  // namespace vcube
