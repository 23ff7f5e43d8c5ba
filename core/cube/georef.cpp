#include "core/cube/georef.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "core/cube/attribute.h"
#include "core/cube/axis.h"
#include "core/cube/coordinate_values.h"
#include "core/cube/encoding.h"
#include "core/cube/georef_scope.h"
#include "core/cube/spatial.h"

namespace vcube {

namespace {

constexpr std::uint64_t kMaxAxis = std::uint64_t{1} << 24;   // values of one coordinate axis
constexpr std::uint64_t kMaxPlane = std::uint64_t{1} << 20;  // of 2-D coordinates read whole; of larger ones some rows
constexpr std::uint64_t kPlaneRows = 8;

bool is_projected_text(const std::string& crs) {
    for (const char* const start : {"PROJCRS[", "PROJCS[", "PROJECTEDCRS[", "ESRI::PROJCS["}) {
        if (crs.starts_with(start)) {
            return true;
        }
    }
    return crs.starts_with("+proj=") && !crs.starts_with("+proj=longlat") && !crs.starts_with("+proj=latlong") &&
           !crs.starts_with("+proj=ob_tran");
}

/// One axis with all that its placing found out.
struct PlacedAxis {
    std::vector<double> values;  // in metres, degrees or the CRS' own units
    std::optional<AxisFit> fit;
    double factor = 1;  // from stored, unpacked values
    bool in_metres = false;
};

struct Range {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();
    bool holes = false;  // NaN among the values

    explicit Range(const std::vector<double>& values) {
        for (const double value : values) {
            if (!std::isfinite(value)) {
                holes = true;
                continue;
            }
            low = std::min(low, value);
            high = std::max(high, value);
        }
    }
};

class Deriver {
public:
    Deriver(const Group& root, const Group& group, const ArrayMeta& array, const std::shared_ptr<const Store>& store,
            const std::shared_ptr<Runtime>& runtime)
        : root_(root),
          store_(store),
          runtime_(runtime),
          array_(array),
          scope_(root, group, array),
          reader_(store, runtime, array.path) {}

    /// `own_planes`: also look for two-dimensional longitudes and latitudes.
    Georef derive(bool own_planes) {
        Georef out;
        if (array_.shape.size() < 2) {
            return out;
        }
        const std::optional<LonLatPlane> plane = own_planes ? scope_.lon_lat_plane() : std::nullopt;
        const std::optional<Georef> plane_georef =
            plane ? std::optional(Deriver(root_, group_of(*plane->lon), *plane->lon, store_, runtime_).derive(false))
                  : std::nullopt;
        if (plane_georef) {
            out.x_dim = matching(*plane->lon, *plane_georef->x_dim);
            out.y_dim = matching(*plane->lon, *plane_georef->y_dim);
        }
        choose_dimensions(out);
        const Axis& x = scope_.axes()[*out.x_dim];
        const Axis& y = scope_.axes()[*out.y_dim];
        find_crs(x, y, out);
        if (array_.shape[*out.x_dim] > 0 && array_.shape[*out.y_dim] > 0) {
            place(x, y, out);
            if (plane) {
                place_by_plane(*plane, *plane_georef, out);
            }
        }
        return out;
    }

private:
    [[nodiscard]] const Group& group_of(const ArrayMeta& array) const {
        const std::size_t slash = array.path.rfind('/');
        const Group* const group = slash == std::string::npos ? &root_ : root_.find_group(array.path.substr(0, slash));
        return group == nullptr ? root_ : *group;
    }

    [[nodiscard]] std::optional<std::size_t> matching(const ArrayMeta& other, std::size_t dimension) const {
        return dimension < other.dimensions.size()
                   ? scope_.dimension(other.dimensions[dimension], other.shape[dimension])
                   : std::nullopt;
    }

    void choose_dimensions(Georef& out) const {
        const std::vector<Axis>& axes = scope_.axes();
        if (const auto named = spatial_dimensions(array_, scope_.groups())) {
            for (std::size_t d = 0; d < array_.dimensions.size() && d < axes.size(); ++d) {
                out.y_dim = array_.dimensions[d] == named->first ? d : out.y_dim;
                out.x_dim = array_.dimensions[d] == named->second ? d : out.x_dim;
            }
        }
        if (out.x_dim && out.y_dim && *out.x_dim != *out.y_dim) {
            return;
        }
        out.x_dim.reset();
        out.y_dim.reset();
        for (const bool by_name : {false, true}) {
            for (std::size_t d = 0; d < axes.size(); ++d) {
                if (axes[d].kind.by_name != by_name) {
                    continue;
                }
                if (axes[d].kind.role == AxisRole::kX && (!out.x_dim || !by_name)) {
                    out.x_dim = d;
                } else if (axes[d].kind.role == AxisRole::kY && (!out.y_dim || !by_name)) {
                    out.y_dim = d;
                }
            }
        }
        if (!out.x_dim || !out.y_dim) {
            choose_last(out);
        }
    }

    /// The last two dimensions, those that are neither vertical nor time before others.
    void choose_last(Georef& out) const {
        const std::vector<Axis>& axes = scope_.axes();
        std::vector<std::size_t> order;
        for (const bool other : {true, false}) {
            for (std::size_t d = 0; d < axes.size(); ++d) {
                if (axes[d].is_other() == other) {
                    order.push_back(d);
                }
            }
        }
        std::size_t first = order[order.size() - 2];
        std::size_t second = order.back();
        if (first > second) {
            std::swap(first, second);
        }
        out.y_dim = first;
        out.x_dim = second;
    }

    void find_crs(const Axis& x, const Axis& y, Georef& out) {
        const bool oriented = x.kind.role != AxisRole::kY && y.kind.role != AxisRole::kX;
        geographic_ = oriented && x.kind.geographic && y.kind.geographic;
        const auto has_axis = [](const Axis& axis, AxisRole role) { return axis.array && axis.kind.role == role; };
        const bool projected = !geographic_ && has_axis(x, AxisRole::kX) && has_axis(y, AxisRole::kY);
        mapping_ = scope_.mapping(projected);
        if (mapping_ != nullptr) {
            const AxisUnit unit =
                x.array == nullptr ? AxisUnit() : axis_unit(attribute_text(x.array->attributes, "units"));
            out.crs_text = crs_of_attributes(*mapping_, unit.is_length() ? unit.factor : 1);
        }
        // Axes of degrees are the truth where the attributes describe a projection of other data.
        if (geographic_ && (out.crs_text.empty() || is_projected_text(out.crs_text.text))) {
            out.crs_text = CrsText();
            out.crs_text.text = "EPSG:4326";
        }
        out.crs = out.crs_text.text;
    }

    /// Outer edges of the first and the last cell.
    [[nodiscard]] std::optional<std::pair<double, double>> edges(const ArrayMeta& coordinate, bool descending) const {
        const ArrayMeta* const bounds = scope_.find(attribute_text(coordinate.attributes, "bounds"));
        if (bounds == nullptr || bounds->shape != Shape{coordinate.shape[0], 2}) {
            return std::nullopt;
        }
        std::vector<double> all = reader_.all(*bounds, 2 * kMaxAxis);
        if (all.size() < 2) {
            return std::nullopt;
        }
        if (!decode_encoding(*bounds).scale) {
            for (double& edge : all) {
                edge = as_printed(edge, bounds->dtype);
            }
        }
        const auto [a, b] = std::pair(all[0], all[1]);
        const auto [c, d] = std::pair(all[all.size() - 2], all.back());
        if (coordinate.shape[0] == 1) {
            return std::pair(a, b);
        }
        return descending ? std::pair(std::max(a, b), std::min(c, d)) : std::pair(std::min(a, b), std::max(c, d));
    }

    [[nodiscard]] PlacedAxis placed(const ArrayMeta& coordinate) const {
        PlacedAxis out;
        const Encoding encoding = decode_encoding(coordinate);
        const bool packed = encoding.scale || encoding.offset;
        out.values = reader_.all(coordinate, kMaxAxis);
        if (out.values.empty()) {
            return out;
        }
        if (out.values.size() > 1) {
            out.fit = fit_axis(out.values, packed ? DType{Kind::kFloat, 8, true, {}, {}} : coordinate.dtype);
            const auto outer = out.fit ? edges(coordinate, out.fit->step < 0) : std::nullopt;
            if (outer) {
                out.fit = centre_in_bounds(*out.fit, out.values.size(), outer->first, outer->second);
            }
        } else if (const auto outer = edges(coordinate, false)) {
            const double size = outer->second - outer->first;
            if (std::isfinite(size) && size != 0) {
                out.fit = AxisFit{(outer->first + outer->second) / 2, size};
            }
        }
        out.factor = unit_factor(coordinate, out.values, out.in_metres);
        for (double& value : out.values) {
            value *= out.factor;
        }
        if (out.fit) {
            out.fit->first *= out.factor;
            out.fit->step *= out.factor;
        }
        return out;
    }

    [[nodiscard]] double unit_factor(const ArrayMeta& coordinate, const std::vector<double>& values,
                                     bool& in_metres) const {
        const AxisUnit unit = axis_unit(attribute_text(coordinate.attributes, "units"));
        const double height = mapping_ == nullptr || geographic_ ? 0 : satellite_height(*mapping_);
        if (height > 0 && !unit.is_length()) {
            const double radian = 180 / std::acos(-1.0);
            const bool angular =
                attribute_text(coordinate.attributes, "standard_name").ends_with("_angular_coordinate");
            const bool tiny = std::fabs(values.front()) < 1 && std::fabs(values.back()) < 1;
            if (unit.is_angle() || angular || tiny) {  // scanning angles
                in_metres = true;
                return (unit.is_angle() ? unit.factor / radian : 1) * height;
            }
        }
        in_metres = unit.is_length();
        return unit.measure == AxisUnit::Measure::kUnknown ? 1 : unit.factor;
    }

    /// Longitudes, also about a rotated pole: PROJ gives both from -180 to 180.
    [[nodiscard]] static bool turns_round(const Axis& x) {
        return x.kind.geographic ||
               (x.array != nullptr && attribute_text(x.array->attributes, "standard_name") == "grid_longitude");
    }

    void place(const Axis& x, const Axis& y, Georef& out) const {
        const bool oriented = x.kind.role != AxisRole::kY && y.kind.role != AxisRole::kX;
        if (!oriented || x.is_other() || y.is_other()) {
            return;
        }
        PlacedAxis across;
        PlacedAxis down;
        if (x.array != nullptr && y.array != nullptr) {
            across = placed(*x.array);
            down = across.values.empty() ? PlacedAxis() : placed(*y.array);
        }
        LongitudeShift shown;
        if (across.fit) {
            shown = turns_round(x) ? shift_longitudes(*across.fit, array_.shape[*out.x_dim])
                                   : LongitudeShift{*across.fit, 0};
        }
        if (across.fit && down.fit) {
            const double cells = static_cast<double>(array_.shape[*out.y_dim]);
            const AxisFit& rows = *down.fit;
            out.roll_x = shown.roll;
            out.flip_y = rows.step > 0;
            out.in_metres = across.in_metres && down.in_metres;
            const double height = std::fabs(rows.step);
            const double top = out.flip_y ? rows.first + (cells - 1) * rows.step : rows.first;
            out.geotransform = {shown.fit.first - shown.fit.step / 2, shown.fit.step, 0, top + height / 2, 0, -height};
            return;
        }
        const bool ascending = down.values.size() > 1 && down.values.back() > down.values.front();
        if (place_by_attribute(ascending, out)) {
            return;
        }
        if (across.values.size() > 1 && down.values.size() > 1) {
            place_by_lines(x, y, across, down, shown, out);
        }
    }

    /// `ascending`: coordinates say that rows run to the north, whatever the attribute says.
    [[nodiscard]] bool place_by_attribute(bool ascending, Georef& out) const {
        const std::uint64_t rows = array_.shape[*out.y_dim];
        std::optional<std::array<double, 6>> found =
            spatial_geotransform(array_, scope_.groups(), rows, array_.shape[*out.x_dim]);
        for (const Json* const attributes : {mapping_, &array_.attributes}) {
            if (!found && attributes != nullptr) {
                found = attribute_geotransform(*attributes);
            }
        }
        if (!found) {
            return false;
        }
        std::array<double, 6>& n = *found;
        if (n[2] == 0 && n[4] == 0) {
            if (n[5] > 0) {
                n[3] += static_cast<double>(rows) * n[5];
                n[5] = -n[5];
                out.flip_y = true;
            } else {
                out.flip_y = ascending;
            }
        }
        out.geotransform = n;
        return true;
    }

    /// Axes that are not regular, as geolocation arrays of one line each.
    void place_by_lines(const Axis& x, const Axis& y, const PlacedAxis& across, const PlacedAxis& down,
                        const LongitudeShift& shown, Georef& out) const {
        const auto monotonic = [](const std::vector<double>& values) {
            const bool up = values.back() > values.front();
            for (std::size_t i = 1; i < values.size(); ++i) {
                if (!(up ? values[i] > values[i - 1] : values[i] < values[i - 1])) {
                    return false;
                }
            }
            return true;
        };
        if (out.crs.empty() || !monotonic(across.values) || !monotonic(down.values)) {
            return;
        }
        Geolocation lines;
        lines.crs = out.crs;
        lines.x = line_of(*x.array, across.factor);
        lines.y = line_of(*y.array, down.factor);
        if (across.fit && turns_round(x)) {
            out.roll_x = shown.roll;
            lines.x.roll = shown.roll;
            const double first = across.fit->first + static_cast<double>(shown.roll) * across.fit->step;
            const double turn = 360 * std::nearbyint((shown.fit.first - first) / 360);
            (shown.roll > 0 ? lines.x.turn : lines.x.offset) += turn;
        }
        out.geolocation = std::move(lines);
    }

    [[nodiscard]] static GeolocationArray line_of(const ArrayMeta& coordinate, double factor) {
        const Encoding encoding = decode_encoding(coordinate);
        GeolocationArray out;
        out.path = coordinate.path;
        out.width = coordinate.shape[0];
        out.height = 1;
        out.scale = encoding.scale.value_or(1) * factor;
        out.offset = encoding.offset.value_or(0) * factor;
        return out;
    }

    /// Two-dimensional longitudes and latitudes: a geotransform where they are a regular grid written out, geolocation
    /// arrays otherwise.
    void place_by_plane(const LonLatPlane& plane, const Georef& plane_georef, Georef& out) const {
        if (out.geolocation) {
            return;
        }
        const bool same_order = out.flip_y == plane_georef.flip_y && out.roll_x == plane_georef.roll_x &&
                                out.x_dim == matching(*plane.lon, *plane_georef.x_dim) &&
                                out.y_dim == matching(*plane.lon, *plane_georef.y_dim);
        if (!same_order || (!out.geotransform && (out.flip_y || out.roll_x != 0))) {
            return;
        }
        const std::vector<double> lon = positions(*plane.lon);
        if (lon.empty()) {
            return;
        }
        const std::size_t rank = plane.lon->shape.size();
        const bool rows_first = *plane_georef.y_dim == rank - 2 && *plane_georef.x_dim == rank - 1;
        if (!out.geotransform && rows_first && place_by_mesh(plane, lon, out)) {
            return;
        }
        Geolocation planes;
        planes.crs = "EPSG:4326";
        planes.x = plane_of(*plane.lon, plane_georef);
        planes.y = plane_of(*plane.lat, plane_georef);
        const Range range(lon);
        if (range.low >= 180 && range.high > 180) {
            planes.x.offset -= 360;
        } else if (range.high > 180 && range.high - range.low > 300) {
            planes.x.wrap = true;
        }
        if (range.holes && !planes.x.nodata) {
            planes.x.nodata = std::numeric_limits<double>::quiet_NaN();
            planes.y.nodata = planes.y.nodata ? planes.y.nodata : planes.x.nodata;
        }
        out.geolocation = std::move(planes);
    }

    /// Longitudes or latitudes in degrees: all of a small plane, some rows of a large one.
    [[nodiscard]] std::vector<double> positions(const ArrayMeta& plane) const {
        const std::size_t rank = plane.shape.size();
        const auto count = checked_product(plane.shape);
        if (!count || *count == 0 || plane.shape[rank - 1] > kMaxAxis) {
            return {};
        }
        const std::uint64_t rows = plane.shape[rank - 2];
        std::vector<double> out = *count <= kMaxPlane
                                      ? reader_.all(plane, kMaxPlane)
                                      : reader_.some_rows(plane, std::max<std::uint64_t>(1, rows / kPlaneRows));
        const double factor = angle_factor(plane);
        for (double& value : out) {
            value *= factor;
        }
        return out;
    }

    [[nodiscard]] static double angle_factor(const ArrayMeta& plane) {
        const AxisUnit unit = axis_unit(attribute_text(plane.attributes, "units"));
        return unit.is_angle() ? unit.factor : 1;
    }

    [[nodiscard]] bool place_by_mesh(const LonLatPlane& plane, const std::vector<double>& lon, Georef& out) const {
        const std::size_t rank = plane.lon->shape.size();
        const std::uint64_t rows = plane.lon->shape[rank - 2];
        const std::uint64_t columns = plane.lon->shape[rank - 1];
        if (lon.size() != rows * columns || rows < 2 || columns < 2) {
            return false;
        }
        const std::vector<double> across(lon.begin(), lon.begin() + static_cast<std::ptrdiff_t>(columns));
        const auto x = fit_axis(across, plane.lon->dtype);
        if (!x) {
            return false;
        }
        for (std::size_t i = columns; i < lon.size(); ++i) {
            if (!(std::fabs(lon[i] - across[i % columns]) <= 1e-3 * std::fabs(x->step))) {
                return false;
            }
        }
        const std::vector<double> lat = positions(*plane.lat);
        std::vector<double> down;
        for (std::size_t row = 0; row < rows && lat.size() == lon.size(); ++row) {
            down.push_back(lat[row * columns]);
        }
        const auto y = fit_axis(down, plane.lat->dtype);
        if (!y) {
            return false;
        }
        for (std::size_t i = 0; i < lat.size(); ++i) {
            if (!(std::fabs(lat[i] - down[i / columns]) <= 1e-3 * std::fabs(y->step))) {
                return false;
            }
        }
        const LongitudeShift shown = shift_longitudes(*x, columns);
        out.roll_x = shown.roll;
        out.flip_y = y->step > 0;
        const double height = std::fabs(y->step);
        const double top = out.flip_y ? y->first + static_cast<double>(rows - 1) * y->step : y->first;
        out.geotransform = {shown.fit.first - shown.fit.step / 2, shown.fit.step, 0, top + height / 2, 0, -height};
        out.in_metres = false;
        out.crs_text = CrsText();
        out.crs_text.text = "EPSG:4326";
        out.crs = out.crs_text.text;
        return true;
    }

    [[nodiscard]] static GeolocationArray plane_of(const ArrayMeta& plane, const Georef& georef) {
        const Encoding encoding = decode_encoding(plane);
        const double factor = angle_factor(plane);
        GeolocationArray out;
        out.path = plane.path;
        out.width = plane.shape[*georef.x_dim];
        out.height = plane.shape[*georef.y_dim];
        out.scale = encoding.scale.value_or(1) * factor;
        out.offset = encoding.offset.value_or(0) * factor;
        if (encoding.nodata && (encoding.scale || encoding.offset || factor != 1)) {
            out.nodata = encoding.nodata;
        }
        return out;
    }

    const Group& root_;
    const std::shared_ptr<const Store>& store_;
    const std::shared_ptr<Runtime>& runtime_;
    const ArrayMeta& array_;
    GeorefScope scope_;
    CoordinateReader reader_;
    const Json* mapping_ = nullptr;
    bool geographic_ = false;  // both axes are true longitudes and latitudes
};

}  // namespace

Georef derive_georef(const Group& root, const Group& group, const ArrayMeta& array,
                     const std::shared_ptr<const Store>& store, const std::shared_ptr<Runtime>& runtime) {
    return Deriver(root, group, array, store, runtime).derive(true);
}

}  // namespace vcube
