#include "core/fetch/local_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>
#include <mutex>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

namespace vcube {
namespace {

/// Where a later stat() gives the same, the open handle still is that file with that content.
struct Identity {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec modified{};

    friend bool operator==(const Identity& a, const Identity& b) {
        return a.device == b.device && a.inode == b.inode && a.size == b.size &&
               a.modified.tv_sec == b.modified.tv_sec && a.modified.tv_nsec == b.modified.tv_nsec;
    }
};

Identity identity_of(const struct stat& status) {
    return {status.st_dev, status.st_ino, status.st_size, status.st_mtim};
}

Error failed(const std::string& path, const char* what, int code) {
    const bool absent = code == ENOENT || code == ENOTDIR;
    return {absent ? ErrorCode::kNotFound : ErrorCode::kIo,
            path + ": " + what + ": " + std::error_code(code, std::generic_category()).message()};
}

/// Closed when the last who reads through it lets go.
struct Handle {
    Handle(int descriptor_in, Identity identity_in) : descriptor(descriptor_in), identity(identity_in) {}
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() { ::close(descriptor); }

    const int descriptor;
    const Identity identity;
};

using HandlePtr = std::shared_ptr<const Handle>;

Result<HandlePtr> open_handle(const std::string& path) {
    int descriptor = -1;
    do {
        descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    } while (descriptor < 0 && errno == EINTR);
    if (descriptor < 0) {
        return failed(path, "cannot be opened", errno);
    }
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) {
        const int code = errno;
        ::close(descriptor);
        return failed(path, "cannot be examined", code);
    }
    if (!S_ISREG(status.st_mode)) {  // reading a pipe or a device would wait for ever
        ::close(descriptor);
        return io_error(path + ": not a regular file");
    }
    return HandlePtr(std::make_shared<const Handle>(descriptor, identity_of(status)));
}

}  // namespace

struct LocalFiles::State {
    struct Entry {
        std::string path;
        HandlePtr handle;
    };

    explicit State(std::size_t limit_in) : limit(std::max<std::size_t>(limit_in, 1)) {}

    /// The cached handle of a path where it still is the file of that name, else a new one. Files are opened and
    /// examined without the lock; two threads may open the same file at once, one handle stays.
    Result<HandlePtr> handle(const std::string& path) {
        struct stat status {};
        if (::stat(path.c_str(), &status) != 0) {
            return failed(path, "cannot be opened", errno);
        }
        {
            const std::lock_guard lock(mutex);
            if (const auto found = index.find(path); found != index.end()) {
                if (found->second->handle->identity == identity_of(status)) {
                    entries.splice(entries.begin(), entries, found->second);
                    return HandlePtr(found->second->handle);
                }
            }
        }
        VCUBE_ASSIGN(HandlePtr fresh, open_handle(path));
        HandlePtr old;  // closed after the lock is released
        const std::lock_guard lock(mutex);
        if (const auto found = index.find(path); found != index.end()) {
            old = std::exchange(found->second->handle, fresh);
            entries.splice(entries.begin(), entries, found->second);
            return fresh;
        }
        if (entries.size() >= limit) {
            old = std::move(entries.back().handle);
            index.erase(entries.back().path);
            entries.pop_back();
        }
        entries.push_front({path, fresh});
        index.emplace(entries.front().path, entries.begin());
        return fresh;
    }

    const std::size_t limit;
    std::mutex mutex;
    std::list<Entry> entries;                                                // most recently used first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> index;  // keys are views of the entries' paths
};

LocalFiles::LocalFiles(std::size_t max_open) : state_(std::make_unique<State>(max_open)) {}

LocalFiles::~LocalFiles() = default;

Status LocalFiles::read(const std::string& path, ByteRange range, MutableByteSpan out) {
    VCUBE_ASSIGN(const HandlePtr handle, state_->handle(path));
    const auto size = static_cast<std::uint64_t>(handle->identity.size);
    const auto too_short = [&](std::uint64_t found) {
        return io_error(path + ": has " + std::to_string(found) + " bytes, wanted bytes " +
                        std::to_string(range.begin) + " to " + std::to_string(range.end));
    };
    if (range.end > size) {
        return too_short(size);
    }
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t got =
            ::pread(handle->descriptor, out.data() + done, out.size() - done, static_cast<off_t>(range.begin + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return failed(path, "cannot be read", errno);
        }
        if (got == 0) {
            return too_short(range.begin + done);
        }
        done += static_cast<std::size_t>(got);
    }
    return {};
}

Result<std::uint64_t> LocalFiles::size(const std::string& path) {
    VCUBE_ASSIGN(const HandlePtr handle, state_->handle(path));
    return static_cast<std::uint64_t>(handle->identity.size);
}

}  // namespace vcube
