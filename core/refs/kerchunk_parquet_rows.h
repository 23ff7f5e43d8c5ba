// The references of one refs.<k>.parq file, decoded into a compact form: 16 bytes a row and each run of equal URLs
// once. Immutable, thread-safe. Source: Kerchunk reference specification, "Parquet references".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/refs/parquet_column.h"
#include "core/refs/pod_vector.h"
#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube {

/// A row as the file has it: `raw`, where it is set, comes before `path`; neither is a missing chunk.
struct RefsRow {
    std::optional<std::string_view> raw;
    std::optional<std::string_view> path;
    std::int64_t offset = 0;
    std::int64_t size = 0;
};

class RefsRows {
public:
    /// Decodes a whole file. Columns may stand in any order, others beside them; of path and raw one must be there.
    /// kLimit where the decoded form exceeds `max_bytes`. Errors name `what`.
    static Result<RefsRows> decode(ByteSpan file, const std::string& what, std::size_t max_bytes);

    [[nodiscard]] std::size_t size() const { return size_; }
    /// `row` is below size(). The views live as long as this object.
    [[nodiscard]] RefsRow row(std::size_t row) const;
    /// Bytes of memory held.
    [[nodiscard]] std::size_t memory() const;

private:
    static Result<RefsRows> decode_columns(ByteSpan file, const std::string& what, std::size_t max_bytes);

    std::size_t size_ = 0;
    parquet::ByteArrays path_;  // no rows: all are null; raw too
    parquet::ByteArrays raw_;
    PodVector<std::int64_t> offset_;       // empty: all are 0; sizes too
    PodVector<std::uint32_t> short_size_;  // instead of long_size_ where all fit
    PodVector<std::int64_t> long_size_;
};

}  // namespace vcube
