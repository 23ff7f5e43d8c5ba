// Files read front to back and folders listed, through system calls for plain paths and GDAL's virtual file system for
// all others. Functions run on the caller's thread and raise no CPLError of their own.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/byte_source.h"
#include "core/refs/directory.h"
#include "vcube/result.h"

namespace vcube::driver {

/// A file of any size, read in pieces. kNotFound where it does not exist; errors call it `name`.
Result<ByteSource> open_source(const std::string& vsi_path, const std::string& name);

/// Lists folders below `vsi_path`; an empty function where that place cannot be listed reliably (http).
DirectoryLister lister_for(std::string_view vsi_path);

/// What stands in one folder, through system calls for plain paths (which do not tell sizes and times); http too, where
/// the server shows an index page that GDAL understands.
Result<std::vector<DirectoryEntry>> list_folder(const std::string& vsi_path);

/// Everything below a folder of an object store, in as few requests as it takes: names are paths from the folder.
/// `visit` gives false to end.
Status list_object_store(const std::string& vsi_path, const std::function<bool(const DirectoryEntry&)>& visit);

/// Whether a path lies in an object store (s3, gs, az, oss), where folders are parts of names.
bool is_object_store(std::string_view vsi_path);

/// true for a path into an archive (zip, tar) or a compressed file.
bool is_archive(std::string_view vsi_path);

/// true for http and https, as URL or behind /vsicurl/.
bool is_http(std::string_view location);

/// The part of a location that names a file or folder: behind it stands the query of a URL.
std::string_view path_part(std::string_view location);

}  // namespace vcube::driver
