#include "core/refs/parquet_column.h"

#include <cstring>
#include <new>
#include <utility>

#include "core/refs/parquet_encoding.h"

namespace vcube::parquet {
namespace {

/// Moves `present` values at the begin of `out` to the rows that have one; the others become `null`.
template <class T>
void spread(std::span<T> out, std::span<const std::uint8_t> valid, std::size_t present, T null) {
    if (valid.empty()) {
        return;
    }
    for (std::size_t row = out.size(); row-- != 0;) {
        out[row] = valid[row] != 0 ? out[--present] : null;
    }
}

/// Dictionary indices of a data page: a byte with their width, then runs.
bool read_indices(ByteSpan values, std::span<std::uint32_t> out) {
    if (out.empty()) {
        return true;
    }
    if (values.empty() || static_cast<unsigned>(values[0]) > 32) {
        return false;
    }
    return RunReader(values.subspan(1), static_cast<unsigned>(values[0])).read(out);
}

/// What both kinds of columns share: the walk over row groups and pages, and errors.
class ColumnReader {
public:
    ColumnReader(ByteSpan file, const FileMetadata& metadata, std::size_t column, const std::string& what,
                 Budget& budget)
        : file_(file),
          metadata_(metadata),
          index_(column),
          column_(metadata.columns[column]),
          what_(what + ": column " + column_.name),
          budget_(budget) {}
    ColumnReader(const ColumnReader&) = delete;
    ColumnReader& operator=(const ColumnReader&) = delete;

protected:
    ~ColumnReader() = default;

    /// Calls dictionary(page, reader) and data(page, reader) for every page, begin_chunk() before each row group.
    template <class Derived>
    Status walk(Derived& self) {
        if (!column_.flat) {
            return unsupported(what_ + ": nested and repeated columns are not read");
        }
        for (const RowGroup& group : metadata_.row_groups) {
            const ColumnChunk& chunk = group.chunks[index_];
            if (!chunk.refusal.empty()) {
                return unsupported(what_ + ": " + chunk.refusal);
            }
            self.begin_chunk();
            PageReader pages(file_, column_, chunk, what_, budget_);
            for (std::size_t left = static_cast<std::size_t>(group.rows); left != 0;) {
                VCUBE_ASSIGN(Page page, pages.next(left));
                if (page.dictionary) {
                    if (page.encoding != Encoding::kPlain && page.encoding != Encoding::kPlainDictionary) {
                        return unsupported(what_ + ": a dictionary in encoding " + name_of(page.encoding));
                    }
                    VCUBE_TRY(self.dictionary(page, pages));
                } else {
                    VCUBE_TRY(self.data(page, pages));
                    left -= page.rows;
                }
            }
        }
        return {};
    }

    [[nodiscard]] Error damaged(const Page& page) const {
        return corrupt(what_ + ": a page of " + std::to_string(page.rows) + " rows in encoding " +
                       name_of(page.encoding) + " is damaged");
    }
    [[nodiscard]] Error not_read(const Page& page) const {
        return unsupported(what_ + ": encoding " + name_of(page.encoding) + " of type " + name_of(column_.type) +
                           " is not read");
    }
    [[nodiscard]] std::size_t rows() const { return static_cast<std::size_t>(metadata_.rows); }

    ByteSpan file_;
    const FileMetadata& metadata_;
    std::size_t index_;
    const Column& column_;
    std::string what_;
    Budget& budget_;
};

class IntegerReader final : public ColumnReader {
public:
    using ColumnReader::ColumnReader;

    Result<Integers> read() {
        if (column_.type != Type::kInt32 && column_.type != Type::kInt64) {
            return unsupported(what_ + ": type " + name_of(column_.type) + ", expected INT32 or INT64");
        }
        VCUBE_TRY(budget_.take(metadata_.rows, sizeof(std::int64_t) + (column_.optional ? 1 : 0), what_));
        out_.values.extend(rows());
        VCUBE_TRY(walk(*this));
        return std::move(out_);
    }

    void begin_chunk() { dictionary_.clear(); }

    Status dictionary(const Page& page, PageReader& /*pages*/) {
        if (page.rows > page.values.size() / width()) {
            return damaged(page);
        }
        dictionary_.resize(page.rows);
        copy_plain(page.values, dictionary_);
        return {};
    }

    Status data(const Page& page, PageReader& /*pages*/) {
        const std::span<std::int64_t> out(out_.values.data() + done_, page.rows);
        if (page.present != 0) {
            VCUBE_TRY(read_values(page, out.first(page.present)));
        }
        if (page.present != page.rows) {
            add_nulls(page);
        }
        if (page.present == 0) {
            std::fill(out.begin(), out.end(), 0);
        }
        spread<std::int64_t>(out, page.valid, page.present, 0);
        done_ += page.rows;
        return {};
    }

private:
    [[nodiscard]] std::size_t width() const { return column_.type == Type::kInt32 ? 4 : 8; }

    /// `values` holds at least out.size() elements.
    void copy_plain(ByteSpan values, std::span<std::int64_t> out) const {
        for (std::size_t i = 0; i < out.size(); ++i) {
            if (column_.type == Type::kInt64) {
                out[i] = load_le<std::int64_t>(values.data() + i * 8);
            } else {
                const auto value = load_le<std::uint32_t>(values.data() + i * 4);
                out[i] = column_.is_uint32 ? std::int64_t{value} : std::int64_t{static_cast<std::int32_t>(value)};
            }
        }
    }

    Status read_values(const Page& page, std::span<std::int64_t> out) {
        ByteSpan values = page.values;
        switch (page.encoding) {
            case Encoding::kPlain:
                if (out.size() > values.size() / width()) {
                    return damaged(page);
                }
                copy_plain(values, out);
                return {};
            case Encoding::kByteStreamSplit: {
                if (values.size() != out.size() * width()) {
                    return damaged(page);
                }
                Buffer joined(values.size());
                join_byte_streams(values, width(), joined.span());
                copy_plain(joined.span(), out);
                return {};
            }
            case Encoding::kPlainDictionary:
            case Encoding::kRleDictionary:
                indices_.resize(out.size());
                if (!read_indices(values, indices_)) {
                    return damaged(page);
                }
                for (std::size_t i = 0; i < out.size(); ++i) {
                    if (indices_[i] >= dictionary_.size()) {
                        return damaged(page);
                    }
                    out[i] = dictionary_[indices_[i]];
                }
                return {};
            case Encoding::kDeltaBinaryPacked:
                if (!read_deltas(values, out, column_.type == Type::kInt32)) {
                    return damaged(page);
                }
                if (column_.is_uint32) {
                    for (std::int64_t& value : out) {
                        value = std::int64_t{static_cast<std::uint32_t>(value)};
                    }
                }
                return {};
            default:
                return not_read(page);
        }
    }

    /// The first null makes every row so far one that has a value.
    void add_nulls(const Page& page) {
        if (out_.valid.empty()) {
            std::uint8_t* const valid = out_.valid.extend(rows());
            std::memset(valid, 1, rows());
        }
        std::uint8_t* const valid = out_.valid.data() + done_;
        if (page.valid.empty()) {
            std::memset(valid, 0, page.rows);
        } else {
            std::memcpy(valid, page.valid.data(), page.rows);
        }
    }

    Integers out_;
    std::size_t done_ = 0;
    std::vector<std::int64_t> dictionary_;
    std::vector<std::uint32_t> indices_;
};

class ByteArrayReader final : public ColumnReader {
public:
    using ColumnReader::ColumnReader;

    Result<ByteArrays> read() {
        VCUBE_TRY(budget_.take(metadata_.rows, sizeof(std::uint32_t), what_));
        out_.rows.extend(rows());
        VCUBE_TRY(walk(*this));
        return std::move(out_);
    }

    void begin_chunk() { dictionary_begin_ = dictionary_size_ = 0; }

    Status dictionary(Page& page, PageReader& pages) {
        if (column_.type != Type::kByteArray) {
            return {};  // of a column that has nulls only
        }
        const std::size_t begin = out_.values.size();
        VCUBE_TRY(keep(page, pages));
        VCUBE_TRY(split_plain(page, page.rows, [this](std::string_view value) { out_.values.push_back(value); }));
        dictionary_begin_ = begin;
        dictionary_size_ = page.rows;
        return {};
    }

    Status data(Page& page, PageReader& pages) {
        const std::span<std::uint32_t> out(out_.rows.data() + done_, page.rows);
        done_ += page.rows;
        if (page.present == 0) {
            std::fill(out.begin(), out.end(), ByteArrays::kNull);
            return {};
        }
        if (column_.type != Type::kByteArray) {
            return unsupported(what_ + ": type " + name_of(column_.type) + ", expected BYTE_ARRAY");
        }
        VCUBE_TRY(read_values(page, pages, out.first(page.present)));
        spread(out, page.valid, page.present, ByteArrays::kNull);
        return {};
    }

private:
    Status keep(Page& page, PageReader& pages) {
        VCUBE_ASSIGN(Buffer buffer, pages.keep(page));
        out_.arena.push_back(std::move(buffer));
        return {};
    }

    /// Makes room for `count` values, whose numbers fit into 32 bits then.
    Status reserve(std::size_t count) {
        if (count >= ByteArrays::kNull - out_.values.size()) {
            return over_limit(what_ + ": more than " + std::to_string(ByteArrays::kNull) + " values");
        }
        VCUBE_TRY(budget_.take(count, sizeof(std::string_view), what_));
        if (out_.values.capacity() - out_.values.size() < count) {
            out_.values.reserve(std::max(out_.values.size() + count, out_.values.capacity() * 2));
        }
        return {};
    }

    /// `count` values, each behind its length of 4 bytes.
    template <class Add>
    Status split_plain(const Page& page, std::size_t count, const Add& add) {
        ByteSpan rest = page.values;
        if (count > rest.size() / 4) {
            return damaged(page);
        }
        VCUBE_TRY(reserve(count));
        for (std::size_t i = 0; i < count; ++i) {
            if (rest.size() < 4) {
                return damaged(page);
            }
            const std::size_t size = load_le<std::uint32_t>(rest.data());
            if (size > rest.size() - 4) {
                return damaged(page);
            }
            add(as_text(rest.subspan(4, size)));
            rest = rest.subspan(4 + size);
        }
        return {};
    }

    /// The number of `value`, which is that of the value before where both are equal: a URL often stands in many rows.
    std::uint32_t number_of(std::string_view value) {
        if (out_.values.empty() || out_.values.back() != value) {
            out_.values.push_back(value);
        }
        return static_cast<std::uint32_t>(out_.values.size() - 1);
    }

    Status read_values(Page& page, PageReader& pages, std::span<std::uint32_t> out) {
        switch (page.encoding) {
            case Encoding::kPlain: {
                VCUBE_TRY(keep(page, pages));
                std::uint32_t* at = out.data();
                return split_plain(page, out.size(), [&](std::string_view value) { *at++ = number_of(value); });
            }
            case Encoding::kPlainDictionary:
            case Encoding::kRleDictionary:
                if (!read_indices(page.values, out)) {
                    return damaged(page);
                }
                for (std::uint32_t& index : out) {
                    if (index >= dictionary_size_) {
                        return damaged(page);
                    }
                    index += static_cast<std::uint32_t>(dictionary_begin_);
                }
                return {};
            case Encoding::kDeltaLengthByteArray:
                return read_delta_lengths(page, pages, out);
            case Encoding::kDeltaByteArray:
                return read_delta_strings(page, out);
            default:
                return not_read(page);
        }
    }

    Status read_delta_lengths(Page& page, PageReader& pages, std::span<std::uint32_t> out) {
        VCUBE_TRY(keep(page, pages));
        VCUBE_TRY(reserve(out.size()));
        ByteSpan rest = page.values;
        sizes_.resize(out.size());
        if (!read_deltas(rest, sizes_, true)) {
            return damaged(page);
        }
        for (std::size_t i = 0; i < out.size(); ++i) {
            if (sizes_[i] < 0 || static_cast<std::uint64_t>(sizes_[i]) > rest.size()) {
                return damaged(page);
            }
            const auto size = static_cast<std::size_t>(sizes_[i]);
            out[i] = number_of(as_text(rest.first(size)));
            rest = rest.subspan(size);
        }
        return {};
    }

    /// Each value begins with some bytes of the one before.
    Status read_delta_strings(const Page& page, std::span<std::uint32_t> out) {
        VCUBE_TRY(reserve(out.size()));
        VCUBE_TRY(budget_.take(out.size(), 2 * sizeof(std::int64_t), what_));
        ByteSpan rest = page.values;
        prefixes_.resize(out.size());
        sizes_.resize(out.size());
        if (!read_deltas(rest, prefixes_, true) || !read_deltas(rest, sizes_, true)) {
            return damaged(page);
        }
        std::uint64_t total = 0;  // at most 2^31 values of less than 2^32 bytes
        std::uint64_t before = 0;
        std::uint64_t suffixes = 0;
        for (std::size_t i = 0; i < out.size(); ++i) {
            if (sizes_[i] < 0 || prefixes_[i] < 0 || static_cast<std::uint64_t>(prefixes_[i]) > before) {
                return damaged(page);
            }
            before = static_cast<std::uint64_t>(prefixes_[i]) + static_cast<std::uint64_t>(sizes_[i]);
            suffixes += static_cast<std::uint64_t>(sizes_[i]);
            total += before;
        }
        if (suffixes > rest.size()) {
            return damaged(page);
        }
        VCUBE_TRY(budget_.take(total, 1, what_));
        Buffer& buffer = out_.arena.emplace_back(static_cast<std::size_t>(total));
        std::byte* at = buffer.data();
        const std::byte* last = at;
        for (std::size_t i = 0; i < out.size(); ++i) {
            const auto prefix = static_cast<std::size_t>(prefixes_[i]);
            const auto size = static_cast<std::size_t>(sizes_[i]);
            std::copy_n(last, prefix, at);
            std::copy_n(rest.begin(), size, at + prefix);
            out[i] = number_of(as_text({at, prefix + size}));
            last = at;
            at += prefix + size;
            rest = rest.subspan(size);
        }
        return {};
    }

    ByteArrays out_;
    std::size_t done_ = 0;
    std::size_t dictionary_begin_ = 0;
    std::size_t dictionary_size_ = 0;
    std::vector<std::int64_t> sizes_;
    std::vector<std::int64_t> prefixes_;
};

template <class Out, class Reader>
Result<Out> read_with(Reader&& reader, const std::string& what) {
    try {
        return reader.read();
    } catch (const std::bad_alloc&) {
        return over_limit(what + ": no memory for its rows");
    }
}

}  // namespace

Result<Integers> read_integers(ByteSpan file, const FileMetadata& metadata, std::size_t column, const std::string& what,
                               Budget& budget) {
    return read_with<Integers>(IntegerReader(file, metadata, column, what, budget), what);
}

Result<ByteArrays> read_byte_arrays(ByteSpan file, const FileMetadata& metadata, std::size_t column,
                                    const std::string& what, Budget& budget) {
    return read_with<ByteArrays>(ByteArrayReader(file, metadata, column, what, budget), what);
}

}  // namespace vcube::parquet
