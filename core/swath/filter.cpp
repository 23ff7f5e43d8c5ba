#include "core/swath/filter.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "core/swath/typed_column.h"

namespace vcube::swath {

namespace {

// What a term means for one product.
struct Bound {
    const Variable* variable = nullptr;
    Filter::Operator op{};
    bool on_bits = false;
    std::uint64_t mask = 0, bits = 0;
    double number = 0;
};

const Flag* find_flag(const Variable& variable, const std::string& name) {
    for (const Flag& flag : variable.encoding.flags) {
        if (flag.name == name) {
            return &flag;
        }
    }
    return nullptr;
}

Error unknown_flag(const Variable& variable, const std::string& name) {
    std::string names;
    for (const Flag& flag : variable.encoding.flags) {
        names += (names.empty() ? "" : ", ") + flag.name;
    }
    return not_found("FILTER: " + variable.array.name + " has no flag " + name +
                     (names.empty() ? "; it has no flags at all" : "; there are " + names));
}

Result<std::uint64_t> bits_of(const Variable& variable, const std::vector<std::string>& bits) {
    std::uint64_t out = 0;
    for (const std::string& bit : bits) {
        std::uint64_t number = 0;
        if (std::from_chars(bit.data(), bit.data() + bit.size(), number).ptr == bit.data() + bit.size()) {
            out |= number;
            continue;
        }
        const Flag* const flag = find_flag(variable, bit);
        if (flag == nullptr) {
            return unknown_flag(variable, bit);
        }
        if (flag->mask == 0) {
            return invalid("FILTER: " + bit + " is a value of " + variable.array.name + ", no bit: compare with ==");
        }
        out |= flag->mask;
    }
    return out;
}

Result<Bound> bind(const Filter::Term& term, const Product& product) {
    Bound bound;
    bound.variable = product.find(term.variable);
    bound.op = term.op;
    if (bound.variable == nullptr) {
        return not_found("FILTER: no variable " + term.variable + "; there are " + product.variable_names());
    }
    const Variable& variable = *bound.variable;
    if (!term.mask.empty()) {
        if (variable.encoding.type.kind == Kind::kFloat) {
            return invalid("FILTER: " + term.variable + " holds floating-point numbers, which have no bits to test");
        }
        bound.on_bits = true;
        VCUBE_ASSIGN(bound.mask, bits_of(variable, term.mask));
        VCUBE_ASSIGN(bound.bits, bits_of(variable, term.wanted));
        return bound;
    }
    bound.number = term.number;
    if (!term.wanted.empty()) {
        const Flag* const flag = find_flag(variable, term.wanted.front());
        if (flag == nullptr) {
            return unknown_flag(variable, term.wanted.front());
        }
        bound.number = static_cast<double>(flag->value);
        return bound;
    }
    // 0.07 means the float32 nearest to it, so that == and <= do what they say.
    const Encoding& encoding = variable.encoding;
    if (encoding.type.kind == Kind::kFloat && encoding.type.size == 4 && !encoding.scale && !encoding.offset) {
        bound.number = static_cast<float>(bound.number);
    }
    return bound;
}

bool holds(Filter::Operator op, double value, double number) {
    switch (op) {
        case Filter::Operator::kLess:
            return value < number;
        case Filter::Operator::kLessEqual:
            return value <= number;
        case Filter::Operator::kGreater:
            return value > number;
        case Filter::Operator::kGreaterEqual:
            return value >= number;
        case Filter::Operator::kEqual:
            return value == number;
        case Filter::Operator::kNotEqual:
            break;
    }
    return value != number;
}

// `nodata`: the element that stands for no value, if there is one.
template <class T>
void apply(const Bound& bound, const T* column, std::optional<T> nodata, RowMask& mask) {
    const Encoding& encoding = bound.variable->encoding;
    const double scale = encoding.scale.value_or(1.0);
    const double offset = encoding.offset.value_or(0.0);
    const bool scaled = encoding.scale.has_value() || encoding.offset.has_value();
    const bool wants_equal = bound.op == Filter::Operator::kEqual;
    for (std::size_t row = 0; row < mask.size(); ++row) {
        const T stored = column[row];
        bool pass = !(nodata && stored == *nodata) && stored == stored;
        if constexpr (std::is_integral_v<T>) {
            if (bound.on_bits) {
                const auto value = static_cast<std::uint64_t>(static_cast<std::make_unsigned_t<T>>(stored));
                mask[row] &= static_cast<std::uint8_t>(pass && ((value & bound.mask) == bound.bits) == wants_equal);
                continue;
            }
        }
        const auto plain = static_cast<double>(stored);
        pass = pass && holds(bound.op, scaled ? plain * scale + offset : plain, bound.number);
        mask[row] &= static_cast<std::uint8_t>(pass);
    }
}

void apply(const Bound& bound, const Buffer& column, RowMask& mask) {
    visit_type(bound.variable->encoding.type, [&]<class T>(T /*type*/) {
        const auto nodata = nodata_to_compare<T>(*bound.variable);
        apply<T>(bound, reinterpret_cast<const T*>(column.data()), nodata, mask);
    });
}

}  // namespace

Status Filter::check(const Product& product) const {
    for (const Term& term : terms_) {
        VCUBE_TRY(bind(term, product));
    }
    return {};
}

Result<RowMask> Filter::rows(const Product& product) const {
    RowMask mask(product.row_count(), 1);
    for (const Term& term : terms_) {
        VCUBE_ASSIGN(const Bound bound, bind(term, product));
        VCUBE_ASSIGN(const auto column, product.column(*bound.variable));
        apply(bound, *column, mask);
    }
    return mask;
}

}  // namespace vcube::swath
