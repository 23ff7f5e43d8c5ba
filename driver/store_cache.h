// Opened stores of the process, so that opening a location again is cheap. An entry is keyed by location, the options
// that shape a store, and a file's size and modification time: a file that was rewritten is opened anew. Of folders the
// opened store tells what was read (OpenedStore::watched). Thread-safe; no lock is held while a store is opened.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "driver/entry_points.h"

namespace vcube::driver {

struct StoreKey {
    std::string location;
    std::string options;
    std::string wanted;  // paths of arrays, where the store knows those only
    std::uint64_t size = 0;
    std::int64_t modified = 0;  // seconds, or nanoseconds where the file system tells them
    friend bool operator==(const StoreKey&, const StoreKey&) = default;
};

/// Keeps the `capacity` entries used last.
class StoreCache {
public:
    explicit StoreCache(std::size_t capacity = 16) : capacity_(capacity) {}

    std::shared_ptr<const OpenedStore> find(const StoreKey& key);
    /// Replaces an entry of the same location and options, whatever its size and time.
    void put(const StoreKey& key, std::shared_ptr<const OpenedStore> store);

private:
    struct Entry {
        StoreKey key;
        std::shared_ptr<const OpenedStore> store;
    };
    std::mutex mutex_;
    std::list<Entry> entries_;  // used last first
    std::size_t capacity_;
};

}  // namespace vcube::driver
