#include "core/swath/composite.h"

#include <algorithm>
#include <limits>

#include "core/base/concat.h"
#include "core/base/patience.h"
#include "core/swath/composite_cache.h"
#include "core/swath/composite_make.h"
#include "core/swath/composite_samples.h"
#include "core/swath/typed_column.h"

namespace vcube::swath {

namespace {

template <class T>
std::vector<std::byte> element(T value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    return {bytes.begin(), bytes.end()};
}

ResultForm float64_form(bool scaled) {
    return {float64(), element(std::numeric_limits<double>::quiet_NaN()), true, scaled};
}

ResultForm count_form() {
    DType type;
    type.kind = Kind::kUInt;
    type.size = sizeof(std::uint32_t);
    return {type, element(std::uint32_t{0}), false, false};
}

Result<const Variable*> known_variable(const Product& sample, const std::string& name) {
    if (const Variable* variable = sample.find(name)) {
        return variable;
    }
    return not_found(concat("no variable ", name, "; there are ", sample.variable_names()));
}

Status check_method(const Variable& variable, Method method) {
    const bool flags = is_flags(variable);
    switch (method) {
        case Method::kMean:
        case Method::kMin:
        case Method::kMax:
        case Method::kMedian:
            if (flags) {
                return invalid(concat(variable.array.name, ": flags have no ", name_of(method),
                                      "; methods for them are LAST, FIRST, BEST, COUNT, MODE, OR"));
            }
            return {};
        case Method::kMode:
        case Method::kOr:
            if (!flags) {
                return invalid(concat(variable.array.name, ": ", name_of(method),
                                      " is for flags; methods for numbers are LAST, FIRST, MEAN, MIN, MAX, COUNT, "
                                      "MEDIAN, BEST"));
            }
            return {};
        default:
            return {};
    }
}

// A text that no other list of parts has.
std::string joined(std::initializer_list<std::string> parts) {
    std::string out;
    for (const std::string& part : parts) {
        out.append(std::to_string(part.size())).append(":").append(part);
    }
    return out;
}

std::string table_name(const Period& period, const std::string& recipe) {
    return joined({std::to_string(period.first), std::to_string(period.count), std::to_string(period.time.start),
                   std::to_string(period.time.stop), recipe});
}

}  // namespace

const char* name_of(Method method) {
    switch (method) {
        case Method::kLast:
            return "LAST";
        case Method::kFirst:
            return "FIRST";
        case Method::kMean:
            return "MEAN";
        case Method::kMin:
            return "MIN";
        case Method::kMax:
            return "MAX";
        case Method::kCount:
            return "COUNT";
        case Method::kMedian:
            return "MEDIAN";
        case Method::kBest:
            return "BEST";
        case Method::kMode:
            return "MODE";
        case Method::kOr:
            return "OR";
    }
    return "";
}

std::string Recipe::text() const {
    return joined({variable, name_of(method), method == Method::kBest ? quality : "", observation_time ? "time" : "",
                   filter.text()});
}

Result<ResultForm> form_of(const Product& sample, const Recipe& recipe) {
    VCUBE_ASSIGN(const Variable* const variable, known_variable(sample, recipe.variable));
    VCUBE_TRY(check_method(*variable, recipe.method));
    if (recipe.method == Method::kBest) {
        if (recipe.quality.empty()) {
            return invalid(concat(recipe.variable, ": BEST needs the name of a quality variable"));
        }
        VCUBE_TRY(known_variable(sample, recipe.quality));
    }
    VCUBE_TRY(recipe.filter.check(sample));
    if (recipe.observation_time) {
        return float64_form(false);
    }
    switch (recipe.method) {
        case Method::kMean:
        case Method::kMedian:
            return float64_form(true);
        case Method::kCount:
            return count_form();
        default:
            return ResultForm{variable->encoding.type, variable->nodata_bytes(), has_nodata(*variable), true};
    }
}

std::optional<std::string> quality_of(const Product& sample, const std::string& variable) {
    for (const std::string& name :
         {variable + "_DQX", "Sigma_" + variable, std::string("Soil_Moisture_DQX"), std::string("Sigma_SSS_corr")}) {
        if (sample.find(name) != nullptr) {
            return name;
        }
    }
    return std::nullopt;
}

const std::byte* CellTable::block(std::uint32_t block) const {
    const auto found = std::lower_bound(blocks_.begin(), blocks_.end(), block,
                                        [](const auto& entry, std::uint32_t wanted) { return entry.first < wanted; });
    return found != blocks_.end() && found->first == block ? found->second->data() : nullptr;
}

void CellTable::set_block(std::uint32_t block, Values values) {
    const auto found = std::lower_bound(blocks_.begin(), blocks_.end(), block,
                                        [](const auto& entry, std::uint32_t wanted) { return entry.first < wanted; });
    if (found != blocks_.end() && found->first == block) {
        found->second = std::move(values);
    } else {
        blocks_.emplace(found, block, std::move(values));
    }
}

struct Composer::State {
    State(std::shared_ptr<const Collection> collection_in, std::size_t cache_bytes, std::size_t work_bytes_in)
        : collection(std::move(collection_in)), work_bytes(work_bytes_in), cache(cache_bytes) {}

    std::shared_ptr<const Collection> collection;
    std::size_t work_bytes;
    CompositeCache cache;
};

namespace {

// What a request has of a step.
struct Part {
    std::string name;
    SharedTable table;
    dgg::BlockSet missing;
    CompositeCache::Claim claim;
};

// Takes what is there, and the duty to make what nobody makes.
std::vector<std::size_t> claim_missing(CompositeCache& cache, std::vector<Part>& parts) {
    std::vector<std::size_t> owners;
    for (std::size_t k = 0; k < parts.size(); ++k) {
        Part& part = parts[k];
        if (part.missing.empty()) {
            continue;
        }
        part.claim = cache.claim(part.name, part.missing);
        part.table = merged(part.table, part.claim.ready);
        part.missing = part.missing.without(part.claim.ready_blocks);
        if (!part.claim.owned().empty()) {
            owners.push_back(k);
        }
    }
    return owners;
}

// Whether nothing is missing any more.
bool wait_for_others(std::vector<Part>& parts) {
    bool complete = true;
    for (Part& part : parts) {
        for (const CompositeCache::Joined& joined : part.claim.joined) {
            if (const SharedTable table = joined.wait()) {
                part.table = merged(part.table, table);
                part.missing = part.missing.without(joined.blocks());
            }
        }
        part.claim = {};
        complete = complete && part.missing.empty();
    }
    return complete;
}

}  // namespace

Composer::Composer(std::shared_ptr<const Collection> collection, std::size_t cache_bytes, std::size_t work_bytes)
    : state_(std::make_unique<State>(std::move(collection), cache_bytes, work_bytes)) {}

Composer::~Composer() = default;

const Collection& Composer::collection() const {
    return *state_->collection;
}

Result<std::shared_ptr<const CellTable>> Composer::table(const Period& period, const Recipe& recipe,
                                                         const dgg::BlockSet& blocks, std::size_t max_threads) {
    VCUBE_ASSIGN(const auto made, tables(std::span(&period, 1), recipe, blocks, max_threads));
    return made.front();
}

Result<std::vector<std::shared_ptr<const CellTable>>> Composer::tables(std::span<const Period> periods,
                                                                       const Recipe& recipe,
                                                                       const dgg::BlockSet& blocks,
                                                                       std::size_t max_threads) {
    const Collection& collection = *state_->collection;
    VCUBE_ASSIGN(const auto sample, collection.sample());
    VCUBE_ASSIGN(const ResultForm form, form_of(*sample, recipe));
    const Encoding& encoding = sample->find(recipe.variable)->encoding;
    const SampleRequest request{recipe, encoding, plan_accumulation(recipe, encoding.type, form),
                                collection.box_cells()};
    const std::string recipe_text = recipe.text();
    std::vector<Part> parts(periods.size());
    for (std::size_t k = 0; k < parts.size(); ++k) {
        parts[k].name = table_name(periods[k], recipe_text);
        parts[k].missing = blocks;
    }
    do {
        VCUBE_TRY(check_wanted());
        const std::vector<std::size_t> owners = claim_missing(state_->cache, parts);
        std::vector<MakeJob> jobs;
        jobs.reserve(owners.size());
        for (const std::size_t k : owners) {
            jobs.push_back({periods[k], parts[k].claim.owned()});
        }
        VCUBE_ASSIGN(auto made, make_tables(collection, request, form, jobs, {state_->work_bytes, max_threads}));
        for (std::size_t k = 0; k < owners.size(); ++k) {
            Part& part = parts[owners[k]];
            const auto table = std::make_shared<const CellTable>(std::move(made[k]));
            part.claim.complete(table);
            part.table = merged(part.table, table);
            part.missing = part.missing.without(jobs[k].blocks);
        }
    } while (!wait_for_others(parts));
    std::vector<SharedTable> tables;
    tables.reserve(parts.size());
    for (Part& part : parts) {
        tables.push_back(part.table != nullptr ? part.table : std::make_shared<const CellTable>(form));
    }
    return tables;
}

}  // namespace vcube::swath
