// What stands around calls of GDAL's virtual file system: they say what they like into an error state of their own, and
// opening a network file does not list its folder first. On the caller's thread; not copyable.
#pragma once

#include "cpl_conv.h"
#include "cpl_error.h"
#include "cpl_vsi_error.h"

namespace vcube::driver {

class VsiScope {
public:
    VsiScope() : own_readdir_(CPLGetConfigOption(kReaddir, nullptr) != nullptr) {
        CPLErrorReset();
        VSIErrorReset();
        if (!own_readdir_) {
            CPLSetThreadLocalConfigOption(kReaddir, "EMPTY_DIR");
        }
    }
    VsiScope(const VsiScope&) = delete;
    VsiScope& operator=(const VsiScope&) = delete;
    ~VsiScope() {
        if (!own_readdir_) {
            CPLSetThreadLocalConfigOption(kReaddir, nullptr);
        }
    }

private:
    // A folder of a million chunks is not listed to open one of them, unless the user wants that.
    static constexpr const char* kReaddir = "GDAL_DISABLE_READDIR_ON_OPEN";
    const CPLErrorStateBackuper keep_;
    const CPLErrorHandlerPusher quiet_{CPLQuietErrorHandler};
    const bool own_readdir_;
};

}  // namespace vcube::driver
