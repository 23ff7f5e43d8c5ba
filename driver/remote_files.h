// Files on servers as what is opened: looked at with one request that brings their first bytes, then read in windows,
// through the runtime's fetcher. Functions run on the caller's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/byte_source.h"
#include "vcube/bytes.h"
#include "vcube/fetch_session.h"
#include "vcube/fetcher.h"
#include "vcube/result.h"

namespace vcube::driver {

/// Whether a VSI path is one that HTTP may reach: on the network, and no member of an archive.
bool is_single_remote(std::string_view vsi_path);

/// A file as its server tells of it. Immutable, shared.
struct RemoteFile {
    std::string location;
    std::shared_ptr<Fetcher> fetcher;    // counts for a session of its own
    std::shared_ptr<const Buffer> head;  // its first bytes: all of them where it is small
    std::uint64_t size = 0;
    std::uint64_t version = 0;  // hash of ETag and Last-Modified
};

/// One request for the first `head_bytes` of the file. Nothing where its server does not tell the size, or HTTP does
/// not reach it: GDAL's file systems then know more. `session`: with a table of versions. kNotFound where there is
/// none.
Result<std::optional<RemoteFile>> look_at_remote(const std::string& location, const std::shared_ptr<Fetcher>& fetcher,
                                                 const FetchSession& session, std::size_t head_bytes);

/// Its bytes from the first to the last, some megabytes a request; errors name the location.
ByteSource source_of(const RemoteFile& file);

/// All of it; kLimit where it is larger than `max_bytes`.
Result<Buffer> read_whole(const RemoteFile& file, std::uint64_t max_bytes);

/// What servers tell of a file, as stamps of watched files keep it.
struct RemoteStamp {
    std::uint64_t size = 0;
    std::uint64_t version = 0;
    bool absent = false;
};

/// Of each location, nothing where its server does not tell. Those that `session` has not seen yet are asked for their
/// first byte, all at once.
std::vector<std::optional<RemoteStamp>> remote_stamps(const std::vector<std::string>& locations, Fetcher& fetcher,
                                                      const FetchSession& session);

}  // namespace vcube::driver
