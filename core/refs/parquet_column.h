// Whole columns of a Parquet file: integers, and byte arrays as numbers of distinct-value views into an arena.
// Memory follows the budget, not what headers claim. Pure functions, thread-safe.
// Source: Apache Parquet format 2.11, Encodings.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/refs/parquet_metadata.h"
#include "core/refs/parquet_page.h"
#include "core/refs/pod_vector.h"
#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube::parquet {

/// One value a row. `valid` has 1 for rows that have a value and 0 for nulls, whose value is 0; it is empty where no
/// row is null.
struct Integers {
    PodVector<std::int64_t> values;
    PodVector<std::uint8_t> valid;
};

/// Row r holds values[rows[r]], or is null. Values may occur twice; they live in `arena`.
struct ByteArrays {
    static constexpr std::uint32_t kNull = std::numeric_limits<std::uint32_t>::max();
    PodVector<std::uint32_t> rows;
    std::vector<std::string_view> values;
    std::vector<Buffer> arena;
};

/// Column number `column` of `file` (INT32, UINT32 or INT64) over all row groups. Errors name `what` and the column.
Result<Integers> read_integers(ByteSpan file, const FileMetadata& metadata, std::size_t column, const std::string& what,
                               Budget& budget);

/// The same for BYTE_ARRAY. A column of another type is accepted where all its rows are null: that is how columns
/// without values are written, for want of a type.
Result<ByteArrays> read_byte_arrays(ByteSpan file, const FileMetadata& metadata, std::size_t column,
                                    const std::string& what, Budget& budget);

}  // namespace vcube::parquet
