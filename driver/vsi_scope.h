// What stands around calls of GDAL's virtual file system: they say what they like into an error state of their own,
// their debug lines tell no query strings and no headers, and opening a network file does not list its folder first. On
// the caller's thread; not copyable.
#pragma once

#include "cpl_conv.h"
#include "cpl_error.h"
#include "cpl_vsi_error.h"

namespace vcube::driver {

/// Drops all but debug lines, which it tells as GDAL would, without secrets.
void CPL_STDCALL quiet_about_secrets(CPLErr kind, CPLErrorNum number, const char* text);

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
    const CPLErrorHandlerPusher quiet_{quiet_about_secrets};
    const bool own_readdir_;
};

}  // namespace vcube::driver
