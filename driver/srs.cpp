#include "driver/srs.h"

#include "cpl_error.h"

namespace vcube::driver {

std::optional<OGRSpatialReference> parse_srs(const std::string& crs) {
    if (crs.empty()) {
        return std::nullopt;
    }
    OGRSpatialReference srs;
    CPLErrorStateBackuper keep;
    CPLPushErrorHandler(CPLQuietErrorHandler);
    const OGRErr error = srs.SetFromUserInput(crs.c_str(), OGRSpatialReference::SET_FROM_USER_INPUT_LIMITATIONS_get());
    CPLPopErrorHandler();
    if (error != OGRERR_NONE) {
        return std::nullopt;
    }
    srs.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    return srs;
}

}  // namespace vcube::driver
