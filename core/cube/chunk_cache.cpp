#include "core/cube/chunk_cache.h"

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace vcube {
namespace {

constexpr std::chrono::milliseconds kTick{100};

struct KeyHash {
    std::size_t operator()(const ChunkKey& key) const {
        // splitmix64's finaliser: chunk numbers are consecutive, the low bits must still spread.
        std::uint64_t x = key.chunk + key.array * 0x9E3779B97F4A7C15U;
        x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
        x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
        return x ^ (x >> 31U);
    }
};

struct Entry {
    ChunkKey key;
    ChunkData data;
};

}  // namespace

struct ChunkCache::Flight {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    ChunkData data;
};

// One mutex: it is held for some 100 ns a chunk, and a chunk costs 100 us to decode.
struct ChunkCache::State {
    explicit State(std::size_t limit_in) : limit(limit_in) {}

    /// Adds a chunk; the chunks that must go are moved to `out`, to be freed without the lock.
    void insert(const ChunkKey& key, ChunkData data, std::vector<ChunkData>& out) {
        const std::size_t size = data->size();
        if (size > limit) {
            return;
        }
        if (const auto found = index.find(key); found != index.end()) {
            erase(found->second, out);
        }
        while (bytes + size > limit) {
            erase(std::prev(entries.end()), out);
            ++numbers.evicted;
        }
        entries.push_front({key, std::move(data)});
        index.emplace(key, entries.begin());
        ++of_array[key.array];
        bytes += size;
    }

    void erase(std::list<Entry>::iterator entry, std::vector<ChunkData>& out) {
        bytes -= entry->data->size();
        out.push_back(std::move(entry->data));
        if (const auto count = of_array.find(entry->key.array); --count->second == 0) {
            of_array.erase(count);
        }
        index.erase(entry->key);
        entries.erase(entry);
    }

    ChunkData find(const ChunkKey& key) {
        const auto found = index.find(key);
        if (found == index.end()) {
            return nullptr;
        }
        entries.splice(entries.begin(), entries, found->second);
        return found->second->data;
    }

    const std::size_t limit;
    mutable std::mutex mutex;
    std::list<Entry> entries;  // most recently used first
    std::unordered_map<ChunkKey, std::list<Entry>::iterator, KeyHash> index;
    std::unordered_map<std::uint64_t, std::size_t> of_array;  // chunks held of each array
    std::unordered_map<ChunkKey, std::shared_ptr<Flight>, KeyHash> flights;
    std::size_t bytes = 0;
    Statistics numbers;
};

ChunkCache::ChunkCache(std::size_t max_bytes) : state_(max_bytes) {}

ChunkCache::~ChunkCache() = default;

ChunkCache::Claim& ChunkCache::Claim::operator=(Claim&& other) noexcept {
    if (this != &other) {
        complete(nullptr);
        key_ = other.key_;
        hit_ = std::move(other.hit_);
        flight_ = std::move(other.flight_);
        state_ = std::exchange(other.state_, nullptr);
    }
    return *this;
}

ChunkCache::Claim::~Claim() {
    complete(nullptr);
}

void ChunkCache::Claim::complete(ChunkData chunk) {
    if (state_ == nullptr) {
        return;
    }
    std::vector<ChunkData> evicted;
    {
        const std::lock_guard lock(state_->mutex);
        if (chunk) {
            state_->insert(key_, chunk, evicted);
        }
        state_->flights.erase(key_);
    }
    {
        const std::lock_guard lock(flight_->mutex);
        flight_->done = true;
        flight_->data = std::move(chunk);
    }
    flight_->changed.notify_all();
    flight_.reset();
    state_ = nullptr;
}

ChunkData ChunkCache::Claim::wait(const std::function<bool()>& tick) const {
    if (!flight_) {
        return hit_;
    }
    std::unique_lock lock(flight_->mutex);
    const auto done = [this] { return flight_->done; };
    if (!tick) {
        flight_->changed.wait(lock, done);
    }
    while (!flight_->changed.wait_for(lock, kTick, done)) {
        lock.unlock();
        if (!tick()) {
            return nullptr;
        }
        lock.lock();
    }
    return flight_->data;
}

ChunkCache::Claim ChunkCache::claim(const ChunkKey& key) {
    Claim claim;
    claim.key_ = key;
    State& state = state_.get();
    const std::lock_guard lock(state.mutex);
    claim.hit_ = state.find(key);
    if (claim.hit_) {
        ++state.numbers.hits;
        return claim;
    }
    std::shared_ptr<Flight>& flight = state.flights[key];
    if (flight) {
        ++state.numbers.joined;
    } else {
        ++state.numbers.misses;
        flight = std::make_shared<Flight>();
        claim.state_ = &state;
    }
    claim.flight_ = flight;
    return claim;
}

ChunkData ChunkCache::get(const ChunkKey& key) {
    State& state = state_.get();
    const std::lock_guard lock(state.mutex);
    ChunkData data = state.find(key);
    ++(data ? state.numbers.hits : state.numbers.misses);
    return data;
}

ChunkData ChunkCache::peek(const ChunkKey& key) const {
    State& state = state_.get();
    const std::lock_guard lock(state.mutex);
    const auto found = state.index.find(key);
    return found == state.index.end() ? nullptr : found->second->data;
}

void ChunkCache::put(const ChunkKey& key, ChunkData chunk) {
    std::vector<ChunkData> evicted;
    State& state = state_.get();
    const std::lock_guard lock(state.mutex);
    state.insert(key, std::move(chunk), evicted);
}

void ChunkCache::forget(std::uint64_t array) {
    std::vector<ChunkData> dropped;
    State& state = state_.get();
    const std::lock_guard lock(state.mutex);
    if (!state.of_array.contains(array)) {
        return;
    }
    for (auto entry = state.entries.begin(); entry != state.entries.end();) {
        const auto here = entry++;
        if (here->key.array == array) {
            state.erase(here, dropped);
        }
    }
}

std::size_t ChunkCache::max_bytes() const {
    return state_.get().limit;
}

ChunkCache::Statistics ChunkCache::statistics() const {
    State& state = state_.get();
    const std::lock_guard lock(state.mutex);
    Statistics numbers = state.numbers;
    numbers.bytes = state.bytes;
    return numbers;
}

}  // namespace vcube
