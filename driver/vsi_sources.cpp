#include "driver/vsi_sources.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>

#include "core/refs/url_policy.h"
#include "cpl_error.h"
#include "cpl_vsi.h"
#include "cpl_vsi_error.h"
#include "driver/vsi_files.h"
#include "driver/vsi_scope.h"

namespace vcube::driver {
namespace {

std::string reason_of(const std::string& vsi_path) {
    const std::string reason = last_vsi_error(vsi_path);
    return reason.empty() ? "" : " (" + reason + ")";
}

std::string system_text(int code) {
    return std::error_code(code, std::generic_category()).message();
}

struct Descriptor {
    explicit Descriptor(int number_in) : number(number_in) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { ::close(number); }
    const int number;
};

Result<ByteSource> open_plain(const std::string& path, const std::string& name) {
    const int number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (number < 0) {
        return not_found(name + ": " + system_text(errno));
    }
    const auto file = std::make_shared<const Descriptor>(number);
    struct stat status {};
    ByteSource out;
    if (::fstat(number, &status) == 0 && S_ISREG(status.st_mode)) {
        out.size = static_cast<std::uint64_t>(status.st_size);
    }
    out.read = [file, name](MutableByteSpan bytes) -> Result<std::size_t> {
        while (true) {
            const ssize_t got = ::read(file->number, bytes.data(), bytes.size());
            if (got >= 0) {
                return static_cast<std::size_t>(got);
            }
            if (errno != EINTR) {
                return io_error(name + ": cannot be read: " + system_text(errno));
            }
        }
    };
    out.rewind = [file, name]() -> Status {
        return ::lseek(file->number, 0, SEEK_SET) == 0 ? Status() : io_error(name + ": cannot be read twice");
    };
    return out;
}

Result<std::vector<DirectoryEntry>> list_plain(const std::string& folder) {
    std::vector<DirectoryEntry> out;
    std::error_code error;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        std::error_code unknown;
        out.push_back({at->path().filename().string(), at->is_directory(unknown), 0, 0});
    }
    if (error) {
        return io_error("cannot be listed: " + error.message());
    }
    return out;
}

struct CloseDir {
    void operator()(VSIDIR* dir) const { VSICloseDir(dir); }
};

using VsiDir = std::unique_ptr<VSIDIR, CloseDir>;

/// The folder at `path` as an entry, where the listing does not tell what it is.
DirectoryEntry entry_of(const VSIDIREntry& entry, const std::string& folder) {
    DirectoryEntry out{entry.pszName, VSI_ISDIR(entry.nMode) != 0, 0, 0};
    if (entry.bModeKnown == 0) {
        VSIStatBufL status{};
        const std::string path = folder + "/" + entry.pszName;
        out.folder = VSIStatExL(path.c_str(), &status, VSI_STAT_EXISTS_FLAG | VSI_STAT_NATURE_FLAG) == 0 &&
                     VSI_ISDIR(status.st_mode) != 0;
    }
    out.size = entry.bSizeKnown != 0 ? entry.nSize : 0;
    out.modified = entry.bMTimeKnown != 0 ? entry.nMTime : 0;
    return out;
}

Result<std::vector<DirectoryEntry>> list_vsi(const std::string& folder) {
    const VsiScope scope;
    const VsiDir dir(VSIOpenDir(folder.c_str(), 0, nullptr));
    if (!dir) {
        return io_error("cannot be listed" + reason_of(folder));
    }
    std::vector<DirectoryEntry> out;
    while (const VSIDIREntry* const entry = VSIGetNextDirEntry(dir.get())) {
        out.push_back(entry_of(*entry, folder));
    }
    return out;
}

}  // namespace

Result<ByteSource> open_source(const std::string& vsi_path, const std::string& name) {
    if (is_plain_path(vsi_path)) {
        return open_plain(vsi_path, name);
    }
    const VsiScope scope;
    const std::shared_ptr<VSILFILE> file(VSIFOpenExL(vsi_path.c_str(), "rb", TRUE),
                                         [](VSILFILE* opened) { opened != nullptr ? VSIFCloseL(opened) : 0; });
    if (!file) {
        return not_found(name + ": cannot be opened" + reason_of(vsi_path));
    }
    ByteSource out;
    // A connection that breaks looks like the end of the file: only the size tells. Finding the size of a compressed
    // file would unpack it.
    if (is_remote(vsi_path) && !is_archive(vsi_path) && VSIFSeekL(file.get(), 0, SEEK_END) == 0) {
        out.size = VSIFTellL(file.get());
        VSIFSeekL(file.get(), 0, SEEK_SET);
    }
    out.read = [file, vsi_path, name, size = out.size](MutableByteSpan bytes) -> Result<std::size_t> {
        const VsiScope quiet;
        const std::size_t got = VSIFReadL(bytes.data(), 1, bytes.size(), file.get());
        if (got == 0 && (VSIFEofL(file.get()) == 0 || VSIFTellL(file.get()) < size.value_or(0))) {
            return io_error(name + ": cannot be read" + reason_of(vsi_path));
        }
        return got;
    };
    out.rewind = [file, name]() -> Status {
        const VsiScope quiet;
        return VSIFSeekL(file.get(), 0, SEEK_SET) == 0 ? Status() : io_error(name + ": cannot be read twice");
    };
    return out;
}

DirectoryLister lister_for(std::string_view vsi_path) {
    if (is_http(vsi_path)) {
        return {};  // servers' index pages are no listing: what they leave out would be missing arrays
    }
    return is_plain_path(vsi_path) ? DirectoryLister(list_plain) : DirectoryLister(list_vsi);
}

Result<std::vector<DirectoryEntry>> list_folder(const std::string& vsi_path) {
    return is_plain_path(vsi_path) ? list_plain(vsi_path) : list_vsi(vsi_path);
}

Status list_object_store(const std::string& vsi_path, const std::function<bool(const DirectoryEntry&)>& visit) {
    const VsiScope scope;
    const VsiDir dir(VSIOpenDir(vsi_path.c_str(), -1, nullptr));
    if (!dir) {
        return io_error("cannot be listed" + reason_of(vsi_path));
    }
    while (const VSIDIREntry* const entry = VSIGetNextDirEntry(dir.get())) {
        if (!visit(entry_of(*entry, vsi_path))) {
            break;
        }
    }
    return {};
}

bool is_object_store(std::string_view vsi_path) {
    for (const std::string_view prefix : {"/vsis3/", "/vsigs/", "/vsiaz/", "/vsioss/", "/vsiadls/"}) {
        if (vsi_path.starts_with(prefix)) {
            return true;
        }
    }
    return false;
}

bool is_archive(std::string_view vsi_path) {
    return vsi_path.starts_with("/vsizip/") || vsi_path.starts_with("/vsigzip/") || vsi_path.starts_with("/vsitar/");
}

bool is_http(std::string_view location) {
    for (const std::string_view prefix : {"/vsicurl/", "/vsicurl_streaming/", "/vsicurl?"}) {
        if (location.starts_with(prefix)) {
            return true;
        }
    }
    return location.starts_with("http://") || location.starts_with("https://");
}

std::string_view path_part(std::string_view location) {
    return is_http(location) ? location.substr(0, location.find_first_of("?#")) : location;
}

}  // namespace vcube::driver
