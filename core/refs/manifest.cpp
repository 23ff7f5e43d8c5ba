#include "core/refs/manifest.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "core/refs/chunk_key.h"
#include "core/refs/pod_vector.h"
#include "core/refs/string_table.h"

namespace vcube {
namespace {

constexpr std::uint32_t kNoUrl = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kInlineUrl = kNoUrl - 1;

/// Where the bytes of one key are. For inline bytes the range is one of the arena.
struct Entry {
    std::uint32_t url = kNoUrl;
    ByteRange range{0, 0};
};

/// An entry in a record of 32-bit words, behind the coordinates: url, begin (2 words), end (2 words).
constexpr std::size_t kEntryWords = 5;

void pack(const Entry& entry, std::uint32_t* words) {
    words[0] = entry.url;
    words[1] = static_cast<std::uint32_t>(entry.range.begin);
    words[2] = static_cast<std::uint32_t>(entry.range.begin >> 32U);
    words[3] = static_cast<std::uint32_t>(entry.range.end);
    words[4] = static_cast<std::uint32_t>(entry.range.end >> 32U);
}

Entry unpack(const std::uint32_t* words) {
    return {words[0], {(std::uint64_t{words[2]} << 32U) | words[1], (std::uint64_t{words[4]} << 32U) | words[3]}};
}

/// All chunks of one array: records of `rank` coordinates and an entry, in order of the coordinates once built.
struct ChunkGroup {
    std::string prefix;
    char separator = '.';
    std::size_t rank = 0;
    bool ordered = true;
    PodVector<std::uint32_t> words;

    [[nodiscard]] std::size_t stride() const { return rank + kEntryWords; }
    [[nodiscard]] std::size_t count() const { return words.size() / stride(); }
    [[nodiscard]] const std::uint32_t* record(std::size_t i) const { return words.data() + i * stride(); }
    std::uint32_t* record(std::size_t i) { return words.data() + i * stride(); }

    [[nodiscard]] int compare(const std::uint32_t* a, const std::uint32_t* b) const {
        for (std::size_t d = 0; d < rank; ++d) {
            if (a[d] != b[d]) {
                return a[d] < b[d] ? -1 : 1;
            }
        }
        return 0;
    }

    void add(const std::uint32_t* at, const Entry& entry) {
        std::uint32_t* const added = words.extend(stride());
        std::copy_n(at, rank, added);
        pack(entry, added + rank);
        ordered = ordered && (count() == 1 || compare(added - stride(), added) < 0);
    }

    [[nodiscard]] std::optional<Entry> find(const std::uint32_t* at) const {
        std::size_t low = 0;
        std::size_t high = count();
        while (low < high) {
            const std::size_t middle = low + (high - low) / 2;
            const int order = compare(record(middle), at);
            if (order == 0) {
                return unpack(record(middle) + rank);
            }
            (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
        }
        return std::nullopt;
    }

    void sort();

private:
    [[nodiscard]] std::vector<std::size_t> sorted_order() const;
    void permute(std::vector<std::size_t> order);
};

/// Record numbers in order of the coordinates, equal ones in the order of their addition.
std::vector<std::size_t> ChunkGroup::sorted_order() const {
    std::vector<std::size_t> order(count());
    // Coordinates that fit into one 64-bit word together sort several times faster.
    std::vector<std::uint32_t> most(rank, 0);
    for (std::size_t i = 0; i < count(); ++i) {
        for (std::size_t d = 0; d < rank; ++d) {
            most[d] = std::max(most[d], record(i)[d]);
        }
    }
    int bits = 0;
    for (const std::uint32_t extent : most) {
        bits += static_cast<int>(std::bit_width(extent));
    }
    if (bits > 64) {
        for (std::size_t i = 0; i < order.size(); ++i) {
            order[i] = i;
        }
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return compare(record(a), record(b)) < 0; });
        return order;
    }
    std::vector<std::pair<std::uint64_t, std::size_t>> keys(count());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        std::uint64_t key = 0;
        for (std::size_t d = 0; d < rank; ++d) {
            key = (key << static_cast<unsigned>(std::bit_width(most[d]))) | record(i)[d];
        }
        keys[i] = {key, i};
    }
    std::sort(keys.begin(), keys.end());
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = keys[i].second;
    }
    return order;
}

/// Puts record order[i] at place i, following the permutation's cycles, so that no second copy is needed.
void ChunkGroup::permute(std::vector<std::size_t> order) {
    std::vector<std::uint32_t> held(stride());
    for (std::size_t start = 0; start < order.size(); ++start) {
        if (order[start] == start) {
            continue;
        }
        std::copy_n(record(start), stride(), held.data());
        std::size_t place = start;
        while (order[place] != start) {
            const std::size_t source = std::exchange(order[place], place);
            std::copy_n(record(source), stride(), record(place));
            place = source;
        }
        std::copy_n(held.data(), stride(), record(place));
        order[place] = place;
    }
}

void ChunkGroup::sort() {
    if (!ordered) {
        permute(sorted_order());
        std::size_t kept = 0;
        for (std::size_t i = 0; i < count(); ++i) {
            // Of equal keys the last one added stays.
            if (i + 1 < count() && compare(record(i), record(i + 1)) == 0) {
                continue;
            }
            if (kept != i) {
                std::copy_n(record(i), stride(), record(kept));
            }
            ++kept;
        }
        words.truncate(kept * stride());
        ordered = true;
    }
    words.shrink_to_fit();
}

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
        if (last_group != nullptr && last_group->rank == key.rank && last_group->separator == key.separator &&
            last_group->prefix == key.prefix) {
            return *last_group;
        }
        group_key(key, scratch);
        const std::uint32_t id = group_names.intern(scratch);
        if (id == groups.size()) {
            ChunkGroup& added = groups.emplace_back();
            added.prefix = key.prefix;
            added.separator = key.separator;
            added.rank = key.rank;
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
            group.sort();
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
        if (is_metadata_key(data_->other_keys[id])) {
            return true;
        }
    }
    return false;
}

std::shared_ptr<const Store> ManifestBuilder::build(std::string name, UrlPolicy policy) && {
    return std::make_shared<Manifest>(std::move(data_), std::move(name), std::move(policy));
}

}  // namespace vcube
