// How a disk cache keeps to its size among processes that know nothing of each other.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <thread>

#include "core/base/concat.h"
#include "core/fetch/open_file.h"
#include "core/fetch/range_cache_files.h"

namespace vcube {
namespace {

constexpr std::time_t kWriterPatience = 3600;  // seconds after which a file that is being written is nobody's
constexpr std::time_t kMinute = 60;

struct FoundFile {
    std::time_t used = 0;
    std::uint64_t bytes = 0;  // disk_bytes()
    bool unfinished = false;
};

bool is_hexadecimal(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Whether a name in a subfolder is one of ours; nothing else is ever removed.
bool is_entry(std::string_view name, bool& unfinished) {
    constexpr std::size_t kDigits = 30;
    if (name.size() < kDigits || !is_hexadecimal(name.substr(0, kDigits))) {
        return false;
    }
    name.remove_prefix(kDigits);
    for (const std::string_view kind : {".range", ".version"}) {
        unfinished = name.size() == kind.size() + 1 + kUnfinishedLetters && name[kind.size()] == '.';
        if (name.starts_with(kind) && (unfinished || name.size() == kind.size())) {
            return true;
        }
    }
    return false;
}

using Directory = std::unique_ptr<DIR, int (*)(DIR*)>;

Directory open_directory(const std::string& path) {
    return {::opendir(path.c_str()), ::closedir};
}

/// Calls visit(folder, name, file) for each entry until it says false; files that vanish meanwhile are left out.
void for_each_entry(const std::string& folder,
                    const std::function<bool(int folder, const char* name, const FoundFile&)>& visit) {
    const Directory top = open_directory(folder);
    while (const dirent* sub = top ? ::readdir(top.get()) : nullptr) {  // NOLINT(concurrency-mt-unsafe): a DIR each
        if (std::strlen(sub->d_name) != 2 || !is_hexadecimal(sub->d_name)) {
            continue;
        }
        const Directory below = open_directory(concat(folder, "/", sub->d_name));
        while (const dirent* item = below ? ::readdir(below.get()) : nullptr) {  // NOLINT(concurrency-mt-unsafe)
            FoundFile found;
            struct stat status {};
            if (!is_entry(item->d_name, found.unfinished) ||
                ::fstatat(::dirfd(below.get()), item->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
                continue;
            }
            found.used = status.st_mtime;
            found.bytes = disk_bytes(static_cast<std::uint64_t>(status.st_size));
            if (!visit(::dirfd(below.get()), item->d_name, found)) {
                return;
            }
        }
    }
}

/// Where entries have more than `most` bytes, removes those that were used longest ago until `target` are left; returns
/// what is left. In two walks, so
/// that memory is that of a sum for each minute in which entries were used, however many there are.
std::uint64_t remove_oldest(const std::string& folder, std::uint64_t most, std::uint64_t target) {
    const std::time_t now = std::time(nullptr);
    std::map<std::time_t, std::uint64_t> bytes_by_minute;
    std::uint64_t total = 0;
    for_each_entry(folder, [&](int below, const char* name, const FoundFile& found) {
        if (found.unfinished && now - found.used >= kWriterPatience) {
            ::unlinkat(below, name, 0);
        } else if (!found.unfinished) {
            bytes_by_minute[found.used / kMinute] += found.bytes;
            total += found.bytes;
        }
        return true;
    });
    if (total <= most) {
        return total;
    }
    std::uint64_t younger = total;  // than the minute at which removing ends
    std::time_t last = 0;
    for (const auto& [minute, bytes] : bytes_by_minute) {
        last = minute;
        younger -= bytes;
        if (younger <= target) {
            break;
        }
    }
    std::uint64_t spared = target - younger;  // of that minute so much can stay
    for_each_entry(folder, [&](int below, const char* name, const FoundFile& found) {
        const std::time_t minute = found.used / kMinute;
        if (found.unfinished || minute > last) {
            return true;
        }
        if (minute == last && found.bytes <= spared) {
            spared -= found.bytes;
        } else if (::unlinkat(below, name, 0) == 0) {
            total -= found.bytes;
        }
        return true;
    });
    return total;
}

/// A lock on a file among processes and threads, for as long as this lives. It is given up by name: where the process
/// forked meanwhile, the child has the file open too, and closing it here would leave it locked.
class FileLock {
public:
    FileLock(const std::string& path, std::chrono::milliseconds patience)
        : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        while (file_ && !(held_ = ::flock(file_.number(), LOCK_EX | LOCK_NB) == 0) && errno == EWOULDBLOCK &&
               patience.count() > 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            patience -= std::chrono::milliseconds(1);
        }
    }
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;
    ~FileLock() {
        if (held_) {
            ::flock(file_.number(), LOCK_UN);
        }
    }
    [[nodiscard]] bool held() const { return held_; }
    [[nodiscard]] const OpenFile& file() const { return file_; }

private:
    OpenFile file_;
    bool held_ = false;
};

/// The shared total, which change() is given and replaces; returns what it is then. One that cannot be read is as high
/// as can be, so that the entries are counted.
std::uint64_t change_total(const std::string& folder, const std::function<std::uint64_t(std::uint64_t)>& change) {
    // Held for microseconds, unless by a process that was stopped then: better a number that is not exact than to wait.
    const FileLock lock(concat(folder, "/total"), std::chrono::milliseconds(50));
    if (!lock.file()) {
        return 0;
    }
    std::uint64_t total = 0;
    if (::pread(lock.file().number(), &total, sizeof(total), 0) != sizeof(total)) {
        total = UINT64_MAX;
    }
    total = change(total);
    static_cast<void>(!::pwrite(lock.file().number(), &total, sizeof(total), 0));
    return total;
}

}  // namespace

void make_room(const std::string& folder, std::uint64_t bytes, std::uint64_t max_bytes) {
    const auto add = [](std::uint64_t total, std::uint64_t more) {
        return total > UINT64_MAX - more ? UINT64_MAX : total + more;
    };
    const std::uint64_t before = change_total(folder, [&](std::uint64_t total) { return add(total, bytes); });
    if (before <= max_bytes) {
        return;
    }
    const FileLock lock(concat(folder, "/lock"), std::chrono::milliseconds(0));
    if (!lock.held()) {
        return;  // somebody else is at it
    }
    const std::uint64_t most = max_bytes - std::min(bytes, max_bytes);
    const std::uint64_t left = remove_oldest(folder, most, most - std::min(most, max_bytes / 8));
    change_total(folder, [&](std::uint64_t total) {
        const std::uint64_t meanwhile = total >= before ? total - before : 0;
        return add(add(left, bytes), meanwhile);
    });
}

}  // namespace vcube
