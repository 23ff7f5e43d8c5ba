#include "core/fetch/range_cache_files.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <new>
#include <span>

#include "core/base/concat.h"
#include "core/base/hash64.h"
#include "core/fetch/open_file.h"

namespace vcube {
namespace {

constexpr std::time_t kUseGrain = 3600;                   // seconds: a hit writes to the disk no more often
constexpr std::uint64_t kMagic = 0x3147'4E52'4555'4356U;  // "VCUERNG1" where the lowest byte comes first

/// What an entry begins with. Numbers as the machine has them: one of another byte order finds another magic.
struct Header {
    std::uint64_t magic = kMagic;
    std::uint32_t format = 1;
    EntryKind kind = EntryKind::kRange;
    std::uint64_t length = 0;  // of the payload
    EntryId id;                // so that a file under another's name is found out
    std::uint64_t checksum = 0;
};
static_assert(sizeof(Header) == kEntryHeaderBytes);

/// Four words at a time, as one alone would wait for its multiplication: a hit takes little longer than its copy from
/// the page cache. Each step is a bijection of the word, so no change of a single word is missed; hash64() ends it.
std::uint64_t checksum(const Header& header, ByteSpan payload) {
    const auto step = [](std::uint64_t lane, const std::byte* place) {
        std::uint64_t word = 0;
        std::memcpy(&word, place, sizeof(word));
        lane = (lane ^ word) * 0x9E3779B97F4A7C15U;
        return lane ^ lane >> 32U;
    };
    std::uint64_t a = header.id.high, b = header.id.low, c = header.length,
                  d = static_cast<std::uint64_t>(header.kind) << 32U | header.format;
    while (payload.size() >= 32) {
        a = step(a, payload.data());
        b = step(b, payload.data() + 8);
        c = step(c, payload.data() + 16);
        d = step(d, payload.data() + 24);
        payload = payload.subspan(32);
    }
    const std::array<std::uint64_t, 4> lanes = {a, b, c, d};
    return hash64(payload, hash64(std::as_bytes(std::span(lanes)), header.magic));
}

std::string entry_folder(const std::string& folder, EntryId id) {
    std::array<char, 4> text;
    std::snprintf(text.data(), text.size(), "/%02x", static_cast<unsigned>(id.high >> 56U));
    return concat(folder, text.data());
}

std::string entry_path(const std::string& folder, EntryId id, EntryKind kind) {
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), "/%014llx%016llx",
                  static_cast<unsigned long long>(id.high & 0xFF'FFFF'FFFF'FFFFU),
                  static_cast<unsigned long long>(id.low));
    return concat(entry_folder(folder, id), text.data(), kind == EntryKind::kRange ? ".range" : ".version");
}

std::error_code last_error() {
    return {errno, std::generic_category()};
}

/// All of the parts, one after another, with readv() or writev(); false at an error or the file's end.
template <class Transfer>
bool transfer_all(int file, std::array<iovec, 2> parts, Transfer transfer) {
    std::size_t next = 0;
    while (next < parts.size()) {
        const ssize_t done = transfer(file, parts.data() + next, static_cast<int>(parts.size() - next));
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0 || (done == 0 && parts[next].iov_len > 0)) {
            return false;
        }
        auto left = static_cast<std::size_t>(done);
        while (next < parts.size() && left >= parts[next].iov_len) {
            left -= parts[next++].iov_len;
        }
        if (next < parts.size()) {
            parts[next].iov_base = static_cast<std::byte*>(parts[next].iov_base) + left;
            parts[next].iov_len -= left;
        }
    }
    return true;
}

/// The payload of an open entry that has `size` bytes in all; nothing where it is not what its name says.
std::optional<Buffer> read_whole(int file, std::uint64_t size, EntryId id, EntryKind kind) {
    try {
        Header header;
        Buffer payload(size - sizeof(Header));
        if (!transfer_all(file, {iovec{&header, sizeof(header)}, iovec{payload.data(), payload.size()}}, ::readv)) {
            return std::nullopt;
        }
        Header expected;
        expected.kind = kind;
        expected.length = payload.size();
        expected.id = id;
        expected.checksum = checksum(expected, payload.span());
        return std::memcmp(&header, &expected, sizeof(Header)) == 0 ? std::optional(std::move(payload)) : std::nullopt;
    } catch (const std::bad_alloc&) {
        return std::nullopt;
    }
}

/// A new file beside an entry's place; its name replaces `path`.
int make_beside(const std::string& folder, std::string& path) {
    const std::string pattern = concat(path, ".", std::string(kUnfinishedLetters, 'X'));
    path = pattern;
    int file = ::mkostemp(path.data(), O_CLOEXEC);
    if (file < 0 && errno == ENOENT && (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST)) {
        path = pattern;
        file = ::mkostemp(path.data(), O_CLOEXEC);
    }
    return file;
}

std::optional<CacheSalt> read_salt(const std::string& path) {
    const OpenFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    CacheSalt salt;
    return file && ::pread(file.number(), salt.data(), sizeof(salt), 0) == sizeof(salt) ? std::optional(salt)
                                                                                        : std::nullopt;
}

/// Another process may do so at the same time: all of them use the salt of the one that is first.
std::error_code write_salt(const std::string& folder, const std::string& path) {
    CacheSalt salt;
    if (::getrandom(salt.data(), sizeof(salt), 0) != sizeof(salt)) {
        return last_error();
    }
    std::string beside = path;
    const OpenFile file(make_beside(folder, beside));
    if (!file) {
        return last_error();
    }
    std::error_code problem;
    if (::write(file.number(), salt.data(), sizeof(salt)) != sizeof(salt) ||
        (::link(beside.c_str(), path.c_str()) != 0 && errno != EEXIST)) {
        problem = last_error();
    }
    ::unlink(beside.c_str());
    return problem;
}

}  // namespace

Result<CacheSalt> open_cache_folder(const std::string& folder) {
    const auto failed = [&](const std::error_code& problem) {
        return io_error(concat("disk cache ", folder, ": ", problem.message()));
    };
    std::error_code problem;
    if (const auto parent = std::filesystem::path(folder).parent_path(); !parent.empty()) {
        std::filesystem::create_directories(parent, problem);  // mkdir() tells what is wrong
    }
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        return failed(last_error());
    }
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) {
        return failed(last_error());
    }
    if (!S_ISDIR(status.st_mode)) {
        return failed(std::make_error_code(std::errc::not_a_directory));
    }
    if (::geteuid() != 0 && status.st_uid != ::geteuid()) {
        return io_error(concat("disk cache ", folder, ": the folder belongs to another user; name one below it"));
    }
    if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
        return failed(last_error());
    }
    const std::string path = concat(folder, "/salt");
    std::optional<CacheSalt> salt = read_salt(path);
    for (int attempt = 0; !salt && attempt < 2; ++attempt) {
        if (problem = write_salt(folder, path); problem) {
            return failed(problem);
        }
        if (salt = read_salt(path); !salt) {
            ::unlink(path.c_str());  // there is one already, and it is damaged
        }
    }
    return salt ? Result<CacheSalt>(*salt) : io_error(concat("disk cache ", folder, ": cannot be written"));
}

std::optional<Buffer> read_entry(const std::string& folder, EntryId id, EntryKind kind, std::uint64_t least,
                                 std::uint64_t most) {
    const std::string path = entry_path(folder, id, kind);
    const OpenFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (!file || ::fstat(file.number(), &status) != 0) {
        return std::nullopt;
    }
    const auto size = static_cast<std::uint64_t>(std::max<off_t>(status.st_size, 0));
    std::optional<Buffer> payload;
    if (size >= kEntryHeaderBytes && size - kEntryHeaderBytes >= least && size - kEntryHeaderBytes <= most) {
        payload = read_whole(file.number(), size, id, kind);
    }
    if (!payload) {
        ::unlink(path.c_str());
    } else if (std::time(nullptr) - status.st_mtime >= kUseGrain) {
        ::futimens(file.number(), nullptr);
    }
    return payload;
}

bool has_entry(const std::string& folder, EntryId id, EntryKind kind, std::uint64_t bytes) {
    struct stat status {};
    return ::stat(entry_path(folder, id, kind).c_str(), &status) == 0 && status.st_size >= 0 &&
           static_cast<std::uint64_t>(status.st_size) == kEntryHeaderBytes + bytes;
}

std::error_code write_entry(const std::string& folder, EntryId id, EntryKind kind, ByteSpan payload) {
    Header header;
    header.kind = kind;
    header.length = payload.size();
    header.id = id;
    header.checksum = checksum(header, payload);
    const std::string path = entry_path(folder, id, kind);
    std::string beside = path;
    const OpenFile file(make_beside(entry_folder(folder, id), beside));
    if (!file) {
        return last_error();
    }
    // writev() does not write to what it is given.
    const iovec body{const_cast<std::byte*>(payload.data()), payload.size()};
    std::error_code problem;
    if (!transfer_all(file.number(), {iovec{&header, sizeof(header)}, body}, ::writev) ||
        ::rename(beside.c_str(), path.c_str()) != 0) {
        problem = last_error();
        ::unlink(beside.c_str());
    }
    return problem;
}

}  // namespace vcube
