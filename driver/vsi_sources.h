// Files read front to back and folders listed, through system calls for plain paths and GDAL's virtual file system for
// all others. Functions run on the caller's thread and raise no CPLError of their own.
#pragma once

#include <string>
#include <string_view>

#include "core/base/byte_source.h"
#include "core/refs/directory.h"
#include "vcube/result.h"

namespace vcube::driver {

/// A file of any size, read in pieces. kNotFound where it does not exist; errors call it `name`.
Result<ByteSource> open_source(const std::string& vsi_path, const std::string& name);

/// Lists folders below `vsi_path`; an empty function where that place cannot be listed reliably (http).
DirectoryLister lister_for(std::string_view vsi_path);

/// true for http and https, as URL or behind /vsicurl/.
bool is_http(std::string_view location);

}  // namespace vcube::driver
