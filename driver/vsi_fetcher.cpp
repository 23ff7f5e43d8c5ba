#include "driver/vsi_fetcher.h"

#include <algorithm>
#include <list>
#include <mutex>
#include <new>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/fetch/local_fetcher.h"
#include "core/refs/url_policy.h"
#include "cpl_conv.h"
#include "cpl_error.h"
#include "cpl_string.h"
#include "cpl_vsi.h"
#include "cpl_vsi_error.h"
#include "driver/vsi_files.h"
#include "driver/vsi_scope.h"

namespace vcube::driver {
namespace {

/// A handle that goes back to the cache, or is closed, by its holder.
struct Handle {
    std::string path;
    VSILFILE* file = nullptr;
};

/// Open handles of network files that nobody uses just now. Local virtual files are not kept: they may be rewritten.
class HandleCache {
public:
    HandleCache() = default;
    HandleCache(const HandleCache&) = delete;
    HandleCache& operator=(const HandleCache&) = delete;
    ~HandleCache() {
        for (const Handle& handle : idle_) {
            VSIFCloseL(handle.file);
        }
    }

    VSILFILE* take(const std::string& path) {
        const std::lock_guard lock(mutex_);
        const auto at = std::find_if(idle_.begin(), idle_.end(), [&](const Handle& h) { return h.path == path; });
        if (at == idle_.end()) {
            return nullptr;
        }
        VSILFILE* const file = at->file;
        idle_.erase(at);
        return file;
    }

    void give(std::string path, VSILFILE* file) {
        VSILFILE* surplus = nullptr;
        {
            const std::lock_guard lock(mutex_);
            idle_.push_front({std::move(path), file});
            if (idle_.size() > kMaxIdle) {
                surplus = idle_.back().file;
                idle_.pop_back();
            }
        }
        if (surplus != nullptr) {
            VSIFCloseL(surplus);
        }
    }

private:
    static constexpr std::size_t kMaxIdle = 32;
    std::mutex mutex_;
    std::list<Handle> idle_;  // used last first
};

/// Network objects that were seen not to exist.
class AbsentObjects {
public:
    bool contains(const std::string& path) const {
        const std::lock_guard lock(mutex_);
        return paths_.contains(path);
    }
    void add(const std::string& path) {
        const std::lock_guard lock(mutex_);
        if (paths_.size() >= kMaxPaths) {
            paths_.clear();
        }
        paths_.insert(path);
    }
    void remove(const std::string& path) {
        const std::lock_guard lock(mutex_);
        paths_.erase(path);
    }

private:
    static constexpr std::size_t kMaxPaths = 65536;
    mutable std::mutex mutex_;
    std::unordered_set<std::string> paths_;
};

constexpr std::uint64_t kTrustedBytes = 64U << 20;  // larger claims are checked against the object's size first
constexpr std::uint64_t kMaxObjectBytes = std::uint64_t{4} << 30;

class VsiFetcher final : public Fetcher {
public:
    explicit VsiFetcher(ThreadPool& pool) : pool_(pool), local_(pool) {}

    void fetch(std::span<const FetchRequest> requests, const FetchSink& sink, const FetchOptions& options) override {
        std::vector<std::size_t> plain;
        std::vector<std::size_t> other;
        for (std::size_t i = 0; i < requests.size(); ++i) {
            (is_plain_path(requests[i].url) ? plain : other).push_back(i);
        }
        if (other.empty()) {
            local_.fetch(requests, sink, options);
            return;
        }
        if (!plain.empty()) {
            std::vector<FetchRequest> selected;
            selected.reserve(plain.size());
            for (const std::size_t i : plain) {
                selected.push_back(requests[i]);
            }
            local_.fetch(
                selected, [&](std::size_t k, Result<ByteSpan> bytes) { sink(plain[k], std::move(bytes)); }, options);
        }
        pool_.parallel_for(
            other.size(), [&](std::size_t k) { fetch_one(requests[other[k]], other[k], sink, options); },
            options.max_threads);
    }

private:
    void fetch_one(const FetchRequest& request, std::size_t index, const FetchSink& sink, const FetchOptions& options) {
        if (options.stop.stop_requested()) {
            sink(index, Error{ErrorCode::kCancelled, "stopped"});
            return;
        }
        Buffer bytes;
        const Status status = read(request, bytes);
        if (status.ok()) {
            sink(index, std::as_const(bytes).span());
        } else {
            sink(index, status.error());
        }
    }

    Status read(const FetchRequest& request, Buffer& out) {
        const VsiScope scope;
        try {
            const std::string path = vsi_path_of(request.url);
            const bool reusable = is_remote(path);
            VSILFILE* file = reusable ? handles_.take(path) : nullptr;
            if (file == nullptr) {
                file = VSIFOpenExL(path.c_str(), "rb", TRUE);
            }
            if (file == nullptr) {
                return open_error(path);
            }
            const Status status = read_range(file, request.range, path, out);
            if (status.ok() && reusable) {
                handles_.give(path, file);
            } else {
                VSIFCloseL(file);
            }
            return status;
        } catch (const std::bad_alloc&) {
            return over_limit(redacted(request.url) + ": not enough memory for the requested bytes");
        }
    }

    /// kNotFound only where it is sure that the object does not exist: to directory stores that is a missing chunk.
    /// "403" may be that too in an object store that hides its listing, or a credential that ran out.
    Error open_error(const std::string& path) {
        VSIErrorNum number = VSIGetLastErrorNo();
        std::string reason = last_vsi_error(path);
        if (is_remote(path) && reason.empty() && !absent_.contains(path)) {
            // GDAL remembers that the object could not be opened, not why: it is asked for again.
            VSICurlPartialClearCache(path.c_str());
            if (VSILFILE* const file = VSIFOpenExL(path.c_str(), "rb", TRUE)) {
                VSIFCloseL(file);
            }
            number = VSIGetLastErrorNo();
            reason = last_vsi_error(path);
        }
        bool absent = number == VSIE_AWSObjectNotFound || number == VSIE_AWSBucketNotFound || absent_.contains(path);
        for (const char* const code : {"404", "410"}) {
            absent = absent || reason.find(std::string("response code: ") + code) != std::string::npos;
        }
        if (is_remote(path)) {
            absent ? absent_.add(path) : absent_.remove(path);
        } else {
            VSIStatBufL status{};
            absent = absent || VSIStatExL(path.c_str(), &status, VSI_STAT_EXISTS_FLAG) != 0;
        }
        const std::string tail = reason.empty() ? "" : " (" + reason + ")";
        return absent ? not_found(redacted(path) + ": no such object" + tail)
                      : io_error(redacted(path) + ": cannot be opened" + tail);
    }

    static Status read_range(VSILFILE* file, ByteRange range, const std::string& path, Buffer& out) {
        if (!range.bounded() || range.suffix != 0 || range.size() > kTrustedBytes) {
            if (VSIFSeekL(file, 0, SEEK_END) != 0) {
                return io_error(redacted(path) + ": its size cannot be found out");
            }
            const std::uint64_t size = VSIFTellL(file);
            if (range.suffix > size) {
                return short_object(path, range, size);
            }
            if (range.suffix != 0) {
                range = {size - range.suffix, size};
            }
            const std::uint64_t end = range.bounded() ? range.end : size;
            if (end > size || range.begin > end) {
                return short_object(path, range, size > range.begin ? size - range.begin : 0);
            }
            if (end - range.begin > kMaxObjectBytes) {
                return over_limit(redacted(path) + ": " + std::to_string(end - range.begin) +
                                  " bytes asked of one object, at most " + std::to_string(kMaxObjectBytes) +
                                  " are read at once");
            }
            range.end = end;
        }
        out = Buffer(range.size());
        if (VSIFSeekL(file, range.begin, SEEK_SET) != 0) {
            return io_error(redacted(path) + ": cannot seek to byte " + std::to_string(range.begin));
        }
        const std::size_t got = out.empty() ? 0 : VSIFReadL(out.data(), 1, out.size(), file);
        if (got != out.size()) {
            return short_object(path, range, got);
        }
        return {};
    }

    static Error short_object(const std::string& path, const ByteRange& range, std::uint64_t got) {
        const std::string end = range.end != ByteRange::kEnd ? std::to_string(range.end) : "end";
        const std::string place = range.suffix != 0 ? " [last bytes]: expected "
                                                    : " [" + std::to_string(range.begin) + ", " + end + "): expected ";
        const std::string reason = last_vsi_error(path);
        return io_error(redacted(path) + place + (range.bounded() ? std::to_string(range.size()) : "more") +
                        " bytes, got " + std::to_string(got) + (reason.empty() ? "" : " (" + reason + ")"));
    }

    ThreadPool& pool_;
    LocalFetcher local_;
    HandleCache handles_;
    AbsentObjects absent_;
};

}  // namespace

std::unique_ptr<Fetcher> make_vsi_fetcher(ThreadPool& pool) {
    return std::make_unique<VsiFetcher>(pool);
}

}  // namespace vcube::driver
