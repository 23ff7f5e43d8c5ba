#include "driver/srs.h"

#include "cpl_error.h"

namespace vcube::driver {

namespace {

/// Keeps what GDAL says of texts that it cannot read from the user: they are attempts.
class Quiet {
public:
    Quiet() { CPLPushErrorHandler(CPLQuietErrorHandler); }
    ~Quiet() { CPLPopErrorHandler(); }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

private:
    CPLErrorStateBackuper keep_;
};

}  // namespace

std::optional<OGRSpatialReference> parse_srs(const std::string& crs) {
    if (crs.empty()) {
        return std::nullopt;
    }
    OGRSpatialReference srs;
    const Quiet quiet;
    if (srs.SetFromUserInput(crs.c_str(), OGRSpatialReference::SET_FROM_USER_INPUT_LIMITATIONS_get()) != OGRERR_NONE) {
        return std::nullopt;
    }
    srs.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    return srs;
}

std::optional<OGRSpatialReference> parse_srs(const CrsText& crs) {
    auto srs = parse_srs(crs.text);
    if (!srs) {
        return parse_srs(crs.fallback);
    }
    const Quiet quiet;
    if (!crs.base.empty() && srs->IsProjected()) {
        if (const auto base = parse_srs(crs.base)) {
            srs->CopyGeogCSFrom(&*base);
        }
    }
    if (srs->IsProjected() && crs.text.front() == '+') {
        srs->AutoIdentifyEPSG();
        if (!crs.name.empty() && srs->GetAuthorityCode(nullptr) == nullptr) {
            srs->SetProjCS(crs.name.c_str());
        }
    }
    srs->SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    return srs;
}

}  // namespace vcube::driver
