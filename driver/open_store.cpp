#include "driver/open_store.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/concat.h"
#include "core/index/hdf5_store.h"
#include "core/refs/consolidated.h"
#include "core/refs/directory.h"
#include "core/refs/kerchunk_json.h"
#include "core/refs/kerchunk_parquet.h"
#include "core/refs/sniff.h"
#include "core/refs/url_policy.h"
#include "core/refs/zip.h"
#include "driver/remote_fetcher.h"
#include "driver/remote_files.h"
#include "driver/sessions.h"
#include "driver/vsi_files.h"
#include "driver/vsi_sources.h"

namespace vcube::driver {
namespace {

constexpr std::size_t kHeaderBytes = 1024;  // what GDAL gives a driver to recognise a file by
// What is asked for first of a file on a server: as much as comes in a round trip of one that is read from its first
// byte to its last, less of one that may be of any kind.
constexpr std::size_t kFirstBytes = std::size_t{64} << 10U;
constexpr std::size_t kWholeFirstBytes = std::size_t{1} << 20U;
constexpr std::uint64_t kMaxHdf5Image = std::uint64_t{512} << 20;
constexpr std::size_t kMaxWatched = 20'000;

constexpr std::array<std::string_view, 5> kRootMetadata = {".zmetadata", "zarr.json", ".zgroup", ".zarray", ".zattrs"};

/// What stands at a location.
struct Place {
    std::string location;  // as the user wrote it; of a metadata file in a folder, the folder
    std::string vsi_path;
    std::string policy_location;  // the location with a local path made absolute
    std::string name;             // for messages
    FileInfo info;
    bool certain = true;  // false: nobody knows whether there is a folder, `doubt` tells why
    Error doubt;
    SourceKind kind = SourceKind::kUnknown;
    std::optional<RemoteFile> remote;  // of a file on a server that HTTP reaches
};

/// Everything a kind's opener needs.
struct Opening {
    const Place& place;
    const OpenOptions& options;
    std::shared_ptr<Fetcher> fetcher;
    std::shared_ptr<Runtime> runtime;
    const std::vector<std::string>& wanted;
};

/// What an opener gives: the store, and the files whose change makes it stale.
struct Opened {
    std::shared_ptr<const Store> store;
    std::vector<std::string> watched;  // VSI paths
    bool first_absent = false;         // of `watched`: was looked for and is not there, which may change
    bool partial = false;              // only the wanted arrays were looked for
};

/// URL_REWRITE says where the bytes are, not what relative names in them mean.
Place place_of(std::string location, const FetchTuning& tuning) {
    Place out;
    out.location = std::move(location);
    const std::string own = vsi_path_of(out.location);
    out.vsi_path = tuning.rewrites.empty() ? own : vsi_path_of(rewritten(out.location, tuning));
    out.policy_location = is_plain_path(own) ? own : out.location;
    out.name = redacted(out.policy_location);
    return out;
}

/// A name that ends in a metadata file's stands for the folder that holds the file.
std::string without_metadata_name(const std::string& location) {
    const std::string_view path = path_part(location);
    for (const std::string_view file : kRootMetadata) {
        if (path.size() > file.size() + 1 && path.ends_with(file) && path[path.size() - file.size() - 1] == '/') {
            std::string out(path.substr(0, path.size() - file.size() - 1));
            return out.append(location, path.size());
        }
    }
    return location;
}

bool announces_folder(const std::string& location) {
    std::string_view path = path_part(location);
    const bool slash = path.ends_with('/');
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    return slash || path.ends_with(".zarr") || path.ends_with(".parq") || path.ends_with(".parquet");
}

/// What reads for a store while it is opened, and after.
struct Reader {
    std::shared_ptr<Fetcher> fetcher;  // counts for the session
    std::shared_ptr<FetchSession> session;
};

/// references.json, references.json.zst
bool is_document_name(std::string_view location) {
    const std::string_view name = location.substr(location.rfind('/') + 1);
    const std::size_t ending = name.rfind(".json");
    return ending != std::string_view::npos && (ending + 5 == name.size() || name[ending + 5] == '.');
}

/// Finds out size and version of a file, and its first bytes.
Result<Buffer> look_at_file(Place& place, const Reader& reader) {
    if (is_single_remote(place.vsi_path)) {
        const std::size_t first = is_document_name(place.location) ? kWholeFirstBytes : kFirstBytes;
        auto found = look_at_remote(place.location, reader.fetcher, *reader.session, first);
        const bool maybe_folder =
            !found.ok() && found.error().code != ErrorCode::kCancelled && is_object_store(place.vsi_path);
        if (!found.ok() && !maybe_folder) {
            return found.error();
        }
        if (found.ok() && found.value()) {
            place.remote = std::move(found).value();
            place.info.size = place.remote->size;
            place.info.modified = static_cast<std::int64_t>(place.remote->version);
            Buffer header(std::min(kHeaderBytes, place.remote->head->size()));
            std::copy_n(place.remote->head->data(), header.size(), header.data());
            return header;
        }
    }
    VCUBE_ASSIGN(place.info, stat_file(place.vsi_path, place.name));
    return place.info.directory ? Buffer() : read_head(place.vsi_path, place.name, kHeaderBytes);
}

bool is_web_page(const Buffer& header) {
    std::string_view text = as_text(header.span());
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    return text.starts_with("<!") || text.starts_with("<html") || text.starts_with("<HTML");
}

/// Looks at what stands there. A folder on a web server cannot be seen as such, and one in an object store only by
/// those who may list it: where there is no file to be known by its first bytes, there may be a folder.
Result<Place> look(const std::string& location, bool prefixed, const Reader& reader) {
    const std::string folder = prefixed ? without_metadata_name(location) : location;
    Place out = place_of(folder, reader.session->tuning);
    Buffer header;
    if (folder != location || (is_http(folder) && announces_folder(folder))) {
        out.info.directory = true;
    } else {
        Result<Buffer> found = look_at_file(out, reader);
        if (found.ok()) {
            header = std::move(found).value();
        } else if (prefixed && !is_plain_path(out.vsi_path) && found.error().code != ErrorCode::kCancelled) {
            out.info.directory = true;
            out.certain = false;
            out.doubt = found.error();
        } else {
            return found.error();
        }
    }
    out.kind = sniff(out.policy_location, std::as_const(header).span(), prefixed);
    if (out.info.directory && out.kind == SourceKind::kUnknown) {
        out.kind = SourceKind::kZarrDirectory;
    }
    if (out.kind == SourceKind::kUnknown) {
        out.doubt = invalid(concat(out.name, ": neither references, Zarr nor a NetCDF-4 / HDF5 file",
                                   is_web_page(header) ? ", but a web page: perhaps one to log in" : ""));
        if (!is_http(folder)) {
            return out.doubt;
        }
        out.kind = SourceKind::kZarrDirectory;  // the page that the server shows for a folder
        out.certain = false;
    }
    return out;
}

KerchunkLimits reference_limits(const OpenOptions& options) {
    KerchunkLimits out;
    out.max_document_bytes = options.max_reference_bytes;
    out.max_generated = options.max_references;
    return out;
}

/// A reference set may hold its metadata in .zmetadata alone, as fsspec opens them with consolidated=True.
Result<std::shared_ptr<const Store>> with_metadata(std::shared_ptr<const Store> store, Fetcher& fetcher) {
    VCUBE_ASSIGN(const std::vector<std::string> keys, store->metadata_keys());
    const bool complete = std::any_of(keys.begin(), keys.end(), [](const std::string& key) {
        return key.ends_with(".zarray") || key.ends_with("zarr.json");
    });
    if (complete && !std::binary_search(keys.begin(), keys.end(), "zarr.json")) {
        return store;
    }
    VCUBE_ASSIGN(auto consolidated, open_consolidated(store, fetcher));
    return consolidated ? std::move(consolidated) : std::move(store);
}

Result<Opened> open_references(const Opening& opening, const std::string& vsi_path, const UrlPolicy& policy) {
    const Place& place = opening.place;
    const bool itself = place.remote && vsi_path == place.vsi_path;
    VCUBE_ASSIGN(ByteSource source, itself ? source_of(*place.remote) : open_source(vsi_path, place.name));
    VCUBE_ASSIGN(auto store,
                 open_kerchunk_json(std::move(source), place.name, policy, reference_limits(opening.options)));
    VCUBE_ASSIGN(store, bring_metadata(std::move(store), *opening.fetcher));
    Opened out;
    VCUBE_ASSIGN(out.store, with_metadata(std::move(store), *opening.fetcher));
    return out;
}

Result<Opened> open_hdf5_at(const Place& place) {
    Opened out;
    if (is_plain_path(place.vsi_path)) {
        VCUBE_ASSIGN(out.store, open_hdf5(place.vsi_path));
        return out;
    }
    VCUBE_ASSIGN(const Buffer image, place.remote ? read_whole(*place.remote, kMaxHdf5Image)
                                                  : read_file(place.vsi_path, place.name, kMaxHdf5Image));
    VCUBE_ASSIGN(out.store, open_hdf5_image(image.span(), place.vsi_path));
    return out;
}

/// A tree of files: Kerchunk Parquet or Zarr, consolidated or not. `root_files` are the metadata that tell which.
Result<Opened> open_tree(const Opening& opening, std::shared_ptr<const Store> files, const UrlPolicy& policy) {
    Opened out;
    VCUBE_ASSIGN(const auto document, read_text(*files, *opening.fetcher, ".zmetadata", {}));
    if (document && is_parquet_zmetadata(*document)) {
        out.watched = {".zmetadata"};
        KerchunkParquetLimits limits;
        limits.max_metadata_bytes =
            std::min<std::uint64_t>(limits.max_metadata_bytes, opening.options.max_reference_bytes);
        VCUBE_ASSIGN(out.store,
                     open_kerchunk_parquet(std::move(files), opening.fetcher, opening.place.name, policy, limits));
        return out;
    }
    VCUBE_ASSIGN(out.store, open_consolidated(files, *opening.fetcher, document));
    if (out.store) {
        out.watched = {document ? ".zmetadata" : "zarr.json"};
        return out;
    }
    VCUBE_ASSIGN(out.watched, files->metadata_keys());
    if (out.watched.empty()) {
        return not_found(
            concat(opening.place.name, ": neither Zarr metadata, references nor SMOS products in this folder"));
    }
    out.watched.insert(out.watched.begin(), ".zmetadata");
    out.first_absent = true;
    out.store = std::move(files);
    return out;
}

/// The paths that `keys` name below the folder, and the folders between: a new array changes its group's folder.
std::vector<std::string> watched_paths(const Place& place, const std::vector<std::string>& keys) {
    const bool listed = keys.size() > 1;
    std::string base = is_single_remote(place.vsi_path) ? place.location : place.vsi_path;
    std::string query;
    if (is_http(base)) {
        const std::size_t end = path_part(base).size();
        query = base.substr(end);
        base.resize(end);
    }
    while (base.size() > 1 && base.ends_with('/')) {
        base.pop_back();
    }
    std::vector<std::string> out;
    for (const std::string& key : keys) {
        out.push_back(concat(base, "/", key, query));
        const bool group = key.ends_with(".zgroup") || key.ends_with("zarr.json");
        if (group && listed && !is_remote(base)) {
            const std::size_t slash = key.rfind('/');
            out.push_back(slash == std::string::npos ? base : concat(base, "/", key.substr(0, slash)));
        }
    }
    return out;
}

Result<Opened> open_folder(const Opening& opening) {
    const Place& place = opening.place;
    const std::string& base = is_plain_path(place.vsi_path) ? place.vsi_path : place.location;
    DirectoryLister list = lister_for(place.vsi_path);
    if (list) {
        // The store names folders by its base; they are listed as GDAL knows them.
        list = [inner = std::move(list)](const std::string& folder) { return inner(vsi_path_of(folder)); };
    }
    const bool listed = static_cast<bool>(list);
    VCUBE_ASSIGN(auto files, open_directory(base, std::move(list), opening.fetcher, place.name, opening.wanted));
    UrlPolicy policy = policy_for(place.policy_location, opening.options.allow_local_references);
    VCUBE_ASSIGN(Opened out, open_tree(opening, std::move(files), policy));
    out.partial = !listed && out.watched.size() != 1;
    out.watched = watched_paths(place, out.watched);
    return out;
}

Result<Opened> open_zip_file(const Opening& opening) {
    const Place& place = opening.place;
    const std::string& url = is_plain_path(place.vsi_path) ? place.vsi_path : place.location;
    VCUBE_ASSIGN(const ZipContents contents, open_zip_contents(url, opening.fetcher, place.name));
    // Relative names in the references are members of the zip, where it holds more than references; otherwise they are
    // taken from the zip's folder.
    const std::string inside = concat("/vsizip/{", place.vsi_path, "}/", contents.root);
    UrlPolicy policy = policy_for(place.policy_location, opening.options.allow_local_references);
    if (contents.has_other_members) {
        policy.base = inside;
    }
    Result<Opened> out = contents.references.empty() ? open_tree(opening, contents.files, policy)
                                                     : open_references(opening, inside + contents.references, policy);
    if (out.ok()) {
        out.value().watched.clear();
        out.value().first_absent = false;
    }
    return out;
}

Result<Opened> open_by_kind(const Opening& opening) {
    const Place& place = opening.place;
    switch (place.kind) {
        case SourceKind::kKerchunkJson:
            return open_references(opening, place.vsi_path,
                                   policy_for(place.policy_location, opening.options.allow_local_references));
        case SourceKind::kSmosProduct:
        case SourceKind::kHdf5:
            return open_hdf5_at(place);
        case SourceKind::kKerchunkParquet:
        case SourceKind::kZarrDirectory:
            return open_folder(opening);
        case SourceKind::kZip:
            return open_zip_file(opening);
        case SourceKind::kUnknown:
            break;
    }
    return place.doubt;
}

FileStamp stamp_of(const std::string& path, const std::string& name) {
    const Result<FileInfo> info = stat_file(vsi_path_of(path), name);
    return info.ok() ? FileStamp{path, info.value().size, info.value().modified}
                     : FileStamp{path, 0, FileStamp::kAbsent};
}

std::vector<FileStamp> stamps_of(std::vector<std::string> paths, const std::string& name, const Reader& reader) {
    paths.resize(std::min(paths.size(), kMaxWatched));
    std::vector<std::string> remote;
    std::copy_if(paths.begin(), paths.end(), std::back_inserter(remote),
                 [](const std::string& path) { return is_single_remote(path); });
    const auto told = remote_stamps(remote, *reader.fetcher, *reader.session);
    std::vector<FileStamp> out;
    std::size_t next = 0;
    for (const std::string& path : paths) {
        const std::optional<RemoteStamp> stamp = is_single_remote(path) ? told[next++] : std::nullopt;
        out.push_back(!stamp
                          ? stamp_of(path, name)
                          : FileStamp{path, stamp->size,
                                      stamp->absent ? FileStamp::kAbsent : static_cast<std::int64_t>(stamp->version)});
    }
    return out;
}

/// The stamps of what a store was made of; nobody is asked again for what is known to be absent.
std::vector<FileStamp> first_stamps(Opened made, const std::string& name, const Reader& reader) {
    if (!made.first_absent) {
        return stamps_of(std::move(made.watched), name, reader);
    }
    FileStamp absent{std::move(made.watched.front()), 0, FileStamp::kAbsent};
    made.watched.erase(made.watched.begin());
    std::vector<FileStamp> out = stamps_of(std::move(made.watched), name, reader);
    out.insert(out.begin(), std::move(absent));
    return out;
}

/// Whether no file that the store was made of has changed since, or come into being.
bool is_fresh(const OpenedStore& store, const Reader& reader) {
    std::vector<std::string> paths;
    for (const FileStamp& stamp : store.watched) {
        paths.push_back(stamp.vsi_path);
    }
    return stamps_of(std::move(paths), store.location, reader) == store.watched;
}

/// The runtime owns the fetcher; a store that reads through it keeps both.
Reader reader_of(const std::shared_ptr<Runtime>& runtime, std::shared_ptr<FetchSession> session) {
    std::shared_ptr<Fetcher> fetcher(runtime, runtime->fetcher.get());
    return {with_session(std::move(fetcher), session), session};
}

/// Options that shape a store, as text.
std::string options_key(const OpenOptions& options) {
    return concat(options.allow_local_references ? "local " : "", std::to_string(options.max_reference_bytes), " ",
                  std::to_string(options.max_references), " ", std::to_string(options.max_chunk_bytes), " ",
                  tuning_key(options.fetch));
}

/// The hierarchy of a store, and the product that it may be.
Result<std::shared_ptr<OpenedStore>> read_store(const Place& place, std::shared_ptr<const Store> store,
                                                const OpenOptions& options, const std::shared_ptr<Runtime>& runtime,
                                                const std::shared_ptr<FetchSession>& session,
                                                std::string_view only_array = {}) {
    auto opened = std::make_shared<OpenedStore>();
    opened->location = place.location;
    opened->vsi_path = place.vsi_path;
    opened->store = std::move(store);
    opened->session = session;
    ArrayLimits limits;
    limits.max_chunk_bytes = options.max_chunk_bytes;
    VCUBE_ASSIGN(Group hierarchy, read_hierarchy(*opened->store, limits, only_array));
    opened->hierarchy = std::make_shared<const Group>(std::move(hierarchy));
    if (place.kind == SourceKind::kSmosProduct || swath::Product::recognise(*opened->hierarchy)) {
        VCUBE_ASSIGN(opened->product, swath::Product::open(*opened->hierarchy, {opened->store, runtime, session}));
    }
    return opened;
}

std::shared_ptr<const OpenedStore> find_known(StoreCache& cache, StoreKey key, const std::string& wanted,
                                              const Reader& reader) {
    for (const std::string& part : {std::string(), wanted}) {
        key.wanted = part;
        if (auto known = cache.find(key); known && is_fresh(*known, reader)) {
            return known;
        }
    }
    return nullptr;
}

}  // namespace

Result<std::shared_ptr<const OpenedStore>> open_store(const std::string& location, bool prefixed,
                                                      const OpenOptions& options, const Process& process,
                                                      const std::vector<std::string>& wanted) {
    const Reader reader = reader_of(process.runtime, make_session(options.fetch));
    VCUBE_ASSIGN(const Place place, look(location, prefixed, reader));
    std::string all_wanted;
    for (const std::string& path : wanted) {
        all_wanted.append(path).append("\n");
    }
    StoreKey key{place.policy_location, options_key(options), "", 0, 0};
    if (!place.info.directory) {
        key.size = place.info.size;
        key.modified = place.info.modified;
    }
    if (auto known = find_known(*process.stores, key, all_wanted, reader)) {
        return known;
    }
    Result<Opened> made = open_by_kind({place, options, reader.fetcher, process.runtime, wanted});
    if (!made.ok()) {
        return !place.certain && made.error().code == ErrorCode::kNotFound ? place.doubt : made.error();
    }
    VCUBE_ASSIGN(auto opened,
                 read_store(place, std::move(made.value().store), options, process.runtime, reader.session));
    key.wanted = made.value().partial ? all_wanted : std::string();
    opened->watched = first_stamps(std::move(made).value(), place.name, reader);
    std::shared_ptr<const OpenedStore> result = std::move(opened);
    process.stores->put(key, result);
    return result;
}

Result<std::shared_ptr<const swath::Product>> open_product(const std::string& location, const UrlPolicy& policy,
                                                           const OpenOptions& options,
                                                           const std::shared_ptr<Runtime>& runtime,
                                                           const std::shared_ptr<FetchSession>& session,
                                                           bool only_ids) {
    Place place = place_of(location, options.fetch);
    place.kind = SourceKind::kSmosProduct;
    const Reader reader = reader_of(runtime, session);
    if (is_single_remote(place.vsi_path)) {
        VCUBE_ASSIGN(place.remote, look_at_remote(location, reader.fetcher, *session, kWholeFirstBytes));
    }
    Opened made;
    if (path_part(location).ends_with(".nc")) {
        VCUBE_ASSIGN(made, open_hdf5_at(place));
    } else {
        VCUBE_ASSIGN(made, open_references({place, options, reader.fetcher, runtime, {}}, place.vsi_path, policy));
    }
    VCUBE_ASSIGN(auto opened, read_store(place, std::move(made.store), options, runtime, session,
                                         only_ids ? swath::Product::kIdName : std::string_view()));
    return std::move(opened->product);
}

}  // namespace vcube::driver
