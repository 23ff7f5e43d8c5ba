#include "driver/placement.h"

#include <cmath>
#include <cstdio>

#include "driver/dataset_name.h"
#include "driver/srs.h"

namespace vcube::driver {

namespace {

constexpr double kNowhere = -1e30;  // of pixels without position; GDAL compares it with ==

std::string number_text(double value) {
    if (std::isnan(value)) {
        return "nan";
    }
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", value);
    return text;
}

/// Longitudes brought into -180..180: straight lines with a jump at 180, for one turn to either side.
std::string wrapping_table() {
    std::string out;
    constexpr double kStep = 1e-9;
    for (int turn = -1; turn <= 1; ++turn) {
        const double from = 360.0 * turn - 180;
        out.append(out.empty() ? "" : ",")
            .append(number_text(from + kStep))
            .append(":")
            .append(number_text(-180 + kStep));
        out.append(",").append(number_text(from + 360)).append(":180");
    }
    return out;
}

/// Columns [first, first + count) of the array to columns `to` on, plus `turn`.
std::string source_text(const GeolocationArray& array, const std::string& name, std::uint64_t first,
                        std::uint64_t count, std::uint64_t to, double turn) {
    const auto rectangle = [&](const char* element, std::uint64_t x) {
        return std::string("<") + element + " xOff=\"" + std::to_string(x) + "\" yOff=\"0\" xSize=\"" +
               std::to_string(count) + "\" ySize=\"" + std::to_string(array.height) + "\"/>";
    };
    char* const escaped = CPLEscapeString(name.c_str(), -1, CPLES_XML);
    std::string out = "<ComplexSource><SourceFilename relativeToVRT=\"0\">";
    out.append(escaped).append("</SourceFilename><SourceBand>1</SourceBand>");
    CPLFree(escaped);
    out += rectangle("SrcRect", first) + rectangle("DstRect", to);
    if (array.nodata) {
        out.append("<NODATA>").append(number_text(*array.nodata)).append("</NODATA>");
    }
    out.append("<ScaleOffset>").append(number_text(array.offset + turn)).append("</ScaleOffset>");
    out.append("<ScaleRatio>").append(number_text(array.scale)).append("</ScaleRatio>");
    if (array.wrap) {
        out.append("<LUT>").append(wrapping_table()).append("</LUT>");
    }
    return out + "</ComplexSource>";
}

/// Name of a dataset that GDAL reads positions from.
std::string dataset_of(const GeolocationArray& array, const std::string& location) {
    std::string name = subdataset_name(location, array.path);
    if (array.plain()) {
        return name;
    }
    std::string out = "<VRTDataset rasterXSize=\"" + std::to_string(array.width) + "\" rasterYSize=\"" +
                      std::to_string(array.height) + "\"><VRTRasterBand dataType=\"Float64\" band=\"1\">";
    if (array.nodata) {
        out.append("<NoDataValue>").append(number_text(kNowhere)).append("</NoDataValue>");
    }
    const std::uint64_t before = array.width - array.roll;  // columns that stood before the seam come last
    if (array.roll > 0) {
        out += source_text(array, name, array.roll, before, 0, array.turn);
        out += source_text(array, name, 0, array.roll, before, array.turn + 360);
    } else {
        out += source_text(array, name, 0, array.width, 0, 0);
    }
    return out + "</VRTRasterBand></VRTDataset>";
}

CPLStringList geolocation_items(const Geolocation& arrays, const std::string& location) {
    CPLStringList out;
    const auto srs = parse_srs(arrays.crs);
    char* wkt = nullptr;
    if (srs) {
        static const char* const kOptions[] = {"FORMAT=WKT2_2019", nullptr};
        srs->exportToWkt(&wkt, srs->IsDerivedGeographic() ? kOptions : nullptr);
    }
    out.SetNameValue("SRS", wkt == nullptr ? "" : wkt);
    CPLFree(wkt);
    out.SetNameValue("X_DATASET", dataset_of(arrays.x, location).c_str());
    out.SetNameValue("X_BAND", "1");
    out.SetNameValue("Y_DATASET", dataset_of(arrays.y, location).c_str());
    out.SetNameValue("Y_BAND", "1");
    for (const char* const key : {"PIXEL_OFFSET", "LINE_OFFSET"}) {
        out.SetNameValue(key, "0");
    }
    for (const char* const key : {"PIXEL_STEP", "LINE_STEP"}) {
        out.SetNameValue(key, "1");
    }
    out.SetNameValue("GEOREFERENCING_CONVENTION", "PIXEL_CENTER");
    return out;
}

}  // namespace

Placement place_raster(const Georef& georef, const std::string& location) {
    Placement out;
    out.geotransform = georef.geotransform;
    out.srs = parse_srs(georef.crs_text);
    if (out.geotransform && georef.in_metres && out.srs && out.srs->IsProjected()) {
        const double unit = out.srs->GetLinearUnits(nullptr);
        if (unit > 0 && unit != 1) {
            for (double& number : *out.geotransform) {
                number /= unit;
            }
        }
    }
    if (georef.geolocation) {
        out.geolocation = geolocation_items(*georef.geolocation, location);
    }
    return out;
}

}  // namespace vcube::driver
