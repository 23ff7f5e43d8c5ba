#include "driver/product_listing.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "core/base/concat.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/refs/path_pattern.h"
#include "core/refs/sniff.h"
#include "core/refs/zip.h"
#include "core/swath/location_list.h"
#include "driver/vsi_files.h"
#include "driver/vsi_sources.h"

namespace vcube::driver {
namespace {

using swath::product_ending;
using swath::ProductEnding;

constexpr std::size_t kMaxFiles = 10'000'000;  // seen in one listing
constexpr std::size_t kMaxFolders = 1'000'000;
constexpr int kMaxDepth = 32;
constexpr std::uint64_t kMaxListBytes = std::uint64_t{512} << 20;
constexpr std::uint64_t kMaxIndexBytes = std::uint64_t{1} << 20;
constexpr std::size_t kHeadBytes = 1024;
constexpr std::string_view kIndexName = "nckc-index.json";
constexpr const char* kWanted =
    "SMOS product (SM_*_MIR_SMUDP2_* or SM_*_MIR_OSUDP2_*, as .nc or as references .nc.json, .json.gz, .json.zst)";

bool marks_store(std::string_view file) {
    constexpr std::array<std::string_view, 5> kMarks = {".zgroup", ".zarray", ".zattrs", ".zmetadata", "zarr.json"};
    return std::find(kMarks.begin(), kMarks.end(), file) != kMarks.end();
}

std::string_view without_slashes(std::string_view path) {
    while (path.size() > 1 && path.ends_with('/')) {
        path.remove_suffix(1);
    }
    return path;
}

bool ends_like_a_store(std::string_view path) {
    path = without_slashes(path);
    return path.ends_with(".zarr") || path.ends_with(".parq") || path.ends_with(".parquet");
}

std::string child_of(const std::string& folder, std::string_view name) {
    return concat(folder, folder.ends_with('/') ? "" : "/", name);
}

swath::ProductEntry entry_of(std::string location, std::uint64_t size, std::int64_t modified) {
    swath::ProductEntry out;
    out.name = swath::parse_product_name(location).value_or(swath::ProductName{});
    out.location = std::move(location);
    out.size = size;
    out.modified = modified;
    return out;
}

/// Sizes and times of files that listings do not tell and that cost next to nothing to ask for.
void complete(swath::ProductEntry& entry) {
    if (is_plain_path(entry.location)) {
        if (const Result<FileInfo> info = stat_file(entry.location, entry.location); info.ok()) {
            entry.size = info.value().size;
            entry.modified = info.value().modified;
        }
    }
}

/// What the index of an archive says its references' relative names are relative to: names of its source's file system,
/// as fsspec has them ("bucket/key").
Result<std::optional<ReferenceBase>> base_of_index(std::string_view text, const std::string& name,
                                                   const std::string& below) {
    VCUBE_ASSIGN(const Json index, parse_json(text, name));
    if (!index.is_object()) {
        return invalid(concat(name, ": expected an object, got ", json_type_name(index)));
    }
    VCUBE_ASSIGN(const std::string path, json_string(index, "source_path", name));
    const std::size_t scheme = path.find("://");
    std::string protocol = scheme == std::string::npos ? "file" : path.substr(0, scheme);
    if (index.contains("source_protocol") && !index["source_protocol"].is_null()) {
        VCUBE_ASSIGN(protocol, json_string(index, "source_protocol", name));
    }
    std::string base = protocol + "://";
    if (!is_remote(base + "x/")) {
        return std::optional<ReferenceBase>();
    }
    return std::optional(ReferenceBase{below, std::move(base), false});
}

/// Goes through folders and keeps the products that a pattern names.
class FolderWalk {
public:
    FolderWalk(const PathPattern& pattern, std::string name, ProductListing& out)
        : pattern_(pattern), name_(std::move(name)), out_(out) {}

    Status run(const std::string& root) {
        VCUBE_TRY(walk(root, pattern_.start(), 0));
        if (unreadable_ > 0) {
            log(LogLevel::kWarning,
                concat(name_, ": ", std::to_string(unreadable_),
                       " folders cannot be listed and are left out, the first: ", first_unreadable_));
        }
        return {};
    }

    [[nodiscard]] bool root_is_store() const { return root_is_store_; }
    [[nodiscard]] bool root_has_index() const { return root_has_index_; }

private:
    [[nodiscard]] Error too_much(const char* what, std::size_t limit) const {
        return over_limit(
            concat(name_, ": more than ", std::to_string(limit), " ", what, "; name a folder below, or a pattern"));
    }

    Status add_file(std::string location, const DirectoryEntry& entry) {
        if (out_.products.size() + out_.ignored >= kMaxFiles) {
            return too_much("files", kMaxFiles);
        }
        if (product_ending(location) == ProductEnding::kNone) {
            ++out_.ignored;
            return {};
        }
        out_.products.push_back(entry_of(std::move(location), entry.size, entry.modified));
        complete(out_.products.back());
        return {};
    }

    /// Symbolic links may lead back to where the walk has been.
    bool seen_before(const std::string& folder) {
        struct stat status {};
        return is_plain_path(folder) && stat(folder.c_str(), &status) == 0 &&
               !seen_.emplace(status.st_dev, status.st_ino).second;
    }

    Status walk(const std::string& folder, PathPattern::State state, int depth) {
        if (depth > kMaxDepth) {
            return over_limit(concat(name_, ": folders more than ", std::to_string(kMaxDepth), " deep"));
        }
        if (++folders_ > kMaxFolders) {
            return too_much("folders", kMaxFolders);
        }
        if (seen_before(folder)) {
            return {};
        }
        if (is_object_store(folder) && pattern_.any_depth(state)) {
            return walk_at_once(folder, state, depth == 0);
        }
        const Result<std::vector<DirectoryEntry>> entries = list_folder(folder);
        if (!entries.ok()) {
            if (depth == 0) {
                return with_context(name_, entries.error());
            }
            first_unreadable_ = unreadable_++ == 0 ? with_context(redacted(folder), entries.error()).message
                                                   : std::move(first_unreadable_);
            return {};
        }
        for (const DirectoryEntry& entry : entries.value()) {
            if (!entry.folder && marks_store(entry.name)) {
                root_is_store_ = root_is_store_ || depth == 0;
                return {};
            }
            root_has_index_ = root_has_index_ || (depth == 0 && entry.name == kIndexName);
        }
        for (const DirectoryEntry& entry : entries.value()) {
            VCUBE_TRY(visit(folder, entry, state, depth));
        }
        return {};
    }

    Status visit(const std::string& folder, const DirectoryEntry& entry, PathPattern::State state, int depth) {
        if (entry.name.empty() || entry.name == "." || entry.name == "..") {
            return {};
        }
        const PathPattern::State next = pattern_.next(state, entry.name, entry.folder);
        if (entry.folder) {
            const bool enter = next != 0 && !ends_like_a_store(entry.name);
            return enter ? walk(child_of(folder, entry.name), next, depth + 1) : Status();
        }
        return pattern_.matches(next) ? add_file(child_of(folder, entry.name), entry) : Status();
    }

    /// Object stores list all keys below a prefix in one go, a thousand a request.
    Status walk_at_once(const std::string& folder, PathPattern::State state, bool root) {
        Status status;
        const Status listed = list_object_store(folder, [&](const DirectoryEntry& entry) {
            if (entry.folder) {
                return true;
            }
            if (root && marks_store(entry.name)) {
                root_is_store_ = true;
                return false;
            }
            root_has_index_ = root_has_index_ || (root && entry.name == kIndexName);
            if (pattern_.matches(state, entry.name)) {
                status = add_file(child_of(folder, entry.name), entry);
            }
            return status.ok();
        });
        return listed.ok() ? status : with_context(name_, listed.error());
    }

    const PathPattern& pattern_;
    const std::string name_;
    ProductListing& out_;
    std::set<std::pair<dev_t, ino_t>> seen_;
    std::size_t folders_ = 0;
    std::size_t unreadable_ = 0;
    std::string first_unreadable_;
    bool root_is_store_ = false;
    bool root_has_index_ = false;
};

Error no_products(const ProductListing& listing) {
    return not_found(concat(listing.name, ": no ", kWanted, " among ", std::to_string(listing.ignored), " files"));
}

Result<std::optional<ProductListing>> list_pattern(const std::string& location) {
    ProductListing out;
    out.name = concat("pattern ", redacted(location));
    Result<PathPattern> pattern = PathPattern::parse(location);
    if (!pattern.ok()) {
        return with_context(out.name, pattern.error());
    }
    const std::string& base = pattern.value().base();
    const std::string root(without_slashes(vsi_path_of(base.empty() ? "." : base)));
    FolderWalk walk(pattern.value(), out.name, out);
    VCUBE_TRY(walk.run(root));
    if (out.products.empty()) {
        return no_products(out);
    }
    return std::optional(std::move(out));
}

Result<std::optional<ProductListing>> list_tree(const std::string& vsi_path, const std::string& shown) {
    ProductListing out;
    out.vsi_path = without_slashes(path_part(vsi_path));
    out.name = concat("folder ", shown);
    const PathPattern pattern = PathPattern::tree(out.vsi_path);
    FolderWalk walk(pattern, out.name, out);
    const Status walked = walk.run(out.vsi_path);
    if (!walked.ok() && walked.error().code != ErrorCode::kIo) {
        return walked.error();
    }
    if (!walked.ok() || walk.root_is_store()) {
        return std::optional<ProductListing>();  // a store may be read where folders cannot be listed
    }
    if (walk.root_has_index()) {
        out.name = concat("archive index ", shown);
        const std::string path = child_of(out.vsi_path, kIndexName);
        VCUBE_ASSIGN(const Buffer text, read_file(path, redacted(path), kMaxIndexBytes));
        VCUBE_ASSIGN(auto base, base_of_index(as_text(text.span()), redacted(path), out.vsi_path + "/"));
        if (base) {
            out.bases.push_back(std::move(*base));
        }
        if (out.products.empty()) {
            return no_products(out);
        }
    }
    return out.products.empty() ? std::optional<ProductListing>() : std::optional(std::move(out));
}

/// A zip holds a collection where it holds the index of an archive, a product's own file, or references to more than
/// one product: references to one are a store.
Result<std::optional<ProductListing>> list_zip(const std::string& location, const std::string& vsi_path,
                                               const std::string& shown, Fetcher& fetcher) {
    ProductListing out;
    out.vsi_path = vsi_path;
    out.name = concat("zip file ", shown);
    VCUBE_ASSIGN(const auto directory,
                 read_zip_directory(is_plain_path(vsi_path) ? vsi_path : location, fetcher, shown));
    const std::string inside = concat("/vsizip/{", vsi_path, "}/");
    bool has_files = false;
    std::string index;
    for (std::size_t id = 0; id < directory->size(); ++id) {
        const std::string_view member = directory->name(id);
        if (marks_store(member)) {
            return std::optional<ProductListing>();
        }
        const bool is_index = member.ends_with(kIndexName) && (member.size() == kIndexName.size() ||
                                                               member[member.size() - kIndexName.size() - 1] == '/');
        if (is_index && (index.empty() || member.size() < index.size())) {
            index = member;
        }
        const ProductEnding ending = product_ending(member);
        if (ending == ProductEnding::kNone || member.ends_with('/')) {
            ++out.ignored;
            continue;
        }
        has_files = has_files || ending == ProductEnding::kFile;
        const ZipMember& about = directory->member(id);
        out.products.push_back(entry_of(inside + std::string(member), about.size, std::int64_t{about.crc}));
    }
    if (out.products.empty() && index.empty()) {
        return std::optional<ProductListing>();
    }
    if (out.products.empty()) {
        return no_products(out);
    }
    if (!has_files && index.empty() && out.products.size() == 1) {
        return std::optional<ProductListing>();
    }
    if (!index.empty()) {
        const std::string path = inside + index;
        VCUBE_ASSIGN(const Buffer text, read_file(path, redacted(path), kMaxIndexBytes));
        VCUBE_ASSIGN(auto base, base_of_index(as_text(text.span()), redacted(path), inside));
        if (base) {
            out.bases.push_back(std::move(*base));
        }
    }
    if (out.bases.empty() && !has_files) {
        // As if the zip were unpacked beside itself.
        out.bases.push_back({inside, policy_for(vsi_path, true).base, true});
    }
    return std::optional(std::move(out));
}

Result<std::optional<ProductListing>> list_text(const std::string& policy_location, const std::string& vsi_path,
                                                const std::string& shown, bool allow_local) {
    ProductListing out;
    out.vsi_path = vsi_path;
    out.name = concat("list ", shown);
    VCUBE_ASSIGN(const Buffer text, read_file(vsi_path, shown, kMaxListBytes));
    VCUBE_ASSIGN(out.products,
                 swath::parse_location_list(as_text(text.span()), shown, policy_for(policy_location, allow_local)));
    if (out.products.empty()) {
        return not_found(concat(out.name, ": it names no ", kWanted));
    }
    std::for_each(out.products.begin(), out.products.end(), complete);
    return std::optional(std::move(out));
}

bool is_existing_file(const std::string& vsi_path) {
    return is_plain_path(vsi_path) && stat_file(vsi_path, vsi_path).ok();
}

/// A location that names the index stands for its folder.
std::string without_index_name(const std::string& location) {
    const std::string_view path = path_part(location);
    const bool named = path.ends_with(kIndexName) &&
                       (path.size() == kIndexName.size() || path[path.size() - kIndexName.size() - 1] == '/');
    if (!named) {
        return location;
    }
    const std::string folder(path.substr(0, path.size() - kIndexName.size()));
    return folder.empty() ? "." : folder;
}

/// Whether the name alone says that the file is something else.
bool named_otherwise(std::string_view path) {
    for (const std::string_view ending : {".json", ".json.gz", ".json.zst", ".nc", ".nc4", ".h5", ".parq.zip"}) {
        if (path.ends_with(ending)) {
            return true;
        }
    }
    return product_ending(path) != ProductEnding::kNone;
}

}  // namespace

Result<std::optional<ProductListing>> list_products(const std::string& given, const OpenOptions& options,
                                                    Fetcher& fetcher, bool sure) {
    if (has_wildcard(given) && !is_existing_file(vsi_path_of(given))) {
        return list_pattern(given);
    }
    const std::string location = without_index_name(given);
    const std::string vsi_path = vsi_path_of(location);
    const std::string policy_location = is_plain_path(vsi_path) ? vsi_path : location;
    const std::string shown = redacted(policy_location);
    const std::string_view path = path_part(location);
    if (ends_like_a_store(path)) {
        return std::optional<ProductListing>();
    }
    if (is_http(vsi_path) && path.ends_with('/')) {
        return sure || location != given ? list_tree(vsi_path, shown) : std::optional<ProductListing>();
    }
    if (named_otherwise(path)) {
        return std::optional<ProductListing>();
    }
    const Result<FileInfo> info = stat_file(vsi_path, shown);
    if (!info.ok()) {
        return std::optional<ProductListing>();
    }
    if (info.value().directory) {
        return list_tree(vsi_path, shown);
    }
    const Result<Buffer> head = read_head(vsi_path, shown, kHeadBytes);
    if (!head.ok()) {
        return std::optional<ProductListing>();
    }
    const ByteSpan bytes = head.value().span();
    if (sniff(policy_location, bytes, true) == SourceKind::kZip) {
        return list_zip(location, vsi_path, shown, fetcher);
    }
    if (sniff(policy_location, bytes, true) == SourceKind::kUnknown &&
        swath::looks_like_location_list(path, as_text(bytes))) {
        return list_text(policy_location, vsi_path, shown, options.allow_local_references);
    }
    return std::optional<ProductListing>();
}

UrlPolicy reference_policy(const ProductListing& listing, const std::string& location, bool allow_local) {
    UrlPolicy out = policy_for(location, allow_local);
    for (const ReferenceBase& rule : listing.bases) {
        if (!location.starts_with(rule.below)) {
            continue;
        }
        const std::size_t slash = location.rfind('/');
        const std::size_t from = rule.below.size();
        out.base = rule.keeps_folders ? rule.base + location.substr(from, slash + 1 - from) : rule.base;
        break;
    }
    return out;
}

}  // namespace vcube::driver
