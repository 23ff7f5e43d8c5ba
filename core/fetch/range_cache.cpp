#include "core/fetch/range_cache.h"

#include <atomic>
#include <cstring>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include "core/base/concat.h"
#include "core/base/hash64.h"
#include "core/base/log.h"
#include "core/fetch/range_cache_files.h"

namespace vcube {
namespace {

constexpr std::size_t kMostText = 1024;        // of an ETag, and of a Last-Modified
constexpr std::uint64_t kNoSize = UINT64_MAX;  // of an object whose size no server told

/// A version as it stands in its entry, with the two texts behind it.
struct VersionRecord {
    std::uint64_t seconds = 0;  // since 1970, when it was seen
    std::uint64_t size = kNoSize;
    std::uint64_t etag_bytes = 0, modified_bytes = 0;
};

void append(std::string& out, std::uint64_t number) {
    out.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

/// A text with its length before it: no two sequences of texts look alike.
void append(std::string& out, const std::string& text) {
    append(out, text.size());
    out.append(text);
}

EntryId hashed(const std::string& key, const CacheSalt& salt) {
    return {hash64(as_byte_span(key), salt[0]), hash64(as_byte_span(key), salt[1])};
}

EntryId range_id(const RangeKey& key, const CacheSalt& salt) {
    std::string text = "range";
    append(text, key.location);
    append(text, *key.version.size);
    append(text, key.version.etag);
    append(text, key.version.etag.empty() ? key.version.modified : std::string());  // dates differ among mirrors
    append(text, key.range.begin);
    append(text, key.range.end);
    return hashed(text, salt);
}

EntryId version_id(const std::string& location, const CacheSalt& salt) {
    std::string text = "version";
    append(text, location);
    return hashed(text, salt);
}

bool usable(const RangeKey& key) {
    return RangeCache::can_keep(key.version) && key.range.bounded() && key.range.suffix == 0 &&
           key.range.begin < key.range.end;
}

std::uint64_t seconds_now() {
    using namespace std::chrono;
    return static_cast<std::uint64_t>(duration_cast<seconds>(system_clock::now().time_since_epoch()).count());
}

}  // namespace

struct RangeCache::State {
    /// Atomics only: a fork must not find a lock that another thread holds.
    void keep(EntryId id, EntryKind kind, ByteSpan payload) {
        const std::uint64_t bytes = disk_bytes(payload.size() + kEntryHeaderBytes);
        if (ended || bytes > max_bytes / 4) {  // one that long would drive out too many
            return;
        }
        make_room(folder, bytes, max_bytes);
        const std::error_code problem = write_entry(folder, id, kind, payload);
        const bool passing =
            problem == std::errc::too_many_files_open || problem == std::errc::too_many_files_open_in_system;
        if (problem && !passing && !ended.exchange(true)) {
            log(LogLevel::kWarning, concat("disk cache ", folder, ": ", problem.message(), "; nothing more is kept"));
        }
    }

    std::string folder;
    std::uint64_t max_bytes = 0;
    CacheSalt salt{};
    std::atomic<bool> ended{false};
};

RangeCache::RangeCache(std::unique_ptr<State> state) : state_(std::move(state)) {}
RangeCache::~RangeCache() = default;

Result<std::shared_ptr<RangeCache>> RangeCache::open(const std::string& folder, std::uint64_t max_bytes) {
    auto state = std::make_unique<State>();
    std::error_code problem;
    state->folder = std::filesystem::absolute(folder, problem);  // the working directory may change
    if (folder.empty() || problem) {
        return io_error(concat("disk cache '", folder, "': no folder"));
    }
    while (state->folder.size() > 1 && state->folder.ends_with('/')) {
        state->folder.pop_back();
    }
    state->max_bytes = max_bytes;
    VCUBE_ASSIGN(state->salt, open_cache_folder(state->folder));
    return std::shared_ptr<RangeCache>(new RangeCache(std::move(state)));
}

bool RangeCache::can_keep(const ObjectVersion& version) {
    return version.size && !(version.etag.empty() && version.modified.empty());
}

std::optional<Buffer> RangeCache::get(const RangeKey& key) {
    if (!usable(key)) {
        return std::nullopt;
    }
    return read_entry(state_->folder, range_id(key, state_->salt), EntryKind::kRange, key.range.size(),
                      key.range.size());
}

bool RangeCache::has(const RangeKey& key) const {
    return usable(key) && has_entry(state_->folder, range_id(key, state_->salt), EntryKind::kRange, key.range.size());
}

void RangeCache::put(const RangeKey& key, ByteSpan bytes) {
    if (usable(key) && bytes.size() == key.range.size()) {
        state_->keep(range_id(key, state_->salt), EntryKind::kRange, bytes);
    }
}

std::optional<ObjectVersion> RangeCache::version(const std::string& location, std::chrono::seconds max_age) {
    VersionRecord record;
    const std::optional<Buffer> entry = read_entry(state_->folder, version_id(location, state_->salt),
                                                   EntryKind::kVersion, sizeof(record), sizeof(record) + 2 * kMostText);
    if (!entry) {
        return std::nullopt;
    }
    std::memcpy(&record, entry->data(), sizeof(record));
    const std::string_view texts = as_text(entry->span().subspan(sizeof(record)));
    const std::uint64_t now = seconds_now();
    if (record.etag_bytes > texts.size() || record.modified_bytes != texts.size() - record.etag_bytes ||
        record.seconds > now || max_age.count() < 0 ||
        now - record.seconds > static_cast<std::uint64_t>(max_age.count())) {
        return std::nullopt;
    }
    ObjectVersion version;
    if (record.size != kNoSize) {
        version.size = record.size;
    }
    version.etag = texts.substr(0, record.etag_bytes);
    version.modified = texts.substr(record.etag_bytes);
    return version;
}

void RangeCache::put_version(const std::string& location, const ObjectVersion& version) {
    if (version.etag.size() > kMostText || version.modified.size() > kMostText) {
        return;
    }
    const VersionRecord record{seconds_now(), version.size.value_or(kNoSize), version.etag.size(),
                               version.modified.size()};
    std::string payload(reinterpret_cast<const char*>(&record), sizeof(record));
    payload.append(version.etag).append(version.modified);
    state_->keep(version_id(location, state_->salt), EntryKind::kVersion, as_byte_span(payload));
}

}  // namespace vcube
