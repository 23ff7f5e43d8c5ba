#include "driver/open_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <span>
#include <string_view>

#include "cpl_conv.h"

namespace vcube::driver {
namespace {

enum class Kinds { kAny, kGridded };  // kGridded: SMOS products and VCUBE:DGG

struct Option {
    const char* name;
    const char* type;  // as in GDAL's XML
    const char* fallback;
    const char* description;
    std::span<const char* const> values;  // of a string-select or boolean
    Kinds kinds;
    void (*set)(OpenOptions&, std::string);
};

constexpr const char* kResampling[] = {"NEAREST", "AVERAGE", "MODE"};
constexpr const char* kBoolean[] = {"NO", "YES"};
constexpr const char* kMissingObject[] = {"ERROR", "FILL"};

const std::array<Option, 8> kOptions = {{
    {"CRS",
     "string",
     "EPSG:4326",
     "Coordinate reference system of the raster: an authority code, WKT or PROJ string",
     {},
     Kinds::kGridded,
     [](OpenOptions& out, std::string value) { out.crs = std::move(value); }},
    {"EXTENT",
     "string",
     "",
     "Extent of the raster in its CRS: xmin,ymin,xmax,ymax",
     {},
     Kinds::kGridded,
     [](OpenOptions& out, std::string value) { out.extent = std::move(value); }},
    {"RES",
     "string",
     "",
     "Pixel size in units of the CRS: one number, or x,y",
     {},
     Kinds::kGridded,
     [](OpenOptions& out, std::string value) { out.res = std::move(value); }},
    {"GRID",
     "string",
     "GLOBAL",
     "Named grid, such as GLOBAL, LAEA_EUROPE or EASE2_GLOBAL_25KM",
     {},
     Kinds::kGridded,
     [](OpenOptions& out, std::string value) { out.grid = std::move(value); }},
    {"OVERVIEW_RESAMPLING", "string-select", "NEAREST", "How overviews are computed", kResampling, Kinds::kGridded,
     [](OpenOptions& out, std::string value) { out.overview_resampling = std::move(value); }},
    {"ALLOW_LOCAL_REFERENCES", "boolean", "NO",
     "Whether references that come from a remote place may name files of this machine", kBoolean, Kinds::kAny,
     [](OpenOptions& out, std::string value) { out.allow_local_references = value == "YES"; }},
    {"OVERVIEW_DIR",
     "string",
     "",
     "Folder of external overviews, for stores that cannot have them beside: remote ones and those in archives",
     {},
     Kinds::kAny,
     [](OpenOptions& out, std::string value) { out.overview_dir = std::move(value); }},
    {"MISSING_OBJECT", "string-select", "ERROR",
     "What a chunk whose referenced object does not exist gives: an error, or the fill value and a warning",
     kMissingObject, Kinds::kAny,
     [](OpenOptions& out, std::string value) { out.missing_object_is_fill = value == "FILL"; }},
}};

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return out;
}

/// `value` as one of the option's values, in upper case.
Result<std::string> validate(const Option& option, const std::string& from, std::string value) {
    if (option.values.empty()) {
        return value;
    }
    std::string wanted = upper(value);
    if (option.values.data() == kBoolean) {
        if (wanted == "TRUE" || wanted == "ON" || wanted == "1") {
            wanted = "YES";
        } else if (wanted == "FALSE" || wanted == "OFF" || wanted == "0") {
            wanted = "NO";
        }
    }
    std::string valid;
    for (const char* const candidate : option.values) {
        if (wanted == candidate) {
            return wanted;
        }
        valid += (valid.empty() ? "" : ", ") + std::string(candidate);
    }
    return invalid(from + "=" + value + ": not a valid value; valid are " + valid);
}

/// Threads that GDAL_NUM_THREADS allows; 0: all.
std::size_t threads_allowed() {
    const char* const text = CPLGetConfigOption("GDAL_NUM_THREADS", nullptr);
    if (text == nullptr || upper(text) == "ALL_CPUS") {
        return 0;
    }
    const int count = std::atoi(text);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

std::string xml_escaped(const char* text) {
    char* const escaped = CPLEscapeString(text, -1, CPLES_XML);
    std::string out(escaped);
    CPLFree(escaped);
    return out;
}

constexpr std::size_t kDefaultCacheBytes = std::size_t{256} << 20;

}  // namespace

Result<OpenOptions> read_open_options(CSLConstList open_options) {
    OpenOptions out;
    for (const Option& option : kOptions) {
        const std::string config = std::string("VCUBE_") + option.name;
        std::string from = option.name;
        const char* value = CSLFetchNameValue(open_options, option.name);
        if (value == nullptr) {
            value = CPLGetConfigOption(config.c_str(), nullptr);
            from = config;
        }
        if (value == nullptr || *value == '\0') {
            continue;
        }
        VCUBE_ASSIGN(std::string valid, validate(option, from, value));
        option.set(out, std::move(valid));
    }
    out.max_threads = threads_allowed();
    return out;
}

std::string open_option_xml() {
    std::string xml = "<OpenOptionList>";
    for (const Option& option : kOptions) {
        xml.append("<Option name='")
            .append(option.name)
            .append("' type='")
            .append(option.type)
            .append("' description='");
        xml += xml_escaped(option.description);
        if (option.kinds == Kinds::kGridded) {
            xml += " (SMOS products and VCUBE:DGG)";
        }
        xml += "'";
        if (*option.fallback != '\0') {
            xml.append(" default='").append(xml_escaped(option.fallback)).append("'");
        }
        if (std::string_view(option.type) == "string-select") {
            xml += ">";
            for (const char* const value : option.values) {
                xml.append("<Value>").append(value).append("</Value>");
            }
            xml += "</Option>";
        } else {
            xml += "/>";
        }
    }
    return xml + "</OpenOptionList>";
}

Result<std::size_t> chunk_cache_bytes() {
    const char* const text = CPLGetConfigOption("VCUBE_CACHE_SIZE", nullptr);
    if (text == nullptr || *text == '\0') {
        return kDefaultCacheBytes;
    }
    const std::string_view whole = text;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), number);
    const std::string unit = upper(std::string_view(end, static_cast<std::size_t>(whole.data() + whole.size() - end)));
    struct Unit {
        const char* name;
        unsigned shift;
    };
    constexpr std::array<Unit, 8> kUnits = {
        {{"B", 0}, {"K", 10}, {"KB", 10}, {"M", 20}, {"MB", 20}, {"G", 30}, {"GB", 30}, {"", 0}}};
    constexpr std::uint64_t kBelowIsMegabytes = 100000;
    for (const Unit& entry : kUnits) {
        if (error != std::errc() || unit != entry.name) {
            continue;
        }
        const unsigned shift = unit.empty() && number < kBelowIsMegabytes ? 20 : entry.shift;
        if (number > (std::numeric_limits<std::size_t>::max() >> shift)) {
            break;
        }
        return static_cast<std::size_t>(number << shift);
    }
    return invalid("VCUBE_CACHE_SIZE=" + std::string(text) + ": expected bytes, or a number with KB, MB or GB");
}

}  // namespace vcube::driver
