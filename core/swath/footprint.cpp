#include "core/swath/footprint.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <mutex>
#include <span>
#include <system_error>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/hash64.h"
#include "core/base/log.h"
#include "core/dgg/isea.h"

namespace vcube::swath {

namespace {

/// Which product, in which state.
struct Key {
    std::uint64_t low = 0, high = 0;
    friend bool operator==(const Key&, const Key&) = default;
};
struct KeyHash {
    std::size_t operator()(const Key& key) const { return key.low; }
};

/// One footprint in the file. Records tell themselves: the file is nothing but records, so any number of processes may
/// append, and behind a damaged one the next is found by its mark. The mark is another one in another byte order.
struct Record {
    std::uint64_t mark = 0;
    Key key;
    dgg::BlockSet::Words blocks{};
    std::int64_t start = 0, stop = 0;
    std::uint32_t rows = 0, pass = 0;
    std::uint64_t checksum = 0;  // of all that stands before
};
static_assert(std::is_trivially_copyable_v<Record> && std::has_unique_object_representations_v<Record>);

constexpr std::uint64_t kMark = 0x3150465643BF71C2;  // changes with the record's form
constexpr std::size_t kBatch = 256;                  // footprints that are lost at most when the process is killed
constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 30U;

std::uint64_t checksum_of(const Record& record) {
    return hash64(std::as_bytes(std::span(&record, 1)).first(offsetof(Record, checksum)), kMark);
}

Key key_of(const ProductEntry& entry) {
    std::array<std::byte, 16> state;
    std::memcpy(state.data(), &entry.size, 8);
    std::memcpy(state.data() + 8, &entry.modified, 8);
    const std::uint64_t seed = hash64(state, 1);
    const ByteSpan location = as_byte_span(entry.location);
    return {hash64(location, seed), hash64(location, ~seed)};
}

Record record_of(const Key& key, const Footprint& footprint) {
    Record record;
    record.mark = kMark;
    record.key = key;
    record.blocks = footprint.blocks.words();
    record.start = footprint.start;
    record.stop = footprint.stop;
    record.rows = footprint.rows;
    record.pass = static_cast<std::uint32_t>(footprint.pass);
    record.checksum = checksum_of(record);
    return record;
}

Pass pass_of(const Product& product) {
    const std::string& text = metadata_item(product.metadata(), "PASS");
    return text == "ASCENDING" ? Pass::kAscending : text == "DESCENDING" ? Pass::kDescending : Pass::kUnknown;
}

std::string file_name(const std::string& collection) {
    const ByteSpan text = as_byte_span(collection);
    std::array<char, 64> name;
    std::snprintf(name.data(), name.size(), "%016llx%016llx.footprints",
                  static_cast<unsigned long long>(hash64(text, 1)), static_cast<unsigned long long>(hash64(text, 2)));
    return name.data();
}

}  // namespace

Result<Footprint> footprint_of(const Product& product, const ProductName& name) {
    VCUBE_ASSIGN(const auto ids, product.ids());
    Footprint footprint;
    for (const std::uint32_t id : ids_in(*ids)) {
        if (const auto seqnum = dgg::seqnum_of_id(id)) {
            footprint.blocks.insert(dgg::block_cell_of(*seqnum).block);
        }
    }
    footprint.rows = product.row_count();
    footprint.pass = pass_of(product);
    const auto time_of = [&](const char* item, std::int64_t otherwise) {
        return parse_iso_moment(metadata_item(product.metadata(), item)).value_or(otherwise);
    };
    footprint.start = time_of("PRECISE_START", name.start);
    footprint.stop = time_of("PRECISE_STOP", name.stop);
    return footprint;
}

struct FootprintStore::State {
    std::optional<std::filesystem::path> folder;
    std::filesystem::path file;
    std::once_flag loaded;

    std::mutex mutex;     // of what follows; not held while the file is read or written
    bool broken = false;  // told already: the file is left alone
    std::unordered_map<Key, Footprint, KeyHash> known;
    std::vector<Record> fresh;  // not in the file yet

    void load();
    void read_file();
    void read_records(const std::vector<std::byte>& bytes);
    void append();
    void give_up(const std::string& what, const std::string& why);
};

void FootprintStore::State::give_up(const std::string& what, const std::string& why) {
    {
        const std::lock_guard lock(mutex);
        broken = true;
        fresh.clear();
    }
    log(LogLevel::kDebug, "footprints are not kept: " + what + " " + file.string() + ": " + why);
}

void FootprintStore::State::load() {
    std::call_once(loaded, [this] {
        if (folder) {
            read_file();
        }
    });
}

void FootprintStore::State::read_file() {
    std::error_code error;
    const std::uint64_t size = std::filesystem::file_size(file, error);
    if (error) {
        return;  // none yet, or the write will tell
    }
    if (size > kMaxFile) {
        return give_up("reading", "larger than " + std::to_string(kMaxFile) + " bytes");
    }
    std::vector<std::byte> bytes(size);
    std::ifstream stream(file, std::ios::binary);
    stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
    if (!stream.is_open() || stream.bad()) {
        return give_up("reading", "failed");
    }
    bytes.resize(static_cast<std::size_t>(stream.gcount()));
    read_records(bytes);
}

void FootprintStore::State::read_records(const std::vector<std::byte>& bytes) {
    const std::lock_guard lock(mutex);
    known.reserve(bytes.size() / sizeof(Record));
    const auto mark = std::as_bytes(std::span(&kMark, 1));
    for (auto at = bytes.begin(); bytes.end() - at >= static_cast<std::ptrdiff_t>(sizeof(Record));) {
        Record record;
        std::memcpy(&record, &*at, sizeof(Record));
        const bool good = record.mark == kMark && record.checksum == checksum_of(record) &&
                          record.pass <= static_cast<std::uint32_t>(Pass::kDescending);
        if (!good) {
            at = std::search(at + 1, bytes.end(), mark.begin(), mark.end());
            continue;
        }
        known.insert_or_assign(record.key, Footprint{dgg::BlockSet(record.blocks), record.rows,
                                                     static_cast<Pass>(record.pass), record.start, record.stop});
        at += sizeof(Record);
    }
}

/// One write() of all that is new, so that records of processes that append at once do not mix.
void FootprintStore::State::append() {
    std::vector<Record> batch;
    {
        const std::lock_guard lock(mutex);
        batch.swap(fresh);
    }
    if (batch.empty()) {
        return;
    }
    std::error_code error;
    std::filesystem::create_directories(*folder, error);
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) {
        return give_up("opening", std::generic_category().message(errno));
    }
    const std::size_t size = batch.size() * sizeof(Record);
    const ssize_t written = ::write(descriptor, batch.data(), size);
    const int code = errno;
    ::close(descriptor);
    if (written != static_cast<ssize_t>(size)) {
        give_up("writing", written < 0 ? std::generic_category().message(code) : "no room");
    }
}

FootprintStore::FootprintStore(std::optional<std::filesystem::path> folder, const std::string& collection)
    : state_(std::make_unique<State>()) {
    state_->folder = std::move(folder);
    if (state_->folder) {
        state_->file = *state_->folder / file_name(collection);
    }
}

FootprintStore::~FootprintStore() {
    save();
}

std::optional<Footprint> FootprintStore::find(const ProductEntry& entry) const {
    const Key key = key_of(entry);
    state_->load();
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->known.find(key);
    return found == state_->known.end() ? std::nullopt : std::optional(found->second);
}

void FootprintStore::put(const ProductEntry& entry, const Footprint& footprint) {
    const Key key = key_of(entry);
    state_->load();
    std::size_t waiting = 0;
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->known.emplace(key, footprint).second && state_->folder && !state_->broken) {
            state_->fresh.push_back(record_of(key, footprint));
            waiting = state_->fresh.size();
        }
    }
    if (waiting >= kBatch) {
        state_->append();
    }
}

void FootprintStore::save() {
    state_->append();
}

}  // namespace vcube::swath
