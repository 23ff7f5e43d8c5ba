// Which objects a reference set may name, and how relative names are resolved. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/base/redacted.h"  // redacted() of locations in messages
#include "vcube/result.h"

namespace vcube {

/// Where a reference file came from decides what it may name: a file from a remote place (http, s3, /vsicurl ...) names
/// remote objects only, unless `allow_local` (open option ALLOW_LOCAL_REFERENCES).
struct UrlPolicy {
    std::string base;          // folder of the reference file, with the trailing slash; "" for the working directory
    bool remote_base = false;  // the reference file came from the network
    bool allow_local = false;
};

/// Policy for a reference file at `location` (path, /vsi path or URL).
UrlPolicy policy_for(std::string_view location, bool allow_local);

/// true for http, https, s3, gs, gcs, az, abfs(s) URLs and the /vsi file systems that reach the network, nested ones
/// too.
bool is_remote(std::string_view location);

/// The absolute form of `url` (file:// becomes a path, relative names join the base) or kDenied, naming the option that
/// allows it. The message never holds a query string.
Result<std::string> resolve_url(std::string_view url, const UrlPolicy& policy);

/// Whether a file name stays below the folder it is joined to: no empty, "." or ".." part, no leading slash, backslash
/// or NUL.
bool stays_below(std::string_view name);

}  // namespace vcube
