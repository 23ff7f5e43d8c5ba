#include "core/swath/collection.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/base/log.h"
#include "core/base/patience.h"
#include "core/base/waiting_threads.h"
#include "core/dgg/isea.h"
#include "core/refs/url_policy.h"
#include "core/swath/once.h"

namespace vcube::swath {

namespace {

using ProductPtr = std::shared_ptr<const Product>;

/// Whether a product has a grid point in the box; found once.
enum class InBox : std::uint8_t { kUnknown, kYes, kNo };

}  // namespace

struct Collection::State {
    ProductList list;
    ProductOpener open;
    std::unique_ptr<FootprintStore> footprints;
    std::shared_ptr<Runtime> runtime;
    CollectionOptions options;

    Once<Product> sample;
    Once<BoxCells> box_cells;
    std::vector<std::atomic<InBox>> in_box;  // by product; none without a box

    std::mutex mutex;  // of what follows; not held while products are opened or read
    std::condition_variable changed;
    std::list<std::pair<std::uint32_t, ProductPtr>> opened;  // last used first
    std::unordered_map<std::uint32_t, decltype(opened)::iterator> places;
    std::unordered_set<std::uint32_t> opening;
    std::unordered_map<std::uint32_t, Error> open_errors, footprint_errors;
    std::map<std::uint32_t, Error> failures;

    struct Flight;
    Result<ProductPtr> open_product(std::uint32_t index);
    void keep(std::uint32_t index, ProductPtr product, std::vector<ProductPtr>& dropped);
    std::optional<bool> touches(std::uint32_t index, const Footprint& footprint, const dgg::BlockSet& blocks,
                                const BoxCells* box) const;
    Status find_in_box(std::uint32_t index, const Product& product, const BoxCells& box);
};

/// Ends the opening of a product whatever way the opener returns.
struct Collection::State::Flight {
    State& state;
    std::uint32_t index;
    ProductPtr product;
    std::optional<Error> error;
    std::vector<ProductPtr> dropped;  // freed when the lock is

    ~Flight() {
        {
            const std::lock_guard lock(state.mutex);
            state.opening.erase(index);
            if (product != nullptr) {
                state.keep(index, std::move(product), dropped);
            } else if (error) {
                state.open_errors.emplace(index, *std::move(error));
            }
        }
        state.changed.notify_all();
    }
};

/// With the mutex held. Products grow as columns are read, so all are counted again.
void Collection::State::keep(std::uint32_t index, ProductPtr product, std::vector<ProductPtr>& dropped) {
    opened.emplace_front(index, std::move(product));
    places[index] = opened.begin();
    std::size_t bytes = 0;
    for (auto at = opened.begin(); at != opened.end();) {
        bytes += at->second->held_bytes();
        if (at != opened.begin() && bytes > options.product_bytes) {
            bytes -= at->second->held_bytes();
            places.erase(at->first);
            dropped.push_back(std::move(at->second));
            at = opened.erase(at);
        } else {
            ++at;
        }
    }
}

Result<ProductPtr> Collection::State::open_product(std::uint32_t index) {
    Flight flight{*this, index, nullptr, std::nullopt, {}};
    Result<ProductPtr> made = open(list.products[index]);
    if (made.ok()) {
        flight.product = made.value();
    } else if (made.error().code != ErrorCode::kCancelled && is_wanted()) {
        flight.error = made.error();
    }
    return made;
}

Collection::Collection(ProductList list, ProductOpener open, std::unique_ptr<FootprintStore> footprints,
                       std::shared_ptr<Runtime> runtime, CollectionOptions options)
    : state_(std::make_unique<State>()) {
    state_->list = std::move(list);
    state_->open = std::move(open);
    state_->footprints =
        footprints != nullptr ? std::move(footprints) : std::make_unique<FootprintStore>(std::nullopt, "");
    state_->runtime = std::move(runtime);
    state_->options = std::move(options);
    if (state_->options.box) {
        state_->in_box = std::vector<std::atomic<InBox>>(state_->list.products.size());
    }
}

Collection::~Collection() = default;

const ProductList& Collection::list() const {
    return state_->list;
}

const CollectionOptions& Collection::options() const {
    return state_->options;
}

Runtime& Collection::runtime() const {
    return *state_->runtime;
}

void Collection::for_each_product(std::size_t count, const std::function<void(std::size_t)>& body,
                                  std::size_t max_threads) const {
    const std::vector<ProductEntry>& products = state_->list.products;
    const ProductPtr sample = state_->sample.peek();
    if ((!products.empty() && is_remote(products.front().location)) || (sample != nullptr && sample->is_remote())) {
        wait_for_each(state_->runtime->pool, count, body, kWaitingThreads);
    } else {
        state_->runtime->pool.parallel_for(count, body, max_threads);
    }
}

const BoxCells* Collection::box_cells() const {
    if (!state_->options.box) {
        return nullptr;
    }
    const auto make = [this]() -> Result<std::shared_ptr<const BoxCells>> {
        return std::make_shared<const BoxCells>(*state_->options.box);
    };
    return state_->box_cells.get(make).value().get();  // the maker has no errors, the value stays
}

Result<ProductPtr> Collection::sample() const {
    return state_->sample.get([this]() -> Result<ProductPtr> {
        std::optional<Error> first;
        for (std::uint32_t index = 0; index < state_->list.products.size(); ++index) {
            Result<ProductPtr> made = product(index);
            if (made.ok()) {
                return made;
            }
            VCUBE_TRY(check_wanted());
            VCUBE_TRY(note_failure(index, made.error()));
            first = first ? first : made.error();
        }
        return first ? *first : not_found("the collection holds no product");
    });
}

Result<ProductPtr> Collection::product(std::uint32_t index) const {
    State& state = *state_;
    {
        std::unique_lock lock(state.mutex);
        if (!wait_while_wanted(state.changed, lock, [&] { return !state.opening.contains(index); })) {
            return Error{ErrorCode::kCancelled, "reading was cancelled"};
        }
        if (const auto failed = state.open_errors.find(index); failed != state.open_errors.end()) {
            return failed->second;
        }
        if (const auto found = state.places.find(index); found != state.places.end()) {
            state.opened.splice(state.opened.begin(), state.opened, found->second);
            return state.opened.front().second;
        }
        state.opening.insert(index);
    }
    return state.open_product(index);
}

Result<Footprint> Collection::footprint(std::uint32_t index) const {
    return find_footprint(index, false);
}

Result<Footprint> Collection::find_footprint(std::uint32_t index, bool only_ids) const {
    State& state = *state_;
    const ProductEntry& entry = state.list.products[index];
    if (std::optional<Footprint> known = state.footprints->find(entry)) {
        return *known;
    }
    {
        const std::lock_guard lock(state.mutex);
        if (const auto failed = state.footprint_errors.find(index); failed != state.footprint_errors.end()) {
            return failed->second;
        }
        only_ids = only_ids && state.options.open_ids && !state.places.contains(index);
    }
    Result<ProductPtr> opened = only_ids ? state.options.open_ids(entry) : product(index);
    if (!only_ids && !opened.ok()) {
        return opened.error();  // product() remembers it
    }
    Result<Footprint> found = opened.ok() ? footprint_of(*opened.value(), entry.name) : opened.error();
    if (found.ok()) {
        state.footprints->put(entry, found.value());
    } else if (found.error().code != ErrorCode::kCancelled && is_wanted()) {
        const std::lock_guard lock(state.mutex);
        state.footprint_errors.emplace(index, found.error());
    }
    return found;
}

/// Of a footprint; nothing where that takes a look at the product's ids.
std::optional<bool> Collection::State::touches(std::uint32_t index, const Footprint& footprint,
                                               const dgg::BlockSet& blocks, const BoxCells* box) const {
    if ((options.pass && footprint.pass != *options.pass) || !footprint.blocks.intersects(blocks)) {
        return false;
    }
    if (box == nullptr || footprint.blocks.intersects(box->whole_blocks())) {
        return true;
    }
    const InBox known = in_box[index].load(std::memory_order_relaxed);
    return known == InBox::kUnknown ? std::nullopt : std::optional(known == InBox::kYes);
}

/// Looks at a product's ids.
Status Collection::State::find_in_box(std::uint32_t index, const Product& product, const BoxCells& box) {
    VCUBE_ASSIGN(const auto ids, product.ids());
    const auto numbers = ids_in(*ids);
    const bool any = std::any_of(numbers.begin(), numbers.end(), [&](std::uint32_t id) {
        const auto seqnum = dgg::seqnum_of_id(id);
        return seqnum && box.contains(dgg::block_cell_of(*seqnum));
    });
    in_box[index].store(any ? InBox::kYes : InBox::kNo, std::memory_order_relaxed);
    return {};
}

Result<std::vector<std::uint32_t>> Collection::touching(std::uint32_t first, std::uint32_t count,
                                                        const dgg::BlockSet& blocks, std::size_t max_threads) const {
    State& state = *state_;
    const BoxCells* const box = box_cells();
    dgg::BlockSet wanted = blocks;
    if (box != nullptr) {
        wanted &= box->blocks();
    }
    std::vector<std::optional<Result<bool>>> answers(count);
    std::vector<std::uint32_t> unknown;
    for (std::uint32_t k = 0; k < count; ++k) {
        if (const auto known = state.footprints->find(state.list.products[first + k])) {
            answers[k] = state.touches(first + k, *known, wanted, box);
        }
        if (!answers[k]) {
            unknown.push_back(k);
        }
    }
    // Few products touch a small window: the others need not be opened whole.
    const bool only_ids = wanted.size() < dgg::kBlockCount / 4;
    const auto look = [&](std::uint32_t index) -> Result<bool> {
        VCUBE_TRY(check_wanted());
        VCUBE_ASSIGN(const Footprint found, find_footprint(index, only_ids));
        std::optional<bool> answer = state.touches(index, found, wanted, box);
        if (!answer) {
            VCUBE_ASSIGN(const ProductPtr read, product(index));
            VCUBE_TRY(state.find_in_box(index, *read, *box));
            answer = state.touches(index, found, wanted, box);
        }
        return answer.value_or(true);
    };
    std::atomic<std::size_t> done{0};
    const auto answer = [&](std::size_t n) {
        answers[unknown[n]] = look(first + unknown[n]);
        report_done(static_cast<double>(++done) / static_cast<double>(unknown.size()));
    };
    for_each_product(unknown.size(), answer, max_threads);
    state.footprints->save();
    VCUBE_TRY(check_wanted());
    std::vector<std::uint32_t> found;
    for (std::uint32_t k = 0; k < count; ++k) {
        if (!answers[k]->ok()) {
            VCUBE_TRY(note_failure(first + k, answers[k]->error()));
        } else if (answers[k]->value()) {
            found.push_back(first + k);
        }
    }
    return found;
}

Status Collection::note_failure(std::uint32_t index, const Error& error) const {
    if (error.code == ErrorCode::kCancelled) {
        return error;
    }
    State& state = *state_;
    bool first = false;
    {
        const std::lock_guard lock(state.mutex);
        first = state.failures.emplace(index, error).second;
    }
    if (state.options.failure_is_error) {
        return error;
    }
    if (first) {
        log(LogLevel::kDebug, state.list.products[index].name.name + " is left out: " + error.message);
    }
    return {};
}

std::vector<Failure> Collection::failures() const {
    const std::lock_guard lock(state_->mutex);
    std::vector<Failure> all;
    for (const auto& [product, error] : state_->failures) {
        all.push_back({product, error});
    }
    return all;
}

}  // namespace vcube::swath
