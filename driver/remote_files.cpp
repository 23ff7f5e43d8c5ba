#include "driver/remote_files.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "core/base/concat.h"
#include "core/base/fetch_bytes.h"
#include "core/base/hash64.h"
#include "core/base/redacted.h"
#include "core/fetch/object_versions.h"
#include "core/refs/url_policy.h"
#include "driver/remote_fetcher.h"
#include "driver/vsi_sources.h"

namespace vcube::driver {
namespace {

constexpr std::uint64_t kWindowBytes = std::uint64_t{16} << 20U;  // the fetcher brings it in parts, side by side

std::optional<RemoteStamp> known_stamp(const std::string& location, const FetchSession& session) {
    const auto version = session.versions->find(rewritten(location, session.tuning));
    if (!version || !version->size) {
        return std::nullopt;
    }
    const std::string text = concat(version->etag, "\n", version->modified);
    return RemoteStamp{*version->size, hash64(as_byte_span(text), 0), false};
}

/// Where a source stands.
struct Reading {
    explicit Reading(const RemoteFile& file_in) : file(file_in) {}

    const RemoteFile file;
    std::uint64_t at = 0;
    Buffer window;
    std::uint64_t window_begin = 0;

    Result<std::size_t> read(MutableByteSpan out) {
        if (at >= file.size) {
            return std::size_t{0};
        }
        if (at < file.head->size()) {
            return take(std::as_const(*file.head).span().subspan(at), out);
        }
        if (at < window_begin || at >= window_begin + window.size()) {
            const std::uint64_t end = std::min(file.size, at + kWindowBytes);
            VCUBE_ASSIGN(window, fetch_bytes(*file.fetcher, file.location, {at, end}, kWindowBytes));
            window_begin = at;
        }
        return take(std::as_const(window).span().subspan(at - window_begin), out);
    }

    std::size_t take(ByteSpan from, MutableByteSpan out) {
        const std::size_t count = std::min(from.size(), out.size());
        std::memcpy(out.data(), from.data(), count);
        at += count;
        return count;
    }
};

}  // namespace

bool is_single_remote(std::string_view vsi_path) {
    return is_remote(vsi_path) && !is_archive(vsi_path);
}

Result<std::optional<RemoteFile>> look_at_remote(const std::string& location, const std::shared_ptr<Fetcher>& fetcher,
                                                 const FetchSession& session, std::size_t head_bytes) {
    FetchRequest request{location, {0, head_bytes}};
    request.clip = true;
    request.keep = false;
    Result<Buffer> head = io_error("nothing was fetched");
    const FetchSink keep = [&](std::size_t, Result<ByteSpan> bytes) {
        if (!bytes.ok()) {
            head = bytes.error();
            return;
        }
        head = Buffer(bytes.value().size());
        std::copy(bytes.value().begin(), bytes.value().end(), head.value().data());
    };
    fetcher->fetch({&request, 1}, keep, {});
    if (!head.ok()) {
        return head.error();
    }
    const std::optional<RemoteStamp> stamp = known_stamp(location, session);
    if (!stamp) {
        return std::optional<RemoteFile>();
    }
    RemoteFile out{location, fetcher, std::make_shared<const Buffer>(std::move(head).value()), stamp->size,
                   stamp->version};
    if (out.head->size() != std::min<std::uint64_t>(out.size, head_bytes)) {
        return io_error(concat(redacted(location), ": expected ", std::to_string(out.size), " bytes, got ",
                               std::to_string(out.head->size())));
    }
    return std::optional(std::move(out));
}

ByteSource source_of(const RemoteFile& file) {
    const auto reading = std::make_shared<Reading>(file);
    ByteSource out;
    out.size = file.size;
    out.read = [reading](MutableByteSpan bytes) { return reading->read(bytes); };
    out.rewind = [reading]() -> Status {
        reading->at = 0;
        return {};
    };
    return out;
}

Result<Buffer> read_whole(const RemoteFile& file, std::uint64_t max_bytes) {
    if (file.size > max_bytes) {
        return over_limit(concat(redacted(file.location), ": has ", std::to_string(file.size), " bytes, at most ",
                                 std::to_string(max_bytes), " are read into memory"));
    }
    const std::size_t known = file.head->size();
    Buffer out(file.size);
    std::memcpy(out.data(), file.head->data(), known);
    if (known < file.size) {
        VCUBE_ASSIGN(const Buffer rest, fetch_bytes(*file.fetcher, file.location, {known, file.size}, max_bytes));
        std::memcpy(out.data() + known, rest.data(), rest.size());
    }
    return out;
}

std::vector<std::optional<RemoteStamp>> remote_stamps(const std::vector<std::string>& locations, Fetcher& fetcher,
                                                      const FetchSession& session) {
    std::vector<std::optional<RemoteStamp>> out(locations.size());
    std::vector<FetchRequest> requests;
    std::vector<std::size_t> asked;
    for (std::size_t i = 0; i < locations.size(); ++i) {
        out[i] = known_stamp(locations[i], session);
        if (!out[i]) {
            requests.push_back({locations[i], {0, 1}, true, false});
            asked.push_back(i);
        }
    }
    fetcher.fetch(requests,
                  [&](std::size_t k, const Result<ByteSpan>& bytes) {
                      const std::size_t i = asked[k];
                      out[i] = bytes.ok()                                   ? known_stamp(locations[i], session)
                               : bytes.error().code == ErrorCode::kNotFound ? std::optional(RemoteStamp{0, 0, true})
                                                                            : std::nullopt;
                  },
                  {});
    return out;
}

}  // namespace vcube::driver
