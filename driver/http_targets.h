// Where GDAL would ask for the object at a location, with GDAL's own configuration and credentials: the HttpResolver of
// the driver. What signs is VSIGetSignedURL; objects that need no signature, or a log-in of HTTP, have their plain URL.
//
// Locations that stay with GDAL's own file systems: those in archives and of other protocols, "/vsicurl?..." with
// options, streaming variants, and where a URL alone does not do (requester pays, OAuth2 tokens, headers that would
// have to be signed, Microsoft Planetary Computer's signing).
#pragma once

#include <chrono>
#include <cstdint>
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
    /// credentials that it caches then, finds out the bucket's region, and signs anew.
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
    void refresh(const std::string& vsi_path);

    HttpSettingsTable settings_;
    std::mutex mutex_;
    std::unordered_map<std::string, Signed> signed_;            // by VSI path
    Clock::time_point forgotten_{};                             // when GDAL was last made to forget
    std::unordered_map<std::string, Clock::time_point> asked_;  // when GDAL was last made to ask in a bucket
};

}  // namespace vcube::driver
