#include "core/fetch/local_fetcher.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <new>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace vcube {
namespace {

// A thread keeps a buffer of at most this size between requests; larger ones are given back at once.
constexpr std::size_t kKeptBytes = std::size_t{16} << 20;

constexpr std::chrono::milliseconds kBetweenTicks{100};

/// Bytes that a thread reads into, again and again: fresh memory for every chunk would cost its page faults.
MutableByteSpan scratch(std::size_t size, Buffer& large) {
    thread_local Buffer kept;
    if (size > kKeptBytes) {
        large = Buffer(size);
        return large.span();
    }
    if (kept.size() < size) {
        kept = Buffer(std::max(size, std::min(kKeptBytes, kept.size() * 2)));
    }
    return kept.span().first(size);
}

/// Request numbers by object and offset, so that neighbours in a file are read one after another.
std::vector<std::size_t> reading_order(std::span<const FetchRequest> requests) {
    std::vector<std::size_t> order(requests.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto before = [&](std::size_t a, std::size_t b) {
        const int urls = requests[a].url.compare(requests[b].url);
        return urls != 0 ? urls < 0 : requests[a].range.begin < requests[b].range.begin;
    };
    if (!std::is_sorted(order.begin(), order.end(), before)) {
        std::stable_sort(order.begin(), order.end(), before);
    }
    return order;
}

/// Bytes of one request, in `large` or in the thread's own buffer.
Result<ByteSpan> read_one(LocalFiles& files, const FetchRequest& request, Buffer& large) {
    if (const std::size_t scheme = request.url.find("://"); scheme != std::string::npos) {
        return unsupported("this build reads local files only, not " + request.url.substr(0, scheme) + "://");
    }
    ByteRange range = request.range;
    if (range.suffix != 0) {
        VCUBE_ASSIGN(const std::uint64_t size, files.size(request.url));
        if (range.suffix > size) {
            return io_error(request.url + ": has " + std::to_string(size) + " bytes, wanted the last " +
                            std::to_string(range.suffix));
        }
        range = {size - range.suffix, size};
    }
    if (!range.bounded()) {
        VCUBE_ASSIGN(range.end, files.size(request.url));
        if (range.end < range.begin) {
            return io_error(request.url + ": has " + std::to_string(range.end) + " bytes, wanted from byte " +
                            std::to_string(range.begin));
        }
    }
    if (request.clip && request.range.bounded()) {
        VCUBE_ASSIGN(const std::uint64_t size, files.size(request.url));
        range.end = std::min(range.end, size);
        range.begin = std::min(range.begin, range.end);
    }
    if (range.end < range.begin) {
        return invalid(request.url + ": the byte range ends before it begins");
    }
    if (range.size() > kKeptBytes) {  // no memory is taken on a claim that the file does not bear out
        VCUBE_ASSIGN(const std::uint64_t size, files.size(request.url));
        if (range.end > size) {
            return io_error(request.url + ": has " + std::to_string(size) + " bytes, wanted bytes " +
                            std::to_string(range.begin) + " to " + std::to_string(range.end));
        }
    }
    try {
        const MutableByteSpan out = scratch(range.size(), large);
        VCUBE_TRY(files.read(request.url, range, out));
        return ByteSpan(out);
    } catch (const std::bad_alloc&) {
        return over_limit(request.url + ": no memory for " + std::to_string(range.size()) + " bytes");
    }
}

}  // namespace

void LocalFetcher::fetch(std::span<const FetchRequest> requests, const FetchSink& sink, const FetchOptions& options) {
    const std::vector<std::size_t> order = reading_order(requests);
    const std::thread::id caller = std::this_thread::get_id();
    auto last_tick = std::chrono::steady_clock::now();  // of the caller's thread only
    std::atomic<bool> stopped{false};
    const auto unwanted = [&](std::size_t index) {
        return stopped.load(std::memory_order_relaxed) || options.stop.stop_requested() ||
               (options.wanted && !options.wanted(index));
    };
    pool_.parallel_for(
        order.size(),
        [&](std::size_t i) {
            const std::size_t index = order[i];
            if (unwanted(index)) {
                sink(index, Error{ErrorCode::kCancelled, "reading was cancelled"});
                return;
            }
            Buffer large;
            sink(index, read_one(files_, requests[index], large));
            if (!options.tick || std::this_thread::get_id() != caller) {
                return;
            }
            const auto now = std::chrono::steady_clock::now();
            if (now - last_tick >= kBetweenTicks) {
                last_tick = now;
                stopped = !options.tick();
            }
        },
        options.max_threads);
}

}  // namespace vcube
