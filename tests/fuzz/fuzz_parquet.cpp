// Parquet files and Kerchunk Parquet sets, hostile: any bytes give a result or an error, in bounded memory. The first
// byte chooses: a whole file; one page of given type, encoding and version, so that the decoders are reached without a
// footer that fits; number sequences; a whole reference set. What is checked beside: values lie in the arena, row
// counts hold, a sequence read in pieces equals the same read at once, a remote set never names a local file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "core/refs/kerchunk_parquet.h"
#include "core/refs/kerchunk_parquet_rows.h"
#include "core/refs/parquet_column.h"
#include "core/refs/parquet_encoding.h"
#include "core/refs/parquet_page.h"

namespace vcube {
namespace {

constexpr std::uint64_t kMemory = 16U << 20;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

/// Takes numbers off the front of the input.
class Input {
public:
    explicit Input(ByteSpan bytes) : rest_(bytes) {}
    unsigned byte() {
        if (rest_.empty()) {
            return 0;
        }
        const auto out = static_cast<unsigned>(rest_.front());
        rest_ = rest_.subspan(1);
        return out;
    }
    unsigned word() {
        const unsigned low = byte();
        return low | (byte() << 8U);
    }
    ByteSpan take(std::size_t size) {
        const ByteSpan out = rest_.first(std::min(size, rest_.size()));
        rest_ = rest_.subspan(out.size());
        return out;
    }
    [[nodiscard]] ByteSpan rest() const { return rest_; }

private:
    ByteSpan rest_;
};

void touch(std::string_view text) {
    volatile unsigned sum = std::accumulate(text.begin(), text.end(), 0U,
                                            [](unsigned a, char c) { return a + static_cast<unsigned char>(c); });
    static_cast<void>(sum);
}

void read_column(ByteSpan file, const parquet::FileMetadata& metadata, std::size_t column) {
    parquet::Budget budget(kMemory);
    if (const auto got = parquet::read_integers(file, metadata, column, "fuzz", budget); got.ok()) {
        require(got.value().values.size() == metadata.rows);
        require(got.value().valid.empty() || got.value().valid.size() == metadata.rows);
    }
    parquet::Budget other(kMemory);
    if (const auto got = parquet::read_byte_arrays(file, metadata, column, "fuzz", other); got.ok()) {
        const parquet::ByteArrays& arrays = got.value();
        require(arrays.rows.size() == metadata.rows);
        for (std::size_t i = 0; i < arrays.rows.size(); ++i) {
            require(arrays.rows[i] == parquet::ByteArrays::kNull || arrays.rows[i] < arrays.values.size());
        }
        for (const std::string_view value : arrays.values) {
            touch(value);
        }
    }
}

void check_file(ByteSpan file) {
    const auto metadata = parquet::read_footer(file, "fuzz");
    if (metadata.ok()) {
        const std::size_t columns = std::min<std::size_t>(metadata.value().columns.size(), 8);
        for (std::size_t c = 0; c < columns; ++c) {
            read_column(file, metadata.value(), c);
        }
    }
    const auto rows = RefsRows::decode(file, "fuzz", kMemory);
    if (!rows.ok()) {
        require(!rows.error().message.empty());
        return;
    }
    for (std::size_t i = 0; i < std::min<std::size_t>(rows.value().size(), 1000); ++i) {
        const RefsRow row = rows.value().row(i);
        touch(row.path.value_or(""));
        touch(row.raw.value_or(""));
    }
}

void put_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80U; value >>= 7U) {
        out.push_back(static_cast<char>(value | 0x80U));
    }
    out.push_back(static_cast<char>(value));
}

/// Fields 1, 2, 3 ... of a struct as i32, without its end.
void put_fields(std::string& out, std::initializer_list<std::uint64_t> values) {
    for (const std::uint64_t value : values) {
        out.push_back('\x15');
        put_varint(out, value << 1U);
    }
}

std::string data_page(unsigned version, unsigned encoding, unsigned level_encoding, unsigned rows, unsigned levels,
                      ByteSpan body) {
    std::string out;
    put_fields(out, {version == 2 ? 3U : 0U, body.size(), body.size()});
    if (version == 2) {
        out.push_back('\x5C');  // field 8
        put_fields(out, {rows, 0, rows, encoding, levels, 0});
    } else {
        out.push_back('\x2C');  // field 5
        put_fields(out, {rows, encoding, level_encoding, 3});
    }
    out.append(2, '\0');
    return out.append(as_text(body));
}

std::string dictionary_page(unsigned entries, ByteSpan body) {
    std::string out;
    put_fields(out, {2, body.size(), body.size()});
    out.push_back('\x4C');  // field 7
    put_fields(out, {entries, 0});
    out.append(2, '\0');
    return out.append(as_text(body));
}

void check_pages(Input input) {
    static constexpr parquet::Type kTypes[] = {parquet::Type::kInt32, parquet::Type::kInt64, parquet::Type::kByteArray};
    parquet::FileMetadata metadata;
    const unsigned flags = input.byte();
    const unsigned encodings = input.byte();
    parquet::Column& column = metadata.columns.emplace_back();
    column.type = kTypes[flags % 3];
    column.optional = (flags & 4U) != 0;
    column.is_uint32 = (flags & 8U) != 0;
    const unsigned rows = input.word();
    const unsigned levels = input.byte();
    std::string file;
    if ((flags & 16U) != 0) {
        const unsigned entries = input.byte();
        file = dictionary_page(entries, input.take(input.word()));
    }
    const ByteSpan body = input.rest();
    file.append(data_page((flags & 32U) != 0 ? 2 : 1, encodings % 16, (encodings >> 4U) % 5, rows,
                          std::min<unsigned>(levels, static_cast<unsigned>(body.size())), body));
    metadata.rows = rows;
    parquet::RowGroup& group = metadata.row_groups.emplace_back();
    group.rows = rows;
    parquet::ColumnChunk& chunk = group.chunks.emplace_back();
    chunk.size = file.size();
    chunk.values = rows;
    read_column(as_byte_span(file), metadata, 0);
}

void check_sequences(Input input) {
    const unsigned width = input.byte() % 33;
    const std::size_t count = input.word();
    const std::size_t piece = 1 + input.byte();
    std::vector<std::uint32_t> whole(count);
    if (parquet::RunReader(input.rest(), width).read(std::span(whole))) {
        std::vector<std::uint32_t> parts(count);
        parquet::RunReader reader(input.rest(), width);
        for (std::size_t i = 0; i < count; i += piece) {
            require(reader.read(std::span(parts).subspan(i, std::min(piece, count - i))));
        }
        require(parts == whole);
    }
    std::vector<std::int64_t> values(count);
    for (const bool narrow : {false, true}) {
        ByteSpan in = input.rest();
        const bool ok = parquet::read_deltas(in, values, narrow);
        require(!ok || !narrow || values.empty() || values.back() == static_cast<std::int32_t>(values.back()));
    }
}

/// .zmetadata, and one refs file for every array.
class Set final : public Store {
public:
    Set(ByteSpan metadata, ByteSpan file) : metadata_(metadata), file_(file) {}
    [[nodiscard]] std::string_view name() const override { return "fuzz"; }
    [[nodiscard]] Result<std::vector<std::string>> metadata_keys() const override { return std::vector<std::string>(); }
    [[nodiscard]] Result<std::optional<std::string>> metadata(std::string_view) const override {
        return std::optional<std::string>(as_text(metadata_));
    }
    Status locate(std::span<const std::string> keys, std::span<ChunkLocation> out) const override {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            out[i] = Inline{file_, nullptr};
        }
        return {};
    }

private:
    ByteSpan metadata_;
    ByteSpan file_;
};

class NoFetcher final : public Fetcher {
public:
    void fetch(std::span<const FetchRequest> requests, const FetchSink& sink,
               const FetchOptions& /*options*/) override {
        for (std::size_t i = 0; i < requests.size(); ++i) {
            sink(i, not_found("nothing"));
        }
    }
};

void check_set(Input input) {
    const std::size_t key_size = input.byte();
    const std::string key(as_text(input.take(key_size)));
    const ByteSpan metadata = input.take(input.word());
    const auto store =
        open_kerchunk_parquet(std::make_shared<Set>(metadata, input.rest()), std::make_shared<NoFetcher>(), "fuzz",
                              {.base = "https://host/d/", .remote_base = true},
                              {.max_metadata_bytes = kMemory,
                               .max_file_bytes = kMemory,
                               .max_decoded_bytes = kMemory,
                               .cache_bytes = kMemory});
    if (!store.ok()) {
        require(!store.error().message.empty());
        return;
    }
    const auto documents = store.value()->metadata_keys();
    for (const std::string& document : documents.value()) {
        require(store.value()->metadata(document).value().has_value());
    }
    for (const std::string& wanted : {key, std::string("a/0"), std::string("a/b/1.0")}) {
        ChunkLocation out;
        if (!store.value()->locate(std::span(&wanted, 1), std::span(&out, 1)).ok()) {
            continue;
        }
        if (const auto* const own = std::get_if<Inline>(&out)) {
            touch(as_text(own->bytes));
        }
        const auto* const place = std::get_if<Remote>(&out);
        require(place == nullptr || is_remote(place->url));
    }
}

}  // namespace
}  // namespace vcube

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vcube;
    Input input(std::as_bytes(std::span(data, size)));
    switch (input.byte() % 4) {
        case 0:
            check_file(input.rest());
            break;
        case 1:
            check_pages(input);
            break;
        case 2:
            check_sequences(input);
            break;
        default:
            check_set(input);
    }
    return 0;
}
