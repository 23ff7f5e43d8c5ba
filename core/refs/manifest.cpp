#include "core/refs/manifest.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "core/refs/chunk_group.h"
#include "core/refs/chunk_key.h"
#include "core/refs/pod_vector.h"
#include "core/refs/string_table.h"

namespace vcube {
namespace {

void group_key(const ChunkKey& key, std::string& out) {
    out.assign(key.prefix);
    out.push_back(key.separator);
    out.push_back(static_cast<char>(key.rank));
}

}  // namespace

struct ManifestData {
    StringTable urls;
    PodVector<std::byte> arena;
    StringTable group_names;  // group_key of groups[i]
    std::deque<ChunkGroup> groups;
    StringTable other_keys;  // everything whose key is not a chunk's
    std::vector<Entry> others;
    std::uint32_t last_url = kNoUrl;
    ChunkGroup* last_group = nullptr;
    std::string scratch;
    std::function<Result<std::string>(std::string_view)> render;
    std::size_t rendered = 0;  // URLs before this one go through `render`

    void add(std::string_view key, const Entry& entry) {
        ChunkKey chunk;
        if (split_chunk_key(key, chunk)) {
            group_of(chunk).add(chunk.at.data(), entry);
            return;
        }
        const std::uint32_t id = other_keys.intern(key);
        if (id == others.size()) {
            others.push_back(entry);
        } else {
            others[id] = entry;
        }
    }

    ChunkGroup& group_of(const ChunkKey& key) {
        if (last_group != nullptr && last_group->rank() == key.rank && last_group->separator() == key.separator &&
            last_group->prefix() == key.prefix) {
            return *last_group;
        }
        group_key(key, scratch);
        const std::uint32_t id = group_names.intern(scratch);
        if (id == groups.size()) {
            groups.emplace_back(std::string(key.prefix), key.separator, key.rank);
        }
        last_group = &groups[id];
        return *last_group;
    }

    [[nodiscard]] std::optional<Entry> find(std::string_view key, std::string& name) const {
        ChunkKey chunk;
        if (split_chunk_key(key, chunk)) {
            group_key(chunk, name);
            const auto group = group_names.find(name);
            return group ? groups[*group].find(chunk.at.data()) : std::nullopt;
        }
        const auto other = other_keys.find(key);
        return other ? std::optional<Entry>(others[*other]) : std::nullopt;
    }

    [[nodiscard]] Result<std::string> resolve(std::uint32_t url, const UrlPolicy& policy) const {
        if (url >= rendered) {
            return resolve_url(urls[url], policy);
        }
        VCUBE_ASSIGN(const std::string final_url, render(urls[url]));
        return resolve_url(final_url, policy);
    }

    [[nodiscard]] ByteSpan inline_bytes(const Entry& entry) const {
        return {arena.data() + entry.range.begin, static_cast<std::size_t>(entry.range.size())};
    }
};

namespace {

class Manifest final : public Store {
public:
    Manifest(std::unique_ptr<ManifestData> data, std::string name, UrlPolicy policy)
        : data_(std::move(data)), name_(std::move(name)), policy_(std::move(policy)) {
        for (ChunkGroup& group : data_->groups) {
            group.finish();
            chunks_ += group.count();
        }
        for (std::size_t id = 0; id < data_->others.size(); ++id) {
            if (data_->others[id].url != kNoUrl && is_metadata_key(data_->other_keys[id])) {
                metadata_keys_.emplace_back(data_->other_keys[id]);
            }
        }
        std::sort(metadata_keys_.begin(), metadata_keys_.end());
        data_->urls.drop_index();
        data_->arena.shrink_to_fit();
    }

    [[nodiscard]] std::string_view name() const override { return name_; }

    [[nodiscard]] Result<std::vector<std::string>> metadata_keys() const override { return metadata_keys_; }

    [[nodiscard]] Result<std::optional<std::string>> metadata(std::string_view key) const override {
        std::string scratch;
        const auto entry = is_metadata_key(key) ? data_->find(key, scratch) : std::nullopt;
        if (!entry || entry->url == kNoUrl) {
            return std::optional<std::string>();
        }
        if (entry->url != kInlineUrl) {
            return unsupported(name_ + ": " + std::string(key) + " is a reference to " +
                               redacted(data_->urls[entry->url]) + "; metadata must stand in the reference file");
        }
        return std::optional<std::string>(as_text(data_->inline_bytes(*entry)));
    }

    Status locate(std::span<const std::string> keys, std::span<ChunkLocation> out) const override {
        std::string scratch;
        std::uint32_t url_id = kNoUrl;
        std::string url;
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const auto entry = data_->find(keys[i], scratch);
            if (!entry || entry->url == kNoUrl) {
                out[i] = Missing{};
                continue;
            }
            if (entry->url == kInlineUrl) {
                out[i] = Inline{data_->inline_bytes(*entry), nullptr};
                continue;
            }
            if (entry->url != url_id) {
                auto resolved = data_->resolve(entry->url, policy_);
                if (!resolved.ok()) {
                    return with_context(name_ + ": " + keys[i], resolved.error());
                }
                url = std::move(resolved).value();
                url_id = entry->url;
            }
            out[i] = Remote{url, entry->range};
        }
        return {};
    }

    [[nodiscard]] std::optional<std::uint64_t> chunk_count() const override { return chunks_; }

private:
    std::unique_ptr<ManifestData> data_;
    std::string name_;
    UrlPolicy policy_;
    std::vector<std::string> metadata_keys_;
    std::uint64_t chunks_ = 0;
};

}  // namespace

bool is_metadata_key(std::string_view key) {
    const std::size_t slash = key.rfind('/');
    const std::string_view last = slash == std::string_view::npos ? key : key.substr(slash + 1);
    return last == ".zgroup" || last == ".zarray" || last == ".zattrs" || last == "zarr.json";
}

ManifestBuilder::ManifestBuilder() : data_(std::make_unique<ManifestData>()) {}
ManifestBuilder::~ManifestBuilder() = default;

std::uint32_t ManifestBuilder::intern_url(std::string_view url) {
    // Neighbouring references mostly name the same object.
    if (data_->last_url == kNoUrl || data_->urls[data_->last_url] != url) {
        data_->last_url = data_->urls.intern(url);
    }
    return data_->last_url;
}

void ManifestBuilder::add_inline(std::string_view key, ByteSpan bytes) {
    const std::uint64_t begin = data_->arena.size();
    data_->arena.append(bytes.data(), bytes.size());
    data_->add(key, {kInlineUrl, {begin, begin + bytes.size()}});
}

void ManifestBuilder::add_range(std::string_view key, std::uint32_t url, ByteRange range) {
    data_->add(key, {url, range});
}

void ManifestBuilder::add_missing(std::string_view key) {
    data_->add(key, {});
}

Status ManifestBuilder::render_urls(std::function<Result<std::string>(std::string_view)> render, std::size_t checked) {
    for (std::size_t id = 0; id < std::min(data_->urls.size(), checked); ++id) {
        VCUBE_TRY(render(data_->urls[id]).status());
    }
    data_->render = std::move(render);
    data_->rendered = data_->urls.size();
    return {};
}

bool ManifestBuilder::has_metadata() const {
    for (std::size_t id = 0; id < data_->others.size(); ++id) {
        if (is_metadata_key(data_->other_keys[id]) || data_->other_keys[id] == ".zmetadata") {
            return true;
        }
    }
    return false;
}

std::shared_ptr<const Store> ManifestBuilder::build(std::string name, UrlPolicy policy) && {
    return std::make_shared<Manifest>(std::move(data_), std::move(name), std::move(policy));
}

}  // namespace vcube
