// Where GDAL would ask for the object at a location, with GDAL's own configuration and credentials: the HttpResolver of
// the driver. What signs is VSIGetSignedURL; objects that need no signature, or a log-in of HTTP, have their plain URL.
//
// Locations that stay with GDAL's own file systems: those in archives and of other protocols, "/vsicurl?..." with
// options, streaming variants, and where a URL alone does not do (requester pays, OAuth2 tokens, headers that would
// have to be signed, Microsoft Planetary Computer's signing).
#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/fetch/http_message.h"
#include "driver/http_settings.h"
#include "vcube/result.h"

namespace vcube::driver {

/// Thread-safe. Options are those of the calling thread. Signed URLs are remembered until shortly before they expire,
/// a bounded number of them, for the credentials that the configuration names.
class HttpTargets {
public:
    /// `location` as references have it, or a /vsi path. `renew`: what was given before was refused. GDAL forgets the
    /// credentials that it caches then, and signs anew. Where the same credentials are refused in a signed URL and do
    /// in a request of GDAL's own (which finds out the bucket's region, for one), the bucket stays with GDAL.
    Result<std::optional<HttpTarget>> resolve(const std::string& location, bool renew);

private:
    using Clock = std::chrono::steady_clock;
    struct Signed {
        std::string url;
        std::uint64_t credentials = 0;  // hash of the options that it was signed with
        Clock::time_point made, expires;
    };

    Result<std::optional<HttpTarget>> plain(const std::string& vsi_path, std::string url);
    Result<std::optional<HttpTarget>> in_store(const std::string& vsi_path, bool renew);
    std::optional<Signed> remembered(const std::string& vsi_path, std::uint64_t credentials);
    void remember(const std::string& vsi_path, const Signed& entry);
    bool is_refused(const std::string& vsi_path, std::uint64_t credentials);
    void refuse(const std::string& vsi_path, std::uint64_t credentials);
    /// Whether GDAL itself can read in the bucket: the object, or another that was asked for a moment ago.
    bool refresh(const std::string& vsi_path);

    struct Bucket {
        Clock::time_point asked;               // when GDAL last was made to ask in it
        std::shared_future<bool> reads;        // and whether it could
        std::optional<std::uint64_t> refused;  // credentials whose signed URLs it does not take
    };

    HttpSettingsTable settings_;
    std::mutex mutex_;
    std::unordered_map<std::string, Signed> signed_;   // by VSI path
    std::unordered_map<std::string, Bucket> buckets_;  // that refused something, by "/vsis3/name"
    Clock::time_point forgotten_{};                    // when GDAL was last made to forget
};

}  // namespace vcube::driver
