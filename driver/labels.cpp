#include "driver/labels.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/log.h"
#include "core/cube/array.h"
#include "core/cube/attribute.h"
#include "core/cube/duration.h"
#include "core/cube/encoding.h"
#include "core/cube/time_axis.h"
#include "driver/coordinate_read.h"
#include "driver/forecast_times.h"

namespace vcube::driver {
namespace {

template <class T>
std::string number_text(T value) {
    std::array<char, 64> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() ? std::string(text.data(), end) : std::string();
}

template <class T, class Text>
Result<std::vector<std::string>> texts_of(const Array& array, Kind kind, const Text& text) {
    VCUBE_ASSIGN(const std::vector<T> values, read_as<T>(array, kind));
    std::vector<std::string> out;
    out.reserve(values.size());
    for (const T value : values) {
        out.push_back(text(value));
    }
    return out;
}

Result<std::vector<std::string>> duration_labels(const ArrayMeta& coordinate, const ArraySource& source) {
    VCUBE_ASSIGN(const auto values, duration_values(coordinate, source));
    const std::string units = to_lower(attribute_text(coordinate.attributes, "units"));
    const bool in_days = units == "d" || units == "day" || units == "days" || coordinate.dtype.unit.ends_with("D");
    std::vector<std::string> out;
    out.reserve(values.size());
    for (const auto& value : values) {
        out.push_back(value ? iso_duration(*value, in_days) : std::string());
    }
    return out;
}

Result<std::vector<std::string>> labels_of(const ArrayMeta& coordinate, const ArraySource& source) {
    if (is_duration(coordinate)) {
        return duration_labels(coordinate, source);
    }
    VCUBE_ASSIGN(const Array array, Array::open(source, coordinate));
    const Encoding encoding = decode_encoding(coordinate);
    const Kind kind = coordinate.dtype.kind;
    const double scale = encoding.scale.value_or(1.0);
    const double offset = encoding.offset.value_or(0.0);
    const bool packed = encoding.scale.has_value() || encoding.offset.has_value();
    const bool whole = kind == Kind::kInt || kind == Kind::kUInt || kind == Kind::kBool;
    if (is_time(coordinate)) {
        if (const auto axis = time_axis_of(coordinate); axis.ok()) {
            if (kind == Kind::kDatetime || (whole && !packed)) {
                return texts_of<std::int64_t>(array, Kind::kInt, [&](std::int64_t v) { return axis.value().iso(v); });
            }
            return texts_of<double>(array, Kind::kFloat,
                                    [&](double v) { return axis.value().iso(v * scale + offset); });
        }
    }
    if (kind == Kind::kBytes || kind == Kind::kUnicode || kind == Kind::kObject) {
        return array.read_strings({{0}, {coordinate.shape[0]}, {1}});
    }
    if (packed) {
        return texts_of<double>(array, Kind::kFloat, [&](double v) { return number_text(v * scale + offset); });
    }
    if (kind == Kind::kFloat && coordinate.dtype.size <= 4) {
        return texts_of<float>(array, Kind::kFloat, number_text<float>);
    }
    if (kind == Kind::kFloat) {
        return texts_of<double>(array, Kind::kFloat, number_text<double>);
    }
    if (kind == Kind::kUInt || kind == Kind::kBool) {
        return texts_of<std::uint64_t>(array, Kind::kUInt, number_text<std::uint64_t>);
    }
    if (kind == Kind::kInt || kind == Kind::kDatetime) {
        return texts_of<std::int64_t>(array, Kind::kInt, number_text<std::int64_t>);
    }
    return std::vector<std::string>();
}

}  // namespace

Result<TimeAxis> time_axis_of(const ArrayMeta& coordinate) {
    if (coordinate.dtype.kind == Kind::kDatetime) {
        return TimeAxis::of_datetime64(coordinate.dtype);
    }
    return TimeAxis::parse(attribute_text(coordinate.attributes, "units"),
                           attribute_text(coordinate.attributes, "calendar"));
}

Result<std::vector<std::optional<std::int64_t>>> duration_values(const ArrayMeta& coordinate,
                                                                 const ArraySource& source) {
    const Kind kind = coordinate.dtype.kind;
    VCUBE_ASSIGN(const DurationAxis axis, kind == Kind::kTimedelta
                                              ? DurationAxis::of_timedelta64(coordinate.dtype)
                                              : DurationAxis::parse(attribute_text(coordinate.attributes, "units")));
    VCUBE_ASSIGN(const Array array, Array::open(source, coordinate));
    const Encoding encoding = decode_encoding(coordinate);
    std::vector<std::optional<std::int64_t>> out;
    if (kind == Kind::kFloat || encoding.scale || encoding.offset) {
        VCUBE_ASSIGN(const std::vector<double> values, read_as<double>(array, Kind::kFloat));
        for (const double value : values) {
            out.push_back(axis.nanoseconds(value * encoding.scale.value_or(1) + encoding.offset.value_or(0)));
        }
        return out;
    }
    VCUBE_ASSIGN(const std::vector<std::int64_t> values, read_as<std::int64_t>(array, Kind::kInt));
    for (const std::int64_t value : values) {
        out.push_back(axis.nanoseconds(value));
    }
    return out;
}

std::string parent_path(std::string_view array_path) {
    const std::size_t slash = array_path.rfind('/');
    return slash == std::string_view::npos ? std::string() : std::string(array_path.substr(0, slash));
}

const ArrayMeta* find_coordinate(const Group& root, std::string_view group_path, std::string_view dimension,
                                 std::uint64_t size) {
    if (dimension.empty()) {
        return nullptr;
    }
    for (std::string at(group_path);; at = parent_path(at)) {
        const std::string path = at.empty() ? std::string(dimension) : at + "/" + std::string(dimension);
        const ArrayMeta* const found = root.find_array(path);
        if (found != nullptr && found->shape.size() == 1 && found->shape[0] == size) {
            return found;
        }
        if (at.empty()) {
            return nullptr;
        }
    }
}

bool is_time(const ArrayMeta& coordinate) {
    return coordinate.dtype.kind == Kind::kDatetime ||
           attribute_text(coordinate.attributes, "units").find(" since ") != std::string::npos;
}

std::vector<std::string> coordinate_labels(const ArrayMeta& coordinate, const ArraySource& source,
                                           std::uint64_t max_labels) {
    if (coordinate.shape.size() != 1 || coordinate.shape[0] == 0 || coordinate.shape[0] > max_labels) {
        return {};
    }
    const Result<std::vector<std::string>> labels = labels_of(coordinate, source);
    if (!labels.ok()) {
        log(LogLevel::kWarning,
            coordinate.path + " cannot be read: bands are told apart by number (" + labels.error().message + ")");
        return {};
    }
    return labels.value();
}

}  // namespace vcube::driver
