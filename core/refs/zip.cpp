#include "core/refs/zip.h"

#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "core/base/concat.h"
#include "core/base/fetch_bytes.h"
#include "core/base/log.h"
#include "core/refs/manifest.h"

namespace vcube {
namespace {

struct MethodName {
    std::uint16_t method;
    std::string_view name;
};

/// APPNOTE.TXT, section 4.4.5.
constexpr MethodName kMethods[] = {{1, "shrink"},   {6, "implode"}, {9, "deflate64"},      {12, "bzip2"}, {14, "lzma"},
                                   {20, "zstd"},    {93, "zstd"},   {94, "mp3"},           {95, "xz"},    {96, "jpeg"},
                                   {97, "wavpack"}, {98, "ppmd"},   {99, "AES encryption"}};

std::string method_text(std::uint16_t method) {
    const auto* const at = std::find_if(std::begin(kMethods), std::end(kMethods),
                                        [&](const MethodName& entry) { return entry.method == method; });
    return concat("method ", std::to_string(method), at != std::end(kMethods) ? concat(" (", at->name, ")") : "");
}

bool same_checksum(const std::string& text, std::uint32_t crc) {
    return crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()) == crc;
}

class ZipStore final : public Store {
public:
    ZipStore(std::string url, std::shared_ptr<Fetcher> fetcher, std::string name,
             std::shared_ptr<const ZipDirectory> directory, std::string root, const ZipLimits& limits)
        : url_(std::move(url)),
          fetcher_(std::move(fetcher)),
          name_(std::move(name)),
          directory_(std::move(directory)),
          root_(std::move(root)),
          limits_(limits) {
        for (std::size_t id = 0; id < directory_->size(); ++id) {
            const std::string_view member = directory_->name(id);
            if (member.starts_with(root_) && is_metadata_key(member)) {
                metadata_keys_.emplace_back(member.substr(root_.size()));
            }
        }
        std::sort(metadata_keys_.begin(), metadata_keys_.end());
    }

    [[nodiscard]] std::string_view name() const override { return name_; }

    [[nodiscard]] Result<std::vector<std::string>> metadata_keys() const override { return metadata_keys_; }

    /// Keys below a group come from a batch that reads all metadata; those at the root, which tell how to open the
    /// store, are read alone.
    [[nodiscard]] Result<std::optional<std::string>> metadata(std::string_view key) const override {
        if (!find(key)) {
            return std::optional<std::string>();
        }
        if (key.find('/') != std::string_view::npos && is_metadata_key(key)) {
            if (const auto table = metadata_table()) {
                if (const std::string* const text = table->find(key)) {
                    return std::optional<std::string>(*text);
                }
            }
        }
        const std::string own(key);
        VCUBE_ASSIGN(std::vector<std::string> texts, read_members({&own, 1}));
        return std::optional<std::string>(std::move(texts[0]));
    }

    Status locate(std::span<const std::string> keys, std::span<ChunkLocation> out) const override {
        std::vector<std::uint32_t> unknown;
        for (const std::string& key : keys) {
            const auto id = find(key);
            if (!id) {
                continue;
            }
            VCUBE_TRY(check_readable(*id));
            if (directory_->data_offset(*id) == 0 && directory_->member(*id).stored != 0) {
                unknown.push_back(*id);
            }
        }
        if (!unknown.empty()) {
            VCUBE_TRY(learn(unknown));
        }
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const auto id = find(keys[i]);
            out[i] = id ? place_of(*id) : Missing{};
        }
        return {};
    }

private:
    [[nodiscard]] std::optional<std::uint32_t> find(std::string_view key) const {
        return root_.empty() ? directory_->find(key) : directory_->find(concat(root_, key));
    }

    [[nodiscard]] Error fault(std::uint32_t id, Error error) const {
        return with_context(concat(name_, ": member \"", directory_->name(id), "\""), std::move(error));
    }

    Status check_readable(std::uint32_t id) const {
        const ZipMember& member = directory_->member(id);
        if (member.method != ZipMember::kStored && member.method != ZipMember::kDeflated) {
            return fault(id, unsupported(concat("compressed by ", method_text(member.method), ", which is not read")));
        }
        if (member.encrypted) {
            return fault(id, unsupported("encrypted members are not read"));
        }
        return {};
    }

    [[nodiscard]] ChunkLocation place_of(std::uint32_t id) const {
        const ZipMember& member = directory_->member(id);
        if (member.stored == 0) {
            return Inline{};
        }
        const std::uint64_t begin = directory_->data_offset(id);
        Remote out{url_, {begin, begin + member.stored}};
        if (member.method == ZipMember::kDeflated) {
            out.wrap = Wrap::kDeflate;
            out.unwrapped_size = member.size;
        }
        return out;
    }

    /// Reads local headers in one batch.
    Status learn(std::span<const std::uint32_t> ids) const {
        std::vector<FetchRequest> requests;
        requests.reserve(ids.size());
        for (const std::uint32_t id : ids) {
            const std::uint64_t begin = directory_->member(id).header;
            requests.push_back({url_, {begin, begin + ZipDirectory::kLocalHeaderBytes + directory_->name(id).size()}});
        }
        std::vector<Status> failures(ids.size());
        fetcher_->fetch(requests,
                        [&](std::size_t k, Result<ByteSpan> bytes) {
                            failures[k] = bytes.ok() ? directory_->learn(ids[k], bytes.value()) : Status(bytes.error());
                        },
                        {});
        for (const Status& status : failures) {
            if (!status.ok()) {
                return with_context(name_, status.error());
            }
        }
        return {};
    }

    /// Texts of members that exist, compared with their checksums.
    [[nodiscard]] Result<std::vector<std::string>> read_members(std::span<const std::string> keys) const {
        for (const std::string& key : keys) {
            const std::uint32_t id = *find(key);
            const ZipMember& member = directory_->member(id);
            const std::uint64_t limit = limits_.texts.max_text_bytes;
            if (member.size > limit || member.stored > limit) {
                return fault(id, over_limit(concat("a text of ", std::to_string(member.size), " bytes, at most ",
                                                   std::to_string(limit), " are read")));
            }
        }
        std::uint64_t total = 0;
        VCUBE_ASSIGN(auto found, read_texts(*this, *fetcher_, keys, limits_.texts, total));
        std::vector<std::string> out;
        out.reserve(keys.size());
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const std::uint32_t id = *find(keys[i]);
            std::string text = found[i] ? *std::move(found[i]) : std::string();
            if (!same_checksum(text, directory_->member(id).crc)) {
                return fault(id, corrupt("does not match its checksum: the zip file is damaged, or other data stand "
                                         "before it"));
            }
            out.push_back(std::move(text));
        }
        return out;
    }

    /// All metadata, read at the first call. Null where a member of them cannot be read: each is then read by itself,
    /// so that one fault does not hinder the others.
    [[nodiscard]] std::shared_ptr<const MetadataTable> metadata_table() const {
        {
            const std::lock_guard lock(mutex_);
            if (tried_) {
                return table_;
            }
        }
        Result<std::vector<std::string>> texts = read_members(metadata_keys_);
        std::shared_ptr<MetadataTable> table;
        if (texts.ok()) {
            table = std::make_shared<MetadataTable>();
            for (std::size_t i = 0; i < metadata_keys_.size(); ++i) {
                table->add(metadata_keys_[i], std::move(texts.value()[i]));
            }
            table->finish();
        }
        const std::lock_guard lock(mutex_);
        tried_ = true;
        table_ = std::move(table);
        return table_;
    }

    const std::string url_;
    const std::shared_ptr<Fetcher> fetcher_;
    const std::string name_;
    const std::shared_ptr<const ZipDirectory> directory_;
    const std::string root_;
    const ZipLimits limits_;
    std::vector<std::string> metadata_keys_;
    mutable std::mutex mutex_;
    mutable bool tried_ = false;
    mutable std::shared_ptr<const MetadataTable> table_;
};

std::string_view file_of(std::string_view member) {
    return member.substr(member.rfind('/') + 1);
}

std::string_view folder_of(std::string_view member) {
    return member.substr(0, member.rfind('/') + 1);
}

bool is_json_name(std::string_view file) {
    return file.ends_with(".json") || file.ends_with(".json.gz") || file.ends_with(".json.zst");
}

bool marks_root(std::string_view file) {
    return file == ".zmetadata" || file == ".zgroup" || file == ".zarray" || file == "zarr.json";
}

/// What the members' names tell of a zip's content.
struct Survey {
    std::string root;
    std::string references;
    bool zarr = false;
    bool other = false;
    std::size_t json_files = 0;
};

Survey survey(const ZipDirectory& directory) {
    Survey out;
    std::ptrdiff_t depth = -1;
    for (std::size_t id = 0; id < directory.size(); ++id) {
        const std::string_view member = directory.name(id);
        const std::string_view file = file_of(member);
        if (marks_root(file)) {
            const std::string_view folder = folder_of(member);
            const std::ptrdiff_t own = std::count(folder.begin(), folder.end(), '/');
            if (depth < 0 || own < depth) {
                depth = own;
                out.root = folder;
            } else if (own == depth && out.root != folder) {
                out.root.clear();  // several beside each other: groups of one hierarchy
            }
            out.zarr = true;
        } else if (is_json_name(file)) {
            ++out.json_files;
            out.references = member;
        } else if (!is_metadata_key(file) && !file.ends_with(".parq") && !file.ends_with(".parquet")) {
            out.other = true;
        }
    }
    return out;
}

/// The last bytes of the object: as many as the end records may take, or all of a smaller one.
Result<Buffer> read_tail(Fetcher& fetcher, const std::string& url) {
    Result<Buffer> tail = fetch_bytes(fetcher, url, ByteRange::last(kZipTailBytes), kZipTailBytes);
    if (tail.ok() || tail.error().code == ErrorCode::kNotFound) {
        return tail;
    }
    Result<Buffer> whole = fetch_bytes(fetcher, url, {}, kZipTailBytes);
    return whole.ok() ? std::move(whole) : std::move(tail);
}

Result<std::unique_ptr<ZipDirectory>> read_directory(Fetcher& fetcher, const std::string& url,
                                                     const ZipLimits& limits) {
    VCUBE_ASSIGN(const Buffer tail, read_tail(fetcher, url));
    VCUBE_ASSIGN(const ZipEnd end, find_zip_end(tail.span()));
    if (end.directory_size > limits.max_directory_bytes) {
        return over_limit(concat("a central directory of ", std::to_string(end.directory_size), " bytes, at most ",
                                 std::to_string(limits.max_directory_bytes), " are read"));
    }
    const std::uint64_t from_end = end.directory_size + end.after_directory;
    if (from_end <= tail.size()) {
        return ZipDirectory::parse(tail.span().subspan(tail.size() - from_end, end.directory_size), end);
    }
    const ByteRange range{end.directory_offset, end.directory_offset + end.directory_size};
    VCUBE_ASSIGN(const Buffer bytes, fetch_bytes(fetcher, url, range, limits.max_directory_bytes));
    return ZipDirectory::parse(bytes.span(), end);
}

}  // namespace

Result<std::unique_ptr<ZipDirectory>> read_zip_directory(const std::string& url, Fetcher& fetcher,
                                                         const std::string& name, const ZipLimits& limits) {
    Result<std::unique_ptr<ZipDirectory>> read = read_directory(fetcher, url, limits);
    if (!read.ok()) {
        return with_context(name, read.error());
    }
    if (const std::size_t refused = read.value()->refused(); refused != 0) {
        log(LogLevel::kWarning, concat(name, ": ", std::to_string(refused),
                                       " members are left out, whose names could lead out of the zip file"));
    }
    return read;
}

Result<ZipContents> open_zip_contents(std::string url, std::shared_ptr<Fetcher> fetcher, std::string name,
                                      const ZipLimits& limits) {
    VCUBE_ASSIGN(std::shared_ptr<const ZipDirectory> directory, read_zip_directory(url, *fetcher, name, limits));
    Survey found = survey(*directory);
    ZipContents out;
    if (found.zarr) {
        out.root = std::move(found.root);
    } else if (found.json_files == 1) {
        out.root = folder_of(found.references);
        out.references = file_of(found.references);
    } else {
        return not_found(concat(name, ": neither Zarr metadata nor one JSON reference file among the ",
                                std::to_string(directory->size()), " members of the zip file (",
                                std::to_string(found.json_files), " JSON files)"));
    }
    out.has_other_members = found.other;
    out.files =
        std::make_shared<ZipStore>(std::move(url), std::move(fetcher), std::move(name), directory, out.root, limits);
    return out;
}

Result<std::shared_ptr<const Store>> open_zip(std::string url, std::shared_ptr<Fetcher> fetcher, std::string name,
                                              const ZipLimits& limits) {
    VCUBE_ASSIGN(ZipContents contents, open_zip_contents(std::move(url), std::move(fetcher), std::move(name), limits));
    return std::move(contents.files);
}

}  // namespace vcube
