#include "core/refs/parquet_metadata.h"

#include <array>
#include <cstring>
#include <limits>

#include "core/base/concat.h"
#include "core/refs/thrift_compact.h"
#include "vcube/shape.h"

namespace vcube::parquet {
namespace {

constexpr std::string_view kMagic = "PAR1";
constexpr std::string_view kEncryptedMagic = "PARE";

/// An element of the schema, which lists a tree depth first.
struct SchemaElement {
    std::string_view name;
    std::int64_t type = -1;
    std::int64_t repetition = 0;
    std::int64_t children = 0;
    std::int64_t converted_type = -1;
};

constexpr std::int64_t kOptional = 1;
constexpr std::int64_t kUint32 = 13;  // of the converted types

/// More of these than any writer makes; each costs some 100 bytes of memory and may cost a byte of the footer.
constexpr std::size_t kMaxSchemaElements = 1U << 16;
constexpr std::size_t kMaxColumnChunks = 1U << 18;

/// A ColumnChunk as the file has it.
struct RawChunk {
    std::int64_t type = -1;
    std::int64_t codec = 0;
    std::int64_t values = -1;
    std::int64_t size = -1;
    std::int64_t data_offset = -1;
    std::int64_t dictionary_offset = -1;
    bool has_metadata = false;
    std::string refusal;
};

struct RawFooter {
    std::vector<SchemaElement> schema;
    std::vector<RowGroup> row_groups;
    std::vector<std::vector<RawChunk>> chunks;  // of each row group
    std::size_t chunk_count = 0;                // row groups count too
};

bool read_schema_element(ThriftReader& reader, SchemaElement& out) {
    ThriftField field;
    static_cast<void>(reader.begin_struct());
    while (reader.next_field(field)) {
        switch (field.id) {
            case 1:
                reader.read_int(field, out.type);
                break;
            case 3:
                reader.read_int(field, out.repetition);
                break;
            case 4:
                reader.read_binary(field, out.name);
                break;
            case 5:
                reader.read_int(field, out.children);
                break;
            case 6:
                reader.read_int(field, out.converted_type);
                break;
            default:
                reader.skip(field);
        }
    }
    return reader.ok();
}

bool read_column_metadata(ThriftReader& reader, const ThriftField& outer, RawChunk& out) {
    ThriftField field;
    if (!reader.begin_struct(outer)) {
        return false;
    }
    out.has_metadata = true;
    while (reader.next_field(field)) {
        switch (field.id) {
            case 1:
                reader.read_int(field, out.type);
                break;
            case 4:
                reader.read_int(field, out.codec);
                break;
            case 5:
                reader.read_int(field, out.values);
                break;
            case 7:
                reader.read_int(field, out.size);
                break;
            case 9:
                reader.read_int(field, out.data_offset);
                break;
            case 11:
                reader.read_int(field, out.dictionary_offset);
                break;
            default:
                reader.skip(field);
        }
    }
    return reader.ok();
}

bool read_column_chunk(ThriftReader& reader, RawChunk& out) {
    ThriftField field;
    static_cast<void>(reader.begin_struct());
    while (reader.next_field(field)) {
        std::string_view path;
        switch (field.id) {
            case 1:
                if (reader.read_binary(field, path) && !path.empty()) {
                    out.refusal = "its data are in another file";
                }
                break;
            case 3:
                read_column_metadata(reader, field, out);
                break;
            case 8:
            case 9:
                out.refusal = "it is encrypted";
                reader.skip(field);
                break;
            default:
                reader.skip(field);
        }
    }
    return reader.ok();
}

bool add_to_count(ThriftReader& reader, std::size_t added, std::size_t& count, std::size_t most, const char* what) {
    count += added;
    return count <= most || reader.fail(std::string("more than ") + std::to_string(most) + " " + what);
}

bool read_row_group(ThriftReader& reader, RawFooter& out) {
    RowGroup& group = out.row_groups.emplace_back();
    std::vector<RawChunk>& chunks = out.chunks.emplace_back();
    ThriftField field;
    std::int64_t rows = -1;
    static_cast<void>(reader.begin_struct());
    while (reader.next_field(field)) {
        if (field.id == 1) {
            std::size_t count = 0;
            if (!reader.begin_struct_list(field, count) ||
                !add_to_count(reader, count, out.chunk_count, kMaxColumnChunks, "column chunks")) {
                break;
            }
            for (; count != 0 && reader.ok(); --count) {
                read_column_chunk(reader, chunks.emplace_back());
            }
        } else if (field.id == 3) {
            reader.read_int(field, rows);
        } else {
            reader.skip(field);
        }
    }
    if (reader.ok() && rows < 0) {
        return reader.fail("a row group without a number of rows");
    }
    group.rows = static_cast<std::uint64_t>(rows);
    return reader.ok();
}

bool read_file_metadata(ThriftReader& reader, RawFooter& out) {
    ThriftField field;
    std::size_t elements = 0;
    static_cast<void>(reader.begin_struct());
    while (reader.next_field(field)) {
        std::size_t count = 0;
        if (field.id == 2) {
            if (!reader.begin_struct_list(field, count) ||
                !add_to_count(reader, count, elements, kMaxSchemaElements, "schema elements")) {
                break;
            }
            for (; count != 0 && reader.ok(); --count) {
                read_schema_element(reader, out.schema.emplace_back());
            }
        } else if (field.id == 4) {
            if (!reader.begin_struct_list(field, count) ||
                !add_to_count(reader, count, out.chunk_count, kMaxColumnChunks, "row groups")) {
                break;
            }
            for (; count != 0 && reader.ok(); --count) {
                read_row_group(reader, out);
            }
        } else {
            reader.skip(field);
        }
    }
    return reader.ok();
}

/// The leaves of the schema tree, in order.
Result<std::vector<Column>> leaves(const std::vector<SchemaElement>& schema, const std::string& what) {
    struct Group {
        std::string prefix;
        std::int64_t left;
    };
    if (schema.empty() || schema[0].children < 0) {
        return invalid(what + ": the schema is empty");
    }
    constexpr std::size_t kMaxNesting = 32;
    std::vector<Column> out;
    std::vector<Group> open{{"", schema[0].children}};
    for (std::size_t i = 1; i < schema.size(); ++i) {
        const SchemaElement& element = schema[i];
        while (!open.empty() && open.back().left == 0) {
            open.pop_back();
        }
        if (open.empty()) {
            return invalid(what + ": the schema has more elements than its groups have members");
        }
        --open.back().left;
        std::string name = open.back().prefix;
        name.append(element.name);
        if (element.type < 0) {
            if (element.children < 0 || open.size() == kMaxNesting) {
                return invalid(
                    concat(what, ": the schema's group \"", name, "\" has no members or is nested too deeply"));
            }
            name.push_back('.');
            open.push_back({std::move(name), element.children});
            continue;
        }
        Column& column = out.emplace_back();
        column.name = std::move(name);
        column.type = static_cast<Type>(std::min<std::int64_t>(element.type, 255));
        column.optional = element.repetition == kOptional;
        column.is_uint32 = element.converted_type == kUint32;
        column.flat = open.size() == 1 && (element.repetition == 0 || element.repetition == kOptional);
    }
    while (!open.empty() && open.back().left == 0) {
        open.pop_back();
    }
    if (!open.empty()) {
        return invalid(what + ": the schema is cut short");
    }
    return out;
}

/// Checks a chunk against the bytes before the footer.
Result<ColumnChunk> checked(RawChunk& raw, const Column& column, std::uint64_t rows, std::uint64_t data_end,
                            const std::string& what) {
    const auto fault = [&](const std::string& message) { return invalid(what + ": column " + column.name + message); };
    ColumnChunk out;
    out.refusal = std::move(raw.refusal);
    if (!out.refusal.empty()) {
        return out;
    }
    if (!raw.has_metadata || raw.type != static_cast<std::int64_t>(column.type)) {
        return fault(": its description is missing or of another type than the schema's");
    }
    if (raw.codec < 0 || raw.codec > 255 || raw.size < 0 || raw.data_offset < 0 || raw.values < 0) {
        return fault(": its description lacks codec, size, offset or number of values");
    }
    std::int64_t begin = raw.data_offset;
    if (raw.dictionary_offset > 0 && raw.dictionary_offset < begin) {
        begin = raw.dictionary_offset;
    }
    out.codec = static_cast<Compression>(raw.codec);
    out.begin = static_cast<std::uint64_t>(begin);
    out.size = static_cast<std::uint64_t>(raw.size);
    out.values = static_cast<std::uint64_t>(raw.values);
    if (out.begin > data_end || out.size > data_end - out.begin) {
        return fault(": " + std::to_string(out.size) + " bytes at " + std::to_string(out.begin) +
                     " do not lie before the footer at " + std::to_string(data_end));
    }
    if (column.flat && out.values != rows) {
        return fault(": " + std::to_string(out.values) + " values in a row group of " + std::to_string(rows) + " rows");
    }
    return out;
}

template <std::size_t N>
std::string name_in(const std::array<const char*, N>& names, unsigned number, const char* kind) {
    if (number < N && names[number] != nullptr) {
        return names[number];
    }
    return std::string(kind) + " " + std::to_string(number);
}

}  // namespace

std::string name_of(Type type) {
    static constexpr std::array<const char*, 8> kNames = {"BOOLEAN", "INT32",  "INT64",      "INT96",
                                                          "FLOAT",   "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"};
    return name_in(kNames, static_cast<unsigned>(type), "type");
}

std::string name_of(Compression codec) {
    static constexpr std::array<const char*, 8> kNames = {"UNCOMPRESSED", "SNAPPY", "GZIP", "LZO",
                                                          "BROTLI",       "LZ4",    "ZSTD", "LZ4_RAW"};
    return name_in(kNames, static_cast<unsigned>(codec), "codec");
}

std::string name_of(Encoding encoding) {
    static constexpr std::array<const char*, 10> kNames = {"PLAIN",
                                                           nullptr,
                                                           "PLAIN_DICTIONARY",
                                                           "RLE",
                                                           "BIT_PACKED",
                                                           "DELTA_BINARY_PACKED",
                                                           "DELTA_LENGTH_BYTE_ARRAY",
                                                           "DELTA_BYTE_ARRAY",
                                                           "RLE_DICTIONARY",
                                                           "BYTE_STREAM_SPLIT"};
    return name_in(kNames, static_cast<unsigned>(encoding), "encoding");
}

std::optional<std::size_t> FileMetadata::find(std::string_view column) const {
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].name == column) {
            return i;
        }
    }
    return std::nullopt;
}

Result<FileMetadata> read_footer(ByteSpan file, const std::string& what) {
    constexpr std::size_t kTail = 8;  // length and magic
    const std::string_view text = as_text(file);
    if (text.starts_with(kEncryptedMagic) || text.ends_with(kEncryptedMagic)) {
        return unsupported(what + ": the Parquet file is encrypted");
    }
    if (file.size() < kMagic.size() + kTail || !text.starts_with(kMagic) || !text.ends_with(kMagic)) {
        return corrupt(what + ": " + std::to_string(file.size()) +
                       " bytes that are no Parquet file (it begins and ends with PAR1), or one cut short");
    }
    std::uint32_t length = 0;
    for (unsigned i = 0; i < 4; ++i) {
        length |= std::uint32_t{static_cast<std::uint8_t>(file[file.size() - kTail + i])} << (8 * i);
    }
    if (length > file.size() - kMagic.size() - kTail) {
        return corrupt(what + ": a footer of " + std::to_string(length) + " bytes does not fit into a file of " +
                       std::to_string(file.size()));
    }
    const std::uint64_t data_end = file.size() - kTail - length;
    ThriftReader reader(file.subspan(data_end, length));
    RawFooter raw;
    if (!read_file_metadata(reader, raw)) {
        return reader.error(what + ": Parquet footer");
    }
    FileMetadata out;
    VCUBE_ASSIGN(out.columns, leaves(raw.schema, what));
    out.row_groups = std::move(raw.row_groups);
    for (std::size_t g = 0; g < out.row_groups.size(); ++g) {
        RowGroup& group = out.row_groups[g];
        if (raw.chunks[g].size() != out.columns.size()) {
            return invalid(what + ": row group " + std::to_string(g) + " has " + std::to_string(raw.chunks[g].size()) +
                           " columns, the schema " + std::to_string(out.columns.size()));
        }
        for (std::size_t c = 0; c < out.columns.size(); ++c) {
            VCUBE_ASSIGN(ColumnChunk chunk, checked(raw.chunks[g][c], out.columns[c], group.rows, data_end, what));
            group.chunks.push_back(std::move(chunk));
        }
        if (__builtin_add_overflow(out.rows, group.rows, &out.rows)) {
            return invalid(what + ": the number of rows exceeds 64 bits");
        }
    }
    return out;
}

namespace {

/// The numbers of the three page headers under one roof; `version` is the field that held them.
struct RawPage {
    std::int64_t type = -1;
    std::int64_t size = -1;
    std::int64_t stored_size = -1;
    std::int64_t crc = -1;
    bool has_crc = false;
    int header = 0;
    std::array<std::int64_t, 8> number{};  // by field number
    bool compressed = true;
};

bool read_inner_header(ThriftReader& reader, const ThriftField& outer, RawPage& out) {
    ThriftField field;
    if (!reader.begin_struct(outer)) {
        return false;
    }
    out.header = outer.id;
    out.number.fill(-1);
    // Beside numbers there are statistics, a flag of dictionaries and, in version 2, whether values are compressed.
    const std::int32_t numbers = outer.id == 5 ? 4 : outer.id == 7 ? 2 : 6;
    while (reader.next_field(field)) {
        if (field.id >= 1 && field.id <= numbers) {
            reader.read_int(field, out.number[static_cast<std::size_t>(field.id)]);
        } else if (field.id == 7 && outer.id == 8) {
            reader.read_bool(field, out.compressed);
        } else {
            reader.skip(field);
        }
    }
    return reader.ok();
}

bool read_raw_page(ThriftReader& reader, RawPage& out) {
    ThriftField field;
    static_cast<void>(reader.begin_struct());
    while (reader.next_field(field)) {
        switch (field.id) {
            case 1:
                reader.read_int(field, out.type);
                break;
            case 2:
                reader.read_int(field, out.size);
                break;
            case 3:
                reader.read_int(field, out.stored_size);
                break;
            case 4:
                out.has_crc = reader.read_int(field, out.crc);
                break;
            case 5:
            case 7:
            case 8:
                read_inner_header(reader, field, out);
                break;
            default:
                reader.skip(field);
        }
    }
    return reader.ok();
}

constexpr bool is_i32(std::int64_t value) {
    return value >= 0 && value <= std::numeric_limits<std::int32_t>::max();
}

}  // namespace

Result<PageHeader> read_page_header(ByteSpan bytes, std::size_t& header_size, const std::string& what) {
    ThriftReader reader(bytes);
    RawPage raw;
    if (!read_raw_page(reader, raw)) {
        return reader.error(what + ": page header");
    }
    header_size = reader.offset();
    if (raw.type < 0 || raw.type > 255 || !is_i32(raw.size) || !is_i32(raw.stored_size)) {
        return invalid(what + ": a page header without type or sizes");
    }
    PageHeader out;
    out.type = static_cast<PageType>(raw.type);
    out.size = static_cast<std::uint32_t>(raw.size);
    out.stored_size = static_cast<std::uint32_t>(raw.stored_size);
    if (out.stored_size > bytes.size() - header_size) {
        return corrupt(what + ": a page of " + std::to_string(out.stored_size) + " bytes where " +
                       std::to_string(bytes.size() - header_size) + " are left");
    }
    if (raw.has_crc) {
        out.crc = static_cast<std::uint32_t>(raw.crc);
    }
    const int expected = out.type == PageType::kData         ? 5
                         : out.type == PageType::kDictionary ? 7
                         : out.type == PageType::kDataV2     ? 8
                                                             : 0;
    if (expected == 0) {
        return out;  // an index or a later kind of page: to be stepped over
    }
    const std::int64_t encoding = raw.number[out.type == PageType::kDataV2 ? 4 : 2];
    if (raw.header != expected || !is_i32(raw.number[1]) || encoding < 0 || encoding > 255) {
        return invalid(what + ": a page header without its number of values or encoding");
    }
    out.values = static_cast<std::uint32_t>(raw.number[1]);
    out.encoding = static_cast<Encoding>(encoding);
    if (out.type == PageType::kData) {
        out.level_encoding = static_cast<Encoding>(raw.number[3] < 0 || raw.number[3] > 255 ? 255 : raw.number[3]);
    }
    if (out.type == PageType::kDataV2) {
        const std::int64_t definition = raw.number[5];
        const std::int64_t repetition = raw.number[6];
        if (!is_i32(definition) || !is_i32(repetition) || definition + repetition > raw.stored_size ||
            definition + repetition > raw.size) {
            return invalid(what + ": a page header whose levels do not fit into the page");
        }
        out.definition_bytes = static_cast<std::uint32_t>(definition);
        out.repetition_bytes = static_cast<std::uint32_t>(repetition);
        out.compressed = raw.compressed;
    }
    return out;
}

}  // namespace vcube::parquet
