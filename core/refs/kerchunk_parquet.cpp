#include "core/refs/kerchunk_parquet.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/base64.h"
#include "core/base/fetch_bytes.h"
#include "core/base/json_reader.h"
#include "core/refs/kerchunk_parquet_files.h"
#include "core/refs/manifest.h"
#include "vcube/shape.h"

namespace vcube {
namespace {

constexpr std::string_view kMetadataFile = ".zmetadata";
constexpr std::string_view kArrayKey = ".zarray";
constexpr std::string_view kArrayKey3 = "zarr.json";
constexpr int kMaxDepth = 64;

/// How an array's chunks are numbered.
struct ArrayGrid {
    std::uint32_t id = 0;
    Shape extent;           // chunks along each dimension
    bool prefixed = false;  // Zarr v3: chunk keys begin with "c"
    std::string problem;    // why it cannot be known, or ""
};

/// What .zmetadata holds. The views point into `text` or `unescaped`.
struct Metadata {
    Buffer text;
    std::vector<std::unique_ptr<std::string>> unescaped;
    std::vector<std::pair<std::string, std::string_view>> documents;  // sorted by key
    std::unordered_map<std::string_view, ArrayGrid> arrays;           // by path, "" for an array at the root
    std::uint64_t record_size = 0;
};

bool read_extents(JsonReader& reader, Shape& out) {
    out.clear();
    if (!reader.begin_array()) {
        return false;
    }
    while (reader.next_element()) {
        if (out.size() == kMaxDimensions) {
            return reader.fail("more than " + std::to_string(kMaxDimensions) + " dimensions", ErrorCode::kLimit);
        }
        if (!reader.read_uint(out.emplace_back())) {
            return false;
        }
    }
    return reader.ok();
}

/// What metadata of either version tell of a grid.
struct GridText {
    std::optional<Shape> shape;
    std::optional<Shape> chunks;
    bool prefixed = false;
};

/// The members of .zarray, or of zarr.json and of the objects in it that lead to the chunks' shape and keys.
void read_grid(JsonReader& reader, bool v3, GridText& out) {
    std::string_view key;
    if (!reader.begin_object()) {
        return;
    }
    while (reader.next_key(key)) {
        std::string_view name;
        if (key == "shape") {
            read_extents(reader, out.shape.emplace());
        } else if (key == (v3 ? "chunk_shape" : "chunks")) {
            read_extents(reader, out.chunks.emplace());
        } else if (v3 && (key == "chunk_grid" || key == "configuration" || key == "chunk_key_encoding") &&
                   reader.peek() == JsonType::kObject) {
            read_grid(reader, v3, out);
        } else if (v3 && (key == "name" || key == "chunk_key_encoding") && reader.peek() == JsonType::kString) {
            out.prefixed = reader.read_string(name) && (name == "default" || out.prefixed);
        } else {
            reader.skip();
        }
    }
}

/// The grid of an array from the text of its .zarray or zarr.json; nothing where that is a group's.
std::optional<ArrayGrid> grid_of(std::string_view text, bool v3) {
    ArrayGrid out;
    JsonReader reader(text, {.max_depth = kMaxDepth});
    GridText found;
    read_grid(reader, v3, found);
    if (!reader.ok()) {
        out.problem = reader.error(std::string(v3 ? kArrayKey3 : kArrayKey)).message;
        return out;
    }
    const auto& [shape, chunks, prefixed] = found;
    if (v3 && !shape) {
        return std::nullopt;
    }
    out.prefixed = prefixed;
    if (!shape || !chunks || shape->size() != chunks->size()) {
        out.problem = "shape and chunks are missing or of different lengths";
        return out;
    }
    for (std::size_t d = 0; d < shape->size(); ++d) {
        if ((*chunks)[d] == 0) {
            out.problem = "a chunk extent of 0";
            return out;
        }
        out.extent.push_back((*shape)[d] / (*chunks)[d] + ((*shape)[d] % (*chunks)[d] != 0 ? 1 : 0));
    }
    // An extent of 0 would hide that the others overflow.
    Shape others = out.extent;
    std::replace(others.begin(), others.end(), std::uint64_t{0}, std::uint64_t{1});
    if (!checked_product(others)) {
        out.problem = "the number of chunks exceeds 64 bits";
    }
    return out;
}

/// Steps through "metadata" of .zmetadata: key -> document, which is an object or, as some writers have it, its text.
bool read_documents(JsonReader& reader, Metadata& out) {
    std::unordered_map<std::string, std::string_view> documents;
    std::string_view key;
    if (!reader.begin_object()) {
        return false;
    }
    while (reader.next_key(key)) {
        const std::string name(key);
        std::string_view text;
        if (reader.peek() == JsonType::kString) {
            if (!reader.read_string(text)) {
                break;
            }
            text = *out.unescaped.emplace_back(std::make_unique<std::string>(text));
        } else if (!reader.skip(text)) {
            break;
        }
        if (is_metadata_key(name)) {
            documents[name] = text;
        }
    }
    if (!reader.ok()) {
        return reader.in_context("metadata");
    }
    out.documents.assign(std::make_move_iterator(documents.begin()), std::make_move_iterator(documents.end()));
    std::sort(out.documents.begin(), out.documents.end());
    return true;
}

Result<Metadata> read_metadata(Buffer buffer, const std::string& what) {
    Metadata out;
    out.text = std::move(buffer);
    JsonReader reader(as_text(out.text.span()), {.max_depth = kMaxDepth});
    bool has_metadata = false;
    std::string_view key;
    if (reader.begin_object()) {
        while (reader.next_key(key)) {
            if (key == "metadata") {
                has_metadata = read_documents(reader, out);
            } else if (key == "record_size") {
                reader.read_uint(out.record_size);
                reader.in_context("record_size");
            } else {
                reader.skip();
            }
        }
    }
    if (!reader.ok() || !reader.finish()) {
        return reader.error(what);
    }
    if (!has_metadata || out.record_size == 0) {
        return invalid(what +
                       ": \"metadata\" and a positive \"record_size\" are expected: no Kerchunk Parquet references");
    }
    for (const auto& [name, text] : out.documents) {
        std::string_view path = name;
        const bool v3 = path.ends_with(kArrayKey3);
        if (!v3 && !path.ends_with(kArrayKey)) {
            continue;
        }
        path.remove_suffix(std::min(path.size(), (v3 ? kArrayKey3 : kArrayKey).size() + 1));  // and the slash before it
        if (std::optional<ArrayGrid> grid = grid_of(text, v3)) {
            grid->id = static_cast<std::uint32_t>(out.arrays.size());
            out.arrays.emplace(path, *std::move(grid));
        }
    }
    return out;
}

/// "0.12.3" or "0/12/3" as a C-order number; nothing where it is no chunk of the grid. A scalar has the chunk "0". Keys
/// of Zarr v3 may begin with "c", which is the chunk of a scalar.
std::optional<std::uint64_t> chunk_number(std::string_view text, const ArrayGrid& grid) {
    const Shape& extent = grid.extent;
    if (grid.prefixed) {
        if (!text.starts_with('c') || (text.size() > 1) == extent.empty()) {
            return std::nullopt;
        }
        text = extent.empty() ? "0" : text.substr(2);
    }
    if (extent.empty()) {
        return text == "0" ? std::optional<std::uint64_t>(0) : std::nullopt;
    }
    const std::size_t first_separator = text.find_first_of("./");
    const char separator = first_separator == std::string_view::npos ? '.' : text[first_separator];
    std::uint64_t number = 0;
    for (std::size_t d = 0; d < extent.size(); ++d) {
        std::uint64_t at = 0;
        std::size_t digits = 0;
        while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
            at = at * 10 + static_cast<std::uint64_t>(text[digits++] - '0');
            if (at >= extent[d] || digits > 18) {
                return std::nullopt;  // before the next step could wrap
            }
        }
        const bool last = d + 1 == extent.size();
        if (digits == 0 || (digits > 1 && text[0] == '0') || at >= extent[d] || (digits == text.size()) != last ||
            (!last && text[digits] != separator)) {
            return std::nullopt;
        }
        number = number * extent[d] + at;
        text.remove_prefix(last ? digits : digits + 1);
    }
    return number;
}

/// Where the reference of one key of a batch stands.
struct Wanted {
    std::size_t index;  // of the key
    RefsFile file;
    std::size_t row;
    std::string_view path;  // of the array
};

class KerchunkParquetStore final : public Store {
public:
    KerchunkParquetStore(Metadata metadata, std::shared_ptr<const Store> files, std::shared_ptr<Fetcher> fetcher,
                         std::string name, UrlPolicy policy, const KerchunkParquetLimits& limits)
        : metadata_(std::move(metadata)),
          name_(std::move(name)),
          policy_(std::move(policy)),
          files_(std::move(files), std::move(fetcher), name_, limits) {}

    [[nodiscard]] std::string_view name() const override { return name_; }

    [[nodiscard]] Result<std::vector<std::string>> metadata_keys() const override {
        std::vector<std::string> out;
        out.reserve(metadata_.documents.size());
        for (const auto& document : metadata_.documents) {
            out.push_back(document.first);
        }
        return out;
    }

    [[nodiscard]] Result<std::optional<std::string>> metadata(std::string_view key) const override {
        const auto found =
            std::lower_bound(metadata_.documents.begin(), metadata_.documents.end(), key,
                             [](const auto& document, std::string_view k) { return document.first < k; });
        if (found == metadata_.documents.end() || found->first != key) {
            return std::optional<std::string>();
        }
        return std::optional<std::string>(found->second);
    }

    Status locate(std::span<const std::string> keys, std::span<ChunkLocation> out) const override {
        std::vector<Wanted> wanted;
        for (std::size_t i = 0; i < keys.size(); ++i) {
            out[i] = Missing();
            VCUBE_TRY(find(keys[i], i, wanted));
        }
        std::stable_sort(wanted.begin(), wanted.end(),
                         [](const Wanted& a, const Wanted& b) { return a.file < b.file; });
        std::span<const Wanted> rest = wanted;
        while (!rest.empty()) {
            VCUBE_TRY(locate_some(rest, keys, out));
        }
        return {};
    }

private:
    /// Files loaded at once: enough to hide latency, few enough to bound memory.
    static constexpr std::size_t kFilesAtOnce = 16;

    Status find(std::string_view key, std::size_t index, std::vector<Wanted>& out) const {
        // The longest array path that the key begins with: "a/0" may be an array, so may "a".
        std::size_t end = key.rfind('/');
        while (true) {
            const bool root = end == std::string_view::npos;
            const std::string_view path = key.substr(0, root ? 0 : end);
            if (const auto found = metadata_.arrays.find(path); found != metadata_.arrays.end()) {
                const ArrayGrid& grid = found->second;
                if (!grid.problem.empty()) {
                    return invalid(name_ + ": " + std::string(key) + ": " + grid.problem);
                }
                if (const auto number = chunk_number(root ? key : key.substr(end + 1), grid)) {
                    out.push_back({index,
                                   {grid.id, *number / metadata_.record_size},
                                   static_cast<std::size_t>(*number % metadata_.record_size),
                                   found->first});
                }
                return {};
            }
            if (root || end == 0) {
                if (root) {
                    return {};
                }
                end = std::string_view::npos;
                continue;
            }
            end = key.rfind('/', end - 1);
        }
    }

    /// Takes the first files off `rest`, loads them and fills in what they tell.
    Status locate_some(std::span<const Wanted>& rest, std::span<const std::string> keys,
                       std::span<ChunkLocation> out) const {
        std::vector<RefsFile> files;
        std::vector<std::string> paths;
        std::size_t count = 0;
        for (; count < rest.size(); ++count) {
            const Wanted& one = rest[count];
            if (!files.empty() && files.back() == one.file) {
                continue;
            }
            if (files.size() == kFilesAtOnce) {
                break;
            }
            files.push_back(one.file);
            std::string& path = paths.emplace_back(one.path);
            path.append(path.empty() ? "refs." : "/refs.");
            path.append(std::to_string(one.file.number)).append(".parq");
        }
        std::vector<RefsFiles::Rows> rows(files.size());
        VCUBE_TRY(files_.load(files, paths, rows));
        std::size_t f = 0;
        Resolved last;
        for (const Wanted& one : rest.first(count)) {
            while (files[f] != one.file) {
                ++f;
            }
            if (rows[f] != nullptr) {
                VCUBE_TRY(fill(one, rows[f], paths[f], keys[one.index], last, out[one.index]));
            }
        }
        rest = rest.subspan(count);
        return {};
    }

    /// The URL resolved last: neighbouring rows often share it.
    struct Resolved {
        std::string_view path;
        std::string url;
    };

    Status fill(const Wanted& one, const RefsFiles::Rows& rows, const std::string& file, const std::string& key,
                Resolved& last, ChunkLocation& out) const {
        const auto context = [&] { return name_ + ": " + file + ", row " + std::to_string(one.row) + ", key " + key; };
        // Files are padded to the record size; one of another length means that rows are counted wrongly.
        if (one.row >= rows->size() || rows->size() > metadata_.record_size) {
            return invalid(context() + ": the file has " + std::to_string(rows->size()) + " rows, record_size is " +
                           std::to_string(metadata_.record_size));
        }
        const RefsRow row = rows->row(one.row);
        if (row.raw) {
            return fill_inline(*row.raw, rows, out) ? Status() : invalid(context() + ": the base64 data are damaged");
        }
        if (!row.path) {
            return {};
        }
        if (row.offset < 0 || row.size < 0 || row.size > std::numeric_limits<std::int64_t>::max() - row.offset) {
            return invalid(context() + ": offset " + std::to_string(row.offset) + " and size " +
                           std::to_string(row.size));
        }
        if (last.path.data() != row.path->data() || last.path.size() != row.path->size()) {
            auto url = resolve_url(*row.path, policy_);
            if (!url.ok()) {
                return with_context(context(), url.error());
            }
            last = {*row.path, std::move(url).value()};
        }
        Remote remote;
        remote.url = last.url;
        if (row.size != 0) {
            remote.range = {static_cast<std::uint64_t>(row.offset), static_cast<std::uint64_t>(row.offset + row.size)};
        }
        out = std::move(remote);
        return {};
    }

    static bool fill_inline(std::string_view raw, const RefsFiles::Rows& rows, ChunkLocation& out) {
        constexpr std::string_view kBase64 = "base64:";
        if (!raw.starts_with(kBase64)) {
            out = Inline{as_byte_span(raw), rows};
            return true;
        }
        const auto bytes = std::make_shared<std::string>();
        if (!decode_base64(raw.substr(kBase64.size()), *bytes)) {
            return false;
        }
        out = Inline{as_byte_span(*bytes), bytes};
        return true;
    }

    Metadata metadata_;
    std::string name_;
    UrlPolicy policy_;
    mutable RefsFiles files_;
};

/// The bytes of .zmetadata, which a store of files tells through metadata() or locate().
Result<Buffer> metadata_text(const Store& files, Fetcher& fetcher, std::size_t max_bytes) {
    VCUBE_ASSIGN(const auto text, files.metadata(kMetadataFile));
    if (text) {
        return fetch_location(fetcher, Inline{as_byte_span(*text), nullptr}, max_bytes);
    }
    const std::string key(kMetadataFile);
    ChunkLocation place;
    VCUBE_TRY(files.locate(std::span(&key, 1), std::span(&place, 1)));
    return fetch_location(fetcher, place, max_bytes);
}

}  // namespace

Result<std::shared_ptr<const Store>> open_kerchunk_parquet(std::shared_ptr<const Store> files,
                                                           std::shared_ptr<Fetcher> fetcher, std::string name,
                                                           UrlPolicy policy, const KerchunkParquetLimits& limits) {
    std::string what = name;
    what.append(": ").append(kMetadataFile);
    auto text = metadata_text(*files, *fetcher, limits.max_metadata_bytes);
    if (!text.ok()) {
        return with_context(what, text.error());
    }
    VCUBE_ASSIGN(Metadata metadata, read_metadata(std::move(text).value(), what));
    return std::shared_ptr<const Store>(std::make_shared<const KerchunkParquetStore>(
        std::move(metadata), std::move(files), std::move(fetcher), std::move(name), std::move(policy), limits));
}

}  // namespace vcube
