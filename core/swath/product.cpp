#include "core/swath/product.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/base/log.h"
#include "core/base/patience.h"
#include "core/base/waiting_threads.h"
#include "core/refs/url_policy.h"
#include "core/swath/once.h"

namespace vcube::swath {

namespace {

constexpr std::size_t kFewCells = 16;                        // to search for; more are worth a RowIndex
constexpr std::size_t kColumnsAtOnce = 8;                    // that are waited for
constexpr std::size_t kVariableBytes = 4096;                 // of a variable's metadata, about
constexpr std::uint64_t kMaxRows = std::uint64_t{1} << 26U;  // 25 times as many as the grid has cells

const ArrayMeta* find_ids(const Group& root) {
    for (const ArrayMeta& array : root.arrays) {
        if (array.name == Product::kIdName && array.shape.size() == 1) {
            return &array;
        }
    }
    return nullptr;
}

bool is_real(const DType& type) {
    switch (type.kind) {
        case Kind::kBool:
            return type.size == 1;
        case Kind::kInt:
        case Kind::kUInt:
            return type.size == 1 || type.size == 2 || type.size == 4 || type.size == 8;
        case Kind::kFloat:
            return type.size == 2 || type.size == 4 || type.size == 8;
        default:
            return false;
    }
}

template <class T>
std::vector<std::byte> bytes_of(T value) {
    std::vector<std::byte> bytes(sizeof(T));
    std::memcpy(bytes.data(), &value, sizeof(T));
    return bytes;
}

// `value` as an integer of `size` bytes; 0 where it is none.
std::vector<std::byte> integer_bytes(double value, const DType& type) {
    const double low = type.kind == Kind::kUInt ? 0.0 : -std::ldexp(1.0, static_cast<int>(type.size) * 8 - 1);
    const double high = std::ldexp(1.0, static_cast<int>(type.size) * 8 - (type.kind == Kind::kUInt ? 0 : 1));
    const std::int64_t integer = value >= low && value < high ? static_cast<std::int64_t>(value) : 0;
    std::vector<std::byte> bytes = bytes_of(static_cast<std::uint64_t>(integer));
    if constexpr (std::endian::native == std::endian::big) {
        bytes.erase(bytes.begin(), bytes.end() - type.size);
    } else {
        bytes.resize(type.size);
    }
    return bytes;
}

// Block by block, so that the comparisons of a block need no branch.
std::uint32_t first_row_of(std::uint32_t id, std::span<const std::uint32_t> ids) {
    constexpr std::size_t kBlock = 512;
    for (std::size_t begin = 0; begin < ids.size(); begin += kBlock) {
        const auto block = ids.subspan(begin, std::min(kBlock, ids.size() - begin));
        std::uint32_t any = 0;
        for (const std::uint32_t value : block) {
            any |= value == id ? 1U : 0U;
        }
        if (any != 0) {
            return static_cast<std::uint32_t>(begin + (std::find(block.begin(), block.end(), id) - block.begin()));
        }
    }
    return RowIndex::kNoRow;
}

}  // namespace

std::vector<std::byte> Variable::nodata_bytes() const {
    const DType& type = encoding.type;
    if (encoding.nodata_int64) {
        return bytes_of(*encoding.nodata_int64);
    }
    if (encoding.nodata_uint64) {
        return bytes_of(*encoding.nodata_uint64);
    }
    if (type.kind == Kind::kFloat) {
        const double value = encoding.nodata.value_or(0.0);
        return type.size == 4 ? bytes_of(static_cast<float>(value)) : bytes_of(value);
    }
    return integer_bytes(encoding.nodata.value_or(0.0), type);
}

struct Product::State {
    std::string name;  // of the store, for messages
    ArraySource source;
    ArrayMeta ids;
    std::vector<Variable> variables;
    MetadataItems metadata;
    mutable Once<Buffer> id_column;
    mutable Once<RowIndex> rows;
    mutable std::vector<Once<Buffer>> columns;
    mutable std::atomic<std::size_t> held{0};
    mutable Once<bool> remote;

    [[nodiscard]] Result<std::shared_ptr<const Buffer>> read(const ArrayMeta& meta, const DType& type) const;
    [[nodiscard]] Result<std::shared_ptr<const Buffer>> read_ids() const;
    [[nodiscard]] Result<std::shared_ptr<const Buffer>> kept_ids() const;
    [[nodiscard]] Result<std::shared_ptr<const RowIndex>> make_rows() const;
    [[nodiscard]] Result<std::shared_ptr<const RowIndex>> kept_rows() const;
    [[nodiscard]] Result<std::shared_ptr<const Buffer>> kept_column(const Variable& variable) const;
};

Product::Product(std::unique_ptr<State> state) : state_(std::move(state)) {}
Product::~Product() = default;

bool Product::recognise(const Group& root) {
    return find_ids(root) != nullptr;
}

Result<std::shared_ptr<const Product>> Product::open(const Group& root, ArraySource source) {
    auto state = std::make_unique<State>();
    state->name = source.store->name();
    const ArrayMeta* ids = find_ids(root);
    if (ids == nullptr) {
        return invalid(state->name + ": no SMOS product: there is no " + kIdName + " along one dimension");
    }
    if ((ids->dtype.kind != Kind::kInt && ids->dtype.kind != Kind::kUInt) || ids->shape[0] > kMaxRows) {
        return invalid(state->name + ": " + kIdName + ": expected at most " + std::to_string(kMaxRows) +
                       " integers, got " + std::to_string(ids->shape[0]) + " of another type or more");
    }
    state->ids = *ids;
    std::string left_out;
    for (const ArrayMeta& array : root.arrays) {
        if (array.shape.size() != 1 || !is_real(array.dtype)) {
            continue;
        }
        if (array.shape != ids->shape) {
            left_out += (left_out.empty() ? "" : ", ") + array.name + " (" + std::to_string(array.shape[0]) + ")";
            continue;
        }
        state->variables.push_back({array, smos_encoding(array)});
    }
    if (!left_out.empty()) {
        log(LogLevel::kWarning, state->name + ": left out, being no columns of " + std::to_string(ids->shape[0]) +
                                    " grid points: " + left_out);
    }
    state->columns = std::vector<Once<Buffer>>(state->variables.size());
    state->held = state->variables.size() * kVariableBytes;
    state->metadata = product_metadata(root.attributes, state->name);
    state->source = std::move(source);
    return std::shared_ptr<const Product>(new Product(std::move(state)));
}

std::span<const Variable> Product::variables() const {
    return state_->variables;
}

const Variable* Product::find(std::string_view name) const {
    const auto& variables = state_->variables;
    const auto found = std::find_if(variables.begin(), variables.end(),
                                    [name](const Variable& variable) { return variable.array.name == name; });
    return found == variables.end() ? nullptr : &*found;
}

std::string Product::variable_names() const {
    std::string names;
    for (const Variable& variable : state_->variables) {
        names.append(names.empty() ? "" : ", ").append(variable.array.name);
    }
    return names;
}

std::uint32_t Product::row_count() const {
    return static_cast<std::uint32_t>(state_->ids.shape[0]);
}

const MetadataItems& Product::metadata() const {
    return state_->metadata;
}

const std::string& Product::time() const {
    return metadata_item(state_->metadata, "ACQUISITION_START");
}

// All values of a one-dimensional array, as `type`. A type of the same size takes the stored bits as they are: that is
// what `_Unsigned` asks for.
Result<std::shared_ptr<const Buffer>> Product::State::read(const ArrayMeta& meta, const DType& type) const {
    VCUBE_ASSIGN(const Array array, Array::open(source, meta));
    const std::size_t size = meta.shape[0] * type.size;
    if (type.size == meta.dtype.size) {
        VCUBE_ASSIGN(Buffer values, array.read_all());
        if (values.size() != size) {
            return corrupt(name + ": " + meta.path + ": expected " + std::to_string(size) + " bytes, got " +
                           std::to_string(values.size()));
        }
        return std::make_shared<const Buffer>(std::move(values));
    }
    auto values = std::make_shared<Buffer>(size);
    if (size > 0) {
        const Region region{{0}, {meta.shape[0]}, {1}};
        VCUBE_TRY(array.read(region, {values->data(), {static_cast<std::ptrdiff_t>(type.size)}, type}));
    }
    return std::shared_ptr<const Buffer>(std::move(values));
}

Result<std::shared_ptr<const Buffer>> Product::State::read_ids() const {
    DType type;
    type.kind = Kind::kUInt;
    type.size = 4;
    return read(ids, type);
}

Result<std::shared_ptr<const Buffer>> Product::State::kept_ids() const {
    return id_column.get([this]() -> Result<std::shared_ptr<const Buffer>> {
        VCUBE_ASSIGN(auto values, read_ids());
        held += values->size();
        return values;
    });
}

Result<std::shared_ptr<const RowIndex>> Product::State::make_rows() const {
    std::shared_ptr<const Buffer> values = id_column.peek();
    if (values == nullptr) {
        VCUBE_ASSIGN(values, read_ids());
    }
    const std::span<const std::uint32_t> numbers = ids_in(*values);
    auto index = std::make_shared<const RowIndex>(numbers);
    held += index->held_bytes();
    const std::string of_rows = " of " + std::to_string(numbers.size()) + " rows ";
    if (index->invalid_ids() > 0) {
        const std::uint32_t first = index->first_invalid_row();
        log(LogLevel::kWarning, name + ": " + std::to_string(index->invalid_ids()) + of_rows +
                                    "not placed: no cell of the grid has their " + kIdName + " (first: " +
                                    std::to_string(numbers[first]) + " in row " + std::to_string(first) + ")");
    }
    if (index->repeated_ids() > 0) {
        log(LogLevel::kWarning, name + ": " + std::to_string(index->repeated_ids()) + of_rows + "not placed: their " +
                                    kIdName + " stands in an earlier row already");
    }
    return index;
}

Result<std::shared_ptr<const RowIndex>> Product::State::kept_rows() const {
    return rows.get([this] { return make_rows(); });
}

Result<std::shared_ptr<const Buffer>> Product::State::kept_column(const Variable& variable) const {
    const auto index = static_cast<std::size_t>(&variable - variables.data());
    return columns[index].get([&]() -> Result<std::shared_ptr<const Buffer>> {
        VCUBE_ASSIGN(auto values, read(variable.array, variable.encoding.type));
        held += values->size();
        return values;
    });
}

Result<std::shared_ptr<const Buffer>> Product::ids() const {
    return state_->kept_ids();
}

Result<std::shared_ptr<const RowIndex>> Product::rows() const {
    return state_->kept_rows();
}

Result<std::shared_ptr<const Buffer>> Product::column(const Variable& variable) const {
    const Variable* own = find(variable.array.name);
    if (own == nullptr) {
        return invalid(state_->name + ": " + variable.array.name + " is no variable of this product");
    }
    return state_->kept_column(*own);
}

Result<std::vector<std::uint32_t>> Product::rows_of_cells(std::span<const std::uint32_t> seqnums) const {
    std::vector<std::uint32_t> found(seqnums.size(), RowIndex::kNoRow);
    if (seqnums.size() > kFewCells || state_->rows.peek() != nullptr) {
        VCUBE_ASSIGN(const auto index, state_->kept_rows());
        for (std::size_t k = 0; k < seqnums.size(); ++k) {
            found[k] = seqnums[k] <= dgg::kCells ? index->row_of(seqnums[k]) : RowIndex::kNoRow;
        }
        return found;
    }
    VCUBE_ASSIGN(const auto values, state_->kept_ids());
    for (std::size_t k = 0; k < seqnums.size(); ++k) {
        if (seqnums[k] >= 1 && seqnums[k] <= dgg::kCells) {
            found[k] = first_row_of(dgg::grid_point_id(seqnums[k]), ids_in(*values));
        }
    }
    return found;
}

Status Product::load(std::span<const Variable* const> variables, Ids ids) const {
    std::vector<Status> results(variables.size() + (ids == Ids::kNone ? 0 : 1));
    const auto read = [&](std::size_t k) {
        if (k < variables.size()) {
            results[k] = column(*variables[k]).status();
        } else {
            results[k] = ids == Ids::kRows ? state_->kept_rows().status() : state_->kept_ids().status();
        }
    };
    ThreadPool& pool = state_->source.runtime->pool;
    if (is_remote()) {
        wait_for_each(pool, results.size(), read, kColumnsAtOnce);
    } else {
        pool.parallel_for(results.size(), read);
    }
    for (const Status& result : results) {
        VCUBE_TRY(result);
    }
    return {};
}

bool Product::is_remote() const {
    const auto asked = state_->remote.get([this]() -> Result<std::shared_ptr<const bool>> {
        const auto array = Array::open(state_->source, state_->ids);
        if (!array.ok() || state_->ids.shape[0] == 0) {
            return std::make_shared<const bool>(false);
        }
        const std::uint64_t first = 0;
        const auto place = array.value().locate_chunk({&first, 1});
        VCUBE_TRY(check_wanted());
        const auto* const found = place.ok() ? std::get_if<Remote>(&place.value()) : nullptr;
        return std::make_shared<const bool>(found != nullptr && vcube::is_remote(found->url));
    });
    return asked.ok() && *asked.value();
}

std::size_t Product::held_bytes() const {
    return state_->held;
}

}  // namespace vcube::swath
