// The files of a disk cache (range_cache.h): entries that are whole or absent, and room for them. Functions on a
// folder, without state: thread-safe, safe among processes and after fork.
//
// <folder>/salt     16 random bytes, so that nobody outside can tell or make the name that a location has
// <folder>/total    bytes of all entries, about
// <folder>/lock     held by the process that makes room
// <folder>/ab/cdef0123456789abcdef0123456789.range    an entry, by its 128-bit id; .version; and the same with .??????
//                                                     behind it, being written
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube {

using CacheSalt = std::array<std::uint64_t, 2>;

/// The name of an entry. What hashes to it is not written anywhere.
struct EntryId {
    std::uint64_t high = 0, low = 0;
};
enum class EntryKind : std::uint32_t { kRange = 1, kVersion = 2 };

/// Letters, behind a dot, that end the name of an entry while it is being written: as many as mkostemp() puts there.
inline constexpr std::size_t kUnfinishedLetters = 6;

/// Bytes that an entry has beside its payload.
inline constexpr std::uint64_t kEntryHeaderBytes = 48;

/// What a file of so many bytes counts for: file systems give space in units of about this size.
inline std::uint64_t disk_bytes(std::uint64_t size) {
    constexpr std::uint64_t kUnit = 4096;
    return (size / kUnit + 1) * kUnit;
}

/// Makes the folder where there is none, and its salt. kIo where that fails or the folder is another user's.
Result<CacheSalt> open_cache_folder(const std::string& folder);

/// The payload, of `least` to `most` bytes; nothing where there is none. A damaged entry is removed. Entries read are
/// marked as used, to within an hour.
std::optional<Buffer> read_entry(const std::string& folder, EntryId id, EntryKind kind, std::uint64_t least,
                                 std::uint64_t most);

/// Whether there is an entry with a payload of so many bytes; its checksum is not looked at.
bool has_entry(const std::string& folder, EntryId id, EntryKind kind, std::uint64_t bytes);

/// Writes an entry, in place of one of that name. Not synchronised with the disk: after a crash of the machine an entry
/// may be damaged, which its checksum tells, and all that is lost can be fetched again.
std::error_code write_entry(const std::string& folder, EntryId id, EntryKind kind, ByteSpan payload);

/// Counts `bytes` (disk_bytes()) that will be written; where all entries have more than `max_bytes` then, removes those
/// that were used longest ago until an eighth of that is free, and what processes left that died while writing an hour
/// ago.
void make_room(const std::string& folder, std::uint64_t bytes, std::uint64_t max_bytes);

}  // namespace vcube
