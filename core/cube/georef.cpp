#include "core/cube/georef.h"

#include <cmath>
#include <string_view>
#include <utility>

#include "core/base/log.h"
#include "core/cube/attribute.h"
#include "core/cube/axis.h"
#include "core/cube/encoding.h"

namespace vcube {

namespace {

constexpr std::uint64_t kMaxAxis = std::uint64_t{1} << 24;  // values of one coordinate axis

/// An array as an axis of another: what it is, and its array, where there is one.
struct Axis {
    AxisKind kind;
    const ArrayMeta* array = nullptr;
};

class Deriver {
public:
    Deriver(const Group& root, const Group& group, const ArrayMeta& array, const std::shared_ptr<const Store>& store,
            const std::shared_ptr<Runtime>& runtime)
        : root_(root), group_(group), array_(array), store_(store), runtime_(runtime) {}

    Georef derive() {
        Georef out;
        const std::size_t rank = array_.shape.size();
        if (rank < 2) {
            return out;
        }
        for (std::size_t d = 0; d < rank; ++d) {
            axes_.push_back(axis_of(d));
        }
        find_curvilinear(out);
        choose_dimensions(out);
        mapping_ = find_mapping();
        out.crs = mapping_ == nullptr ? std::string() : crs_of_grid_mapping(*mapping_);
        const Axis& x = axes_[*out.x_dim];
        const Axis& y = axes_[*out.y_dim];
        const bool oriented = x.kind.role != AxisRole::kY && y.kind.role != AxisRole::kX;
        if (out.crs.empty() && oriented && x.kind.geographic && y.kind.geographic) {
            out.crs = "EPSG:4326";
        }
        const bool other = is_other(x) || is_other(y);
        if (oriented && !other && array_.shape[*out.x_dim] > 0 && array_.shape[*out.y_dim] > 0) {
            place(x, y, out);
        }
        return out;
    }

private:
    static bool is_other(const Axis& axis) { return axis.kind.role == AxisRole::kZ || axis.kind.role == AxisRole::kT; }

    /// A variable by name, from the array's own group up to the root.
    [[nodiscard]] const ArrayMeta* find(const std::string& name) const {
        if (name.empty() || name.front() == '/') {
            return root_.find_array(name);
        }
        std::string path = group_.path;
        while (!path.empty()) {
            if (const ArrayMeta* found = root_.find_array(path + "/" + name)) {
                return found;
            }
            const std::size_t slash = path.rfind('/');
            path.resize(slash == std::string::npos ? 0 : slash);
        }
        return root_.find_array(name);
    }

    /// Names in `coordinates`, of the array or of its group (which kerchunk and xarray move there).
    [[nodiscard]] std::vector<const ArrayMeta*> auxiliary() const {
        std::vector<const ArrayMeta*> out;
        for (const Json* attributes : {&array_.attributes, &group_.attributes}) {
            for (const std::string& name : split_words(attribute_text(*attributes, "coordinates"))) {
                if (const ArrayMeta* found = find(name)) {
                    out.push_back(found);
                }
            }
        }
        return out;
    }

    [[nodiscard]] Axis axis_of(std::size_t d) const {
        const std::string& name = d < array_.dimensions.size() ? array_.dimensions[d] : std::string();
        Axis axis;
        if (name.empty()) {
            return axis;
        }
        const ArrayMeta* found = find(name);
        if (found != nullptr && found->shape == Shape{array_.shape[d]}) {
            axis.array = found;
            axis.kind = classify_axis(name, found->attributes);
            return axis;
        }
        axis.kind = classify_axis(name, Json::object());
        axis.kind.geographic = false;  // without values a name is no position
        for (const ArrayMeta* other : auxiliary()) {
            const AxisKind kind = classify_axis(other->name, other->attributes);
            const bool along = other->shape == Shape{array_.shape[d]} && other->dimensions == std::vector{name};
            if (along && (kind.role == AxisRole::kX || kind.role == AxisRole::kY)) {
                axis.array = other;
                axis.kind = kind;
                break;
            }
        }
        return axis;
    }

    /// Two-dimensional longitudes and latitudes along two dimensions of the array.
    void find_curvilinear(Georef& out) {
        for (const ArrayMeta* other : auxiliary()) {
            const AxisKind kind = classify_axis(other->name, other->attributes);
            if (other->shape.size() != 2 || !kind.geographic) {
                continue;
            }
            std::string& target = kind.role == AxisRole::kX ? out.lon_array : out.lat_array;
            const std::optional<std::size_t> row = dimension(other->dimensions[0], other->shape[0]);
            const std::optional<std::size_t> column = dimension(other->dimensions[1], other->shape[1]);
            if (target.empty() && row && column && *row != *column) {
                target = other->path;
                out.y_dim = row;
                out.x_dim = column;
            }
        }
        if (out.lon_array.empty() || out.lat_array.empty()) {
            out = Georef();
        }
    }

    [[nodiscard]] std::optional<std::size_t> dimension(const std::string& name, std::uint64_t extent) const {
        for (std::size_t d = 0; d < array_.dimensions.size(); ++d) {
            if (!name.empty() && array_.dimensions[d] == name && array_.shape[d] == extent) {
                return d;
            }
        }
        return std::nullopt;
    }

    void choose_dimensions(Georef& out) const {
        if (out.x_dim && out.y_dim) {
            return;
        }
        for (const bool by_name : {false, true}) {
            for (std::size_t d = 0; d < axes_.size(); ++d) {
                if (axes_[d].kind.by_name != by_name) {
                    continue;
                }
                if (axes_[d].kind.role == AxisRole::kX && (!out.x_dim || !by_name)) {
                    out.x_dim = d;
                } else if (axes_[d].kind.role == AxisRole::kY && (!out.y_dim || !by_name)) {
                    out.y_dim = d;
                }
            }
        }
        if (!out.x_dim || !out.y_dim) {
            out.x_dim = axes_.size() - 1;
            out.y_dim = axes_.size() - 2;
        }
    }

    /// Attributes that describe the CRS: of the variable that grid_mapping names, of the array itself, or of a variable
    /// of one of the names that rioxarray and GDAL give it.
    [[nodiscard]] const Json* find_mapping() const {
        const std::vector<std::string> words = split_words(attribute_text(array_.attributes, "grid_mapping"));
        const ArrayMeta* chosen = nullptr;
        bool extended = false;
        for (std::size_t i = 0; i < words.size(); ++i) {  // "crs: x y crs2: lat lon", or one name
            if (words[i].back() == ':') {
                extended = true;
                const ArrayMeta* candidate = find(words[i].substr(0, words[i].size() - 1));
                chosen = chosen == nullptr || names_axes(words, i + 1) ? candidate : chosen;
            } else if (!extended && chosen == nullptr) {
                chosen = find(words[i]);
            }
        }
        if (chosen != nullptr) {
            return &chosen->attributes;
        }
        if (!crs_of_grid_mapping(array_.attributes).empty()) {
            return &array_.attributes;
        }
        for (const char* name : {"spatial_ref", "crs"}) {
            chosen = find(name);
            if (chosen != nullptr && chosen->shape.size() <= 1 && !crs_of_grid_mapping(chosen->attributes).empty()) {
                return &chosen->attributes;
            }
        }
        return nullptr;
    }

    /// Whether the coordinates listed from `begin` on, up to the next mapping, are axes of the array.
    [[nodiscard]] bool names_axes(const std::vector<std::string>& words, std::size_t begin) const {
        for (std::size_t i = begin; i < words.size() && words[i].back() != ':'; ++i) {
            for (const Axis& axis : axes_) {
                if (axis.array != nullptr && axis.array->name == words[i]) {
                    return true;
                }
            }
        }
        return false;
    }

    /// All values of a coordinate, unpacked. Nothing, after a warning, where it cannot be read.
    [[nodiscard]] std::vector<double> values(const ArrayMeta& coordinate) const {
        const Encoding encoding = decode_encoding(coordinate);
        ArrayMeta meta = coordinate;
        meta.dtype.kind = encoding.type.kind;
        std::uint64_t count = 1;
        for (const std::uint64_t extent : meta.shape) {
            count = checked_product(count, extent).value_or(kMaxAxis + 1);
        }
        if (!meta.dtype.is_numeric() || meta.dtype.kind == Kind::kComplex || count > kMaxAxis) {
            return {};
        }
        std::vector<double> out(count);
        Destination destination;
        destination.data = reinterpret_cast<std::byte*>(out.data());
        destination.type.kind = Kind::kFloat;
        destination.type.size = sizeof(double);
        Region region;
        std::ptrdiff_t stride = sizeof(double);
        destination.strides.resize(meta.shape.size());
        for (std::size_t d = meta.shape.size(); d-- > 0;) {
            destination.strides[d] = stride;
            stride *= static_cast<std::ptrdiff_t>(meta.shape[d]);
        }
        region.start.assign(meta.shape.size(), 0);
        region.count = meta.shape;
        region.step.assign(meta.shape.size(), 1);
        const auto opened = Array::open(store_, std::move(meta), runtime_);
        const Status status = opened.ok() ? opened.value().read(region, destination) : opened.status();
        if (!status.ok()) {
            log(LogLevel::kWarning, "coordinate " + coordinate.path + " of " + array_.path +
                                        " cannot be read, so it has no geotransform: " + status.error().message);
            return {};
        }
        for (double& value : out) {
            value = value * encoding.scale.value_or(1) + encoding.offset.value_or(0);
        }
        return out;
    }

    /// Line through the axis' values, in CRS units.
    [[nodiscard]] std::optional<AxisFit> fit(const ArrayMeta& coordinate, const std::string& crs) const {
        const Encoding encoding = decode_encoding(coordinate);
        const bool packed = encoding.scale || encoding.offset;
        std::optional<AxisFit> out;
        if (coordinate.shape[0] == 1) {
            const ArrayMeta* bounds = find(attribute_text(coordinate.attributes, "bounds"));
            if (bounds == nullptr || bounds->shape != Shape{1, 2}) {
                return std::nullopt;
            }
            const std::vector<double> edges = values(*bounds);
            if (edges.size() == 2 && std::isfinite(edges[1] - edges[0]) && edges[0] != edges[1]) {
                out = AxisFit{(edges[0] + edges[1]) / 2, edges[1] - edges[0]};
            }
        } else {
            out = fit_axis(values(coordinate), packed ? DType{Kind::kFloat, 8, true, {}, {}} : coordinate.dtype);
        }
        if (out) {
            const double factor = units_factor(to_lower(encoding.units), crs);
            out->first *= factor;
            out->step *= factor;
        }
        return out;
    }

    [[nodiscard]] double units_factor(const std::string& units, const std::string& crs) const {
        if (units == "km" || units.starts_with("kilomet")) {
            return crs.find("ilomet") == std::string::npos ? 1000 : 1;  // the CRS may be in kilometres itself
        }
        const std::optional<double> height =
            mapping_ == nullptr ? std::nullopt : attribute_number(*mapping_, "perspective_point_height");
        if (height && (units == "rad" || units == "radian" || units == "radians")) {
            return *height;
        }
        if (height && (units == "microradian" || units == "microradians" || units == "urad")) {
            return *height * 1e-6;
        }
        return 1;
    }

    void place(const Axis& x, const Axis& y, Georef& out) const {
        const std::uint64_t rows = array_.shape[*out.y_dim];
        if (x.array == nullptr || y.array == nullptr) {
            place_by_attribute(rows, out);
            return;
        }
        const std::optional<AxisFit> across = fit(*x.array, out.crs);
        const std::optional<AxisFit> down = across ? fit(*y.array, out.crs) : std::nullopt;
        if (!across || !down) {
            return;
        }
        LongitudeShift shown{*across, 0};
        if (x.kind.geographic) {
            shown = shift_longitudes(*across, array_.shape[*out.x_dim]);
        }
        out.roll_x = shown.roll;
        out.flip_y = down->step > 0;
        const double height = std::fabs(down->step);
        const double top = out.flip_y ? down->first + static_cast<double>(rows - 1) * down->step : down->first;
        out.geotransform = {shown.fit.first - shown.fit.step / 2, shown.fit.step, 0, top + height / 2, 0, -height};
    }

    /// "left dx 0 top 0 dy", as GDAL and rioxarray write it on the grid mapping.
    void place_by_attribute(std::uint64_t rows, Georef& out) const {
        for (const Json* attributes : {mapping_, &array_.attributes}) {
            if (attributes == nullptr || out.geotransform) {
                continue;
            }
            const std::vector<double> n = attribute_numbers(*attributes, "GeoTransform");
            if (n.size() != 6 || n[1] == 0 || n[5] == 0) {
                continue;
            }
            out.geotransform = {n[0], n[1], n[2], n[3], n[4], n[5]};
            if (n[5] > 0 && n[2] == 0 && n[4] == 0) {
                out.flip_y = true;
                out.geotransform = {n[0], n[1], 0, n[3] + static_cast<double>(rows) * n[5], 0, -n[5]};
            }
        }
    }

    const Group& root_;
    const Group& group_;
    const ArrayMeta& array_;
    const std::shared_ptr<const Store>& store_;
    const std::shared_ptr<Runtime>& runtime_;
    std::vector<Axis> axes_;
    const Json* mapping_ = nullptr;
};

}  // namespace

Georef derive_georef(const Group& root, const Group& group, const ArrayMeta& array,
                     const std::shared_ptr<const Store>& store, const std::shared_ptr<Runtime>& runtime) {
    return Deriver(root, group, array, store, runtime).derive();
}

}  // namespace vcube
