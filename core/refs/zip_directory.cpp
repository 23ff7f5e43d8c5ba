#include "core/refs/zip_directory.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/base/concat.h"
#include "core/refs/url_policy.h"

namespace vcube {
namespace {

constexpr std::uint32_t kEndSignature = 0x06054B50;
constexpr std::uint32_t kLocator64Signature = 0x07064B50;
constexpr std::uint32_t kEnd64Signature = 0x06064B50;
constexpr std::uint32_t kEntrySignature = 0x02014B50;
constexpr std::uint32_t kLocalSignature = 0x04034B50;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kLocatorBytes = 20;
constexpr std::size_t kEnd64Bytes = 56;
constexpr std::size_t kEntryBytes = 46;
constexpr std::uint16_t kZip64Extra = 1;
constexpr std::uint32_t kIn64 = 0xFFFFFFFF;  // the value stands in the zip64 extra field

template <class T>
T number_at(ByteSpan bytes, std::size_t at) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        out |= std::to_integer<std::uint64_t>(bytes[at + i]) << (8 * i);
    }
    return static_cast<T>(out);
}

std::uint16_t u16(ByteSpan bytes, std::size_t at) {
    return number_at<std::uint16_t>(bytes, at);
}
std::uint32_t u32(ByteSpan bytes, std::size_t at) {
    return number_at<std::uint32_t>(bytes, at);
}
std::uint64_t u64(ByteSpan bytes, std::size_t at) {
    return number_at<std::uint64_t>(bytes, at);
}

std::string member_text(std::string_view name) {
    constexpr std::size_t kShown = 200;
    return concat("member \"", name.substr(0, kShown), name.size() > kShown ? "...\"" : "\"");
}

/// Position of the record that ends with the file; nothing where there is none.
std::optional<std::size_t> find_end_record(ByteSpan tail) {
    if (tail.size() < kEndBytes) {
        return std::nullopt;
    }
    for (std::size_t at = tail.size() - kEndBytes + 1; at-- > 0;) {
        if (u32(tail, at) == kEndSignature && at + kEndBytes + u16(tail, at + 20) == tail.size()) {
            return at;
        }
    }
    return std::nullopt;
}

/// The zip64 record stands before its locator; it may be longer than this version knows.
std::optional<std::size_t> find_end64_record(ByteSpan tail, std::size_t locator) {
    if (locator < kEnd64Bytes) {
        return std::nullopt;
    }
    for (std::size_t at = locator - kEnd64Bytes + 1; at-- > 0;) {
        if (u32(tail, at) == kEnd64Signature && u64(tail, at + 4) == locator - at - 12) {
            return at;
        }
    }
    return std::nullopt;
}

/// Puts the zip64 extra field's values where the entry has none.
Status read_zip64(ByteSpan extra, ZipMember& member, std::uint32_t size, std::uint32_t stored, std::uint32_t header) {
    const bool wanted = size == kIn64 || stored == kIn64 || header == kIn64;
    for (std::size_t at = 0; wanted && at + 4 <= extra.size();) {
        const std::uint16_t id = u16(extra, at);
        const std::size_t length = u16(extra, at + 2);
        at += 4;
        if (length > extra.size() - at) {
            break;
        }
        if (id != kZip64Extra) {
            at += length;
            continue;
        }
        const std::size_t end = at + length;
        for (const auto& [field, out] :
             {std::pair{size, &member.size}, std::pair{stored, &member.stored}, std::pair{header, &member.header}}) {
            if (field != kIn64) {
                continue;
            }
            if (end - at < 8) {
                return corrupt("its zip64 field is too short");
            }
            *out = u64(extra, at);
            at += 8;
        }
        return {};
    }
    // Without the field the values are what they say: a size of exactly 4 GB - 1.
    return {};
}

}  // namespace

Result<ZipEnd> find_zip_end(ByteSpan tail) {
    const std::optional<std::size_t> end = find_end_record(tail);
    if (!end) {
        return corrupt("no end of central directory: not a zip file, or cut short");
    }
    ZipEnd out;
    std::size_t records = *end;
    std::uint32_t disk = u16(tail, *end + 4);
    std::uint32_t directory_disk = u16(tail, *end + 6);
    out.members = u16(tail, *end + 10);
    out.directory_size = u32(tail, *end + 12);
    out.directory_offset = u32(tail, *end + 16);
    if (*end >= kLocatorBytes && u32(tail, *end - kLocatorBytes) == kLocator64Signature) {
        const std::optional<std::size_t> end64 = find_end64_record(tail, *end - kLocatorBytes);
        if (!end64) {
            return corrupt("the zip64 end of central directory is not where it must be");
        }
        records = *end64;
        disk = u32(tail, records + 16);
        directory_disk = u32(tail, records + 20);
        out.members = u64(tail, records + 32);
        out.directory_size = u64(tail, records + 40);
        out.directory_offset = u64(tail, records + 48);
    }
    if (disk != 0 || directory_disk != 0) {
        return unsupported("a zip file of several parts is not read");
    }
    std::uint64_t directory_end = 0;
    const bool impossible = __builtin_add_overflow(out.directory_offset, out.directory_size, &directory_end) ||
                            directory_end > (std::uint64_t{1} << 62) || out.members > out.directory_size / kEntryBytes;
    if (impossible) {
        return corrupt(concat("the end of the central directory tells ", std::to_string(out.members), " members in ",
                              std::to_string(out.directory_size), " bytes at ", std::to_string(out.directory_offset)));
    }
    out.after_directory = tail.size() - records;
    return out;
}

Result<std::unique_ptr<ZipDirectory>> ZipDirectory::parse(ByteSpan bytes, const ZipEnd& end) {
    std::unique_ptr<ZipDirectory> out(new ZipDirectory);
    std::size_t at = 0;
    for (std::uint64_t i = 0; i < end.members; ++i) {
        if (bytes.size() - at < kEntryBytes || u32(bytes, at) != kEntrySignature) {
            return corrupt(concat("the central directory is damaged at its entry ", std::to_string(i), " of ",
                                  std::to_string(end.members),
                                  i == 0 ? ", or other data stand before the zip file" : ""));
        }
        const std::size_t name_size = u16(bytes, at + 28);
        const std::size_t extra_size = u16(bytes, at + 30);
        const std::size_t entry_size = kEntryBytes + name_size + extra_size + u16(bytes, at + 32);
        if (entry_size > bytes.size() - at) {
            return corrupt(concat("the central directory is cut short at its entry ", std::to_string(i)));
        }
        const std::string_view name = as_text(bytes.subspan(at + kEntryBytes, name_size));
        ZipMember member;
        member.encrypted = (u16(bytes, at + 8) & 1U) != 0;
        member.method = u16(bytes, at + 10);
        member.crc = u32(bytes, at + 16);
        member.stored = u32(bytes, at + 20);
        member.size = u32(bytes, at + 24);
        member.header = u32(bytes, at + 42);
        Status status = read_zip64(bytes.subspan(at + kEntryBytes + name_size, extra_size), member, u32(bytes, at + 24),
                                   u32(bytes, at + 20), u32(bytes, at + 42));
        if (status.ok()) {
            status = out->add(name, member);
        }
        if (!status.ok()) {
            return with_context(member_text(name), status.error());
        }
        at += entry_size;
    }
    VCUBE_TRY(out->check_order(end.directory_offset));
    return out;
}

Status ZipDirectory::add(std::string_view name, const ZipMember& member) {
    if (name.ends_with('/')) {
        return {};  // a folder
    }
    if (!stays_below(name)) {
        ++refused_;
        return {};
    }
    if (!member.encrypted && member.method == ZipMember::kStored && member.stored != member.size) {
        return corrupt(concat("is not compressed, yet has ", std::to_string(member.size), " bytes in ",
                              std::to_string(member.stored)));
    }
    if (names_.size() == 0xFFFFFFFE) {
        return over_limit("more members than 32 bits count");
    }
    const std::uint32_t id = names_.intern(name);
    if (id < members_.size()) {
        members_[id] = member;  // written twice, as zarr's ZipStore does: the last one counts
    } else {
        members_.push_back(member);
    }
    return {};
}

Status ZipDirectory::check_order(std::uint64_t end) {
    const std::size_t count = members_.size();
    prefix_ = std::make_unique<std::atomic<std::uint32_t>[]>(count);
    if (count == 0) {
        return {};
    }
    limits_.extend(count);
    std::vector<std::uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0U);
    const auto before = [this](std::uint32_t a, std::uint32_t b) { return members_[a].header < members_[b].header; };
    if (!std::is_sorted(order.begin(), order.end(), before)) {
        std::sort(order.begin(), order.end(), before);
    }
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t limit = i + 1 < count ? members_[order[i + 1]].header : end;
        if (const Status status = check_member(order[i], limit); !status.ok()) {
            return with_context(member_text(name(order[i])), status.error());
        }
    }
    return {};
}

Status ZipDirectory::check_member(std::uint32_t id, std::uint64_t limit) {
    const ZipMember& member = members_[id];
    const std::uint64_t prefix = kLocalHeaderBytes + name(id).size();
    if (limit < member.header || limit - member.header < prefix || limit - member.header - prefix < member.stored) {
        return corrupt(concat("its ", std::to_string(member.stored), " bytes at ", std::to_string(member.header),
                              " reach into what follows at ", std::to_string(limit)));
    }
    limits_[id] = limit;
    const bool no_room = limit - member.header - prefix == member.stored;
    prefix_[id].store(no_room ? static_cast<std::uint32_t>(prefix) : 0, std::memory_order_relaxed);
    return {};
}

std::uint64_t ZipDirectory::data_offset(std::size_t id) const {
    const std::uint32_t prefix = prefix_[id].load(std::memory_order_relaxed);
    return prefix == 0 ? 0 : members_[id].header + prefix;
}

Status ZipDirectory::learn(std::size_t id, ByteSpan local_header) const {
    const ZipMember& member = members_[id];
    const std::string_view own = name(id);
    if (local_header.size() < kLocalHeaderBytes + own.size() || u32(local_header, 0) != kLocalSignature) {
        return corrupt(concat(member_text(own), ": no local header at ", std::to_string(member.header),
                              ": the zip file is damaged, or other data stand before it"));
    }
    const std::size_t name_size = u16(local_header, 26);
    if (name_size != own.size() || as_text(local_header.subspan(kLocalHeaderBytes, name_size)) != own) {
        return corrupt(concat(member_text(own), ": the local header at ", std::to_string(member.header),
                              " belongs to another member"));
    }
    const std::size_t prefix = kLocalHeaderBytes + name_size + u16(local_header, 28);
    if (limits_[id] - member.header - member.stored < prefix) {
        return corrupt(concat(member_text(own), ": reaches into what follows at ", std::to_string(limits_[id])));
    }
    prefix_[id].store(static_cast<std::uint32_t>(prefix), std::memory_order_relaxed);
    return {};
}

}  // namespace vcube
