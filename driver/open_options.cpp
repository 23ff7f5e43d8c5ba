#include "driver/open_options.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>
#include <string_view>

#include "cpl_conv.h"
#include "driver/option_values.h"

namespace vcube::driver {
namespace {

enum class Kinds {
    kAny,
    kGridded,     // SMOS products, collections of them and VCUBE:DGG
    kCollections  // of SMOS products
};

constexpr std::uint64_t kMaxConcurrency = 4096;
constexpr std::uint64_t kMaxRetries = 100;

struct Option {
    const char* name;
    const char* type;  // as in GDAL's XML
    const char* fallback;
    const char* description;
    std::span<const char* const> values;  // of a string-select or boolean
    Kinds kinds;
    Status (*set)(OpenOptions&, const std::string&);
    bool secret = false;              // its value is not repeated in messages
    const char* gdal_name = nullptr;  // GDAL's own configuration option for the same, which counts where it is usable
};

template <auto member>
Status set_text(OpenOptions& out, const std::string& value) {
    out.*member = value;
    return {};
}

/// A validated value of a set in which one word means yes.
template <auto member>
Status set_flag(OpenOptions& out, const std::string& value) {
    out.*member = value == "YES";
    return {};
}

template <auto member>
Status set_count(OpenOptions& out, const std::string& value) {
    const auto count = parse_count(value);
    if (!count) {
        return invalid("expected a number");
    }
    out.*member = *count;
    return {};
}

template <auto member>
Status set_bytes(OpenOptions& out, const std::string& value) {
    const auto bytes = parse_count(value);
    if (!bytes || *bytes == 0) {
        return invalid("expected a number of bytes, or a number with KB, MB or GB");
    }
    out.*member = *bytes;
    return {};
}

/// A text that `parse` understands.
template <auto member, auto parse>
Status set_parsed(OpenOptions& out, const std::string& value) {
    VCUBE_ASSIGN(out.*member, parse(value));
    return {};
}

Status set_missing_object(OpenOptions& out, const std::string& value) {
    out.missing_object_is_fill = value == "FILL";
    out.missing_object_is_error = value == "ERROR";
    return {};
}

Status set_orbit_pass(OpenOptions& out, const std::string& value) {
    out.orbit_pass = value == "ASCENDING" ? swath::Pass::kAscending : swath::Pass::kDescending;
    return {};
}

constexpr const char* kNumberMethods[] = {"LAST", "FIRST", "MEAN", "MIN", "MAX", "COUNT", "MEDIAN", "BEST"};
constexpr const char* kFlagMethods[] = {"LAST", "MODE", "OR"};

Status set_max_concurrency(OpenOptions& out, const std::string& value) {
    const auto count = parse_count(value);
    if (!count || *count == 0 || *count > kMaxConcurrency) {
        return invalid("expected a whole number from 1 to " + std::to_string(kMaxConcurrency));
    }
    out.fetch.max_concurrency = static_cast<std::size_t>(*count);
    return {};
}

Status set_coalesce_gap(OpenOptions& out, const std::string& value) {
    out.fetch.coalesce_gap = parse_count(value);
    return out.fetch.coalesce_gap ? Status() : invalid("expected a number of bytes, or a number with KB, MB or GB");
}

Status set_retries(OpenOptions& out, const std::string& value) {
    const auto count = parse_count(value);
    if (!count || *count > kMaxRetries) {
        return invalid("expected a whole number from 0 to " + std::to_string(kMaxRetries));
    }
    out.fetch.retries = static_cast<unsigned>(*count);
    return {};
}

Status set_timeout(OpenOptions& out, const std::string& value) {
    const auto timeout = parse_seconds(value);
    if (!timeout) {
        return invalid("expected seconds, more than 0 and at most 86400");
    }
    out.fetch.timeout = *timeout;
    return {};
}

Status set_url_rewrite(OpenOptions& out, const std::string& value) {
    VCUBE_ASSIGN(out.fetch.rewrites, parse_rewrites(value));
    return {};
}

template <auto member>
Status set_method(OpenOptions& out, const std::string& value) {
    for (int k = 0; k <= static_cast<int>(swath::Method::kOr); ++k) {
        if (value == swath::name_of(static_cast<swath::Method>(k))) {
            out.*member = static_cast<swath::Method>(k);
        }
    }
    return {};
}

constexpr const char* kPasses[] = {"ASCENDING", "DESCENDING"};
constexpr const char* kProductTypes[] = {"MIR_SMUDP2", "MIR_OSUDP2"};
constexpr const char* kResampling[] = {"NEAREST", "AVERAGE", "MODE"};
constexpr const char* kBoolean[] = {"NO", "YES"};
constexpr const char* kMissingObject[] = {"ERROR", "FILL"};

const std::array<Option, 27> kOptions = {{
    {"CRS",
     "string",
     "EPSG:4326",
     "Coordinate reference system of the raster: an authority code, WKT or PROJ string",
     {},
     Kinds::kGridded,
     set_text<&OpenOptions::crs>},
    {"EXTENT",
     "string",
     "",
     "Extent of the raster in its CRS: xmin,ymin,xmax,ymax",
     {},
     Kinds::kGridded,
     set_text<&OpenOptions::extent>},
    {"RES",
     "string",
     "",
     "Pixel size in units of the CRS: one number, or x,y",
     {},
     Kinds::kGridded,
     set_text<&OpenOptions::res>},
    {"GRID",
     "string",
     "GLOBAL",
     "Named grid, such as GLOBAL, LAEA_EUROPE or EASE2_GLOBAL_25KM",
     {},
     Kinds::kGridded,
     set_text<&OpenOptions::grid>},
    {"RESAMPLING", "string-select", "NEAREST",
     "What a pixel shows: the cell at its centre (NEAREST), or of all cells inside it, weighted by area, the mean "
     "(AVERAGE) or the most frequent value (MODE)",
     kResampling, Kinds::kGridded, set_text<&OpenOptions::resampling>},
    {"OVERVIEW_RESAMPLING", "string-select", "", "The same of overviews; without it, RESAMPLING", kResampling,
     Kinds::kGridded, set_text<&OpenOptions::overview_resampling>},
    {"ALLOW_LOCAL_REFERENCES", "boolean", "NO",
     "Whether references that come from a remote place may name files of this machine", kBoolean, Kinds::kAny,
     set_flag<&OpenOptions::allow_local_references>},
    {"OVERVIEW_DIR",
     "string",
     "",
     "Folder of external overviews, for stores that cannot have them beside: remote ones and those in archives",
     {},
     Kinds::kAny,
     set_text<&OpenOptions::overview_dir>},
    {"MISSING_OBJECT", "string-select", "",
     "What a chunk whose referenced object does not exist gives: an error (which arrays do without this option), or "
     "the "
     "fill value and a warning. A product of a collection that cannot be read is left out, unless ERROR is written",
     kMissingObject, Kinds::kAny, set_missing_object},
    {"MAX_REFERENCE_BYTES",
     "string",
     "16GB",
     "Largest reference document that is read, in bytes after decompression; KB, MB, GB are understood",
     {},
     Kinds::kAny,
     set_bytes<&OpenOptions::max_reference_bytes>},
    {"MAX_REFERENCES",
     "string",
     "20000000",
     "Most references that the rules of a reference document (\"gen\") may make, all together",
     {},
     Kinds::kAny,
     set_count<&OpenOptions::max_references>},
    {"MAX_CHUNK_BYTES",
     "string",
     "2GB",
     "Largest decoded chunk of a compressed array; arrays with larger ones are not opened",
     {},
     Kinds::kAny,
     set_bytes<&OpenOptions::max_chunk_bytes>},
    {"MAX_CONCURRENCY",
     "string",
     "",
     "Most requests under way at one server; without it 256 at object stores, 128 at others",
     {},
     Kinds::kAny,
     set_max_concurrency},
    {"COALESCE_GAP",
     "string",
     "",
     "Two byte ranges of an object that lie at most this far apart are asked for together, in bytes (KB, MB, GB); "
     "without it as latency and bandwidth of the link make worth while",
     {},
     Kinds::kAny,
     set_coalesce_gap},
    {"RETRIES",
     "string",
     "5",
     "How often a request that failed for a reason that may pass is made again",
     {},
     Kinds::kAny,
     set_retries,
     false,
     "GDAL_HTTP_MAX_RETRY"},
    {"TIMEOUT",
     "string",
     "30",
     "Seconds without a byte, or until a connection stands, after which a request has failed",
     {},
     Kinds::kAny,
     set_timeout,
     false,
     "GDAL_HTTP_TIMEOUT"},
    {"URL_REWRITE",
     "string",
     "",
     "FROM=TO pairs separated by commas: objects whose location begins with FROM are read from TO instead",
     {},
     Kinds::kAny,
     set_url_rewrite,
     true},
    {"TIME_RANGE",
     "string",
     "",
     "Products whose sensing starts in this time: one ISO 8601 time, or from/to, such as 2023-04 or 2023-04-01/..",
     {},
     Kinds::kCollections,
     set_parsed<&OpenOptions::time_range, swath::parse_time_range>},
    {"BBOX",
     "string",
     "",
     "Grid points inside this box count: west,south,east,north in degrees",
     {},
     Kinds::kCollections,
     set_text<&OpenOptions::bbox>},
    {"ORBIT_PASS", "string-select", "", "Products of this pass count", kPasses, Kinds::kCollections, set_orbit_pass},
    {"PRODUCT_TYPE", "string-select", "", "Which products, where there are both soil moisture and ocean salinity",
     kProductTypes, Kinds::kCollections, set_text<&OpenOptions::product_type>},
    {"COMPOSITE",
     "string",
     "NONE",
     "What makes a band: a product (NONE), or all products of a step in time (DAY, nDAY such as 3DAY, MONTH, YEAR, "
     "ALL)",
     {},
     Kinds::kCollections,
     set_parsed<&OpenOptions::composite, swath::parse_composite_step>},
    {"COMPOSITE_METHOD", "string-select", "LAST", "What a composite makes of the values of a cell", kNumberMethods,
     Kinds::kCollections, set_method<&OpenOptions::composite_method>},
    {"FLAG_METHOD", "string-select", "LAST", "The same for flag variables", kFlagMethods, Kinds::kCollections,
     set_method<&OpenOptions::flag_method>},
    {"BEST_BY",
     "string",
     "",
     "Variable whose smallest value is the best one, for COMPOSITE_METHOD=BEST; without it the DQX of the variable "
     "itself",
     {},
     Kinds::kCollections,
     set_text<&OpenOptions::best_by>},
    {"FILTER",
     "string",
     "",
     "Grid points that pass comparisons of their variables count, such as RFI_Prob<0.1,Science_Flags&FL_SNOW==0",
     {},
     Kinds::kCollections,
     set_text<&OpenOptions::filter>},
    {"INDEX_DIR",
     "string",
     "",
     "Folder where footprints of products are kept (default: vcube in $XDG_CACHE_HOME or ~/.cache); NO: not kept",
     {},
     Kinds::kCollections,
     set_text<&OpenOptions::index_dir>},
}};

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
    std::string out;
    for (const char* at = escaped; *at != '\0'; ++at) {
        *at == '\'' ? out.append("&apos;") : out.append(1, *at);  // the attributes stand in such quotes
    }
    CPLFree(escaped);
    return out;
}

constexpr std::size_t kDefaultCacheBytes = std::size_t{256} << 20;

}  // namespace

Result<OpenOptions> read_open_options(CSLConstList open_options) {
    OpenOptions out;
    out.overview_resampling.clear();
    for (const Option& option : kOptions) {
        const std::string config = std::string("VCUBE_") + option.name;
        std::string from = option.name;
        const char* value = CSLFetchNameValue(open_options, option.name);
        if (value == nullptr) {
            value = CPLGetConfigOption(config.c_str(), nullptr);
            from = config;
        }
        if (value == nullptr || *value == '\0') {
            if (const char* const gdals =
                    option.gdal_name != nullptr ? CPLGetConfigOption(option.gdal_name, nullptr) : nullptr;
                gdals != nullptr) {
                static_cast<void>(option.set(out, gdals));  // GDAL takes values that mean nothing here
            }
            continue;
        }
        VCUBE_ASSIGN(const std::string valid, validate(option, from, value));
        if (const Status set = option.set(out, valid); !set.ok()) {
            return with_context(option.secret ? from : from + "=" + value, set.error());
        }
    }
    if (out.overview_resampling.empty()) {
        out.overview_resampling = out.resampling;
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
            xml += " (SMOS products, collections of them and VCUBE:DGG)";
        } else if (option.kinds == Kinds::kCollections) {
            xml += " (collections of SMOS products)";
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
    const auto as_cachemax = [](std::uint64_t number) -> unsigned { return number < 100000 ? 20 : 0; };
    if (const auto bytes = parse_count(text, as_cachemax)) {
        return static_cast<std::size_t>(*bytes);
    }
    return invalid("VCUBE_CACHE_SIZE=" + std::string(text) + ": expected bytes, or a number with KB, MB or GB");
}

}  // namespace vcube::driver
