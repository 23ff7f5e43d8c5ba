#include "core/cube/coordinate_lookup.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/base/concat.h"
#include "core/cube/array.h"
#include "core/cube/attribute.h"
#include "core/cube/encoding.h"

namespace vcube {
namespace {

constexpr std::uint64_t kMaxCoordinate = std::uint64_t{1} << 24;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

template <class T>
std::string number_text(T value) {
    std::array<char, 64> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() ? std::string(text.data(), end) : std::string();
}

template <class T>
std::optional<T> whole_text(std::string_view text) {
    text = text.starts_with('+') ? text.substr(1) : text;
    T out{};
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, out);
    return error == std::errc() && end == last ? std::optional<T>(out) : std::nullopt;
}

/// All elements of a 1-D array as T.
template <class T>
Result<std::vector<T>> read_as(const Array& array, Kind kind) {
    const std::uint64_t count = array.meta().shape[0];
    std::vector<T> values(count);
    Destination destination;
    destination.data = reinterpret_cast<std::byte*>(values.data());
    destination.strides = {sizeof(T)};
    destination.type.kind = kind;
    destination.type.size = sizeof(T);
    VCUBE_TRY(array.read({{0}, {count}, {1}}, destination));
    return values;
}

bool scan_number(std::string_view& text, std::size_t digits, std::int64_t& out) {
    if (text.size() < digits) {
        return false;
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, out);
    if (error != std::errc() || end != text.data() + digits || text.front() == '-') {
        return false;
    }
    text.remove_prefix(digits);
    return true;
}

/// "12:30:05.25" and shorter forms; `length` is how long the moment lasts at its precision.
bool scan_clock(std::string_view& text, std::int64_t& ns, std::int64_t& length) {
    constexpr std::int64_t kSecond = 1'000'000'000;
    constexpr std::int64_t kUnits[] = {3600 * kSecond, 60 * kSecond, kSecond};
    for (std::size_t part = 0; part < 3; ++part) {
        std::int64_t value = 0;
        if ((part > 0 && !text.starts_with(':')) ||
            (text.remove_prefix(part > 0 ? 1 : 0), !scan_number(text, 2, value))) {
            return false;
        }
        ns += value * kUnits[part];
        length = kUnits[part];
        if (!text.starts_with(':')) {
            break;
        }
    }
    if (text.starts_with('.') && length == kSecond) {
        text.remove_prefix(1);
        std::int64_t digit = 0;
        const std::size_t before = text.size();
        while (length > 1 && scan_number(text, 1, digit)) {
            length /= 10;
            ns += digit * length;
        }
        return text.size() < before;
    }
    return true;
}

}  // namespace

std::optional<Coordinate::Period> Coordinate::parse_period(std::string_view text) {
    const bool negative = text.starts_with('-');
    text.remove_prefix(negative ? 1 : 0);
    const std::size_t year_digits = std::min(text.find_first_not_of("0123456789"), text.size());
    Moment first{0, 1, 1, 0};
    if (year_digits < 4 || year_digits > 7 || !scan_number(text, year_digits, first.year)) {
        return std::nullopt;
    }
    first.year = negative ? -first.year : first.year;
    Moment last{first.year, std::numeric_limits<int>::max(), 0, 0};
    for (int* const part : {&first.month, &first.day}) {
        if (!text.starts_with('-')) {
            break;
        }
        text.remove_prefix(1);
        std::int64_t value = 0;
        if (!scan_number(text, 2, value)) {
            return std::nullopt;
        }
        *part = static_cast<int>(value);
        last = part == &first.month
                   ? Moment{first.year, first.month, std::numeric_limits<int>::max(), 0}
                   : Moment{first.year, first.month, first.day, std::numeric_limits<std::int64_t>::max()};
    }
    if (text.starts_with('T') || text.starts_with(' ') || text.starts_with('t')) {
        text.remove_prefix(1);
        std::int64_t length = 0;
        if (last.ns == 0 || !scan_clock(text, first.ns, length)) {
            return std::nullopt;  // a clock time wants a whole date before it
        }
        last.ns = first.ns + length - 1;
    }
    if (text == "Z" || text == "z") {
        text = {};
    }
    return text.empty() ? std::optional<Period>({first, last}) : std::nullopt;
}

Result<Coordinate::Period> Coordinate::period_of(std::string_view text) const {
    if (const auto period = parse_period(text)) {
        return *period;
    }
    // With a time zone: the same moment in UTC, to the second.
    const std::size_t clock = text.find(':');
    if (clock != std::string_view::npos && text.find_first_of("+-", clock) != std::string_view::npos) {
        VCUBE_ASSIGN(const double value, axis_->value_of(text));
        if (const auto period = parse_period(axis_->iso(value))) {
            return *period;
        }
    }
    return invalid(concat("'", text, "' is no ISO 8601 date or time such as 2023-04-01 or 2023-04-01T12:00:00Z"));
}

Coordinate Coordinate::of_numbers(std::vector<double> values, const DType& stored) {
    Coordinate out;
    out.numbers_ = std::move(values);
    out.single_ = stored.kind == Kind::kFloat && stored.size <= 4;
    return out;
}

Coordinate Coordinate::of_times(std::vector<double> values, const TimeAxis& axis) {
    Coordinate out;
    out.numbers_ = std::move(values);
    out.axis_ = axis;
    for (const double value : out.numbers_) {
        out.names_.push_back(axis.iso(value));
    }
    out.name_times();
    return out;
}

Coordinate Coordinate::of_names(std::vector<std::string> names) {
    Coordinate out;
    out.names_ = std::move(names);
    return out;
}

void Coordinate::name_times() {
    moments_.reserve(names_.size());
    for (std::size_t i = 0; i < names_.size(); ++i) {
        const auto period = parse_period(names_[i]);
        moments_.push_back(period ? period->first : Moment());
        if (!period) {
            names_[i].clear();
            numbers_[i] = kNone;
        }
    }
}

Result<Coordinate> Coordinate::read(const ArrayMeta& meta, const ArraySource& source) {
    if (meta.shape.size() != 1 || meta.shape[0] > kMaxCoordinate) {
        return unsupported(concat("coordinate ", meta.path, " is not a list of at most 16777216 values"));
    }
    const Encoding encoding = decode_encoding(meta);
    ArrayMeta typed = meta;
    if (encoding.type.size == meta.dtype.size) {
        typed.dtype.kind = encoding.type.kind;
    }
    const Kind kind = typed.dtype.kind;
    VCUBE_ASSIGN(const Array array, Array::open(source, typed));
    if (kind == Kind::kBytes || kind == Kind::kUnicode || kind == Kind::kObject) {
        VCUBE_ASSIGN(std::vector<std::string> names, array.read_strings({{0}, {meta.shape[0]}, {1}}));
        return of_names(std::move(names));
    }
    if (kind == Kind::kRaw || kind == Kind::kStruct || kind == Kind::kComplex) {
        return unsupported(concat("coordinate ", meta.path, " holds no values to choose by"));
    }
    const double scale = encoding.scale.value_or(1);
    const double offset = encoding.offset.value_or(0);
    const bool packed = encoding.scale.has_value() || encoding.offset.has_value();
    const bool whole = kind != Kind::kFloat && !packed;
    Coordinate out;
    if (whole && kind != Kind::kUInt) {
        VCUBE_ASSIGN(out.wholes_, read_as<std::int64_t>(array, Kind::kInt));
        out.numbers_.assign(out.wholes_.begin(), out.wholes_.end());
    } else {
        VCUBE_ASSIGN(out.numbers_, read_as<double>(array, Kind::kFloat));
        for (double& value : out.numbers_) {
            value = packed ? value * scale + offset : value;
        }
    }
    out.single_ = !packed && kind == Kind::kFloat && meta.dtype.size <= 4;
    if (packed) {
        const bool coarse = kind == Kind::kFloat && meta.dtype.size <= 4;
        out.tolerance_ = coarse ? 1e-6 : 1e-12;
    }
    const bool time =
        kind == Kind::kDatetime || attribute_text(meta.attributes, "units").find(" since ") != std::string::npos;
    if (!time) {
        const auto periods = kind == Kind::kTimedelta ? DurationAxis::of_timedelta64(meta.dtype)
                                                      : DurationAxis::parse(attribute_text(meta.attributes, "units"));
        if (periods.ok()) {
            out.periods_ = periods.value();
        }
        return out;
    }
    const auto axis = kind == Kind::kDatetime ? TimeAxis::of_datetime64(meta.dtype)
                                              : TimeAxis::parse(attribute_text(meta.attributes, "units"),
                                                                attribute_text(meta.attributes, "calendar"));
    if (!axis.ok()) {
        return out;  // numbers they are
    }
    out.axis_ = axis.value();
    for (std::size_t i = 0; i < out.numbers_.size(); ++i) {
        out.names_.push_back(out.wholes_.empty() ? axis.value().iso(out.numbers_[i])
                                                 : axis.value().iso(out.wholes_[i]));
    }
    out.name_times();
    return out;
}

std::uint64_t Coordinate::size() const {
    return std::max(numbers_.size(), names_.size());
}

std::string Coordinate::label(std::uint64_t index) const {
    if (!names_.empty()) {
        return names_[index];
    }
    if (!wholes_.empty()) {
        return number_text(wholes_[index]);
    }
    const double value = numbers_[index];
    return std::isnan(value) ? std::string() : single_ ? number_text(static_cast<float>(value)) : number_text(value);
}

std::string Coordinate::some_labels(const std::vector<std::uint64_t>& positions) const {
    constexpr std::size_t kMaxNamed = 5;
    std::string out;
    for (std::size_t i = 0; i < std::min(positions.size(), kMaxNamed); ++i) {
        out.append(i == 0 ? "" : ", ").append(label(positions[i]));
    }
    return out + (positions.size() > kMaxNamed ? ", ..." : "");
}

Error Coordinate::not_there(const std::string& text) const {
    std::vector<std::uint64_t> near;
    if (!numbers_.empty()) {
        // The nearest on either side.
        const auto target = axis_ ? axis_->value_of(text) : Result<double>(parse_number(text).value_or(kNone));
        std::optional<std::uint64_t> below;
        std::optional<std::uint64_t> above;
        for (std::uint64_t i = 0; target.ok() && i < numbers_.size(); ++i) {
            if (numbers_[i] <= target.value() && (!below || numbers_[i] > numbers_[*below])) {
                below = i;
            }
            if (numbers_[i] > target.value() && (!above || numbers_[i] < numbers_[*above])) {
                above = i;
            }
        }
        for (const auto& side : {below, above}) {
            if (side) {
                near.push_back(*side);
            }
        }
    }
    if (!near.empty()) {
        return not_found(concat("not there; nearest: ", some_labels(near)));
    }
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(size(), 6); ++i) {
        near.push_back(i);
    }
    return not_found(concat("not there; there are: ", near.empty() ? std::string("none") : some_labels(near)));
}

bool Coordinate::equals(std::uint64_t index, double number, std::optional<std::int64_t> whole) const {
    if (whole && !wholes_.empty()) {
        return wholes_[index] == *whole;
    }
    const double value = numbers_[index];
    if (single_) {
        return static_cast<float>(value) == static_cast<float>(number);
    }
    return value == number || std::fabs(value - number) <= tolerance_ * std::max(std::fabs(value), std::fabs(number));
}

Result<std::vector<std::uint64_t>> Coordinate::find_value(const std::string& text) const {
    std::vector<std::uint64_t> found;
    if (numbers_.empty() || (!names_.empty() && std::find(names_.begin(), names_.end(), text) != names_.end())) {
        for (std::uint64_t i = 0; i < names_.size(); ++i) {
            if (names_[i] == text) {
                found.push_back(i);
            }
        }
    } else if (axis_) {
        VCUBE_ASSIGN(const Period period, period_of(text));
        for (std::uint64_t i = 0; i < moments_.size(); ++i) {
            if (!names_[i].empty() && period.first <= moments_[i] && moments_[i] <= period.last) {
                found.push_back(i);
            }
        }
    } else {
        const std::optional<double> number = parse_number(text);
        if (!number || !std::isfinite(*number)) {
            return invalid(concat("'", text, "' is no number; there are such as ", label(0)));
        }
        const auto whole = whole_text<std::int64_t>(text);
        for (std::uint64_t i = 0; i < numbers_.size(); ++i) {
            if (equals(i, *number, whole)) {
                found.push_back(i);
            }
        }
    }
    if (found.empty()) {
        return not_there(text);
    }
    if (found.size() > 1) {
        return invalid(concat("'", text, "' fits ", std::to_string(found.size()), " steps: ", some_labels(found),
                              "; write more of it, a range such as ", label(found.front()), "/", label(found.back()),
                              ", or an index such as [", std::to_string(found.front()), "]"));
    }
    return found;
}

Result<std::vector<std::uint64_t>> Coordinate::find_nearest(const std::string& text) const {
    if (numbers_.empty()) {
        return invalid("names have no nearest one; expected '=' before the value");
    }
    double target = kNone;
    if (axis_) {
        VCUBE_TRY(period_of(text));
        VCUBE_ASSIGN(target, axis_->value_of(text));
    } else {
        target = parse_number(text).value_or(kNone);
    }
    if (!std::isfinite(target)) {
        return invalid(concat("'", text, "' is no number"));
    }
    std::optional<std::uint64_t> best;
    for (std::uint64_t i = 0; i < numbers_.size(); ++i) {
        const double distance = std::fabs(numbers_[i] - target);
        const double least = best ? std::fabs(numbers_[*best] - target) : std::numeric_limits<double>::infinity();
        if (distance < least || (distance == least && best && numbers_[i] > numbers_[*best])) {
            best = i;
        }
    }
    if (!best) {
        return not_there(text);
    }
    return std::vector<std::uint64_t>{*best};
}

Result<std::vector<std::uint64_t>> Coordinate::find_range(const Choice& choice) const {
    if (numbers_.empty()) {
        return invalid("names have no range; expected a list such as a,b");
    }
    std::vector<std::uint64_t> found;
    if (axis_) {
        std::optional<Period> first;
        std::optional<Period> last;
        if (!choice.first.empty()) {
            VCUBE_ASSIGN(first, period_of(choice.first));
        }
        if (!choice.last.empty()) {
            VCUBE_ASSIGN(last, period_of(choice.last));
        }
        for (std::uint64_t i = 0; i < moments_.size(); ++i) {
            if (!names_[i].empty() && (!first || first->first <= moments_[i]) && (!last || moments_[i] <= last->last)) {
                found.push_back(i);
            }
        }
    } else {
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        std::array<double, 2> ends = {-kInfinity, kInfinity};
        for (const std::size_t side : {0U, 1U}) {
            const std::string& text = side == 0 ? choice.first : choice.last;
            if (text.empty()) {
                continue;
            }
            ends[side] = parse_number(text).value_or(kNone);
            if (!std::isfinite(ends[side])) {
                return invalid(concat("'", text, "' is no number; there are such as ", label(0)));
            }
        }
        if (!choice.first.empty() && !choice.last.empty() && ends[0] > ends[1]) {
            std::swap(ends[0], ends[1]);  // levels are written downwards, too
        }
        for (std::uint64_t i = 0; i < numbers_.size(); ++i) {
            if ((numbers_[i] >= ends[0] || equals(i, ends[0], std::nullopt)) &&
                (numbers_[i] <= ends[1] || equals(i, ends[1], std::nullopt))) {
                found.push_back(i);
            }
        }
    }
    if (found.empty()) {
        Error error = not_there(choice.first.empty() ? choice.last : choice.first);
        return not_found("the range holds nothing" + error.message.substr(std::string_view("not there").size()));
    }
    return found;
}

std::string Coordinate::in_own_units(const std::string& text) const {
    const std::optional<std::int64_t> period = periods_ ? parse_iso_duration(text) : std::nullopt;
    return period ? number_text(periods_->value_of(*period)) : text;
}

Result<std::vector<std::uint64_t>> Coordinate::find(const Choice& choice) const {
    switch (choice.by) {
        case Choice::By::kNearest:
            return find_nearest(in_own_units(choice.first));
        case Choice::By::kRange: {
            Choice range = choice;
            range.first = in_own_units(choice.first);
            range.last = in_own_units(choice.last);
            return find_range(range);
        }
        case Choice::By::kValue:
            return find_value(in_own_units(choice.first));
        default:
            return positions_of(choice, size());
    }
}

Result<std::vector<std::uint64_t>> select_positions(const Selection& selection, std::uint64_t size,
                                                    const Coordinate* coordinate) {
    if (selection.by_value() && coordinate == nullptr) {
        return invalid(concat(selection.text, ": the dimension has no coordinate values; choose by index, such as ",
                              selection.dimension, "=[0]"));
    }
    std::vector<std::uint64_t> out;
    for (const Choice& choice : selection.choices) {
        const bool by_index = choice.by == Choice::By::kIndex || choice.by == Choice::By::kSlice;
        const auto some = by_index ? positions_of(choice, size) : coordinate->find(choice);
        if (!some.ok()) {
            return with_context(selection.text, some.error());
        }
        out.insert(out.end(), some.value().begin(), some.value().end());
    }
    return out;
}

}  // namespace vcube
