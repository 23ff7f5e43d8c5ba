#include "driver/vsi_fetcher.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <list>
#include <mutex>
#include <new>
#include <semaphore>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "core/base/per_process.h"
#include "core/base/waiting_threads.h"
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
constexpr std::size_t kUsualWaiting = 16;  // threads that wait for servers, one request each ...
constexpr std::uint64_t kBytesInFlight = std::uint64_t{256} << 20;
constexpr std::size_t kMaxWaiting = 64;  // ... and where MAX_CONCURRENCY asks for more

/// Asks `tick` and `stop` for one fetch. is_over() may be called from any thread, tick() by the caller's only.
class Patience {
public:
    explicit Patience(const FetchOptions& options) : options_(options) {}

    [[nodiscard]] bool is_over() const {
        return over_.load(std::memory_order_relaxed) || options_.stop.stop_requested();
    }

    void tick() {
        const auto now = std::chrono::steady_clock::now();
        if (!options_.tick || std::this_thread::get_id() != caller_ || now - last_ < std::chrono::milliseconds(100)) {
            return;
        }
        last_ = now;
        over_ = over_ || !options_.tick();
    }

private:
    const FetchOptions& options_;
    const std::thread::id caller_ = std::this_thread::get_id();
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
    std::atomic<bool> over_{false};
};

/// The session's retries and time-out for GDAL's own requests on this thread, where the user has not set GDAL's.
class RequestScope {
public:
    explicit RequestScope(const FetchTuning& tuning) {
        const auto seconds = std::max<std::int64_t>(1, tuning.timeout.count() / 1000);
        set("GDAL_HTTP_MAX_RETRY", std::to_string(tuning.retries));
        set("GDAL_HTTP_RETRY_DELAY", "0.5");  // seconds, about doubled each time; 30 without it
        set("GDAL_HTTP_CONNECTTIMEOUT", std::to_string(seconds));
        set("GDAL_HTTP_LOW_SPEED_TIME", std::to_string(seconds));
        set("GDAL_HTTP_LOW_SPEED_LIMIT", "1");
    }
    RequestScope(const RequestScope&) = delete;
    RequestScope& operator=(const RequestScope&) = delete;
    ~RequestScope() {
        for (const char* const name : own_) {
            CPLSetThreadLocalConfigOption(name, nullptr);
        }
    }

private:
    void set(const char* name, const std::string& value) {
        if (CPLGetConfigOption(name, nullptr) == nullptr) {
            CPLSetThreadLocalConfigOption(name, value.c_str());
            own_.push_back(name);
        }
    }

    std::vector<const char*> own_;
};

class VsiFetcher final : public Fetcher {
public:
    explicit VsiFetcher(ThreadPool& pool) : pool_(pool) {}

    void fetch(std::span<const FetchRequest> requests, const FetchSink& sink, const FetchOptions& options) override {
        Patience patience(options);
        // Many threads may wait for servers; only so many of them may work on what came.
        std::counting_semaphore<> places(
            static_cast<std::ptrdiff_t>(options.max_threads != 0 ? options.max_threads : pool_.workers() + 1));
        const auto body = [&](std::size_t k) {
            const bool over = patience.is_over() || (options.wanted && !options.wanted(k));
            Buffer bytes;
            const Status status = over ? Status(Error{ErrorCode::kCancelled, "reading was cancelled"})
                                       : read(requests[k], options.session.get(), bytes);
            if (options.session && is_remote(requests[k].url)) {
                count(options.session->counters, status, bytes.size());
            }
            places.acquire();
            status.ok() ? sink(k, std::as_const(bytes).span()) : sink(k, status.error());
            places.release();
            patience.tick();
        };
        const auto is_local = [](const FetchRequest& request) { return !is_remote(request.url); };
        if (std::all_of(requests.begin(), requests.end(), is_local)) {
            pool_.parallel_for(requests.size(), body, options.max_threads);
            return;
        }
        const std::size_t wished = options.session ? options.session->tuning.max_concurrency : 0;
        const std::size_t waiting = wished != 0 ? std::min(wished, kMaxWaiting) : kUsualWaiting;
        wait_for_each(pool_, requests.size(), body, std::min(waiting, within_memory(requests)),
                      [&] { patience.tick(); });
    }

private:
    /// Threads that may each hold the longest of these ranges.
    static std::size_t within_memory(std::span<const FetchRequest> requests) {
        std::uint64_t longest = 1;
        for (const FetchRequest& request : requests) {
            longest = std::max(longest, request.range.bounded() ? request.range.size() : 1);
        }
        return static_cast<std::size_t>(std::max<std::uint64_t>(kBytesInFlight / longest, 1));
    }

    /// How many requests GDAL makes of it is not known.
    static void count(FetchCounters& counters, const Status& status, std::size_t bytes) {
        ++counters.ranges;
        counters.bytes += status.ok() ? bytes : 0;
        counters.failures += status.ok() || status.error().code == ErrorCode::kCancelled ? 0 : 1;
    }

    Status read(const FetchRequest& request, FetchSession* session, Buffer& out) {
        const VsiScope scope;
        const RequestScope patient(session != nullptr ? session->tuning : FetchTuning());
        try {
            const std::string path = vsi_path_of(request.url);
            const bool reusable = is_remote(path);
            if (VSILFILE* const file = reusable ? known_.get().handles.take(path) : nullptr) {
                if (read_range(file, request, path, out).ok()) {
                    known_.get().handles.give(path, file);
                    return {};
                }
                // It has the credentials that it was opened with, which may not be good any more.
                VSIFCloseL(file);
                CPLErrorReset();
                VSIErrorReset();
            }
            VSILFILE* const file = open(path);
            if (file == nullptr) {
                return open_error(path);
            }
            Status status = read_range(file, request, path, out);
            if (status.ok() && reusable) {
                known_.get().handles.give(path, file);
            } else {
                VSIFCloseL(file);
            }
            return status;
        } catch (const std::bad_alloc&) {
            return over_limit(redacted(request.url) + ": not enough memory for the requested bytes");
        }
    }

    VSILFILE* open(const std::string& path) const {
        VSILFILE* const file = VSIFOpenExL(path.c_str(), "rb", TRUE);
        if (file != nullptr || !is_remote(path) || !last_vsi_error(path).empty() ||
            known_.get().absent.contains(path)) {
            return file;
        }
        // GDAL remembers that the object could not be opened, or that its folder's listing lacked it, not why; it may
        // have been without credentials then. It is asked for again.
        VSICurlPartialClearCache(path.c_str());
        VSICurlPartialClearCache(path.substr(0, path.rfind('/')).c_str());
        return VSIFOpenExL(path.c_str(), "rb", TRUE);
    }

    /// kNotFound only where it is sure that the object does not exist: to directory stores that is a missing chunk.
    /// "403" may be that too in an object store that hides its listing, or a credential that ran out.
    Error open_error(const std::string& path) {
        const VSIErrorNum number = VSIGetLastErrorNo();
        const std::string reason = last_vsi_error(path);
        bool absent =
            number == VSIE_AWSObjectNotFound || number == VSIE_AWSBucketNotFound || known_.get().absent.contains(path);
        for (const char* const code : {"404", "410"}) {
            absent = absent || reason.find(std::string("response code: ") + code) != std::string::npos;
        }
        if (is_remote(path)) {
            absent ? known_.get().absent.add(path) : known_.get().absent.remove(path);
        } else {
            VSIStatBufL status{};
            absent = absent || VSIStatExL(path.c_str(), &status, VSI_STAT_EXISTS_FLAG) != 0;
        }
        const std::string tail = reason.empty() ? "" : " (" + reason + ")";
        return absent ? not_found(redacted(path) + ": no such object" + tail)
                      : io_error(redacted(path) + ": cannot be opened" + tail);
    }

    static Status read_range(VSILFILE* file, const FetchRequest& request, const std::string& path, Buffer& out) {
        ByteRange range = request.range;
        const bool clip = request.clip && range.bounded();
        if (clip || !range.bounded() || range.suffix != 0 || range.size() > kTrustedBytes) {
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
            const std::uint64_t end = clip ? std::min(range.end, size) : range.bounded() ? range.end : size;
            range.begin = clip ? std::min(range.begin, end) : range.begin;
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
    struct Known {
        HandleCache handles;
        AbsentObjects absent;
    };
    PerProcess<Known> known_;
};

}  // namespace

std::unique_ptr<Fetcher> make_vsi_fetcher(ThreadPool& pool) {
    return std::make_unique<VsiFetcher>(pool);
}

}  // namespace vcube::driver
