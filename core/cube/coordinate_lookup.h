// Coordinate values as people write them, to positions along a dimension: numbers, ISO 8601 times, names.
//
// Numbers are equal where the stored one, in its own precision, is what the text says: 0.1 finds a float32 0.1. Packed
// coordinates are compared unpacked. A time is as precise as it is written: 2023-04 is a step in that April, and an
// error where there are several. Of two nearest ones the larger is taken, as xarray does. Ranges hold both ends; the
// last time of a range ends with its own precision (2023-04-01/2023-06 holds all of June). Lengths of time (steps) are
// numbers in their units, or ISO 8601 durations (PT6H).
//
// Source: CF conventions 1.11, section 4.4; ISO 8601. Thread-safe: immutable values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/cube/array.h"
#include "core/cube/duration.h"
#include "core/cube/selection.h"
#include "core/cube/time_axis.h"
#include "vcube/result.h"

namespace vcube {

class Coordinate {
public:
    /// Reads a 1-D array. Types that have no value to compare (structures, raw bytes) are an error.
    static Result<Coordinate> read(const ArrayMeta& meta, const ArraySource& source);

    /// Of these values, for tests and for callers that have them: numbers (`stored` tells their precision), times
    /// (`axis`), names.
    static Coordinate of_numbers(std::vector<double> values, const DType& stored);
    static Coordinate of_times(std::vector<double> values, const TimeAxis& axis);
    static Coordinate of_names(std::vector<std::string> names);

    [[nodiscard]] std::uint64_t size() const;
    /// ISO 8601, the shortest number that reads back, or the name; "" for what is none (NaN, NaT).
    [[nodiscard]] std::string label(std::uint64_t index) const;

    /// Positions that a choice by value stands for. Errors tell what there is: nearest ones, or the first of several.
    [[nodiscard]] Result<std::vector<std::uint64_t>> find(const Choice& choice) const;

private:
    /// A time's parts in its calendar; compares as time passes.
    struct Moment {
        std::int64_t year = 0;
        int month = 0, day = 0;
        std::int64_t ns = 0;  // of the day
        friend bool operator<=(const Moment& a, const Moment& b) {
            return std::tie(a.year, a.month, a.day, a.ns) <= std::tie(b.year, b.month, b.day, b.ns);
        }
    };
    struct Period {
        Moment first, last;
    };
    static std::optional<Period> parse_period(std::string_view text);
    [[nodiscard]] Result<Period> period_of(std::string_view text) const;
    void name_times();

    [[nodiscard]] std::string in_own_units(const std::string& text) const;
    [[nodiscard]] Result<std::vector<std::uint64_t>> find_value(const std::string& text) const;
    [[nodiscard]] Result<std::vector<std::uint64_t>> find_nearest(const std::string& text) const;
    [[nodiscard]] Result<std::vector<std::uint64_t>> find_range(const Choice& choice) const;
    [[nodiscard]] bool equals(std::uint64_t index, double number, std::optional<std::int64_t> whole) const;
    [[nodiscard]] Error not_there(const std::string& text) const;
    [[nodiscard]] std::string some_labels(const std::vector<std::uint64_t>& positions) const;

    std::vector<double> numbers_;       // numbers and times; NaN where there is none
    std::vector<std::int64_t> wholes_;  // stored integers that a double may not hold, else empty
    std::vector<std::string> names_;    // texts, and ISO 8601 of times
    std::vector<Moment> moments_;       // of times, as names_
    std::optional<TimeAxis> axis_;
    std::optional<DurationAxis> periods_;  // numbers that are lengths of time may be written as ISO 8601 durations
    bool single_ = false;                  // stored with the precision of a float32, or less
    double tolerance_ = 0;                 // of packed values
};

/// Positions that a selection chooses along a dimension of `size` elements. `coordinate` may be null: choices by value
/// are then an error. Errors start with the selection.
Result<std::vector<std::uint64_t>> select_positions(const Selection& selection, std::uint64_t size,
                                                    const Coordinate* coordinate);

}  // namespace vcube
