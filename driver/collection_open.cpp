#include "driver/collection_open.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/concat.h"
#include "core/base/hash64.h"
#include "core/base/log.h"
#include "driver/open_store.h"
#include "driver/sessions.h"

namespace vcube::driver {
namespace {

using Unit = swath::CompositeStep::Unit;

/// Where footprints are kept: INDEX_DIR, else the user's cache folder; nothing where that is unknown or unwanted.
std::optional<std::filesystem::path> index_folder(const OpenOptions& options) {
    if (options.index_dir) {
        return EQUAL(options.index_dir->c_str(), "NO") ? std::nullopt
                                                       : std::optional<std::filesystem::path>(*options.index_dir);
    }
    // From the environment, unless GDAL's configuration says otherwise.
    if (const std::string_view cache = CPLGetConfigOption("XDG_CACHE_HOME", ""); cache.starts_with('/')) {
        return std::filesystem::path(cache) / "vcube";
    }
    const std::string_view home = CPLGetConfigOption("HOME", "");
    return home.starts_with('/') ? std::optional(std::filesystem::path(home) / ".cache" / "vcube") : std::nullopt;
}

Result<swath::ProductList> chosen_products(ProductListing& listing, const OpenOptions& options) {
    const std::string count = std::to_string(listing.products.size());
    Result<swath::ProductList> chosen =
        swath::choose_products(std::move(listing.products), options.time_range, options.product_type);
    if (!chosen.ok()) {
        return with_context(listing.name, chosen.error());
    }
    if (chosen.value().products.empty()) {
        const std::string type = options.product_type ? concat("of type ", *options.product_type, " ") : "";
        return not_found(concat(listing.name, ": none of its ", count, " products ", type,
                                options.time_range == swath::TimeRange() ? "is there" : "starts in TIME_RANGE"));
    }
    log(LogLevel::kDebug, concat(listing.name, ": ", std::to_string(chosen.value().products.size()), " products, ",
                                 std::to_string(chosen.value().superseded), " superseded, ",
                                 std::to_string(listing.ignored), " other files"));
    return chosen;
}

/// Everything that shapes a collection and what it reads, apart from its products.
std::string key_of(const OpenOptions& options) {
    const auto folder = index_folder(options);
    std::string out;
    for (const std::string& part :
         {options.bbox.value_or(""), std::to_string(options.orbit_pass ? static_cast<int>(*options.orbit_pass) : -1),
          std::string(options.missing_object_is_error ? "error" : ""),
          std::string(options.allow_local_references ? "local" : ""), std::to_string(options.max_reference_bytes),
          std::to_string(options.max_references), std::to_string(options.max_chunk_bytes), tuning_key(options.fetch),
          folder ? folder->string() : std::string()}) {
        out.append(part).push_back('\0');
    }
    return out;
}

std::uint64_t hash_of(const swath::ProductList& list) {
    std::string text;
    for (const swath::ProductEntry& entry : list.products) {
        text.append(entry.location).push_back('\0');
        text.append(std::to_string(entry.size)).push_back('\0');
        text.append(std::to_string(entry.modified)).push_back('\0');
    }
    return hash64(as_byte_span(text), 0);
}

/// Opens products for the collection, on whatever thread needs one.
swath::ProductOpener make_opener(const std::shared_ptr<const ProductListing>& listing, const OpenOptions& options,
                                 const Process& process, const std::shared_ptr<FetchSession>& session, bool only_ids) {
    return [listing, options, runtime = process.runtime, session,
            only_ids](const swath::ProductEntry& entry) -> Result<std::shared_ptr<const swath::Product>> {
        return open_product(entry.location, reference_policy(*listing, entry.location, options.allow_local_references),
                            options, runtime, session, only_ids);
    };
}

/// One band a product: of the wanted pass, with a grid point in the box.
Result<std::vector<swath::Period>> periods_of_products(const swath::Collection& collection,
                                                       const OpenOptions& options) {
    std::vector<swath::Period> all = swath::make_periods(collection.list(), options.composite);
    if (!options.orbit_pass && !options.bbox) {
        return all;
    }
    VCUBE_ASSIGN(
        const std::vector<std::uint32_t> wanted,
        collection.touching(0, static_cast<std::uint32_t>(all.size()), dgg::BlockSet::all(), options.max_threads));
    std::vector<swath::Period> out;
    out.reserve(wanted.size());
    for (const std::uint32_t product : wanted) {
        out.push_back(all[product]);
    }
    return out;
}

Result<std::vector<swath::Period>> periods_of(const swath::Collection& collection, const OpenOptions& options,
                                              const std::string& name) {
    if (options.composite.unit != Unit::kNone) {
        // Steps of several days begin where the wanted time does, not where the first product happens to be.
        const std::int64_t start = options.time_range.start;
        return swath::make_periods(collection.list(), options.composite,
                                   start != INT64_MIN ? std::optional(start) : std::nullopt);
    }
    VCUBE_ASSIGN(auto periods, periods_of_products(collection, options));
    if (!periods.empty()) {
        return periods;
    }
    const std::size_t failed = collection.failures().size();
    return not_found(concat(name, ": none of ", std::to_string(collection.list().products.size()), " products",
                            options.orbit_pass ? " is of this ORBIT_PASS" : "",
                            options.orbit_pass && options.bbox ? " and" : "",
                            options.bbox ? " has a grid point in BBOX" : "",
                            failed > 0 ? concat(" (", std::to_string(failed), " cannot be read)") : ""));
}

/// Whether a product failed for a reason that may be gone by now.
bool may_do_better(const swath::Collection& collection) {
    const std::vector<swath::Failure> failures = collection.failures();
    return std::any_of(failures.begin(), failures.end(),
                       [](const swath::Failure& failure) { return failure.error.code == ErrorCode::kIo; });
}

Result<OpenedCollection> make_collection(const OpenContext& context, ProductListing listing, swath::ProductList list,
                                         const Process& process) {
    swath::CollectionOptions options;
    options.pass = context.options.orbit_pass;
    options.failure_is_error = context.options.missing_object_is_error;
    if (context.options.bbox) {
        const Result<swath::LonLatBox> box = swath::parse_box(*context.options.bbox);
        if (!box.ok()) {
            return with_context("BBOX=" + *context.options.bbox, box.error());
        }
        options.box = box.value();
    }
    OpenedCollection out;
    out.location = context.name.location;
    out.vsi_path = listing.vsi_path;
    out.session = make_session(context.options.fetch);
    const std::string name = listing.name;
    auto footprints = std::make_unique<swath::FootprintStore>(index_folder(context.options), name);
    const auto kept = std::make_shared<const ProductListing>(std::move(listing));
    options.open_ids = make_opener(kept, context.options, process, out.session, true);
    out.collection = std::make_shared<const swath::Collection>(
        std::move(list), make_opener(kept, context.options, process, out.session, false), std::move(footprints),
        process.runtime, options);
    VCUBE_ASSIGN(const std::size_t cache_bytes, chunk_cache_bytes());
    out.composer = std::make_shared<swath::Composer>(out.collection, cache_bytes);
    return out;
}

}  // namespace

Result<std::shared_ptr<const OpenedCollection>> open_collection(const OpenContext& context, ProductListing listing,
                                                                const Process& process) {
    VCUBE_ASSIGN(swath::ProductList list, chosen_products(listing, context.options));
    const std::string name = listing.name;
    const StoreKey key{context.name.location, key_of(context.options), "", list.products.size(),
                       static_cast<std::int64_t>(hash_of(list))};
    std::shared_ptr<const OpenedCollection> known = process.collections->find(key);
    if (!known || may_do_better(*known->collection)) {
        VCUBE_ASSIGN(OpenedCollection made, make_collection(context, std::move(listing), std::move(list), process));
        known = std::make_shared<const OpenedCollection>(std::move(made));
        process.collections->put(key, known);
    }
    auto out = std::make_shared<OpenedCollection>(*known);
    VCUBE_ASSIGN(out->periods, periods_of(*out->collection, context.options, name));
    return std::shared_ptr<const OpenedCollection>(std::move(out));
}

}  // namespace vcube::driver
