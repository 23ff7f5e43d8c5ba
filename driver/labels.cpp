#include "driver/labels.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "core/base/log.h"
#include "core/cube/array.h"
#include "core/cube/attribute.h"
#include "core/cube/encoding.h"
#include "core/cube/time_axis.h"

namespace vcube::driver {
namespace {

template <class T>
std::string number_text(T value) {
    std::array<char, 64> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() ? std::string(text.data(), end) : std::string();
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

Result<std::vector<std::string>> string_labels(const Array& array) {
    VCUBE_ASSIGN(const Buffer bytes, array.read_all());
    const std::size_t item = array.meta().dtype.size;
    std::vector<std::string> out;
    for (std::size_t at = 0; item > 0 && at + item <= bytes.size(); at += item) {
        const char* const text = reinterpret_cast<const char*>(bytes.data()) + at;
        out.emplace_back(text, strnlen(text, item));
    }
    return out;
}

Result<TimeAxis> time_axis_of(const ArrayMeta& coordinate) {
    if (coordinate.dtype.kind == Kind::kDatetime) {
        return TimeAxis::of_datetime64(coordinate.dtype);
    }
    return TimeAxis::parse(attribute_text(coordinate.attributes, "units"),
                           attribute_text(coordinate.attributes, "calendar"));
}

Result<std::vector<std::string>> labels_of(const ArrayMeta& coordinate, const Array& array) {
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
    if (kind == Kind::kBytes) {
        return string_labels(array);
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
    if (kind == Kind::kInt || kind == Kind::kDatetime || kind == Kind::kTimedelta) {
        return texts_of<std::int64_t>(array, Kind::kInt, number_text<std::int64_t>);
    }
    return std::vector<std::string>();
}

}  // namespace

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

std::vector<std::string> coordinate_labels(const ArrayMeta& coordinate, const std::shared_ptr<const Store>& store,
                                           const std::shared_ptr<Runtime>& runtime, std::uint64_t max_labels) {
    if (coordinate.shape.size() != 1 || coordinate.shape[0] == 0 || coordinate.shape[0] > max_labels) {
        return {};
    }
    const auto array = Array::open(store, coordinate, runtime);
    const Result<std::vector<std::string>> labels = array.ok() ? labels_of(coordinate, array.value()) : array.error();
    if (!labels.ok()) {
        log(LogLevel::kWarning,
            coordinate.path + " cannot be read: bands are told apart by number (" + labels.error().message + ")");
        return {};
    }
    return labels.value();
}

}  // namespace vcube::driver
