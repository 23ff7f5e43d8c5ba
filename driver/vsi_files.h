// Locations as paths of GDAL's virtual file system, and whole files read through it. Functions run on the caller's
// thread and raise no CPLError of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube::driver {

/// A location as GDAL's path: URLs of http, https and ftp behind /vsicurl/, of s3, s3a, gs, gcs, az, abfs, abfss, adl,
/// oss and swift as paths of their file systems, file: in any spelling as the path. A relative local path becomes
/// absolute, so that it survives a change of the working directory.
std::string vsi_path_of(std::string_view location);

/// true for a path that plain system calls open: no /vsi file system and no URL.
bool is_plain_path(std::string_view path);

struct FileInfo {
    std::uint64_t size = 0;
    std::int64_t modified = 0;  // nanoseconds for plain paths, seconds elsewhere
    bool directory = false;
};

/// kNotFound where there is nothing at `vsi_path`; messages call it `name`.
Result<FileInfo> stat_file(const std::string& vsi_path, const std::string& name);

/// At most `max_bytes` from the start of the file: all of it, where it is smaller.
Result<Buffer> read_head(const std::string& vsi_path, const std::string& name, std::size_t max_bytes);

/// A whole file; kLimit where it is larger than `max_bytes`.
Result<Buffer> read_file(const std::string& vsi_path, const std::string& name, std::uint64_t max_bytes);

/// A text that GDAL made, with URLs in it freed of query strings and user info.
std::string without_secrets(std::string text);

/// Text of GDAL's last VSI or CPL error with URLs freed of query strings and user info; "" where there is none.
std::string last_vsi_error(std::string_view url);

}  // namespace vcube::driver
