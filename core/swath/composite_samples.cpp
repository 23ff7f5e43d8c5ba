#include "core/swath/composite_samples.h"

#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/dtype_text.h"
#include "core/dgg/isea.h"
#include "core/swath/observation_time.h"
#include "core/swath/typed_column.h"

namespace vcube::swath {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// The columns that decide which rows count, and what is taken of them.
struct Columns {
    const Variable* variable = nullptr;
    std::shared_ptr<const Buffer> ids, values;
    RowMask mask;                 // empty: every row passes
    std::vector<double> quality;  // empty, or NaN where a row has none
    std::vector<double> times;    // likewise
};

// Rows and, for each, block * kBlockCells + cell.
struct Chosen {
    std::vector<std::uint32_t> rows, places;
    std::array<std::uint32_t, dgg::kBlockCount> in_block{};
};

Status check_same_numbers(const Variable& variable, const Encoding& wanted) {
    const Encoding& found = variable.encoding;
    if (!(found.type == wanted.type)) {
        return unsupported(variable.array.name + ": expected " + dtype_text(wanted.type) +
                           " as in the collection's other products, got " + dtype_text(found.type));
    }
    const auto text = [](const Encoding& encoding) {
        return "scale " + std::to_string(encoding.scale.value_or(1)) + " and offset " +
               std::to_string(encoding.offset.value_or(0));
    };
    if (found.scale.value_or(1) != wanted.scale.value_or(1) || found.offset.value_or(0) != wanted.offset.value_or(0)) {
        return unsupported(variable.array.name + ": expected " + text(wanted) +
                           " as in the collection's other products, got " + text(found));
    }
    return {};
}

Result<const Variable*> find_variable(const Product& product, const std::string& name) {
    if (const Variable* variable = product.find(name)) {
        return variable;
    }
    return not_found("the product has no variable " + name);
}

Result<std::vector<double>> read_quality(const Product& product, const std::string& name) {
    VCUBE_ASSIGN(const Variable* const variable, find_variable(product, name));
    VCUBE_ASSIGN(const auto column, product.column(*variable));
    std::vector<double> quality(product.row_count());
    visit_type(variable->encoding.type, [&]<class T>(T /*type*/) {
        const auto nodata = nodata_of<T>(*variable);
        const T* const values = reinterpret_cast<const T*>(column->data());
        for (std::size_t row = 0; row < quality.size(); ++row) {
            quality[row] = nodata && values[row] == *nodata ? kNan : static_cast<double>(values[row]);
        }
    });
    return quality;
}

// All that are needed, in one go.
Status load_columns(const Product& product, const SampleRequest& request) {
    std::vector<std::string> names = request.recipe.filter.variables();
    names.push_back(request.recipe.variable);
    if (request.plan.quality_is_key) {
        names.push_back(request.recipe.quality);
    }
    std::vector<const Variable*> variables;
    for (const std::string& name : names) {
        VCUBE_ASSIGN(const Variable* const variable, find_variable(product, name));
        variables.push_back(variable);
    }
    return product.load(variables, Product::Ids::kColumn);
}

// NaN for products that do not tell times at all.
Result<std::vector<double>> read_times(const Product& product) {
    if (!has_observation_times(product)) {
        return std::vector<double>(product.row_count(), kNan);
    }
    return observation_times(product);
}

Result<Columns> read_columns(const Product& product, const SampleRequest& request) {
    const Recipe& recipe = request.recipe;
    Columns columns;
    VCUBE_ASSIGN(columns.variable, find_variable(product, recipe.variable));
    VCUBE_TRY(check_same_numbers(*columns.variable, request.encoding));
    VCUBE_TRY(load_columns(product, request));
    VCUBE_ASSIGN(columns.ids, product.ids());
    VCUBE_ASSIGN(columns.values, product.column(*columns.variable));
    if (!recipe.filter.empty()) {
        VCUBE_ASSIGN(columns.mask, recipe.filter.rows(product));
    }
    if (request.plan.quality_is_key) {
        VCUBE_ASSIGN(columns.quality, read_quality(product, recipe.quality));
    }
    if (recipe.observation_time) {
        VCUBE_ASSIGN(columns.times, read_times(product));
    }
    return columns;
}

// The rows that count. Of a repeated id the first row stands, whether it counts or not.
template <class T>
Chosen choose_rows(const Columns& columns, const BoxCells* box, const dgg::BlockSet& blocks) {
    const std::span<const std::uint32_t> ids = ids_in(*columns.ids);
    const T* const values = reinterpret_cast<const T*>(columns.values->data());
    const bool all_are_values = is_flags(*columns.variable);
    const auto nodata = all_are_values ? std::nullopt : nodata_of<T>(*columns.variable);
    std::vector<std::uint64_t> seen(std::size_t{dgg::kBlockCount} * dgg::kBlockCells / 64);
    Chosen chosen;
    chosen.rows.resize(ids.size());
    chosen.places.resize(ids.size());
    std::size_t count = 0;
    for (std::size_t row = 0; row < ids.size(); ++row) {
        const auto seqnum = dgg::seqnum_of_id(ids[row]);
        if (!seqnum) {
            continue;
        }
        const dgg::BlockCell at = dgg::block_cell_of(*seqnum);
        if (!blocks.contains(at.block)) {
            continue;
        }
        const std::uint32_t place = at.block * dgg::kBlockCells + at.cell;
        const std::uint64_t bit = std::uint64_t{1} << place % 64;
        const bool repeated = (seen[place / 64] & bit) != 0;
        seen[place / 64] |= bit;
        const bool is_value = !is_nan(values[row]) && !(nodata && values[row] == *nodata);
        const bool passes = columns.mask.empty() || columns.mask[row] != 0;
        const bool has_quality = columns.quality.empty() || !std::isnan(columns.quality[row]);
        if (repeated || !is_value || !passes || !has_quality || (box != nullptr && !box->contains(at))) {
            continue;
        }
        chosen.rows[count] = static_cast<std::uint32_t>(row);
        chosen.places[count] = place;
        ++chosen.in_block[at.block];
        ++count;
    }
    chosen.rows.resize(count);
    chosen.places.resize(count);
    return chosen;
}

Buffer gather(const std::byte* column, std::size_t size, std::span<const std::uint32_t> rows) {
    Buffer out(rows.size() * size);
    visit_size(size, [&]<class T>(T /*bits*/) {
        const T* const from = reinterpret_cast<const T*>(column);
        T* const to = reinterpret_cast<T*>(out.data());
        for (std::size_t k = 0; k < rows.size(); ++k) {
            to[k] = from[rows[k]];
        }
    });
    return out;
}

// Sorts by block, keeping the order of rows in each.
Samples sort_samples(Chosen& chosen, const Columns& columns, const SampleRequest& request) {
    Samples samples;
    std::uint32_t end = 0;
    for (std::uint32_t block = 0; block < dgg::kBlockCount; ++block) {
        if (const std::uint32_t count = std::exchange(chosen.in_block[block], end); count > 0) {
            samples.runs.push_back({block, end, end + count});
            end += count;
        }
    }
    std::vector<std::uint32_t> rows(chosen.rows.size());
    samples.cells.resize(rows.size());
    for (std::size_t k = 0; k < rows.size(); ++k) {
        const std::uint32_t place = chosen.places[k];
        const std::uint32_t at = chosen.in_block[place / dgg::kBlockCells]++;
        rows[at] = chosen.rows[k];
        samples.cells[at] = static_cast<std::uint16_t>(place % dgg::kBlockCells);
    }
    const auto* const values = columns.values->data();
    const auto* const times = reinterpret_cast<const std::byte*>(columns.times.data());
    const auto* const quality = reinterpret_cast<const std::byte*>(columns.quality.data());
    const Accumulation& plan = request.plan;
    if (plan.payload_size > 0) {
        samples.payload = gather(request.recipe.observation_time ? times : values, plan.payload_size, rows);
    }
    if (plan.key_size > 0) {
        samples.keys = gather(plan.quality_is_key ? quality : values, plan.key_size, rows);
    }
    return samples;
}

}  // namespace

Result<Samples> read_samples(const Product& product, const SampleRequest& request, const dgg::BlockSet& blocks) {
    VCUBE_ASSIGN(const Columns columns, read_columns(product, request));
    Chosen chosen = visit_type(request.encoding.type,
                               [&]<class T>(T /*type*/) { return choose_rows<T>(columns, request.box, blocks); });
    return sort_samples(chosen, columns, request);
}

}  // namespace vcube::swath
