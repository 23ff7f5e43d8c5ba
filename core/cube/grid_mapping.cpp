#include "core/cube/grid_mapping.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <vector>

#include "core/cube/attribute.h"

namespace vcube {

namespace {

std::string number_text(double value) {
    char text[32];
    const auto [end, error] = std::to_chars(text, text + sizeof text, value);
    return error == std::errc() ? std::string(text, end) : std::string("0");
}

/// Collects " +key=value" for the attributes that are there.
class ProjText {
public:
    ProjText(const Json& attributes, std::string_view projection) : attributes_(attributes) {
        text_ = "+proj=" + std::string(projection);
    }
    [[nodiscard]] std::optional<double> number(const char* attribute) const {
        const std::optional<double> value = attribute_number(attributes_, attribute);
        return value && std::isfinite(*value) ? value : std::nullopt;
    }
    /// The first of two attributes that is there (older and newer names of one parameter).
    [[nodiscard]] std::optional<double> number(const char* attribute, const char* other) const {
        const std::optional<double> value = number(attribute);
        return value ? value : number(other);
    }
    ProjText& add(const char* key, std::optional<double> value) {
        if (value) {
            text_.append(" +").append(key).append("=").append(number_text(*value));
        }
        return *this;
    }
    ProjText& add(std::string_view words) {
        text_.append(" ").append(words);
        return *this;
    }
    ProjText& false_origin() { return add("x_0", number("false_easting")).add("y_0", number("false_northing")); }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    const Json& attributes_;
    std::string text_;
};

/// " +ellps..." of the figure of the Earth, with prime meridian and datum shift.
std::string figure_text(const Json& attributes, bool& is_wgs84) {
    const auto length = [&](const char* key) {
        const std::optional<double> value = attribute_number(attributes, key);
        return value && std::isfinite(*value) && *value > 0 ? value : std::nullopt;
    };
    const std::optional<double> a = length("semi_major_axis");
    const std::optional<double> b = length("semi_minor_axis");
    const double flattening = attribute_number(attributes, "inverse_flattening").value_or(-1.0);
    const bool flattened = std::isfinite(flattening) && flattening >= 0;
    std::optional<double> radius = length("earth_radius");
    if (!radius && a && ((b && *a == *b) || (flattened && flattening == 0) || (!b && !flattened))) {
        radius = a;  // a sphere, said in other words
    }
    std::string text;
    is_wgs84 = false;
    if (radius) {
        text.append(" +R=").append(number_text(*radius));
    } else if (a) {
        is_wgs84 = *a == 6378137.0 && (flattened ? std::fabs(flattening - 298.257223563) < 1e-8
                                                 : std::fabs(*b - 6356752.314245179) < 1e-3);
        if (is_wgs84) {
            text = " +datum=WGS84";
        } else {
            text.append(" +a=").append(number_text(*a));
            text.append(flattened ? " +rf=" : " +b=").append(number_text(flattened ? flattening : *b));
        }
    } else {
        const std::string name = to_lower(attribute_text(attributes, "reference_ellipsoid_name"));
        const std::string datum = to_lower(attribute_text(attributes, "horizontal_datum_name"));
        static constexpr std::array<std::array<std::string_view, 2>, 8> kEllipsoids = {{{"grs 1980", "GRS80"},
                                                                                        {"grs80", "GRS80"},
                                                                                        {"grs_1980", "GRS80"},
                                                                                        {"bessel 1841", "bessel"},
                                                                                        {"clarke 1866", "clrk66"},
                                                                                        {"airy 1830", "airy"},
                                                                                        {"international 1924", "intl"},
                                                                                        {"wgs 72", "WGS72"}}};
        text = " +datum=WGS84";
        is_wgs84 = true;
        for (const auto& [known, proj] : kEllipsoids) {
            if (name == known) {
                text = " +ellps=" + std::string(proj);
                is_wgs84 = false;
            }
        }
        if (is_wgs84 && (datum == "european_terrestrial_reference_system_1989" || datum == "etrs89")) {
            text = " +ellps=GRS80";
            is_wgs84 = false;
        }
    }
    const std::vector<double> shift = attribute_numbers(attributes, "towgs84");
    if (!is_wgs84 && (shift.size() == 3 || shift.size() == 6 || shift.size() == 7)) {
        text += " +towgs84=";
        for (std::size_t i = 0; i < shift.size(); ++i) {
            text.append(i == 0 ? "" : ",").append(number_text(shift[i]));
        }
        text += shift.size() == 6 ? ",0" : "";
    }
    const std::optional<double> meridian = attribute_number(attributes, "longitude_of_prime_meridian");
    if (meridian && *meridian != 0) {
        text.append(" +pm=").append(number_text(*meridian));
        is_wgs84 = false;
    }
    return text;
}

std::string conic_text(const Json& attributes, ProjText text) {
    const std::vector<double> parallels = attribute_numbers(attributes, "standard_parallel");
    const std::optional<double> origin = text.number("latitude_of_projection_origin");
    const double first = parallels.empty() ? origin.value_or(0) : parallels[0];
    text.add("lat_1", first);
    // One parallel touches: both are the same, which holds also where the origin of y is another latitude.
    text.add("lat_2", parallels.size() > 1 ? parallels[1] : first);
    text.add("lat_0", origin ? origin : std::optional(first));
    text.add("lon_0", text.number("longitude_of_central_meridian", "longitude_of_projection_origin"));
    return text.false_origin().text();
}

std::string polar_stereographic_text(ProjText text) {
    const std::optional<double> parallel = text.number("standard_parallel");
    const double pole = text.number("latitude_of_projection_origin").value_or(parallel.value_or(90)) < 0 ? -90 : 90;
    text.add("lat_0", pole);
    if (parallel) {
        text.add("lat_ts", parallel);
    } else {
        text.add("k_0", text.number("scale_factor_at_projection_origin"));
    }
    text.add("lon_0", text.number("straight_vertical_longitude_from_pole", "longitude_of_projection_origin"));
    return text.false_origin().text();
}

std::string geostationary_text(const Json& attributes, ProjText text) {
    std::string sweep = to_lower(attribute_text(attributes, "sweep_angle_axis"));
    if (sweep != "x" && sweep != "y") {
        const bool fixed_y = to_lower(attribute_text(attributes, "fixed_angle_axis")) == "y";
        sweep.assign(1, fixed_y ? 'x' : 'y');
    }
    text.add("lon_0", text.number("longitude_of_projection_origin")).add("h", text.number("perspective_point_height"));
    return text.add("+sweep=" + sweep).false_origin().text();
}

std::string rotated_pole_text(ProjText text) {
    const std::optional<double> longitude = text.number("grid_north_pole_longitude");
    const std::optional<double> latitude = text.number("grid_north_pole_latitude");
    if (!longitude || !latitude) {
        return {};
    }
    text.add("+o_proj=longlat").add("o_lon_p", text.number("north_pole_grid_longitude").value_or(0));
    text.add("o_lat_p", latitude).add("lon_0", *longitude > 0 ? *longitude - 180 : *longitude + 180);
    return text.text();
}

/// Projection and parameters without the figure of the Earth; "" where the name is not known.
std::string projection_text(const Json& attributes, const std::string& name) {
    const auto proj = [&](const char* projection) { return ProjText(attributes, projection); };
    const auto azimuthal = [&](const char* projection) {
        ProjText text = proj(projection);
        text.add("lat_0", text.number("latitude_of_projection_origin"));
        return text.add("lon_0", text.number("longitude_of_projection_origin", "longitude_of_central_meridian"));
    };
    if (name == "albers_conical_equal_area") {
        return conic_text(attributes, proj("aea"));
    }
    if (name == "lambert_conformal_conic") {
        return conic_text(attributes, proj("lcc"));
    }
    if (name == "azimuthal_equidistant" || name == "lambert_azimuthal_equal_area" || name == "orthographic") {
        return azimuthal(name[0] == 'a' ? "aeqd" : name[0] == 'l' ? "laea" : "ortho").false_origin().text();
    }
    if (name == "stereographic") {
        ProjText text = azimuthal("stere");
        return text.add("k_0", text.number("scale_factor_at_projection_origin")).false_origin().text();
    }
    if (name == "vertical_perspective") {
        ProjText text = azimuthal("nsper");
        return text.add("h", text.number("perspective_point_height")).false_origin().text();
    }
    if (name == "polar_stereographic") {
        return polar_stereographic_text(proj("stere"));
    }
    if (name == "geostationary") {
        return geostationary_text(attributes, proj("geos"));
    }
    if (name == "mercator" || name == "lambert_cylindrical_equal_area") {
        ProjText text = proj(name == "mercator" ? "merc" : "cea");
        const std::optional<double> parallel = text.number("standard_parallel");
        text.add("lon_0", text.number("longitude_of_projection_origin", "longitude_of_central_meridian"));
        text.add("lat_ts", parallel)
            .add("k_0", parallel ? std::nullopt : text.number("scale_factor_at_projection_origin"));
        return text.false_origin().text();
    }
    if (name == "sinusoidal") {
        ProjText text = proj("sinu");
        text.add("lon_0", text.number("longitude_of_projection_origin", "longitude_of_central_meridian"));
        return text.false_origin().text();
    }
    if (name == "transverse_mercator") {
        ProjText text = proj("tmerc");
        text.add("lat_0", text.number("latitude_of_projection_origin"));
        text.add("lon_0", text.number("longitude_of_central_meridian", "longitude_of_projection_origin"));
        text.add("k_0", text.number("scale_factor_at_central_meridian", "scale_factor_at_projection_origin"));
        return text.false_origin().text();
    }
    if (name == "oblique_mercator") {
        ProjText text = proj("omerc");
        text.add("lat_0", text.number("latitude_of_projection_origin"));
        text.add("lonc", text.number("longitude_of_projection_origin"));
        text.add("alpha", text.number("azimuth_of_central_line"));
        text.add("k_0", text.number("scale_factor_at_projection_origin"));
        return text.false_origin().text();
    }
    return name == "rotated_latitude_longitude" ? rotated_pole_text(proj("ob_tran")) : std::string();
}

}  // namespace

std::string crs_of_grid_mapping(const Json& attributes) {
    for (const char* key : {"crs_wkt", "spatial_ref"}) {
        std::string text = attribute_text(attributes, key);
        if (text.find('[') != std::string::npos || text.starts_with("EPSG:")) {
            return text;
        }
    }
    const std::string name = to_lower(attribute_text(attributes, "grid_mapping_name"));
    bool is_wgs84 = false;
    const std::string figure = figure_text(attributes, is_wgs84);
    if (name == "latitude_longitude") {
        return is_wgs84 ? "EPSG:4326" : "+proj=longlat" + figure + " +no_defs +type=crs";
    }
    const std::string projection = projection_text(attributes, name);
    if (!projection.empty()) {
        const char* units = name == "rotated_latitude_longitude" ? "" : " +units=m";
        return projection + figure + units + " +no_defs +type=crs";
    }
    for (const char* key : {"proj4", "proj4_params", "proj4_string", "proj4text"}) {
        const std::string text = attribute_text(attributes, key);
        if (text.starts_with("+proj=") || text.starts_with("+init=")) {
            return text.find("+type=crs") == std::string::npos ? text + " +type=crs" : text;
        }
    }
    for (const char* key : {"epsg_code", "epsg", "EPSG_code"}) {
        const std::string text = attribute_text(attributes, key);
        const std::string digits = text.starts_with("EPSG:") || text.starts_with("epsg:") ? text.substr(5) : text;
        const std::optional<double> code = digits.empty() ? attribute_number(attributes, key) : parse_number(digits);
        if (code && *code >= 1024 && *code < 1e7 && *code == std::floor(*code)) {
            return "EPSG:" + number_text(*code);
        }
    }
    return {};
}

}  // namespace vcube
