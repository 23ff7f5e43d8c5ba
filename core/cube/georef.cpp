#include "core/cube/georef.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "core/cube/attribute.h"
#include "core/cube/axis.h"
#include "core/cube/coordinate_values.h"
#include "core/cube/encoding.h"
#include "core/cube/georef_scope.h"
#include "core/cube/placed_axis.h"
#include "core/cube/placed_plane.h"
#include "core/cube/spatial.h"

namespace vcube {

namespace {

bool is_projected_text(const std::string& crs) {
    for (const char* const start : {"PROJCRS[", "PROJCS[", "PROJECTEDCRS[", "ESRI::PROJCS["}) {
        if (crs.starts_with(start)) {
            return true;
        }
    }
    return crs.starts_with("+proj=") && !crs.starts_with("+proj=longlat") && !crs.starts_with("+proj=latlong") &&
           !crs.starts_with("+proj=ob_tran");
}

class Deriver {
public:
    Deriver(const Group& root, const Group& group, const ArrayMeta& array, const ArraySource& source)
        : root_(root), source_(source), array_(array), scope_(root, group, array), reader_(source, array.path) {}

    /// `own_planes`: also look for two-dimensional longitudes and latitudes.
    Georef derive(bool own_planes) {
        Georef out;
        if (array_.shape.size() < 2) {
            return out;
        }
        const std::optional<LonLatPlane> plane = own_planes ? scope_.lon_lat_plane() : std::nullopt;
        const std::optional<Georef> plane_georef =
            plane ? std::optional(Deriver(root_, group_of(*plane->lon), *plane->lon, source_).derive(false))
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

    /// Longitudes, also about a rotated pole: PROJ gives both from -180 to 180.
    [[nodiscard]] static bool turns_round(const Axis& x) {
        return x.kind.geographic ||
               (x.array != nullptr && attribute_text(x.array->attributes, "standard_name") == "grid_longitude");
    }

    void place_regular(const LongitudeShift& columns, const AxisFit& rows, Georef& out) const {
        const double count = static_cast<double>(array_.shape[*out.y_dim]);
        out.roll_x = columns.roll;
        out.flip_y = rows.step > 0;
        const double height = std::fabs(rows.step);
        const double top = out.flip_y ? rows.first + (count - 1) * rows.step : rows.first;
        const AxisFit& x = columns.fit;
        out.geotransform = {x.first - x.step / 2, x.step, 0, top + height / 2, 0, -height};
    }

    void place(const Axis& x, const Axis& y, Georef& out) const {
        const bool oriented = x.kind.role != AxisRole::kY && y.kind.role != AxisRole::kX;
        if (!oriented || x.is_other() || y.is_other()) {
            return;
        }
        PlacedAxis across;
        PlacedAxis down;
        if (x.array != nullptr && y.array != nullptr) {
            const double height = mapping_ == nullptr || geographic_ ? 0 : satellite_height(*mapping_);
            across = place_axis(scope_, reader_, *x.array, height);
            down = across.values.empty() ? PlacedAxis() : place_axis(scope_, reader_, *y.array, height);
        }
        LongitudeShift shown;
        if (across.fit) {
            shown = turns_round(x) ? shift_longitudes(*across.fit, array_.shape[*out.x_dim])
                                   : LongitudeShift{*across.fit, 0};
        }
        if (across.fit && down.fit) {
            place_regular(shown, *down.fit, out);
            out.in_metres = across.in_metres && down.in_metres;
            return;
        }
        const bool ascending = down.values.size() > 1 && down.values.back() > down.values.front();
        if (place_by_attribute(ascending, out)) {
            return;
        }
        place_by_lines(x, y, across, down, shown, out);
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
        if (out.crs.empty() || x.array == nullptr || y.array == nullptr || !across.monotonic() || !down.monotonic()) {
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
        const auto placed = PlacedPlane::read(reader_, plane);
        if (!placed) {
            return;
        }
        const std::size_t rank = plane.lon->shape.size();
        const bool rows_first = *plane_georef.y_dim == rank - 2 && *plane_georef.x_dim == rank - 1;
        const auto mesh = !out.geotransform && rows_first ? placed->mesh(reader_) : std::nullopt;
        if (mesh) {
            place_regular(shift_longitudes(mesh->x, mesh->columns), mesh->y, out);
            out.in_metres = false;
            out.crs_text = CrsText();
            out.crs_text.text = "EPSG:4326";
            out.crs = out.crs_text.text;
            return;
        }
        out.geolocation = placed->geolocation(plane_georef);
    }

    const Group& root_;
    const ArraySource& source_;
    const ArrayMeta& array_;
    GeorefScope scope_;
    CoordinateReader reader_;
    const Json* mapping_ = nullptr;
    bool geographic_ = false;  // both axes are true longitudes and latitudes
};

}  // namespace

Georef derive_georef(const Group& root, const Group& group, const ArrayMeta& array, const ArraySource& source) {
    return Deriver(root, group, array, source).derive(true);
}

}  // namespace vcube
