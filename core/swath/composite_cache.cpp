#include "core/swath/composite_cache.h"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "core/base/patience.h"

namespace vcube::swath {

namespace {

// Of an entry without blocks.
constexpr std::size_t kEntryBytes = 1024;

}  // namespace

SharedTable merged(const SharedTable& table, const SharedTable& other) {
    if (table == nullptr || other == nullptr || table == other) {
        return table != nullptr ? table : other;
    }
    auto both = std::make_shared<CellTable>(*table);
    for (const auto& [block, values] : other->blocks()) {
        both->set_block(block, values);
    }
    return both;
}

struct CompositeCache::Flight {
    dgg::BlockSet blocks;
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    SharedTable table;
};

struct CompositeCache::State {
    struct Entry {
        std::string name;
        SharedTable table;
        dgg::BlockSet made;
        std::size_t bytes = 0;
    };
    using Entries = std::list<Entry>;

    explicit State(std::size_t limit_in) : limit(limit_in) {}

    Entry* find(const std::string& name) {
        const auto found = index.find(name);
        if (found == index.end()) {
            return nullptr;
        }
        entries.splice(entries.begin(), entries, found->second);
        return &entries.front();
    }

    void add(const std::string& name, const dgg::BlockSet& blocks, const SharedTable& table, Entries& out) {
        Entry* entry = find(name);
        if (entry == nullptr) {
            entries.push_front({name, nullptr, {}, 0});
            index.emplace(name, entries.begin());
            entry = &entries.front();
        }
        bytes -= entry->bytes;
        entry->table = merged(entry->table, table);
        entry->made |= blocks;
        entry->bytes = kEntryBytes + name.size();
        for (const auto& [block, values] : entry->table->blocks()) {
            entry->bytes += values->size();
        }
        bytes += entry->bytes;
        while (bytes > limit && !entries.empty()) {
            bytes -= entries.back().bytes;
            index.erase(entries.back().name);
            out.splice(out.end(), entries, std::prev(entries.end()));
        }
    }

    void end_flight(const std::string& name, const std::shared_ptr<Flight>& flight) {
        const auto found = flights.find(name);
        std::erase(found->second, flight);
        if (found->second.empty()) {
            flights.erase(found);
        }
    }

    const std::size_t limit;
    std::mutex mutex;
    Entries entries;  // most recently used first
    std::unordered_map<std::string, Entries::iterator> index;
    std::unordered_map<std::string, std::vector<std::shared_ptr<Flight>>> flights;
    std::size_t bytes = 0;
};

CompositeCache::CompositeCache(std::size_t max_bytes) : state_(std::make_unique<State>(max_bytes)) {}
CompositeCache::~CompositeCache() = default;

const dgg::BlockSet& CompositeCache::Joined::blocks() const {
    return flight_->blocks;
}

SharedTable CompositeCache::Joined::wait() const {
    std::unique_lock lock(flight_->mutex);
    wait_while_wanted(flight_->changed, lock, [this] { return flight_->done; });
    return flight_->table;
}

CompositeCache::Claim& CompositeCache::Claim::operator=(Claim&& other) noexcept {
    if (this != &other) {
        finish(nullptr);
        ready = std::move(other.ready);
        ready_blocks = other.ready_blocks;
        joined = std::move(other.joined);
        name_ = std::move(other.name_);
        owned_ = other.owned_;
        flight_ = std::move(other.flight_);
        state_ = other.state_;
    }
    return *this;
}

CompositeCache::Claim::~Claim() {
    finish(nullptr);
}

void CompositeCache::Claim::complete(const SharedTable& table) {
    finish(table);
}

void CompositeCache::Claim::finish(const SharedTable& table) {
    if (flight_ == nullptr) {
        return;
    }
    State::Entries evicted;  // freed without the lock
    {
        const std::scoped_lock lock(state_->mutex);
        if (table != nullptr) {
            state_->add(name_, owned_, table, evicted);
        }
        state_->end_flight(name_, flight_);
    }
    {
        const std::scoped_lock lock(flight_->mutex);
        flight_->done = true;
        flight_->table = table;
    }
    flight_->changed.notify_all();
    flight_.reset();
}

CompositeCache::Claim CompositeCache::claim(const std::string& name, const dgg::BlockSet& blocks) {
    Claim claim;
    const std::scoped_lock lock(state_->mutex);
    dgg::BlockSet left = blocks;
    if (const State::Entry* entry = state_->find(name)) {
        claim.ready_blocks = entry->made;
        claim.ready_blocks &= blocks;
        if (!claim.ready_blocks.empty()) {
            claim.ready = entry->table;
        }
        left = left.without(entry->made);
    }
    const auto flights = state_->flights.find(name);
    if (flights != state_->flights.end()) {
        for (const auto& flight : flights->second) {
            if (flight->blocks.intersects(left)) {
                claim.joined.emplace_back().flight_ = flight;
                left = left.without(flight->blocks);
            }
        }
    }
    if (!left.empty()) {
        claim.name_ = name;
        claim.owned_ = left;
        claim.state_ = state_.get();
        claim.flight_ = std::make_shared<Flight>();
        claim.flight_->blocks = left;
        state_->flights[name].push_back(claim.flight_);
    }
    return claim;
}

std::size_t CompositeCache::bytes() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->bytes;
}

}  // namespace vcube::swath
