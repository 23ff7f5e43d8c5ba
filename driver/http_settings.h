// GDAL's configuration of HTTP as the HTTP client takes it: GDAL_HTTP_* and the like, those of one path
// (VSISetPathSpecificOption) before those of all. See "Remote data" in docs/driver.md for the list.
//
// Not used: GDAL_HTTP_CONNECTTIMEOUT, GDAL_HTTP_LOW_SPEED_*, GDAL_HTTP_RETRY_DELAY and GDAL_HTTP_RETRY_CODES, whose
// place the open options TIMEOUT and RETRIES take (GDAL_HTTP_TIMEOUT and GDAL_HTTP_MAX_RETRY count where these are not
// set, see open_options.h); options of how requests are joined (GDAL_HTTP_MULTIPLEX, _MULTIRANGE,
// _MERGE_CONSECUTIVE_RANGES), which COALESCE_GAP and MAX_CONCURRENCY replace.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/fetch/http_message.h"
#include "vcube/result.h"

namespace vcube::driver {

/// What log-ins a target takes from the configuration.
enum class Login {
    kConfigured,  // headers, user, token, cookies and .netrc as configured
    kInUrl        // the URL is signed, or needs no signature: other log-ins would contradict it
};

/// Thread-safe. Equal settings are one object, so that connections can be shared by them.
class HttpSettingsTable {
public:
    /// Sets headers, user_password, auth, bearer and settings of `target`, whose URL is set, by the options of
    /// `vsi_path` on this thread. false where they ask for something that only GDAL's own client does. kInvalid,
    /// without any value, where an option is unusable.
    Result<bool> apply(const std::string& vsi_path, Login login, HttpTarget& target);

private:
    std::shared_ptr<const HttpSettings> shared(HttpSettings settings);

    std::mutex mutex_;
    std::vector<std::shared_ptr<const HttpSettings>> known_;  // used last at the end
};

/// An option of one path or of all; "" where it is not set.
std::string path_option(const std::string& vsi_path, const char* name);

/// Whether it is set to a word that means yes.
bool path_flag(const std::string& vsi_path, const char* name, bool otherwise = false);

}  // namespace vcube::driver
