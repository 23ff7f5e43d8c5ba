#include "driver/vsi_scope.h"

#include <exception>
#include <string>
#include <string_view>

#include "driver/vsi_files.h"

namespace vcube::driver {

void CPL_STDCALL quiet_about_secrets(CPLErr kind, CPLErrorNum number, const char* text) {
    if (kind != CE_Debug || std::string_view(text).find("eader") != std::string_view::npos) {
        return;
    }
    try {
        CPLDefaultErrorHandler(kind, number, without_secrets(text).c_str());
    } catch (const std::exception&) {
        return;  // no memory for a debug line
    }
}

}  // namespace vcube::driver
