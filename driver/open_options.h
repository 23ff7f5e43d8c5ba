// Open options and configuration options: one table, from which the XML for GDAL, validation, the VCUBE_<NAME>
// configuration options and docs derive. Values are snapshot on the caller's thread at Open.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/swath/composite.h"
#include "core/swath/footprint.h"
#include "core/swath/product_list.h"
#include "cpl_string.h"
#include "vcube/fetch_session.h"
#include "vcube/result.h"

namespace vcube::driver {

/// Every option that a user set, by open option or by configuration. Values of fixed sets are validated and in upper
/// case; texts that have a grammar of their own (CRS, EXTENT, RES, GRID) are as the user wrote them.
struct OpenOptions {
    std::optional<std::string> crs, extent, res, grid;
    std::string resampling = "NEAREST";           // NEAREST, AVERAGE, MODE
    std::string overview_resampling = "NEAREST";  // the same; where it was not set, that of `resampling`
    bool allow_local_references = false;
    bool missing_object_is_fill = false;      // MISSING_OBJECT=FILL
    bool missing_object_is_error = false;     // MISSING_OBJECT=ERROR was written; arrays take "not set" for it
    std::optional<std::string> overview_dir;  // folder of external overviews of stores that cannot have them beside
    std::uint64_t max_reference_bytes = std::uint64_t{16} << 30;  // MAX_REFERENCE_BYTES, of a document, unpacked
    std::uint64_t max_chunk_bytes = std::uint64_t{2} << 30;       // MAX_CHUNK_BYTES, of a decoded chunk
    std::uint64_t max_references = 20'000'000;                    // MAX_REFERENCES, that "gen" may make
    std::size_t max_threads = 0;                                  // from GDAL_NUM_THREADS; 0: all
    FetchTuning fetch;  // MAX_CONCURRENCY, COALESCE_GAP, RETRIES, TIMEOUT, URL_REWRITE

    // Collections of SMOS products.
    swath::TimeRange time_range;                            // TIME_RANGE
    std::optional<std::string> bbox;                        // text for parse_box()
    std::optional<swath::Pass> orbit_pass;                  // ORBIT_PASS
    std::optional<std::string> product_type;                // MIR_SMUDP2, MIR_OSUDP2
    swath::CompositeStep composite;                         // COMPOSITE
    swath::Method composite_method = swath::Method::kLast;  // of number variables
    swath::Method flag_method = swath::Method::kLast;       // of flag variables: kLast, kMode, kOr
    std::optional<std::string> best_by;                     // quality variable of kBest
    std::string filter;                                     // text for Filter::parse(); "": none
    std::optional<std::string> index_dir;                   // where footprints are kept; "NO": nowhere
};

/// Reads open options, then configuration options (of RETRIES and TIMEOUT also GDAL_HTTP_MAX_RETRY and
/// GDAL_HTTP_TIMEOUT), then defaults. An unknown value is an error that lists the valid ones.
Result<OpenOptions> read_open_options(CSLConstList open_options);

/// <OpenOptionList> for GDAL_DMD_OPENOPTIONLIST.
std::string open_option_xml();

/// VCUBE_CACHE_SIZE in bytes: a number of bytes, or with a unit (KB, MB, GB); a number below 100000 counts as MB, as
/// for GDAL_CACHEMAX. An unusable value is an error.
Result<std::size_t> chunk_cache_bytes();

}  // namespace vcube::driver
