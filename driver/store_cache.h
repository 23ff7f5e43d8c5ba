// What the process has opened, so that opening a location again is cheap. An entry is keyed by location, the options
// that shape it, and a file's size and modification time: a file that was rewritten is opened anew. Of folders the
// opened store tells what was read (OpenedStore::watched). One that met an object which changed under it is dropped.
// Thread-safe; no lock is held while something is opened.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "core/fetch/object_versions.h"
#include "driver/entry_points.h"

namespace vcube::driver {

struct StoreKey {
    std::string location;
    std::string options;
    std::string wanted;  // paths of arrays, where the store knows those only
    std::uint64_t size = 0;
    std::int64_t modified = 0;  // seconds, or nanoseconds where the file system tells them; of a listing, its hash
    friend bool operator==(const StoreKey&, const StoreKey&) = default;
};

/// Keeps the `capacity` entries used last.
template <class Opened>
class OpenedCache {
public:
    explicit OpenedCache(std::size_t capacity) : capacity_(capacity) {}

    std::shared_ptr<const Opened> find(const StoreKey& key) {
        std::list<Entry> dropped;  // destroyed after the lock is gone
        const std::lock_guard lock(mutex_);
        const auto at =
            std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.key == key; });
        if (at == entries_.end()) {
            return nullptr;
        }
        if (at->opened->session && at->opened->session->versions->changed()) {
            dropped.splice(dropped.end(), entries_, at);
            return nullptr;
        }
        entries_.splice(entries_.begin(), entries_, at);
        return at->opened;
    }

    /// Replaces an entry of the same location and options, whatever its size and time.
    void put(const StoreKey& key, std::shared_ptr<const Opened> opened) {
        std::list<Entry> dropped;  // destroyed after the lock is gone
        const std::lock_guard lock(mutex_);
        for (auto at = entries_.begin(); at != entries_.end();) {
            const auto next = std::next(at);
            const StoreKey& known = at->key;
            if (known.location == key.location && known.options == key.options && known.wanted == key.wanted) {
                dropped.splice(dropped.end(), entries_, at);
            }
            at = next;
        }
        entries_.push_front({key, std::move(opened)});
        while (entries_.size() > capacity_) {
            dropped.splice(dropped.end(), entries_, std::prev(entries_.end()));
        }
    }

private:
    struct Entry {
        StoreKey key;
        std::shared_ptr<const Opened> opened;
    };
    std::mutex mutex_;
    std::list<Entry> entries_;  // used last first
    const std::size_t capacity_;
};

using StoreCache = OpenedCache<OpenedStore>;
using CollectionCache = OpenedCache<OpenedCollection>;

}  // namespace vcube::driver
