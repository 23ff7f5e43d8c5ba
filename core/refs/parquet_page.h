// The pages of one column chunk, one after another: checked, decompressed, levels taken apart.
// Not thread-safe; one reader a chunk.
// Source: Apache Parquet format 2.11, README.md ("Data Pages", "Checksumming"), Compression.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/refs/parquet_metadata.h"
#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube::parquet {

/// Bytes that decoding one file may produce: bounds its memory and its time. What is taken is not given back.
class Budget {
public:
    explicit Budget(std::uint64_t bytes) : total_(bytes), left_(bytes) {}
    /// kLimit where less than count * size bytes are left.
    Status take(std::uint64_t count, std::uint64_t size, const std::string& what);

private:
    std::uint64_t total_;
    std::uint64_t left_;
};

struct Page {
    bool dictionary = false;
    Encoding encoding = Encoding::kPlain;
    std::size_t rows = 0;                 // of a dictionary: its entries
    std::size_t present = 0;              // values that are not null
    std::span<const std::uint8_t> valid;  // 1 a row that has a value; empty where all have one, or none has
    ByteSpan values;                      // decompressed; valid until the next page is read
};

class PageReader {
public:
    /// All references stay with the caller. `what` names file and column in errors.
    PageReader(ByteSpan file, const Column& column, const ColumnChunk& chunk, std::string what, Budget& budget);

    /// The next dictionary or data page; pages of other kinds are stepped over. At most `rows` rows may be in it.
    Result<Page> next(std::size_t rows);

    /// The memory behind the page's values, which the next page does not overwrite then; `values` moves along.
    Result<Buffer> keep(Page& page);

private:
    Result<ByteSpan> decompressed(ByteSpan stored, std::size_t size);
    Status read_levels(const PageHeader& header, ByteSpan levels, Page& page);
    Result<Page> data_page(const PageHeader& header, ByteSpan stored, std::size_t rows);

    ByteSpan rest_;
    const Column& column_;
    const ColumnChunk& chunk_;
    std::string what_;
    Budget& budget_;
    Buffer scratch_;
    bool scratch_taken_ = false;
    std::vector<std::uint8_t> valid_;
};

/// Decompresses one page into `out`, whose size is that which the page claims.
Status decompress_page(Compression codec, ByteSpan stored, MutableByteSpan out);

}  // namespace vcube::parquet
