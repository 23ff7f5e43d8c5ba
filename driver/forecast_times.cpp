#include "driver/forecast_times.h"

#include <algorithm>

#include "core/cube/array.h"
#include "core/cube/attribute.h"
#include "core/cube/duration.h"
#include "core/cube/encoding.h"
#include "driver/coordinate_read.h"
#include "driver/labels.h"

namespace vcube::driver {
namespace {

constexpr std::uint64_t kMaxValues = 1'000'000;

bool is_one_of(const std::string& text, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), text) != names.end();
}

/// Whether a time is that of the forecast's start, among periods: a plain "time" is, as cfgrib has it.
bool is_reference(const ArrayMeta& coordinate) {
    if (!is_time(coordinate)) {
        return false;
    }
    const std::string standard_name = attribute_text(coordinate.attributes, "standard_name");
    const std::string name = to_lower(coordinate.name);
    if (standard_name == "forecast_reference_time") {
        return true;
    }
    if (is_one_of(name, {"reference_time", "forecast_reference_time", "analysis_time", "init_time", "initial_time",
                         "reftime", "init", "forecast_time"})) {
        return standard_name.empty();
    }
    const std::string long_name = to_lower(attribute_text(coordinate.attributes, "long_name"));  // as cfgrib writes it
    const bool says_start =
        long_name.find("initial time") != std::string::npos || long_name.find("reference time") != std::string::npos;
    return name == "time" && (standard_name != "time" || says_start);
}

struct Found {
    const ArrayMeta* array = nullptr;
    std::optional<std::size_t> dim;
};

/// The first coordinate that `wanted` accepts: of the dimensions, else a scalar among `coordinates` or beside the
/// array.
template <class Wanted>
Found find_first(const Group& root, const ArrayMeta& array, const Wanted& wanted) {
    const std::string parent = parent_path(array.path);
    for (std::size_t d = 0; d < array.shape.size() && d < array.dimensions.size(); ++d) {
        const ArrayMeta* const coordinate = find_coordinate(root, parent, array.dimensions[d], array.shape[d]);
        if (coordinate != nullptr && wanted(*coordinate)) {
            return {coordinate, d};
        }
    }
    const Group* const group = parent.empty() ? &root : root.find_group(parent);
    for (const ArrayMeta& other : group == nullptr ? root.arrays : group->arrays) {
        if (other.shape.empty() && wanted(other)) {
            return {&other, std::nullopt};
        }
    }
    return {};
}

}  // namespace

bool is_duration(const ArrayMeta& coordinate) {
    if (coordinate.dtype.kind == Kind::kTimedelta) {
        return true;
    }
    if (!DurationAxis::parse(attribute_text(coordinate.attributes, "units")).ok()) {
        return false;
    }
    const std::string standard_name = attribute_text(coordinate.attributes, "standard_name");
    return standard_name == "forecast_period" ||
           attribute_text(coordinate.attributes, "dtype").starts_with("timedelta64") ||
           is_one_of(to_lower(coordinate.name), {"step", "lead_time", "leadtime", "lead", "forecast_period",
                                                 "forecast_hour", "forecast_step", "prediction_timedelta"});
}

std::optional<ValidTimes> ValidTimes::find(const Group& root, const ArrayMeta& array, const ArraySource& source) {
    const Found period = find_first(root, array, [](const ArrayMeta& other) { return is_duration(other); });
    if (period.array == nullptr) {
        return std::nullopt;
    }
    const Found reference = find_first(root, array, [](const ArrayMeta& other) { return is_reference(other); });
    if (reference.array == nullptr || (!reference.dim && !period.dim)) {
        return std::nullopt;
    }
    for (const Found& found : {reference, period}) {
        if (found.dim && found.array->shape[0] > kMaxValues) {
            return std::nullopt;
        }
    }
    ValidTimes out;
    out.reference_dim_ = reference.dim;
    out.period_dim_ = period.dim;
    auto axis = time_axis_of(*reference.array);
    auto times = Array::open(source, *reference.array);
    const auto periods = duration_values(*period.array, source);
    if (!axis.ok() || !times.ok() || !periods.ok()) {
        return std::nullopt;
    }
    out.axis_ = std::move(axis).value();
    out.periods_ = periods.value();
    const Encoding encoding = decode_encoding(*reference.array);
    const Kind kind = reference.array->dtype.kind;
    if (!encoding.scale && !encoding.offset && kind != Kind::kFloat) {
        auto values = read_as<std::int64_t>(times.value(), Kind::kInt);
        if (!values.ok()) {
            return std::nullopt;
        }
        out.whole_references_ = std::move(values).value();
        return out;
    }
    auto values = read_as<double>(times.value(), Kind::kFloat);
    if (!values.ok()) {
        return std::nullopt;
    }
    out.references_ = std::move(values).value();
    for (double& value : out.references_) {
        value = value * encoding.scale.value_or(1) + encoding.offset.value_or(0);
    }
    return out;
}

std::string ValidTimes::at(std::span<const std::uint64_t> index) const {
    const auto along = [&](const std::optional<std::size_t>& dim) {
        return dim && *dim < index.size() ? index[*dim] : 0;
    };
    const std::uint64_t r = along(reference_dim_);
    const std::uint64_t p = along(period_dim_);
    if (p >= periods_.size() || !periods_[p]) {
        return {};
    }
    if (r < whole_references_.size()) {
        return axis_->iso(whole_references_[r], *periods_[p]);
    }
    return r < references_.size() ? axis_->iso(references_[r], *periods_[p]) : std::string();
}

}  // namespace vcube::driver
