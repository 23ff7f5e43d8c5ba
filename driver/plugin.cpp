// Registration of the driver: what GDAL looks for in the library, and the callbacks it is given.
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "core/refs/sniff.h"
#include "driver/collection_open.h"
#include "driver/cube_stack.h"
#include "driver/entry_points.h"
#include "driver/guard.h"
#include "driver/md_group.h"
#include "driver/open_store.h"
#include "driver/product_listing.h"
#include "driver/runtime_holder.h"
#include "driver/sessions.h"
#include "driver/vsi_sources.h"
#include "gdal_priv.h"

namespace vcube::driver {
namespace {

constexpr const char* kDriverName = "VCUBE";

SourceKind kind_of(const GDALOpenInfo& info) {
    const ByteSpan header(reinterpret_cast<const std::byte*>(info.pabyHeader),
                          info.nHeaderBytes > 0 ? static_cast<std::size_t>(info.nHeaderBytes) : 0);
    return sniff(info.pszFilename, header, false);
}

/// Sees every file that anybody opens: looks at the name and at the bytes that GDAL has read already, at nothing else.
int identify(GDALOpenInfo* info) {
    try {
        return has_prefix(info->pszFilename) || kind_of(*info) != SourceKind::kUnknown ? TRUE : FALSE;
    } catch (const std::exception&) {
        return FALSE;
    }
}

/// A folder or zip whose name alone speaks for it: whoever else knows such files has the next word.
bool known_by_name_only(const GDALOpenInfo& info) {
    if (has_prefix(info.pszFilename)) {
        return false;
    }
    const SourceKind kind = kind_of(info);
    return kind == SourceKind::kKerchunkParquet || kind == SourceKind::kZip;
}

/// Part of what a store holds cannot be read: one warning for each.
void tell_problems(const Group& group) {
    for (const Error& problem : group.problems) {
        log(LogLevel::kWarning, problem.message);
    }
    for (const Group& child : group.groups) {
        tell_problems(child);
    }
}

/// "swath/Soil_Moisture" names the raw column of a SMOS product, as the multidimensional view does.
bool names_raw_column(OpenContext& context) {
    constexpr std::string_view kRaw = "swath/";
    if (!context.name.path.starts_with(kRaw)) {
        return false;
    }
    context.name.path.erase(0, kRaw.size());
    return true;
}

/// One array of a store that is open, or the list of its arrays.
Result<std::unique_ptr<GDALDataset>> open_one(OpenContext context) {
    if (context.source->product && !names_raw_column(context)) {
        return open_swath_dataset(context);
    }
    return open_cube_dataset(context);
}

/// Whether the location is a collection of SMOS products: then it is in the context. `sure`: it is nothing else.
Result<bool> find_collection(OpenContext& context, const Process& shared, bool sure) {
    VCUBE_ASSIGN(auto listing, list_products(context.name.location, context.options, *shared.runtime->fetcher, sure));
    if (!listing) {
        return false;
    }
    VCUBE_ASSIGN(context.collection, open_collection(context, std::move(*listing), shared));
    context.session = make_session(context.options.fetch, context.collection->session->versions);
    return true;
}

Result<std::unique_ptr<GDALDataset>> open_many(const OpenContext& context, bool multidim) {
    if (!multidim) {
        return context.name.others.empty() ? open_collection_dataset(context)
                                           : open_stack(context, open_collection_dataset);
    }
    VCUBE_ASSIGN(auto root, make_collection_group(context));
    return make_multidim_dataset(context, std::move(root));
}

Result<std::unique_ptr<GDALDataset>> open_dataset(GDALOpenInfo& info) {
    if (info.eAccess == GA_Update) {
        return unsupported(std::string(info.pszFilename) + ": VCUBE datasets are read only");
    }
    OpenContext context;
    context.description = info.pszFilename;
    VCUBE_ASSIGN(context.name, parse_dataset_name(info.pszFilename));
    VCUBE_ASSIGN(context.options, read_open_options(info.papszOpenOptions));
    VCUBE_ASSIGN(const Process shared, process());
    context.runtime = shared.runtime;
    const bool multidim = (info.nOpenFlags & GDAL_OF_MULTIDIM_RASTER) != 0;
    if (context.name.dgg) {
        if (multidim) {
            return unsupported("VCUBE:DGG has no multidimensional view");
        }
        return open_dgg_dataset(context);
    }
    if (context.name.prefixed) {
        VCUBE_ASSIGN(bool found, find_collection(context, shared, false));
        if (found) {
            return open_many(context, multidim);
        }
    }
    std::vector<std::string> wanted{context.name.path};
    for (const NamedArray& other : context.name.others) {
        wanted.push_back(other.path);
    }
    auto source = open_store(context.name.location, context.name.prefixed, context.options, shared, wanted);
    if (!source.ok() && source.error().code == ErrorCode::kNotFound && known_by_name_only(info)) {
        return std::unique_ptr<GDALDataset>();  // a folder or zip of somebody else
    }
    if (!source.ok() && source.error().code == ErrorCode::kNotFound && is_http(context.name.location)) {
        VCUBE_ASSIGN(bool found, find_collection(context, shared, true));
        if (found) {
            return open_many(context, multidim);
        }
    }
    VCUBE_ASSIGN(context.source, std::move(source));
    context.session = make_session(context.options.fetch, context.source->session->versions);
    if (multidim || context.name.path.empty()) {
        tell_problems(*context.source->hierarchy);
    }
    if (multidim) {
        return open_multidim_dataset(context);
    }
    return context.name.others.empty() ? open_one(context) : open_stack(context, open_one);
}

GDALDataset* open(GDALOpenInfo* info) {
    if (identify(info) == FALSE) {
        return nullptr;
    }
    return guarded<GDALDataset*>(nullptr, [&]() -> Result<GDALDataset*> {
        VCUBE_ASSIGN(std::unique_ptr<GDALDataset> dataset, open_dataset(*info));
        return dataset.release();
    });
}

void unload(GDALDriver*) {
    shut_down_process();
}

void describe(GDALDriver& driver) {
    driver.SetDescription(kDriverName);
    driver.SetMetadataItem(GDAL_DMD_LONGNAME, "Virtual data cubes: Kerchunk references, Zarr, SMOS L2 products");
    driver.SetMetadataItem(GDAL_DMD_HELPTOPIC, "drivers/raster/vcube.html");
    driver.SetMetadataItem(GDAL_DCAP_RASTER, "YES");
    driver.SetMetadataItem(GDAL_DCAP_MULTIDIM_RASTER, "YES");
    driver.SetMetadataItem(GDAL_DCAP_OPEN, "YES");
    driver.SetMetadataItem(GDAL_DCAP_VIRTUALIO, "YES");
    driver.SetMetadataItem(GDAL_DMD_SUBDATASETS, "YES");
    driver.SetMetadataItem(GDAL_DMD_CONNECTION_PREFIX, "VCUBE:");
    driver.SetMetadataItem(GDAL_DMD_OPENOPTIONLIST, open_option_xml().c_str());
}

}  // namespace
}  // namespace vcube::driver

CPL_C_START
/// The one exported symbol. Starts nothing and reads nothing.
__attribute__((visibility("default"))) void GDALRegister_VCUBE() {
    using namespace vcube::driver;
    if (!GDAL_CHECK_VERSION(kDriverName) || GDALGetDriverByName(kDriverName) != nullptr) {
        return;
    }
    install_log_sink();
    auto driver = std::make_unique<GDALDriver>();
    describe(*driver);
    driver->pfnIdentify = identify;
    driver->pfnOpen = open;
    driver->pfnUnloadDriver = unload;
    GetGDALDriverManager()->RegisterDriver(driver.release());
}
CPL_C_END
