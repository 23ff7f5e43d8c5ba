#include "core/refs/directory.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "core/base/concat.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/refs/manifest.h"
#include "core/refs/url_policy.h"

namespace vcube {
namespace {

constexpr std::string_view kUnreserved = "-._~/!$&'()*+,;=:@";

bool is_http(std::string_view base) {
    for (const std::string_view prefix : {"/vsicurl/", "/vsicurl_streaming/"}) {
        if (base.starts_with(prefix)) {
            base.remove_prefix(prefix.size());
        }
    }
    return base.starts_with("http://") || base.starts_with("https://");
}

/// A key as the path of a URL has it (RFC 3986).
std::string percent_encoded(std::string_view key) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : key) {
        const auto byte = static_cast<unsigned char>(c);
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || kUnreserved.find(c) != std::string_view::npos) {
            out.push_back(c);
        } else {
            out.append({'%', kDigits[byte >> 4U], kDigits[byte & 15U]});
        }
    }
    return out;
}

std::string below(std::string_view folder, std::string_view name) {
    return concat(folder, folder.empty() ? "" : "/", name);
}

std::string_view parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

enum class NodeKind { kBare, kGroupV2, kGroupV3, kArray };

/// What the metadata of a folder's children may be called.
std::span<const std::string_view> names_below(NodeKind kind) {
    static constexpr std::array<std::string_view, 4> kNames = {".zarray", ".zgroup", ".zattrs", "zarr.json"};
    const std::span<const std::string_view> all = kNames;
    return kind == NodeKind::kGroupV2 ? all.first(3) : kind == NodeKind::kGroupV3 ? all.last(1) : all;
}

NodeKind kind_of(std::string_view folder, const MetadataTable& table) {
    if (table.find(below(folder, ".zarray")) != nullptr) {
        return NodeKind::kArray;
    }
    if (const std::string* const text = table.find(below(folder, "zarr.json"))) {
        const Result<Json> document = parse_json(*text, "zarr.json");
        const bool array = document.ok() && document.value().is_object() &&
                           document.value().value("node_type", Json()) == Json("array");
        return array || !document.ok() ? NodeKind::kArray : NodeKind::kGroupV3;
    }
    return table.find(below(folder, ".zgroup")) != nullptr ? NodeKind::kGroupV2 : NodeKind::kBare;
}

/// Words of an attribute: "lat lon", or "crs: x y" of a grid mapping.
void add_words(const Json& attributes, const char* key, std::set<std::string>& out) {
    const auto at = attributes.find(key);
    if (at == attributes.end()) {
        return;
    }
    const auto add = [&](std::string_view text) {
        while (!text.empty()) {
            const std::size_t end = std::min(text.find_first_of(" :"), text.size());
            const std::string_view word = text.substr(0, end);
            if (stays_below(word)) {
                out.emplace(word);
            }
            text.remove_prefix(std::min(end + 1, text.size()));
        }
    };
    if (at->is_string()) {
        add(at->get_ref<const std::string&>());
    } else if (at->is_array()) {
        for (const Json& entry : *at) {
            if (entry.is_string() && stays_below(entry.get_ref<const std::string&>())) {
                out.insert(entry.get<std::string>());
            }
        }
    }
}

/// Arrays that belong to the array of this path: its dimensions' and auxiliary coordinates, its grid mapping.
std::set<std::string> companions(std::string_view path, const MetadataTable& table) {
    std::set<std::string> out;
    for (const std::string_view file : {".zattrs", "zarr.json"}) {
        const std::string* const text = table.find(below(path, file));
        if (text == nullptr) {
            continue;
        }
        const Result<Json> document = parse_json(*text, std::string(file));
        if (!document.ok() || !document.value().is_object()) {
            continue;
        }
        add_words(document.value(), "dimension_names", out);
        const auto inner = document.value().find("attributes");
        const bool v3 = file == "zarr.json" && inner != document.value().end() && inner->is_object();
        for (const char* const key : {"_ARRAY_DIMENSIONS", "coordinates", "grid_mapping"}) {
            add_words(v3 ? *inner : document.value(), key, out);
        }
    }
    return out;
}

class DirectoryStore final : public Store {
public:
    DirectoryStore(std::string base, DirectoryLister list, std::shared_ptr<Fetcher> fetcher, std::string name,
                   std::vector<std::string> wanted, const DirectoryLimits& limits)
        : base_(std::move(base)),
          list_(std::move(list)),
          fetcher_(std::move(fetcher)),
          name_(std::move(name)),
          wanted_(std::move(wanted)),
          limits_(limits) {
        http_ = is_http(base_);
        if (http_) {
            const std::size_t end = std::min(base_.find_first_of("?#"), base_.size());
            query_ = base_.substr(end);
            base_.resize(end);
        }
        while (base_.size() > 1 && base_.ends_with('/')) {
            base_.pop_back();
        }
    }

    [[nodiscard]] std::string_view name() const override { return name_; }

    [[nodiscard]] Result<std::vector<std::string>> metadata_keys() const override {
        if (const auto known = known_table()) {
            return known->keys();
        }
        auto table = std::make_shared<MetadataTable>();
        VCUBE_TRY(list_ ? walk(*table) : probe_wanted(*table));
        const std::lock_guard lock(mutex_);
        table_ = std::move(table);
        return table_->keys();
    }

    [[nodiscard]] Result<std::optional<std::string>> metadata(std::string_view key) const override {
        if (!stays_below(key)) {
            return std::optional<std::string>();
        }
        const auto known = is_metadata_key(key) ? known_table() : nullptr;
        if (known) {
            const std::string* const text = known->find(key);
            return text != nullptr ? std::optional<std::string>(*text) : std::nullopt;
        }
        const std::string own(key);
        std::uint64_t total = 0;
        VCUBE_ASSIGN(auto texts, read_texts(*this, *fetcher_, {&own, 1}, limits_.texts, total));
        return std::move(texts[0]);
    }

    Status locate(std::span<const std::string> keys, std::span<ChunkLocation> out) const override {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (!stays_below(keys[i])) {
                return Error{ErrorCode::kDenied, concat(name_, ": the key \"", keys[i], "\" leads out of the folder")};
            }
            Remote place;
            place.url =
                concat(base_, base_.ends_with('/') ? "" : "/", http_ ? percent_encoded(keys[i]) : keys[i], query_);
            place.may_be_absent = true;
            out[i] = std::move(place);
        }
        return {};
    }

private:
    struct Folder {
        std::string path;
        NodeKind kind = NodeKind::kBare;
    };

    [[nodiscard]] std::shared_ptr<const MetadataTable> known_table() const {
        const std::lock_guard lock(mutex_);
        return table_;
    }

    /// Metadata of folders, brought in one batch and added to the table; what each folder is.
    Result<std::vector<Folder>> probe(const std::vector<Folder>& folders, MetadataTable& table,
                                      std::uint64_t& total) const {
        if (folders.empty()) {
            return std::vector<Folder>();
        }
        std::vector<std::string> keys;
        for (const Folder& folder : folders) {
            for (const std::string_view file : names_below(folder.kind)) {
                keys.push_back(below(folder.path, file));
            }
        }
        VCUBE_ASSIGN(auto texts, read_texts(*this, *fetcher_, keys, limits_.texts, total));
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (texts[i]) {
                table.add(std::move(keys[i]), *std::move(texts[i]));
            }
        }
        table.finish();
        std::vector<Folder> out;
        out.reserve(folders.size());
        for (const Folder& folder : folders) {
            out.push_back({folder.path, kind_of(folder.path, table)});
        }
        return out;
    }

    /// The folders in `parent`; what they may be follows from the parent's kind. A folder that cannot be listed is told
    /// and left out, unless it is the root.
    Status list_into(const Folder& parent, std::vector<Folder>& out) const {
        const auto entries = list_(parent.path.empty() ? base_ : concat(base_, "/", parent.path));
        if (!entries.ok()) {
            if (parent.path.empty()) {
                return with_context(name_, entries.error());
            }
            log(LogLevel::kWarning, concat(name_, ": ", parent.path, ": ", entries.error().message));
            return {};
        }
        for (const DirectoryEntry& entry : entries.value()) {
            // "a/" is how some file systems list a folder; names with a leading dot are nobody's arrays.
            const std::string_view child = std::string_view(entry.name).substr(0, entry.name.find('/'));
            if (entry.folder && !child.starts_with('.') && stays_below(child)) {
                out.push_back({below(parent.path, child), parent.kind});
            }
        }
        return {};
    }

    /// From the root, level by level. A root that cannot be listed (no permission) may still hold what is wanted.
    Status walk(MetadataTable& table) const {
        std::uint64_t total = 0;
        std::size_t visited = 0;
        VCUBE_ASSIGN(std::vector<Folder> level, probe({Folder{}}, table, total));
        // A folder without metadata is entered below a group or as the root, not below another of its kind: somebody's
        // home is no hierarchy.
        for (int depth = 0; depth < limits_.max_depth && !level.empty(); ++depth) {
            std::vector<Folder> children;
            for (const Folder& folder : level) {
                const std::size_t before = children.size();
                if (folder.kind != NodeKind::kArray) {
                    if (const Status listed = list_into(folder, children); !listed.ok()) {
                        const Status probed = probe_wanted(table);
                        return probed.ok() ? probed : listed;
                    }
                }
                visited += children.size() - before;
                if (visited > limits_.max_folders) {
                    return over_limit(concat(name_, ": more than ", std::to_string(limits_.max_folders), " folders"));
                }
            }
            const bool bare_root = depth == 0 && level[0].kind == NodeKind::kBare;
            VCUBE_ASSIGN(level, probe(children, table, total));
            if (bare_root) {
                std::erase_if(level, [](const Folder& folder) { return folder.kind == NodeKind::kBare; });
            }
        }
        return {};
    }

    /// Where nothing can be listed: the root, the wanted arrays with the groups above them, and their companions.
    Status probe_wanted(MetadataTable& table) const {
        std::uint64_t total = 0;
        std::set<std::string> paths{""};
        for (const std::string& path : wanted_) {
            if (!stays_below(path)) {
                continue;
            }
            for (std::string_view at = path; !at.empty(); at = parent_of(at)) {
                paths.emplace(at);
            }
        }
        std::vector<Folder> folders;
        folders.reserve(paths.size());
        for (const std::string& path : paths) {
            folders.push_back({path});
        }
        VCUBE_ASSIGN(folders, probe(folders, table, total));
        const NodeKind root = folders[0].kind;
        paths.clear();
        bool array = false;
        for (const Folder& folder : folders) {
            array = array || folder.kind == NodeKind::kArray;
            add_companions(folder, table, paths);
        }
        if (!array) {
            return not_listed(folders);
        }
        folders.clear();
        for (const std::string& path : paths) {
            folders.push_back({path, root});
        }
        return probe(folders, table, total).status();
    }

    /// Paths where the companions of an array may stand: beside it and in the groups above.
    static void add_companions(const Folder& array, const MetadataTable& table, std::set<std::string>& out) {
        if (array.kind != NodeKind::kArray) {
            return;
        }
        for (const std::string& word : companions(array.path, table)) {
            for (std::string_view folder = array.path; !folder.empty();) {
                folder = parent_of(folder);
                out.insert(below(folder, word));
            }
        }
    }

    [[nodiscard]] Error not_listed(const std::vector<Folder>& folders) const {
        const bool bare = std::all_of(folders.begin(), folders.end(),
                                      [](const Folder& folder) { return folder.kind == NodeKind::kBare; });
        if (bare) {
            return not_found(concat(name_, ": no Zarr metadata there (.zmetadata, zarr.json, .zgroup, .zarray)"));
        }
        for (const std::string& path : wanted_) {
            if (!path.empty()) {
                return not_found(concat(name_, ": no array at /", path));
            }
        }
        return unsupported(concat(name_,
                                  ": a group whose members cannot be listed: its metadata are not consolidated and the "
                                  "server lists no folders; name one array: VCUBE:\"...\":/path"));
    }

    std::string base_;
    std::string query_;
    bool http_ = false;
    const DirectoryLister list_;
    const std::shared_ptr<Fetcher> fetcher_;
    const std::string name_;
    const std::vector<std::string> wanted_;
    const DirectoryLimits limits_;
    mutable std::mutex mutex_;
    mutable std::shared_ptr<const MetadataTable> table_;
};

}  // namespace

Result<std::shared_ptr<const Store>> open_directory(std::string base, DirectoryLister list,
                                                    std::shared_ptr<Fetcher> fetcher, std::string name,
                                                    std::vector<std::string> wanted, const DirectoryLimits& limits) {
    if (base.empty()) {
        return invalid(concat(name, ": an empty folder name"));
    }
    return std::shared_ptr<const Store>(std::make_shared<DirectoryStore>(
        std::move(base), std::move(list), std::move(fetcher), std::move(name), std::move(wanted), limits));
}

}  // namespace vcube
