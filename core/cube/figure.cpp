#include "core/cube/figure.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <vector>

#include "core/cube/attribute.h"

namespace vcube {

namespace {

struct Ellipsoid {
    std::string_view name;  // lower case, blanks between words
    std::string_view proj;
};

constexpr Ellipsoid kEllipsoids[] = {{"wgs 84", "WGS84"},
                                     {"wgs84", "WGS84"},
                                     {"wgs 1984", "WGS84"},
                                     {"wgs 72", "WGS72"},
                                     {"wgs 1972", "WGS72"},
                                     {"wgs 66", "WGS66"},
                                     {"grs 1980", "GRS80"},
                                     {"grs80", "GRS80"},
                                     {"grs 80", "GRS80"},
                                     {"grs 1967", "GRS67"},
                                     {"bessel 1841", "bessel"},
                                     {"bessel namibia", "bess_nam"},
                                     {"clarke 1866", "clrk66"},
                                     {"clarke 1880", "clrk80"},
                                     {"clarke 1880 (rgs)", "clrk80"},
                                     {"clarke 1880 (ign)", "clrk80ign"},
                                     {"airy 1830", "airy"},
                                     {"airy modified 1849", "mod_airy"},
                                     {"international 1924", "intl"},
                                     {"krassowsky 1940", "krass"},
                                     {"krassovsky 1940", "krass"},
                                     {"australian national spheroid", "aust_SA"},
                                     {"everest 1830", "evrst30"},
                                     {"helmert 1906", "helmert"}};

struct Datum {
    std::string_view name;  // as above
    int code;               // EPSG code of its geographic coordinate reference system
    double semi_major_axis;
};

constexpr double kGrs80 = 6378137, kBessel = 6377397.155, kIntl = 6378388, kAiry = 6377563.396, kClarke66 = 6378206.4;
constexpr Datum kDatums[] = {{"wgs 84", 4326, kGrs80},
                             {"wgs84", 4326, kGrs80},
                             {"wgs 1984", 4326, kGrs80},
                             {"world geodetic system 1984", 4326, kGrs80},
                             {"world geodetic system 1984 ensemble", 4326, kGrs80},
                             {"wgs 72", 4322, 6378135},
                             {"european terrestrial reference system 1989", 4258, kGrs80},
                             {"european terrestrial reference system 1989 ensemble", 4258, kGrs80},
                             {"etrs89", 4258, kGrs80},
                             {"etrs 1989", 4258, kGrs80},
                             {"north american datum 1983", 4269, kGrs80},
                             {"north american 1983", 4269, kGrs80},
                             {"nad83", 4269, kGrs80},
                             {"north american datum 1927", 4267, kClarke66},
                             {"north american 1927", 4267, kClarke66},
                             {"nad27", 4267, kClarke66},
                             {"osgb 1936", 4277, kAiry},
                             {"osgb36", 4277, kAiry},
                             {"ordnance survey of great britain 1936", 4277, kAiry},
                             {"amersfoort", 4289, kBessel},
                             {"ed50", 4230, kIntl},
                             {"european datum 1950", 4230, kIntl},
                             {"dhdn", 4314, kBessel},
                             {"deutsches hauptdreiecksnetz", 4314, kBessel},
                             {"ch1903", 4149, kBessel},
                             {"ch1903+", 4150, kBessel},
                             {"geocentric datum of australia 1994", 4283, kGrs80},
                             {"gda94", 4283, kGrs80},
                             {"geocentric datum of australia 2020", 7844, kGrs80},
                             {"gda2020", 7844, kGrs80},
                             {"new zealand geodetic datum 2000", 4167, kGrs80},
                             {"nzgd2000", 4167, kGrs80},
                             {"japanese geodetic datum 2000", 4612, kGrs80},
                             {"jgd2000", 4612, kGrs80},
                             {"japanese geodetic datum 2011", 6668, kGrs80},
                             {"jgd2011", 6668, kGrs80},
                             {"china 2000", 4490, kGrs80},
                             {"cgcs2000", 4490, kGrs80},
                             {"sirgas 2000", 4674, kGrs80},
                             {"reseau geodesique francais 1993", 4171, kGrs80},
                             {"rgf93", 4171, kGrs80},
                             {"pulkovo 1942", 4284, 6378245}};

struct Meridian {
    std::string_view name;
    double longitude;
};

constexpr Meridian kMeridians[] = {
    {"paris", 2.337229166666667},   {"lisbon", -9.131906111111112},  {"bogota", -74.08091666666667},
    {"madrid", -3.687938888888889}, {"rome", 12.45233333333333},     {"bern", 7.439583333333333},
    {"jakarta", 106.8077194444444}, {"ferro", -17.66666666666667},   {"brussels", 4.367975},
    {"athens", 23.7163375},         {"stockholm", 18.0582777777778}, {"oslo", 10.72291666666667}};

std::string number_text(double value) {
    char text[32];
    const auto [end, error] = std::to_chars(text, text + sizeof text, value);
    return error == std::errc() ? std::string(text, end) : std::string("0");
}

/// "D_WGS_1984" and "GCS_WGS_1984" as "wgs 1984".
std::string plain_name(const Json& attributes, const char* key) {
    std::string name = to_lower(attribute_text(attributes, key));
    for (char& c : name) {
        c = c == '_' ? ' ' : c;
    }
    for (const std::string_view prefix : {"d ", "gcs "}) {
        if (name.starts_with(prefix)) {
            name.erase(0, prefix.size());
        }
    }
    return name;
}

std::optional<double> length_of(const Json& attributes, const char* key) {
    const std::optional<double> value = attribute_number(attributes, key);
    if (!value || !std::isfinite(*value) || *value <= 0) {
        return std::nullopt;
    }
    return *value > 1000 && *value < 10000 ? *value * 1000 : *value;  // the Earth in kilometres
}

std::string_view named_ellipsoid(const Json& attributes) {
    const std::string name = plain_name(attributes, "reference_ellipsoid_name");
    for (const Ellipsoid& known : kEllipsoids) {
        if (name == known.name) {
            return known.proj;
        }
    }
    return {};
}

const Datum* named_datum(const Json& attributes) {
    for (const char* const key : {"horizontal_datum_name", "geographic_crs_name"}) {
        const std::string name = plain_name(attributes, key);
        for (const Datum& known : kDatums) {
            if (name == known.name) {
                return &known;
            }
        }
    }
    return nullptr;
}

std::string shift_text(const Json& attributes) {
    const std::vector<double> shift = attribute_numbers(attributes, "towgs84");
    if (shift.size() != 3 && shift.size() != 6 && shift.size() != 7) {
        return {};
    }
    std::string text = " +towgs84=";
    for (std::size_t i = 0; i < shift.size(); ++i) {
        text.append(i == 0 ? "" : ",").append(number_text(shift[i]));
    }
    return text.append(shift.size() == 6 ? ",0" : "");
}

double prime_meridian(const Json& attributes) {
    const std::optional<double> said = attribute_number(attributes, "longitude_of_prime_meridian");
    if (said) {
        return std::isfinite(*said) ? *said : 0;
    }
    const std::string name = plain_name(attributes, "prime_meridian_name");
    for (const Meridian& known : kMeridians) {
        if (name == known.name) {
            return known.longitude;
        }
    }
    return 0;
}

}  // namespace

Figure figure_of(const Json& attributes) {
    Figure out;
    const std::optional<double> a = length_of(attributes, "semi_major_axis");
    const std::optional<double> b = length_of(attributes, "semi_minor_axis");
    const double flattening = attribute_number(attributes, "inverse_flattening").value_or(-1.0);
    const bool flattened = std::isfinite(flattening) && flattening >= 0;
    std::optional<double> radius = length_of(attributes, "earth_radius");
    const std::string_view ellipsoid = named_ellipsoid(attributes);
    const bool measured = b.has_value() || flattened;
    if (!radius && a && ((b && *a == *b) || (flattened && flattening == 0) || (!measured && ellipsoid.empty()))) {
        radius = a;  // a sphere, said in other words
    }
    const Datum* const datum = named_datum(attributes);
    if (radius) {
        out.proj = " +R=" + number_text(*radius);
    } else if (a && measured) {
        out.is_wgs84 = *a == 6378137.0 && (flattened ? std::fabs(flattening - 298.257223563) < 1e-8
                                                     : std::fabs(*b - 6356752.314245179) < 1e-3);
        if (out.is_wgs84) {
            out.proj = " +datum=WGS84";
        } else {
            out.proj = " +a=" + number_text(*a);
            out.proj.append(flattened ? " +rf=" : " +b=").append(number_text(flattened ? flattening : *b));
        }
    } else if (!ellipsoid.empty() && ellipsoid != "WGS84") {
        out.proj.append(" +ellps=").append(ellipsoid);
    } else {
        out.is_wgs84 = true;
        out.proj = " +datum=WGS84";
    }
    const double meridian = prime_meridian(attributes);
    const std::string shift = out.is_wgs84 && measured ? std::string() : shift_text(attributes);
    if (!shift.empty()) {
        out.proj = (out.is_wgs84 ? " +ellps=WGS84" : out.proj) + shift;
        out.is_wgs84 = false;
    }
    const bool fits = datum != nullptr && !radius && (!a || std::fabs(*a - datum->semi_major_axis) < 1);
    if (fits && meridian == 0 && shift.empty()) {
        out.base = "EPSG:" + std::to_string(datum->code);
        out.is_wgs84 = datum->code == 4326;
    }
    if (meridian != 0) {
        out.proj.append(" +pm=").append(number_text(meridian));
        out.is_wgs84 = false;
    }
    return out;
}

}  // namespace vcube
