#include "core/cube/grid_mapping.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <vector>

#include "core/cube/attribute.h"
#include "core/cube/figure.h"

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
    ProjText(const Json& attributes, double length_unit, std::string_view projection)
        : attributes_(attributes), length_unit_(length_unit) {
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
    ProjText& false_origin() { return add("x_0", length("false_easting")).add("y_0", length("false_northing")); }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    [[nodiscard]] std::optional<double> length(const char* attribute) const {
        const std::optional<double> value = number(attribute);
        return value ? std::optional(*value * length_unit_) : value;
    }

    const Json& attributes_;
    double length_unit_;
    std::string text_;
};

std::string conic_text(const Json& attributes, ProjText text) {
    const std::vector<double> parallels = attribute_numbers(attributes, "standard_parallel");
    const std::optional<double> origin = text.number("latitude_of_projection_origin");
    const double first = parallels.empty() ? origin.value_or(0) : parallels[0];
    text.add("lat_1", first);
    // One parallel touches: both are the same, which holds also where the origin of y is another latitude.
    text.add("lat_2", parallels.size() > 1 ? parallels[1] : first);
    text.add("lat_0", origin ? origin : std::optional(first));
    text.add("lon_0", text.number("longitude_of_central_meridian", "longitude_of_projection_origin"));
    if (parallels.size() < 2) {
        text.add("k_0", text.number("scale_factor_at_projection_origin"));
    }
    return text.false_origin().text();
}

std::string polar_stereographic_text(ProjText text) {
    std::optional<double> parallel = text.number("standard_parallel");
    const std::optional<double> origin = text.number("latitude_of_projection_origin");
    const std::optional<double> scale = text.number("scale_factor_at_projection_origin");
    const double pole = origin.value_or(parallel.value_or(90)) < 0 ? -90 : 90;
    if (!parallel && !scale && origin && std::fabs(*origin) < 90) {
        parallel = origin;  // some writers put the latitude of true scale there
    }
    text.add("lat_0", pole);
    if (parallel && std::fabs(*parallel) < 90) {
        text.add("lat_ts", parallel);
    } else if (parallel) {
        text.add("lat_ts", pole);
    } else {
        text.add("k_0", scale);
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
std::string projection_text(const Json& attributes, const std::string& name, double length_unit) {
    const auto proj = [&](const char* projection) { return ProjText(attributes, length_unit, projection); };
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

CrsText cf_mapping(const Json& attributes, double length_unit) {
    CrsText out;
    const std::string name = to_lower(attribute_text(attributes, "grid_mapping_name"));
    if (name.empty()) {
        return out;
    }
    const Figure figure = figure_of(attributes);
    if (name == "latitude_longitude") {
        out.geographic = true;
        out.text = figure.is_wgs84        ? "EPSG:4326"
                   : !figure.base.empty() ? figure.base
                                          : "+proj=longlat" + figure.proj + " +no_defs +type=crs";
        return out;
    }
    const std::string projection = projection_text(attributes, name, length_unit);
    if (projection.empty()) {
        return out;
    }
    const bool rotated = name == "rotated_latitude_longitude";
    out.text = projection + figure.proj + (rotated ? "" : " +units=m") + " +no_defs +type=crs";
    if (!rotated) {
        out.base = figure.is_wgs84 ? std::string() : figure.base;
        out.name = attribute_text(attributes, "projected_crs_name");
    }
    return out;
}

bool is_wkt(const std::string& text) {
    const std::size_t bracket = text.find_first_of("[(");
    return bracket != std::string::npos && bracket > 3 && bracket < 32;
}

/// "EPSG:3035" of that, "epsg:3035", "urn:ogc:def:crs:EPSG::3035", "http://www.opengis.net/def/crs/EPSG/0/3035",
/// "+init=epsg:3035"; "" where the text is none of them.
std::string authority_code(const std::string& text) {
    const std::size_t end = text.find_last_of(":/");
    if (end == std::string::npos || end + 1 >= text.size() || text.size() > 200) {
        return {};
    }
    const std::string code = text.substr(end + 1);
    std::size_t from = text.find_last_of(":/", end == 0 ? 0 : end - 1);
    std::string authority;
    const std::string lower = to_lower(text);
    if (lower.starts_with("urn:ogc:def:crs:") || lower.find("/def/crs/") != std::string::npos) {
        if (from == std::string::npos || from == 0) {
            return {};
        }
        const std::size_t before = text.find_last_of(":/", from - 1);  // authority, version, code
        authority = before == std::string::npos ? "" : text.substr(before + 1, from - before - 1);
    } else if (text[end] != ':' || text.find('/') != std::string::npos) {
        return {};
    } else {
        from = lower.starts_with("+init=") ? 5 : from;
        authority =
            text.substr(from == std::string::npos ? 0 : from + 1, end - (from == std::string::npos ? 0 : from + 1));
    }
    for (char& c : authority) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    const auto is_word = [](const std::string& word) {
        return !word.empty() &&
               word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") ==
                   std::string::npos;
    };
    return is_word(authority) && is_word(code) && authority.find_first_not_of("0123456789") != std::string::npos
               ? authority + ":" + code
               : std::string();
}

std::string epsg_text(const Json& attributes, const char* key) {
    const std::string text = attribute_text(attributes, key);
    if (std::string named = authority_code(text); !named.empty()) {
        return named;
    }
    const std::optional<double> code = text.empty() ? attribute_number(attributes, key) : parse_number(text);
    const bool valid = code && *code >= 1024 && *code < 1e7 && *code == std::floor(*code);
    return valid ? "EPSG:" + number_text(*code) : std::string();
}

std::string proj_string(std::string text) {
    const std::size_t begin = text.find_first_not_of(" \t\n");
    text.erase(0, begin == std::string::npos ? text.size() : begin);
    if (text.starts_with("proj=") || text.starts_with("init=")) {
        text.insert(0, "+");
    }
    if (text.starts_with("+init=")) {
        return authority_code(text.substr(0, text.find(' ')));
    }
    if (!text.starts_with("+") || text.find("+proj=") == std::string::npos) {
        return {};
    }
    return text.find("+type=crs") == std::string::npos ? text + " +type=crs" : text;
}

/// Any way of writing a coordinate reference system into one text.
std::string any_text(const std::string& text) {
    if (is_wkt(text) || (text.starts_with("{") && text.find("\"type\"") != std::string::npos)) {
        return text;
    }
    const std::string proj = proj_string(text);
    return proj.empty() ? authority_code(text) : proj;
}

/// {"wkt": ..., "projjson": ..., "url": ...}, as GDAL's Zarr driver writes it.
std::string gdal_zarr_text(const Json& attributes) {
    const Json* const crs = find_attribute(attributes, "_CRS");
    if (crs == nullptr || !crs->is_object()) {
        return crs != nullptr && crs->is_string() ? any_text(crs->get<std::string>()) : std::string();
    }
    if (std::string wkt = attribute_text(*crs, "wkt"); is_wkt(wkt)) {
        return wkt;
    }
    const Json* const projjson = find_attribute(*crs, "projjson");
    if (projjson != nullptr && projjson->is_object()) {
        return projjson->dump();
    }
    return authority_code(attribute_text(*crs, "url"));
}

/// The Zarr convention "proj:".
std::string geozarr_text(const Json& attributes) {
    for (const char* const key : {"proj:code", "proj:epsg"}) {
        if (std::string code = epsg_text(attributes, key); !code.empty()) {
            return code;
        }
    }
    if (std::string wkt = attribute_text(attributes, "proj:wkt2"); is_wkt(wkt)) {
        return wkt;
    }
    const Json* const projjson = find_attribute(attributes, "proj:projjson");
    if (projjson != nullptr && projjson->is_object()) {
        return projjson->dump();
    }
    return projjson != nullptr && projjson->is_string() ? any_text(projjson->get<std::string>()) : std::string();
}

/// What is found under names that no convention has.
std::string wild_text(const Json& attributes) {
    for (const char* const key : {"proj4", "proj4_params", "proj4_string", "proj4text", "proj4_text",
                                  "proj4_definition", "PROJ4", "proj_params"}) {
        if (std::string text = proj_string(attribute_text(attributes, key)); !text.empty()) {
            return text;
        }
    }
    if (const std::string text = attribute_text(attributes, "esri_pe_string"); is_wkt(text)) {
        return "ESRI::" + text;
    }
    for (const char* const key : {"epsg_code", "epsg", "EPSG_code", "EPSG", "spatial_epsg", "srid", "EPSG_CODE"}) {
        if (std::string text = epsg_text(attributes, key); !text.empty()) {
            return text;
        }
    }
    return any_text(attribute_text(attributes, "crs"));
}

}  // namespace

CrsText crs_of_attributes(const Json& attributes, double length_unit) {
    CrsText out = cf_mapping(attributes, length_unit);
    std::vector<std::string> texts;  // best first
    for (const char* const key : {"crs_wkt", "spatial_ref"}) {
        texts.push_back(any_text(attribute_text(attributes, key)));
    }
    texts.push_back(gdal_zarr_text(attributes));
    texts.push_back(geozarr_text(attributes));
    for (std::string& text : texts) {
        if (!text.empty()) {
            CrsText said;
            said.fallback = out.empty() ? wild_text(attributes) : std::move(out.text);
            said.text = std::move(text);
            return said;
        }
    }
    if (out.empty()) {
        out.text = wild_text(attributes);
    }
    return out;
}

std::string crs_of_grid_mapping(const Json& attributes) {
    return crs_of_attributes(attributes).text;
}

double satellite_height(const Json& attributes) {
    const bool named = to_lower(attribute_text(attributes, "grid_mapping_name")) == "geostationary";
    const std::optional<double> said = attribute_number(attributes, "perspective_point_height");
    if (said && std::isfinite(*said) && (named || find_attribute(attributes, "grid_mapping_name") == nullptr)) {
        return *said;
    }
    const std::string text = to_lower(crs_of_grid_mapping(attributes));
    for (const std::string_view key : {"\"satellite height\",", "\"satellite_height\",", "+proj=geos"}) {
        std::size_t at = text.find(key);
        if (at == std::string::npos) {
            continue;
        }
        at += key.size();
        if (key.front() == '+') {
            at = text.find("+h=");
            at = at == std::string::npos ? text.size() : at + 3;
        }
        const std::size_t end = text.find_first_of(",]) ", at);
        return parse_number(std::string_view(text).substr(at, end == std::string::npos ? end : end - at)).value_or(0);
    }
    return 0;
}

}  // namespace vcube
