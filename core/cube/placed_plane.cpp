#include "core/cube/placed_plane.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/cube/attribute.h"
#include "core/cube/encoding.h"

namespace vcube {

namespace {

constexpr std::uint64_t kMaxRow = std::uint64_t{1} << 24;
constexpr std::uint64_t kMaxPlane = std::uint64_t{1} << 20;  // values that are all read; of larger planes some rows
constexpr std::uint64_t kRowsOfLarge = 8;

double angle_factor(const ArrayMeta& plane) {
    const AxisUnit unit = axis_unit(attribute_text(plane.attributes, "units"));
    return unit.is_angle() ? unit.factor : 1;
}

/// Degrees.
std::vector<double> positions(const CoordinateReader& reader, const ArrayMeta& plane, bool last) {
    const std::size_t rank = plane.shape.size();
    const std::uint64_t rows = plane.shape[rank - 2];
    const std::uint64_t columns = plane.shape[rank - 1];
    const auto count = checked_product(rows, columns);
    if (!count || *count == 0 || columns > kMaxRow) {
        return {};
    }
    const std::uint64_t step = *count <= kMaxPlane ? 1 : std::max<std::uint64_t>(1, rows / kRowsOfLarge);
    std::vector<double> out = reader.some_rows(plane, step, last);
    const double factor = angle_factor(plane);
    for (double& value : out) {
        value *= factor;
    }
    return out;
}

/// Whether the first and the last plane are the same: grids that files repeat for every time.
bool is_static(const CoordinateReader& reader, const ArrayMeta& plane, const std::vector<double>& first) {
    const bool several =
        std::any_of(plane.shape.begin(), plane.shape.end() - 2, [](std::uint64_t extent) { return extent > 1; });
    if (!several) {
        return true;
    }
    const std::vector<double> last = positions(reader, plane, true);
    const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
    return std::equal(first.begin(), first.end(), last.begin(), last.end(), same);
}

/// The line through values that repeat along the other dimension; nothing where they do not.
std::optional<AxisFit> repeated_axis(const std::vector<double>& values, std::size_t count, std::size_t stride,
                                     const DType& stored) {
    std::vector<double> line(count);
    for (std::size_t i = 0; i < count; ++i) {
        line[i] = values[i * stride];
    }
    const auto fit = fit_axis(line, stored);
    for (std::size_t i = 0; fit && i < values.size(); ++i) {
        const double expected = line[i / stride % count];
        if (!(std::fabs(values[i] - expected) <= 1e-3 * std::fabs(fit->step))) {
            return std::nullopt;
        }
    }
    return fit;
}

GeolocationArray array_of(const ArrayMeta& plane, const Georef& shown) {
    const Encoding encoding = decode_encoding(plane);
    const double factor = angle_factor(plane);
    GeolocationArray out;
    out.path = plane.path;
    out.width = plane.shape[*shown.x_dim];
    out.height = plane.shape[*shown.y_dim];
    out.scale = encoding.scale.value_or(1) * factor;
    out.offset = encoding.offset.value_or(0) * factor;
    if (encoding.nodata && (encoding.scale || encoding.offset || factor != 1)) {
        out.nodata = encoding.nodata;
    }
    return out;
}

}  // namespace

std::optional<PlacedPlane> PlacedPlane::read(const CoordinateReader& reader, const LonLatPlane& plane) {
    PlacedPlane out(plane);
    const std::size_t rank = plane.lon->shape.size();
    out.rows_ = plane.lon->shape[rank - 2];
    out.columns_ = plane.lon->shape[rank - 1];
    out.lon_ = positions(reader, *plane.lon, false);
    if (out.lon_.empty() || !is_static(reader, *plane.lon, out.lon_)) {
        return std::nullopt;
    }
    return out;
}

std::optional<Mesh> PlacedPlane::mesh(const CoordinateReader& reader) const {
    if (lon_.size() != rows_ * columns_ || rows_ < 2 || columns_ < 2) {
        return std::nullopt;
    }
    const auto x = repeated_axis(lon_, columns_, 1, plane_.lon->dtype);
    const std::vector<double> lat = x ? positions(reader, *plane_.lat, false) : std::vector<double>();
    if (lat.size() != lon_.size()) {
        return std::nullopt;
    }
    const auto y = repeated_axis(lat, rows_, columns_, plane_.lat->dtype);
    return y ? std::optional(Mesh{*x, *y, columns_, rows_}) : std::nullopt;
}

Geolocation PlacedPlane::geolocation(const Georef& shown) const {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    bool holes = false;
    for (const double value : lon_) {
        holes = holes || !std::isfinite(value);
        if (std::isfinite(value)) {
            low = std::min(low, value);
            high = std::max(high, value);
        }
    }
    Geolocation out;
    out.crs = "EPSG:4326";
    out.x = array_of(*plane_.lon, shown);
    out.y = array_of(*plane_.lat, shown);
    if (low >= 180 && high > 180) {
        out.x.offset -= 360;
    } else if (high > 180 && high - low > 300) {
        out.x.wrap = true;
    }
    for (GeolocationArray* const array : {&out.x, &out.y}) {
        const ArrayMeta& meta = array == &out.x ? *plane_.lon : *plane_.lat;
        if (!array->nodata && !array->plain()) {
            array->nodata = decode_encoding(meta).nodata;
        }
        if (!array->nodata && holes && !decode_encoding(meta).nodata) {
            array->nodata = std::numeric_limits<double>::quiet_NaN();
        }
    }
    return out;
}

}  // namespace vcube
