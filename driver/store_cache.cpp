#include "driver/store_cache.h"

#include <algorithm>

namespace vcube::driver {

std::shared_ptr<const OpenedStore> StoreCache::find(const StoreKey& key) {
    const std::lock_guard lock(mutex_);
    const auto at =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.key == key; });
    if (at == entries_.end()) {
        return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, at);
    return at->store;
}

void StoreCache::put(const StoreKey& key, std::shared_ptr<const OpenedStore> store) {
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
    entries_.push_front({key, std::move(store)});
    while (entries_.size() > capacity_) {
        dropped.splice(dropped.end(), entries_, std::prev(entries_.end()));
    }
}

}  // namespace vcube::driver
