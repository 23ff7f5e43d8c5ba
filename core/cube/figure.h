// The figure of the Earth that attributes of a CF grid mapping name or measure, as words for PROJ.
// Source: CF conventions 1.11, appendix F, table F.1; ellipsoids and prime meridians of PROJ. Pure, so thread-safe.
#pragma once

#include <string>

#include "core/base/json.h"

namespace vcube {

struct Figure {
    std::string proj;       // " +R=6371229", " +a=... +rf=...", " +ellps=bessel +towgs84=...", " +datum=WGS84"
    bool is_wgs84 = false;  // WGS 84 or unsaid, Greenwich
    std::string base;       // "EPSG:4277" where horizontal_datum_name or geographic_crs_name is a known datum whose
                            // ellipsoid is the one that is given; "" otherwise
};

/// Lengths that cannot be metres but could be kilometres are taken for such. Names that are not known, and sizes that
/// make no sense, are unsaid ones.
Figure figure_of(const Json& attributes);

}  // namespace vcube
