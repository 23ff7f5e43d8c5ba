#include "core/swath/composite_samples.h"

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
        const auto nodata = nodata_to_compare<T>(*variable);
        const T* const values = reinterpret_cast<const T*>(column->data());
        // As users see them, a negative scale turns the order round.
        const double sign = variable->encoding.scale.value_or(1) < 0 ? -1 : 1;
        for (std::size_t row = 0; row < quality.size(); ++row) {
            quality[row] = nodata && values[row] == *nodata ? kNan : sign * static_cast<double>(values[row]);
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

// Finds the rows that count; gives their number. Of a repeated id the first row stands, whether it counts or not.
template <class T>
std::size_t choose_rows(const Columns& columns, const BoxCells* box, const dgg::BlockSet& blocks,
                        SampleScratch& scratch) {
    const std::span<const std::uint32_t> ids = ids_in(*columns.ids);
    const T* const values = reinterpret_cast<const T*>(columns.values->data());
    const bool all_are_values = is_flags(*columns.variable);
    const auto nodata = all_are_values ? std::nullopt : nodata_of<T>(*columns.variable);
    scratch.seen.assign(std::size_t{dgg::kBlockCount} * dgg::kBlockCells / 64, 0);
    scratch.in_block.assign(dgg::kBlockCount, 0);
    if (scratch.rows.size() < ids.size()) {
        scratch.rows.resize(ids.size());
        scratch.places.resize(ids.size());
    }
    std::uint64_t* const seen = scratch.seen.data();
    std::uint32_t* const in_block = scratch.in_block.data();
    std::uint32_t* const rows = scratch.rows.data();
    std::uint32_t* const places = scratch.places.data();
    const std::uint8_t* const mask = columns.mask.empty() ? nullptr : columns.mask.data();
    const double* const quality = columns.quality.empty() ? nullptr : columns.quality.data();
    std::size_t count = 0;
    for (std::size_t row = 0; row < ids.size(); ++row) {
        const dgg::BlockCell at = dgg::block_cell_of_id(ids[row]);
        if (!blocks.contains(at.block)) {
            continue;
        }
        const std::uint32_t place = at.block * dgg::kBlockCells + at.cell;
        const std::uint64_t bit = std::uint64_t{1} << place % 64;
        bool counts = (seen[place / 64] & bit) == 0;
        seen[place / 64] |= bit;
        counts &= !is_nan(values[row]);
        counts &= !(nodata && values[row] == *nodata);
        counts &= mask == nullptr || mask[row] != 0;
        counts &= quality == nullptr || !std::isnan(quality[row]);
        counts &= box == nullptr || box->contains(at);
        // Written in any case: which rows count, no one can foresee.
        rows[count] = static_cast<std::uint32_t>(row);
        places[count] = place;
        in_block[at.block] += counts ? 1 : 0;
        count += counts ? 1 : 0;
    }
    return count;
}

// `to`: of each row the place of its element.
Buffer move_elements(const std::byte* column, std::size_t size, std::span<const std::uint32_t> rows,
                     std::span<const std::uint32_t> to) {
    Buffer out(rows.size() * size);
    visit_size(size, [&]<class T>(T /*bits*/) {
        const T* const from = reinterpret_cast<const T*>(column);
        T* const elements = reinterpret_cast<T*>(out.data());
        for (std::size_t k = 0; k < rows.size(); ++k) {
            elements[to[k]] = from[rows[k]];
        }
    });
    return out;
}

// Sorts by block, keeping the order of rows in each.
Samples sort_samples(const Columns& columns, const SampleRequest& request, std::size_t count, SampleScratch& scratch) {
    Samples samples;
    std::uint32_t end = 0;
    for (std::uint32_t block = 0; block < dgg::kBlockCount; ++block) {
        if (const std::uint32_t in_block = std::exchange(scratch.in_block[block], end); in_block > 0) {
            samples.runs.push_back({block, end, end + in_block});
            end += in_block;
        }
    }
    const std::span<const std::uint32_t> rows = std::span(scratch.rows).first(count);
    const std::span<std::uint32_t> places = std::span(scratch.places).first(count);
    samples.cells.resize(count);
    for (std::uint32_t& place : places) {
        const std::uint32_t to = scratch.in_block[place / dgg::kBlockCells]++;
        samples.cells[to] = static_cast<std::uint16_t>(place % dgg::kBlockCells);
        place = to;
    }
    const auto* const values = columns.values->data();
    const auto* const times = reinterpret_cast<const std::byte*>(columns.times.data());
    const auto* const quality = reinterpret_cast<const std::byte*>(columns.quality.data());
    const Accumulation& plan = request.plan;
    if (plan.payload_size > 0) {
        samples.payload =
            move_elements(request.recipe.observation_time ? times : values, plan.payload_size, rows, places);
    }
    if (plan.key_size > 0) {
        samples.keys = move_elements(plan.quality_is_key ? quality : values, plan.key_size, rows, places);
    }
    return samples;
}

}  // namespace

Result<Samples> read_samples(const Product& product, const SampleRequest& request, const dgg::BlockSet& blocks,
                             SampleScratch& scratch) {
    VCUBE_ASSIGN(const Columns columns, read_columns(product, request));
    const std::size_t count = visit_type(request.encoding.type, [&]<class T>(T /*type*/) {
        return choose_rows<T>(columns, request.box, blocks, scratch);
    });
    return sort_samples(columns, request, count, scratch);
}

}  // namespace vcube::swath
