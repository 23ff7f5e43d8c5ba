// The central directory of a zip file, parsed into a compact table: about 40 bytes a member and its name.
// Immutable once read, so thread-safe, apart from the remembered data offsets, which are atomic.
// Source: APPNOTE.TXT - .ZIP File Format Specification (PKWARE), sections 4.3.7, 4.3.12 to 4.3.16, 4.4 and 4.5.3.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/refs/pod_vector.h"
#include "core/refs/string_table.h"
#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube {

/// Where the central directory stands, as the records at the end of the file tell.
struct ZipEnd {
    std::uint64_t directory_offset = 0;
    std::uint64_t directory_size = 0;
    std::uint64_t members = 0;
    std::uint64_t after_directory = 0;  // bytes from the directory's end to the file's end
};

/// The longest tail in which the end records can stand: the end record with the longest comment, locator and zip64
/// record.
inline constexpr std::size_t kZipTailBytes = 22 + 65535 + 20 + 56;

/// From the last bytes of a file. kCorrupt where they hold no end record, or one that contradicts itself.
Result<ZipEnd> find_zip_end(ByteSpan tail);

struct ZipMember {
    static constexpr std::uint16_t kStored = 0;
    static constexpr std::uint16_t kDeflated = 8;

    std::uint64_t header = 0;  // offset of the local header
    std::uint64_t stored = 0;  // bytes in the zip
    std::uint64_t size = 0;    // bytes unpacked
    std::uint32_t crc = 0;
    std::uint16_t method = 0;
    bool encrypted = false;
};

class ZipDirectory {
public:
    static constexpr std::size_t kLocalHeaderBytes = 30;

    /// `bytes` is the central directory. Checks every member against the others and the directory's place.
    static Result<std::unique_ptr<ZipDirectory>> parse(ByteSpan bytes, const ZipEnd& end);

    [[nodiscard]] std::size_t size() const { return names_.size(); }
    [[nodiscard]] std::string_view name(std::size_t id) const { return names_[id]; }
    [[nodiscard]] const ZipMember& member(std::size_t id) const { return members_[id]; }
    [[nodiscard]] std::optional<std::uint32_t> find(std::string_view name) const { return names_.find(name); }

    /// Where the member's bytes begin, where that is known: 0 otherwise. Where the bytes between a local header's name
    /// and the next header are as many as the member has, there is no room for an extra field; of others the local
    /// header tells.
    [[nodiscard]] std::uint64_t data_offset(std::size_t id) const;
    /// Takes the member's local header with its name, checks both and remembers the offset.
    Status learn(std::size_t id, ByteSpan local_header) const;

    /// Names that could climb out of a folder, left out.
    [[nodiscard]] std::size_t refused() const { return refused_; }

private:
    ZipDirectory() = default;
    Status add(std::string_view name, const ZipMember& member);
    /// Finds overlaps, and members without room for an extra field.
    Status check_order(std::uint64_t end);
    Status check_member(std::uint32_t id, std::uint64_t limit);

    StringTable names_;
    PodVector<ZipMember> members_;
    std::unique_ptr<std::atomic<std::uint32_t>[]> prefix_;  // bytes from header to data; 0: not known
    PodVector<std::uint64_t> limits_;                       // where the next header begins
    std::size_t refused_ = 0;
};

}  // namespace vcube
