#include "driver/cube_companion.h"

#include "core/base/concat.h"
#include "core/refs/url_policy.h"
#include "cpl_conv.h"
#include "cpl_vsi.h"
#include "driver/array_selection.h"
#include "driver/vsi_files.h"

namespace vcube::driver {
namespace {

std::string without_trailing_slash(std::string path) {
    while (path.size() > 1 && path.back() == '/') {
        path.pop_back();
    }
    return path;
}

bool exists(const std::string& path) {
    VSIStatBufL info;
    return VSIStatExL(path.c_str(), &info, VSI_STAT_EXISTS_FLAG) == 0;
}

/// "refs.json-0123456789abcdef": the same for every way to write a location, without its query string.
std::string name_in_folder(const std::string& vsi_path) {
    const bool plain = is_plain_path(vsi_path);
    const std::string path = without_trailing_slash(plain ? vsi_path : vsi_path.substr(0, vsi_path.find('?')));
    return concat(path.substr(path.rfind('/') + 1), "-", hash_text(path));
}

}  // namespace

bool may_have_files_beside(const std::string& path) {
    return !is_remote(path) || CPLGetConfigOption("GDAL_PAM_PROXY_DIR", nullptr) != nullptr;
}

CompanionPlace companion_place(const OpenContext& context, const std::string& part) {
    const std::string store = without_trailing_slash(context.source->vsi_path);
    CompanionPlace place;
    place.writable = is_plain_path(store) || store.starts_with("/vsimem/");
    place.physical = store;
    place.base = concat(store, ".", part);
    const auto& folder = context.options.overview_dir;
    place.reachable = may_have_files_beside(store);
    if (!folder || (place.writable && exists(place.base + ".ovr"))) {
        return place;
    }
    place.physical = concat(without_trailing_slash(vsi_path_of(*folder)), "/", name_in_folder(store));
    place.base = concat(place.physical, ".", part);
    place.writable = true;
    place.reachable = true;
    return place;
}

Status prepare_companion(const OpenContext& context, const CompanionPlace& place) {
    if (!place.writable) {
        return unsupported(
            concat(redacted(context.source->location),
                   ": overviews are not written beside a remote store or into an archive; the open option "
                   "OVERVIEW_DIR (or VCUBE_OVERVIEW_DIR) names a folder for them"));
    }
    const std::string folder = place.base.substr(0, place.base.rfind('/'));
    if (!exists(folder) && VSIMkdirRecursive(folder.c_str(), 0755) != 0) {
        return io_error(concat(folder, ": this folder of overviews cannot be made"));
    }
    return {};
}

}  // namespace vcube::driver
