// Fetcher: brings bytes of objects named by URL or path.
//
// Contract: thread-safe; `fetch` blocks its caller only and returns after `sink` was called exactly once for every
// request. `sink` may be called from several threads at once, on the caller's thread or a pool thread, and may decode
// there; it must not call back into the fetcher. The span is valid during the call only. A bounded range yields exactly
// range.size() bytes or an error (kNotFound where the object does not exist, kIo otherwise: a short object is an error
// that tells both sizes). After `options.stop` is requested, or `options.tick` said no, the remaining requests get
// kCancelled. What the requests stand for is wanted in their order: earlier ones are brought first where that matters.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "vcube/byte_range.h"
#include "vcube/bytes.h"
#include "vcube/fetch_session.h"
#include "vcube/result.h"

namespace vcube {

struct FetchRequest {
    std::string url;
    ByteRange range;
    bool clip = false;  // of a bounded range, the part that lies inside the object is enough
    bool keep = true;   // may be kept on disk: not what names other objects, whose URLs may hold signatures
};

struct FetchOptions {
    std::stop_token stop;
    std::size_t max_threads = 0;                      // threads that may work at once; 0: as many as the fetcher has
    std::shared_ptr<FetchSession> session = nullptr;  // null: defaults, nothing is counted
    /// Whether request `index` is wanted still: one that is not gets kCancelled, unless its bytes are here already.
    /// Called from any thread, on requests whose sink was not called yet. Empty: all are.
    std::function<bool(std::size_t index)> wanted = nullptr;
    /// Called on the caller's thread, about ten times a second while it waits; false stops the fetch. Empty: never.
    std::function<bool()> tick = nullptr;
    /// Called on the caller's thread while it waits for bytes of others and has nothing else to do: some milliseconds
    /// of work that is of use later; false: there is no more of it. Empty: none.
    std::function<bool()> meanwhile = nullptr;
};

using FetchSink = std::function<void(std::size_t index, Result<ByteSpan> bytes)>;

class Fetcher {
public:
    Fetcher() = default;
    Fetcher(const Fetcher&) = delete;
    Fetcher& operator=(const Fetcher&) = delete;
    virtual ~Fetcher() = default;

    virtual void fetch(std::span<const FetchRequest> requests, const FetchSink& sink, const FetchOptions& options) = 0;
};

}  // namespace vcube
