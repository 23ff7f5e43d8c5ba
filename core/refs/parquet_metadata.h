// What a Parquet file says about itself: schema, row groups and column chunks from the footer, and page headers.
// Every place and size that is handed on was checked to lie inside the file. Pure functions, thread-safe.
// Source: Apache Parquet format 2.11, README.md ("File format"), parquet.thrift.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube::parquet {

/// Numbers as in parquet.thrift, here and below.
enum class Type : std::uint8_t { kBoolean, kInt32, kInt64, kInt96, kFloat, kDouble, kByteArray, kFixedLenByteArray };

enum class Compression : std::uint8_t { kNone, kSnappy, kGzip, kLzo, kBrotli, kLz4, kZstd, kLz4Raw };

enum class Encoding : std::uint8_t {
    kPlain = 0,
    kPlainDictionary = 2,
    kRle = 3,
    kBitPacked = 4,
    kDeltaBinaryPacked = 5,
    kDeltaLengthByteArray = 6,
    kDeltaByteArray = 7,
    kRleDictionary = 8,
    kByteStreamSplit = 9
};

enum class PageType : std::uint8_t { kData, kIndex, kDictionary, kDataV2 };

/// Names as in parquet.thrift; numbers that are unknown give "type 12" and the like.
std::string name_of(Type type);
std::string name_of(Compression codec);
std::string name_of(Encoding encoding);

struct Column {
    std::string name;  // members of groups: "group.member"
    Type type = Type::kInt32;
    bool optional = false;
    bool is_uint32 = false;  // INT32 that means unsigned numbers
    bool flat = true;        // neither repeated nor inside a group: only these are read
};

/// One column's pages in one row group: bytes [begin, begin + size) of the file.
struct ColumnChunk {
    Compression codec = Compression::kNone;
    std::uint64_t begin = 0;
    std::uint64_t size = 0;
    std::uint64_t values = 0;
    std::string refusal;  // why it cannot be read (encrypted, in another file), or ""
};

struct RowGroup {
    std::uint64_t rows = 0;
    std::vector<ColumnChunk> chunks;  // as many as columns
};

struct FileMetadata {
    std::vector<Column> columns;
    std::vector<RowGroup> row_groups;
    std::uint64_t rows = 0;  // of all row groups

    [[nodiscard]] std::optional<std::size_t> find(std::string_view column) const;
};

/// Reads the footer of a whole file. Errors name `what`.
Result<FileMetadata> read_footer(ByteSpan file, const std::string& what);

struct PageHeader {
    PageType type = PageType::kData;
    std::uint32_t size = 0;         // uncompressed
    std::uint32_t stored_size = 0;  // as in the file, behind the header
    std::optional<std::uint32_t> crc;
    std::uint32_t values = 0;  // nulls included; of a dictionary: its entries
    Encoding encoding = Encoding::kPlain;
    Encoding level_encoding = Encoding::kRle;  // version 1 only
    std::uint32_t definition_bytes = 0;        // version 2 only
    std::uint32_t repetition_bytes = 0;        // version 2 only
    bool compressed = true;                    // version 2 only
};

/// Reads the header at the begin of `bytes`; `header_size` becomes its length. The page's stored bytes fit into what
/// follows.
Result<PageHeader> read_page_header(ByteSpan bytes, std::size_t& header_size, const std::string& what);

}  // namespace vcube::parquet
