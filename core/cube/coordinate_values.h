// Values of coordinate arrays, as numbers. Reads through Array; thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/cube/array.h"

namespace vcube {

class CoordinateReader {
public:
    /// `reader` is the array on whose behalf coordinates are read: warnings name it.
    CoordinateReader(ArraySource source, std::string reader) : source_(std::move(source)), reader_(std::move(reader)) {}

    /// All values in C order, unpacked (scale_factor, add_offset). Empty where the array is no numeric one or has more
    /// than `max_values`, and, after a warning through log(), where it cannot be read.
    [[nodiscard]] std::vector<double> all(const ArrayMeta& coordinate, std::uint64_t max_values) const;
    /// Every `step`-th index along the second but last dimension, all of the last, the first (or the last) of those
    /// before; unpacked.
    [[nodiscard]] std::vector<double> some_rows(const ArrayMeta& coordinate, std::uint64_t step, bool last) const;

private:
    [[nodiscard]] std::vector<double> read(const ArrayMeta& coordinate, const Region& region) const;

    ArraySource source_;
    std::string reader_;
};

}  // namespace vcube
