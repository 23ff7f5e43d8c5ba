#include "core/refs/consolidated.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/concat.h"
#include "core/base/json_reader.h"
#include "core/refs/manifest.h"

namespace vcube {
namespace {

class ConsolidatedStore final : public Store {
public:
    ConsolidatedStore(std::shared_ptr<const Store> files, MetadataTable table)
        : files_(std::move(files)), table_(std::move(table)) {}

    [[nodiscard]] std::string_view name() const override { return files_->name(); }
    [[nodiscard]] Result<std::vector<std::string>> metadata_keys() const override { return table_.keys(); }
    [[nodiscard]] Result<std::optional<std::string>> metadata(std::string_view key) const override {
        const std::string* const text = table_.find(key);
        return text != nullptr ? std::optional<std::string>(*text) : std::nullopt;
    }
    Status locate(std::span<const std::string> keys, std::span<ChunkLocation> out) const override {
        return files_->locate(keys, out);
    }
    [[nodiscard]] std::optional<std::uint64_t> chunk_count() const override { return files_->chunk_count(); }

private:
    const std::shared_ptr<const Store> files_;
    const MetadataTable table_;
};

/// Reads the members of the object at `reader` as texts: what JSON values they are is for the metadata reader to judge,
/// so they are taken as they are written. Some writers put the document into a string; then the string is the text.
bool read_members(JsonReader& reader, std::string_view suffix, MetadataTable& out) {
    std::string_view key;
    if (!reader.begin_object()) {
        return false;
    }
    while (reader.next_key(key)) {
        std::string own(key);
        std::string_view text;
        const bool done = reader.peek() == JsonType::kString ? reader.read_string(text) : reader.skip(text);
        if (!done) {
            return false;
        }
        own.append(own.empty() || suffix.empty() ? "" : "/").append(suffix);
        if (is_metadata_key(own)) {
            out.add(std::move(own), std::string(text));
        }
    }
    return reader.ok();
}

/// The "consolidated_metadata" object of a zarr.json; `found` tells whether it holds metadata inline.
bool read_inline(JsonReader& reader, MetadataTable& table, bool& found) {
    bool known_kind = true;
    std::string_view key;
    if (reader.peek() != JsonType::kObject) {
        return reader.skip();  // null: none
    }
    if (!reader.begin_object()) {
        return false;
    }
    while (reader.next_key(key)) {
        const JsonType type = reader.peek();
        if (key == "kind" && type == JsonType::kString) {
            std::string_view kind;
            if (!reader.read_string(kind)) {
                return false;
            }
            known_kind = kind == "inline";
        } else if (key == "metadata" && type == JsonType::kObject) {
            found = true;
            if (!read_members(reader, "zarr.json", table)) {
                return false;
            }
        } else if (!reader.skip()) {
            return false;
        }
    }
    found = found && known_kind;
    return reader.ok();
}

}  // namespace

Result<MetadataTable> parse_zmetadata(std::string_view document, const std::string& what) {
    MetadataTable out;
    bool found = false;
    JsonReader reader(document);
    std::string_view key;
    if (!reader.begin_object()) {
        return reader.error(what);
    }
    while (reader.next_key(key)) {
        if (key == "metadata") {
            found = reader.peek() == JsonType::kObject;
            if (!found || !read_members(reader, "", out)) {
                break;
            }
        } else if (key == "zarr_consolidated_format" && reader.peek() == JsonType::kNumber) {
            std::string_view number;
            if (reader.read_number(number) && number != "1") {
                reader.fail(concat("consolidated metadata of format ", number.substr(0, 40), "; 1 is read"),
                            ErrorCode::kUnsupported);
            }
        } else {
            static_cast<void>(reader.skip());
        }
    }
    if (reader.ok() && !found) {
        return invalid(concat(what, ": no object \"metadata\" in it"));
    }
    if (!reader.ok() || !reader.finish()) {
        return reader.error(what);
    }
    out.finish();
    return out;
}

Result<std::optional<MetadataTable>> parse_inline_metadata(std::string_view document, const std::string& what) {
    MetadataTable out;
    bool found = false;
    JsonReader reader(document);
    std::string_view key;
    if (!reader.begin_object()) {
        return reader.error(what);
    }
    while (reader.next_key(key)) {
        const bool done = key == "consolidated_metadata" ? read_inline(reader, out, found) : reader.skip();
        if (!done) {
            break;
        }
    }
    if (!reader.ok() || !reader.finish()) {
        return reader.error(what);
    }
    if (!found) {
        return std::optional<MetadataTable>();
    }
    out.add("zarr.json", std::string(document));
    out.finish();
    return std::optional<MetadataTable>(std::move(out));
}

bool is_parquet_zmetadata(std::string_view document) {
    JsonReader reader(document);
    std::string_view key;
    if (!reader.begin_object()) {
        return false;
    }
    while (reader.next_key(key)) {
        if (key == "record_size" && reader.peek() == JsonType::kNumber) {
            return true;
        }
        static_cast<void>(reader.skip());
    }
    return false;
}

Result<std::shared_ptr<const Store>> open_consolidated(std::shared_ptr<const Store> files, Fetcher& fetcher,
                                                       const TextLimits& limits) {
    VCUBE_ASSIGN(const auto zmetadata, read_text(*files, fetcher, ".zmetadata", limits));
    return open_consolidated(std::move(files), fetcher, zmetadata, limits);
}

Result<std::shared_ptr<const Store>> open_consolidated(std::shared_ptr<const Store> files, Fetcher& fetcher,
                                                       const std::optional<std::string>& zmetadata,
                                                       const TextLimits& limits) {
    std::optional<MetadataTable> table;
    if (zmetadata) {
        VCUBE_ASSIGN(table, parse_zmetadata(*zmetadata, concat(files->name(), ": .zmetadata")));
    } else {
        VCUBE_ASSIGN(const auto text, read_text(*files, fetcher, "zarr.json", limits));
        if (text) {
            VCUBE_ASSIGN(table, parse_inline_metadata(*text, concat(files->name(), ": zarr.json")));
        }
    }
    if (!table) {
        return std::shared_ptr<const Store>();
    }
    return std::shared_ptr<const Store>(std::make_shared<ConsolidatedStore>(std::move(files), *std::move(table)));
}

Result<std::shared_ptr<const Store>> bring_metadata(std::shared_ptr<const Store> store, Fetcher& fetcher,
                                                    const TextLimits& limits) {
    VCUBE_ASSIGN(const std::vector<std::string> keys, store->metadata_keys());
    const bool referred = std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
        ChunkLocation place;
        // One that cannot be located tells so when its text is asked for.
        return store->locate({&key, 1}, {&place, 1}).ok() && std::holds_alternative<Remote>(place);
    });
    if (!referred) {
        return store;
    }
    std::uint64_t total = 0;
    VCUBE_ASSIGN(std::vector<std::optional<std::string>> texts, read_texts(*store, fetcher, keys, limits, total));
    MetadataTable table;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (texts[i]) {
            table.add(keys[i], *std::move(texts[i]));
        }
    }
    table.finish();
    return std::shared_ptr<const Store>(std::make_shared<ConsolidatedStore>(std::move(store), std::move(table)));
}

}  // namespace vcube
