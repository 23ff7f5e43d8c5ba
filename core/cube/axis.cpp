#include "core/cube/axis.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <string_view>
#include <vector>

#include "core/base/concat.h"
#include "core/cube/attribute.h"

namespace vcube {

namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), text) != names.end();
}

AxisRole role_of_letter(const std::string& axis) {
    return axis == "x"   ? AxisRole::kX
           : axis == "y" ? AxisRole::kY
           : axis == "z" ? AxisRole::kZ
           : axis == "t" ? AxisRole::kT
                         : AxisRole::kUnknown;
}

AxisRole role_of_standard_name(const std::string& name) {
    if (is_one_of(name,
                  {"longitude", "grid_longitude", "projection_x_coordinate", "projection_x_angular_coordinate"})) {
        return AxisRole::kX;
    }
    if (is_one_of(name, {"latitude", "grid_latitude", "projection_y_coordinate", "projection_y_angular_coordinate"})) {
        return AxisRole::kY;
    }
    if (is_one_of(name, {"time", "forecast_reference_time", "forecast_period"})) {
        return AxisRole::kT;
    }
    if (is_one_of(name, {"realization", "radiation_wavelength", "sensor_band_central_radiation_wavelength", "region",
                         "area_type", "sensor_band_identifier"})) {
        return AxisRole::kOther;
    }
    const bool vertical =
        is_one_of(name, {"height", "depth", "altitude", "air_pressure", "model_level_number", "geopotential_height"}) ||
        name.starts_with("atmosphere_") || name.starts_with("ocean_") || name.starts_with("height_above_");
    return vertical ? AxisRole::kZ : AxisRole::kUnknown;
}

AxisRole role_of_units(const std::string& units) {
    if (is_one_of(units, {"degrees_east", "degree_east", "degrees_e", "degree_e", "degreese", "degreee"})) {
        return AxisRole::kX;
    }
    if (is_one_of(units, {"degrees_north", "degree_north", "degrees_n", "degree_n", "degreesn", "degreen"})) {
        return AxisRole::kY;
    }
    return units.find(" since ") != std::string::npos ? AxisRole::kT : AxisRole::kUnknown;
}

/// "lon", "longitude_1", "lon_bins": the word, alone or with a part after an underline.
bool is_word_or_part(std::string_view name, std::string_view word) {
    return name == word || (name.starts_with(word) && name.size() > word.size() && name[word.size()] == '_');
}

AxisRole role_of_name(const std::string& name) {
    if (is_one_of(name, {"long", "nav_lon", "x", "rlon", "xc", "easting", "eastings", "xdim", "x_coordinate",
                         "projection_x_coordinate", "west_east", "ncols", "nlon", "i_lon", "xgrid", "xh"}) ||
        is_word_or_part(name, "lon") || is_word_or_part(name, "longitude")) {
        return AxisRole::kX;
    }
    if (is_one_of(name, {"nav_lat", "y", "rlat", "yc", "northing", "northings", "ydim", "y_coordinate",
                         "projection_y_coordinate", "south_north", "nrows", "nlat", "j_lat", "ygrid", "yh"}) ||
        is_word_or_part(name, "lat") || is_word_or_part(name, "latitude")) {
        return AxisRole::kY;
    }
    if (is_one_of(name, {"time", "valid_time", "step", "forecast_period", "leadtime", "lead_time", "date", "month",
                         "forecast_reference_time"})) {
        return AxisRole::kT;
    }
    if (is_one_of(name, {"band", "bands", "number", "member", "realization", "ensemble", "ens", "wavelength", "channel",
                         "bnds", "nv", "bounds"})) {
        return AxisRole::kOther;
    }
    return is_one_of(name, {"level", "lev", "plev", "depth", "height", "altitude", "z", "isobaricinhpa", "pressure",
                            "bottom_top", "heightaboveground", "hybrid", "pressure_level", "model_level"})
               ? AxisRole::kZ
               : AxisRole::kUnknown;
}

double shortest_decimal(double value) {
    char text[48];
    const auto [end, error] = std::to_chars(text, text + sizeof text, static_cast<float>(value));
    double out = value;
    if (error == std::errc()) {
        std::from_chars(text, end, out);
    }
    return out;
}

}  // namespace

AxisKind classify_axis(const std::string& name, const Json& attributes) {
    const std::string standard_name = to_lower(attribute_text(attributes, "standard_name"));
    const std::string units = to_lower(attribute_text(attributes, "units"));
    const std::string lower = to_lower(name);
    AxisKind kind;
    const AxisRole by_units = role_of_units(units);
    for (const AxisRole role : {role_of_letter(to_lower(attribute_text(attributes, "axis"))),
                                role_of_standard_name(standard_name), by_units}) {
        if (kind.role == AxisRole::kUnknown) {
            kind.role = role;
        }
    }
    if (kind.role == AxisRole::kUnknown && find_attribute(attributes, "positive") != nullptr) {
        kind.role = AxisRole::kZ;
    }
    if (kind.role == AxisRole::kUnknown) {
        kind.role = role_of_name(lower);
        kind.by_name = true;
    }
    const bool named = is_one_of(lower, {"nav_lon", "nav_lat", "xlong", "xlat"}) || is_word_or_part(lower, "lon") ||
                       is_word_or_part(lower, "longitude") || is_word_or_part(lower, "lat") ||
                       is_word_or_part(lower, "latitude");
    const bool rotated = standard_name.starts_with("grid_") || is_one_of(lower, {"rlon", "rlat"});
    const bool says_degrees = standard_name == "longitude" || standard_name == "latitude" || by_units == kind.role;
    const bool may_be_degrees = named && (units.empty() || units.starts_with("deg"));
    kind.geographic =
        (kind.role == AxisRole::kX || kind.role == AxisRole::kY) && !rotated && (says_degrees || may_be_degrees);
    return kind;
}

AxisUnit axis_unit(std::string_view units) {
    using Measure = AxisUnit::Measure;
    struct Unit {
        std::string_view names;  // each between blanks
        Measure measure;
        double factor;
    };
    static constexpr double kDegrees = 180 / std::numbers::pi;
    static constexpr Unit kUnits[] = {
        {" m metre metres meter meters ", Measure::kLength, 1},
        {" km kilometre kilometres kilometer kilometers ", Measure::kLength, 1000},
        {" dm decimetre decimetres decimeter decimeters ", Measure::kLength, 0.1},
        {" cm centimetre centimetres centimeter centimeters ", Measure::kLength, 0.01},
        {" mm millimetre millimetres millimeter millimeters ", Measure::kLength, 0.001},
        {" ft foot feet international_foot international_feet ", Measure::kLength, 0.3048},
        {" us_survey_foot us_survey_feet us-ft ", Measure::kLength, 1200.0 / 3937.0},
        {" mi mile miles ", Measure::kLength, 1609.344},
        {" nautical_mile nautical_miles nmile ", Measure::kLength, 1852},
        {" degree degrees deg arc_degree degree_east degrees_east degree_e degrees_e degreee degreese degree_north "
         "degrees_north degree_n degrees_n degreen degreesn ",
         Measure::kAngle, 1},
        {" degree_west degrees_west degree_w degrees_w ", Measure::kAngle, -1},
        {" rad radian radians ", Measure::kAngle, kDegrees},
        {" mrad milliradian milliradians ", Measure::kAngle, 1e-3 * kDegrees},
        {" urad \u00b5rad \u03bcrad microradian microradians ", Measure::kAngle, 1e-6 * kDegrees},
        {" arcminute arcminutes arc_minute arc_minutes ", Measure::kAngle, 1.0 / 60},
        {" arcsecond arcseconds arc_second arc_seconds ", Measure::kAngle, 1.0 / 3600},
        {" grad gon ", Measure::kAngle, 0.9}};
    const std::vector<std::string> words = split_words(units);
    double multiple = 1;
    std::size_t at = 0;
    for (; at + 1 < words.size(); ++at) {  // "1000 m", "1e3 * m"
        const std::optional<double> number = parse_number(words[at]);
        if (number && std::isfinite(*number) && *number > 0) {
            multiple *= *number;
        } else if (words[at] != "*") {
            return {};
        }
    }
    if (at + 1 != words.size()) {
        return {};
    }
    const std::string name = concat(" ", to_lower(words[at]), " ");
    for (const Unit& known : kUnits) {
        if (known.names.find(name) != std::string_view::npos) {
            return {known.measure, multiple * known.factor};
        }
    }
    return {};
}

AxisFit centre_in_bounds(AxisFit fit, std::uint64_t count, double first_edge, double last_edge) {
    const double cells = static_cast<double>(count);
    const double step = (last_edge - first_edge) / cells;
    const bool same_size = std::isfinite(step) && std::fabs(step - fit.step) <= 0.01 * std::fabs(fit.step);
    const double centre = first_edge + step / 2;
    if (!same_size || std::fabs(centre - fit.first) <= 0.01 * std::fabs(fit.step)) {
        return fit;
    }
    return {centre, step};
}

double as_printed(double value, const DType& stored) {
    return stored.kind == Kind::kFloat && stored.size <= 4 ? shortest_decimal(value) : value;
}

std::optional<AxisFit> fit_axis(std::span<const double> values, const DType& stored) {
    if (values.size() < 2) {
        return std::nullopt;
    }
    AxisFit fit{values.front(), 0};
    double last = values.back();
    const bool single = stored.kind == Kind::kFloat && stored.size <= 4;
    if (single) {
        fit.first = shortest_decimal(fit.first);
        last = shortest_decimal(last);
    }
    fit.step = (last - fit.first) / static_cast<double>(values.size() - 1);
    if (!std::isfinite(fit.step) || fit.step == 0) {
        return std::nullopt;
    }
    const double largest = std::max(std::fabs(fit.first), std::fabs(last));
    const double noise = 4 * largest * (single ? 0x1p-24 : 0x1p-53);
    const double step = std::fabs(fit.step);
    const double tolerance = std::min(std::max(1e-3 * step, noise), 0.1 * step);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double off = std::fabs(values[i] - (fit.first + static_cast<double>(i) * fit.step));
        if (!(off <= tolerance)) {  // also NaN
            return std::nullopt;
        }
    }
    return fit;
}

LongitudeShift shift_longitudes(AxisFit fit, std::uint64_t count) {
    LongitudeShift out{fit, 0};
    const double columns = static_cast<double>(count);
    const double tolerance = 1e-3 * std::fabs(fit.step);
    const auto last = [&] { return out.fit.first + (columns - 1) * out.fit.step; };
    const bool global = fit.step > 0 && std::fabs(columns * fit.step - 360) <= 10 * tolerance;
    if (global) {
        out.fit.step = 360 / columns;
    }
    const double low = std::min(out.fit.first, last());
    const double high = std::max(out.fit.first, last());
    if (low >= 180 - tolerance && high > 180 + tolerance) {
        out.fit.first -= 360 * std::floor((low + tolerance + 180) / 360);
    } else if (high < -180 - tolerance) {
        out.fit.first += 360 * std::floor((180 + tolerance - low) / 360);
    }
    if (global && last() > 180 + tolerance) {
        out.roll = static_cast<std::uint64_t>(std::ceil((180 - tolerance - out.fit.first) / out.fit.step));
        out.fit.first += static_cast<double>(out.roll) * out.fit.step - 360;
        out.roll %= count;
    } else if (global && out.fit.first < -180 - tolerance && last() >= -180) {
        // -360..0 and the like: the columns from -180 on come first
        out.roll = static_cast<std::uint64_t>(std::ceil((-180 - tolerance - out.fit.first) / out.fit.step));
        out.fit.first += static_cast<double>(out.roll) * out.fit.step;
        out.roll %= count;
    }
    return out;
}

}  // namespace vcube
