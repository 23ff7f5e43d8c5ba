// Little-endian numbers from a block of an HDF5 file. Internal to core/index; a value type.
// Source: HDF5 File Format Specification 3.0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "vcube/bytes.h"

namespace vcube {

/// Reading past the end gives 0 and marks the cursor bad.
class Hdf5Cursor {
public:
    explicit Hdf5Cursor(ByteSpan bytes) : bytes_(bytes) {}

    std::uint64_t number(std::size_t width) {
        const ByteSpan part = take(width);
        std::uint64_t value = 0;
        for (std::size_t i = part.size(); i != 0; --i) {
            value = (value << 8U) | std::to_integer<std::uint64_t>(part[i - 1]);
        }
        return value;
    }
    ByteSpan take(std::size_t count) {
        if (count > left()) {
            bad_ = true;
            at_ = bytes_.size();
            return {};
        }
        at_ += count;
        return bytes_.subspan(at_ - count, count);
    }
    [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
    [[nodiscard]] bool ok() const { return !bad_; }

private:
    ByteSpan bytes_;
    std::size_t at_ = 0;
    bool bad_ = false;
};

}  // namespace vcube
