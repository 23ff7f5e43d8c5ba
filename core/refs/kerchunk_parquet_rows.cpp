#include "core/refs/kerchunk_parquet_rows.h"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

namespace vcube {
namespace {

using parquet::ByteArrays;

/// Of a required column, which has no nulls, empty values are what nulls would be; an empty URL means none anyway.
void empty_to_null(ByteArrays& column) {
    for (std::size_t i = 0; i < column.rows.size(); ++i) {
        if (column.rows[i] != ByteArrays::kNull && column.values[column.rows[i]].empty()) {
            column.rows[i] = ByteArrays::kNull;
        }
    }
}

/// A column without any value needs no memory.
void drop_if_null(ByteArrays& column) {
    const std::uint32_t* const begin = column.rows.data();
    const bool all_null =
        std::all_of(begin, begin + column.rows.size(), [](std::uint32_t row) { return row == ByteArrays::kNull; });
    if (all_null) {
        column = {};
    }
}

std::optional<std::string_view> value_at(const ByteArrays& column, std::size_t row) {
    if (column.rows.empty() || column.rows[row] == ByteArrays::kNull) {
        return std::nullopt;
    }
    return column.values[column.rows[row]];
}

std::size_t memory_of(const ByteArrays& column) {
    std::size_t out = column.rows.size() * sizeof(std::uint32_t) + column.values.capacity() * sizeof(std::string_view);
    for (const Buffer& buffer : column.arena) {
        out += buffer.size();
    }
    return out;
}

bool is_short(std::int64_t value) {
    return value >= 0 && value <= std::int64_t{std::numeric_limits<std::uint32_t>::max()};
}

}  // namespace

Result<RefsRows> RefsRows::decode_columns(ByteSpan file, const std::string& what, std::size_t max_bytes) {
    VCUBE_ASSIGN(const parquet::FileMetadata metadata, parquet::read_footer(file, what));
    const auto path = metadata.find("path");
    const auto raw = metadata.find("raw");
    if (!path && !raw) {
        return invalid(what + ": neither a column \"path\" nor a column \"raw\": no Kerchunk references");
    }
    parquet::Budget budget(max_bytes);
    RefsRows out;
    out.size_ = static_cast<std::size_t>(metadata.rows);
    if (path) {
        VCUBE_ASSIGN(out.path_, parquet::read_byte_arrays(file, metadata, *path, what, budget));
        empty_to_null(out.path_);
        drop_if_null(out.path_);
    }
    if (raw) {
        VCUBE_ASSIGN(out.raw_, parquet::read_byte_arrays(file, metadata, *raw, what, budget));
        if (!metadata.columns[*raw].optional) {
            empty_to_null(out.raw_);
        }
        drop_if_null(out.raw_);
    }
    if (const auto offset = metadata.find("offset"); offset && !out.path_.rows.empty()) {
        VCUBE_ASSIGN(parquet::Integers values, parquet::read_integers(file, metadata, *offset, what, budget));
        out.offset_ = std::move(values.values);
    }
    if (const auto size = metadata.find("size"); size && !out.path_.rows.empty()) {
        VCUBE_ASSIGN(parquet::Integers values, parquet::read_integers(file, metadata, *size, what, budget));
        const std::int64_t* const begin = values.values.data();
        if (std::all_of(begin, begin + out.size_, is_short)) {
            std::uint32_t* const sizes = out.short_size_.extend(out.size_);
            std::transform(begin, begin + out.size_, sizes,
                           [](std::int64_t v) { return static_cast<std::uint32_t>(v); });
        } else {
            out.long_size_ = std::move(values.values);
        }
    }
    return out;
}

Result<RefsRows> RefsRows::decode(ByteSpan file, const std::string& what, std::size_t max_bytes) {
    try {
        return decode_columns(file, what, max_bytes);
    } catch (const std::bad_alloc&) {
        return over_limit(what + ": no memory for its references");
    }
}

RefsRow RefsRows::row(std::size_t row) const {
    RefsRow out;
    out.raw = value_at(raw_, row);
    out.path = value_at(path_, row);
    out.offset = offset_.empty() ? 0 : offset_[row];
    if (!short_size_.empty()) {
        out.size = short_size_[row];
    } else if (!long_size_.empty()) {
        out.size = long_size_[row];
    }
    return out;
}

std::size_t RefsRows::memory() const {
    return sizeof(*this) + memory_of(path_) + memory_of(raw_) +
           (offset_.size() + long_size_.size()) * sizeof(std::int64_t) + short_size_.size() * sizeof(std::uint32_t);
}

}  // namespace vcube
