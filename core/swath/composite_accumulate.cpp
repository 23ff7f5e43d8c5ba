#include "core/swath/composite_accumulate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "core/swath/typed_column.h"

namespace vcube::swath {

namespace {

template <class T>
T* elements(Buffer& buffer) {
    return reinterpret_cast<T*>(buffer.data());
}

template <class T>
const T* elements(const Buffer& buffer) {
    return reinterpret_cast<const T*>(buffer.data());
}

template <class T>
void add_last(BlockState& state, const Samples& samples, const Samples::Run& run) {
    const T* payload = elements<T>(samples.payload);
    T* values = elements<T>(state.values);
    for (std::uint32_t k = run.begin; k < run.end; ++k) {
        values[samples.cells[k]] = payload[k];
    }
}

template <class T>
void add_first(BlockState& state, const Samples& samples, const Samples::Run& run) {
    const T* payload = elements<T>(samples.payload);
    T* values = elements<T>(state.values);
    for (std::uint32_t k = run.begin; k < run.end; ++k) {
        const std::uint16_t cell = samples.cells[k];
        values[cell] = state.seen[cell] != 0 ? values[cell] : payload[k];
        state.seen[cell] = 1;
    }
}

struct Smaller {
    template <class T>
    bool operator()(T key, T best) const {
        return key < best;
    }
};

struct Larger {
    template <class T>
    bool operator()(T key, T best) const {
        return key > best;
    }
};

struct NotLarger {
    template <class T>
    bool operator()(T key, T best) const {
        return key <= best;
    }
};

// The payload whose key is best. `kOwnKey`: the payload is the key (and Key and Payload are the same).
template <class Key, class Payload, class Better, bool kOwnKey = false>
void add_best(BlockState& state, const Samples& samples, const Samples::Run& run) {
    const Payload* payload = elements<Payload>(samples.payload);
    const Key* keys = elements<Key>(kOwnKey ? samples.payload : samples.keys);
    Payload* values = elements<Payload>(state.values);
    Key* best = elements<Key>(kOwnKey ? state.values : state.keys);
    for (std::uint32_t k = run.begin; k < run.end; ++k) {
        const std::uint16_t cell = samples.cells[k];
        if (state.seen[cell] == 0 || Better{}(keys[k], best[cell])) {
            state.seen[cell] = 1;
            best[cell] = keys[k];
            values[cell] = payload[k];
        }
    }
}

void add_count(BlockState& state, const Samples& samples, const Samples::Run& run) {
    auto* counts = elements<std::uint32_t>(state.values);
    for (std::uint32_t k = run.begin; k < run.end; ++k) {
        ++counts[samples.cells[k]];
    }
}

// NaN is the time of a row that has none.
template <class T>
void add_to_mean(BlockState& state, const Samples& samples, const Samples::Run& run) {
    const T* payload = elements<T>(samples.payload);
    auto* sums = elements<double>(state.values);
    auto* counts = elements<std::uint32_t>(state.keys);
    for (std::uint32_t k = run.begin; k < run.end; ++k) {
        if (!is_nan(payload[k])) {
            sums[samples.cells[k]] += static_cast<double>(payload[k]);
            ++counts[samples.cells[k]];
        }
    }
}

Buffer finish_mean(const BlockState& state) {
    Buffer out(dgg::kBlockCells * sizeof(double));
    const auto* sums = elements<double>(state.values);
    const auto* counts = elements<std::uint32_t>(state.keys);
    for (std::uint32_t cell = 0; cell < dgg::kBlockCells; ++cell) {
        elements<double>(out)[cell] =
            counts[cell] > 0 ? sums[cell] / counts[cell] : std::numeric_limits<double>::quiet_NaN();
    }
    return out;
}

template <class T>
void add_or(BlockState& state, const Samples& samples, const Samples::Run& run) {
    const T* payload = elements<T>(samples.payload);
    T* values = elements<T>(state.values);
    for (std::uint32_t k = run.begin; k < run.end; ++k) {
        const std::uint16_t cell = samples.cells[k];
        values[cell] = static_cast<T>(state.seen[cell] != 0 ? values[cell] | payload[k] : payload[k]);
        state.seen[cell] = 1;
    }
}

template <class T>
void add_to_list(BlockState& state, const Samples& samples, const Samples::Run& run) {
    state.list_cells.insert(state.list_cells.end(), samples.cells.begin() + run.begin, samples.cells.begin() + run.end);
    const std::byte* const from = samples.payload.data();
    state.list_values.insert(state.list_values.end(), from + run.begin * sizeof(T), from + run.end * sizeof(T));
}

// Calls visit(cell, values) for each cell that has values; they may be reordered.
template <class T, class Visit>
void for_each_list(const BlockState& state, const Visit& visit) {
    std::vector<std::uint32_t> ends(dgg::kBlockCells + 1, 0);
    for (const std::uint16_t cell : state.list_cells) {
        ++ends[cell + 1U];
    }
    for (std::uint32_t cell = 0; cell < dgg::kBlockCells; ++cell) {
        ends[cell + 1] += ends[cell];
    }
    std::vector<T> sorted(state.list_cells.size());
    std::vector<std::uint32_t> at(ends.begin(), ends.end() - 1);
    const auto* values = reinterpret_cast<const T*>(state.list_values.data());
    for (std::size_t k = 0; k < sorted.size(); ++k) {
        sorted[at[state.list_cells[k]]++] = values[k];
    }
    for (std::uint32_t cell = 0; cell < dgg::kBlockCells; ++cell) {
        if (ends[cell] < ends[cell + 1]) {
            visit(cell, std::span<T>(sorted.data() + ends[cell], sorted.data() + ends[cell + 1]));
        }
    }
}

template <class T>
Buffer finish_median(const BlockState& state) {
    Buffer out(dgg::kBlockCells * sizeof(double));
    auto* medians = elements<double>(out);
    std::fill(medians, medians + dgg::kBlockCells, std::numeric_limits<double>::quiet_NaN());
    for_each_list<T>(state, [&](std::uint32_t cell, std::span<T> values) {
        const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
        std::nth_element(values.begin(), middle, values.end());
        const auto upper = static_cast<double>(*middle);
        if (values.size() % 2 == 1) {
            medians[cell] = upper;
        } else {
            medians[cell] = (static_cast<double>(*std::max_element(values.begin(), middle)) + upper) / 2;
        }
    });
    return out;
}

// state.values holds nodata so far.
template <class T>
Buffer finish_mode(const BlockState& state) {
    Buffer out(dgg::kBlockCells * sizeof(T));
    std::memcpy(out.data(), state.values.data(), out.size());
    for_each_list<T>(state, [&](std::uint32_t cell, std::span<T> values) {
        std::sort(values.begin(), values.end());
        std::ptrdiff_t most = 0;
        for (auto first = values.begin(); first != values.end();) {
            const auto end = std::upper_bound(first, values.end(), *first);
            if (end - first > most) {
                most = end - first;
                elements<T>(out)[cell] = *first;
            }
            first = end;
        }
    });
    return out;
}

// One payload is chosen: by the order of products, by its own value, or by the quality.
void plan_choice(const Recipe& recipe, const DType& type, Accumulation& plan) {
    const bool by_value = recipe.method == Method::kMin || recipe.method == Method::kMax;
    plan.value_size = plan.payload_size;
    plan.has_seen = recipe.method != Method::kLast;
    plan.quality_is_key = recipe.method == Method::kBest;
    plan.key_size = plan.quality_is_key ? sizeof(double) : by_value && recipe.observation_time ? type.size : 0;
    plan.state_key_size = plan.key_size;
    if (by_value) {
        const bool smallest = recipe.method == Method::kMin;
        plan.add = visit_type(type, [&]<class T>(T /*type*/) {
            if (recipe.observation_time) {
                return smallest ? add_best<T, double, Smaller> : add_best<T, double, Larger>;
            }
            return smallest ? add_best<T, T, Smaller, true> : add_best<T, T, Larger, true>;
        });
        return;
    }
    plan.add = visit_size(plan.payload_size, [&]<class T>(T /*bits*/) {
        switch (recipe.method) {
            case Method::kFirst:
                return add_first<T>;
            case Method::kBest:
                return add_best<double, T, NotLarger>;
            default:
                return add_last<T>;
        }
    });
}

void plan_mean(const DType& type, Accumulation& plan) {
    plan.value_size = sizeof(double);
    plan.state_key_size = sizeof(std::uint32_t);
    plan.first.assign(sizeof(double), std::byte{0});
    plan.finish = finish_mean;
    plan.add = visit_type(type, []<class T>(T /*type*/) { return add_to_mean<T>; });
}

void plan_list(Method method, const DType& type, Accumulation& plan) {
    plan.needs_all = true;
    plan.value_size = method == Method::kMode ? plan.payload_size : 0;
    visit_type(type, [&]<class T>(T /*type*/) {
        plan.add = add_to_list<T>;
        plan.finish = method == Method::kMode ? finish_mode<T> : finish_median<T>;
    });
}

void start(const Accumulation& plan, BlockState& state) {
    state.values = Buffer(dgg::kBlockCells * plan.value_size);
    if (plan.value_size > 0) {
        visit_size(plan.value_size, [&]<class T>(T first) {
            std::memcpy(&first, plan.first.data(), sizeof(T));
            std::fill_n(elements<T>(state.values), dgg::kBlockCells, first);
        });
    }
    state.keys = Buffer(dgg::kBlockCells * plan.state_key_size);
    std::fill(state.keys.data(), state.keys.data() + state.keys.size(), std::byte{0});
    state.seen.assign(plan.has_seen ? dgg::kBlockCells : 0, 0);
}

}  // namespace

Accumulation plan_accumulation(const Recipe& recipe, const DType& type, const ResultForm& form) {
    const DType payload = recipe.observation_time ? float64() : type;
    Accumulation plan;
    plan.payload_size = payload.size;
    plan.first = form.nodata;
    switch (recipe.method) {
        case Method::kLast:
        case Method::kFirst:
        case Method::kMin:
        case Method::kMax:
        case Method::kBest:
            plan_choice(recipe, type, plan);
            return plan;
        default:
            break;
    }
    if (recipe.observation_time || recipe.method == Method::kMean) {
        plan_mean(payload, plan);
    } else if (recipe.method == Method::kCount) {
        plan.value_size = sizeof(std::uint32_t);
        plan.payload_size = 0;
        plan.add = add_count;
    } else if (recipe.method == Method::kOr) {
        plan.value_size = payload.size;
        plan.has_seen = true;
        plan.add = visit_size(payload.size, []<class T>(T /*bits*/) { return add_or<T>; });
    } else {
        plan_list(recipe.method, type, plan);
    }
    return plan;
}

void add_samples(const Accumulation& plan, BlockState& state, const Samples& samples, const Samples::Run& run) {
    if (state.values.empty() && state.list_cells.empty()) {
        start(plan, state);
    }
    plan.add(state, samples, run);
}

std::shared_ptr<const Buffer> finish_block(const Accumulation& plan, BlockState& state) {
    if (plan.finish == nullptr) {
        return std::make_shared<const Buffer>(std::move(state.values));
    }
    auto made = std::make_shared<const Buffer>(plan.finish(state));
    state = {};
    return made;
}

}  // namespace vcube::swath
